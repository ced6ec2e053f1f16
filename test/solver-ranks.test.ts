// @module-tag slow

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeMpi, runRanks } from './helpers/mpi.js';

interface Failed {
  readonly message: string;
  readonly left: unknown;
}

interface Results {
  readonly rank: number;
  readonly same: readonly (readonly [way: string, digest: string, apart: number])[];
  readonly alike: Readonly<Record<string, unknown>>;
  readonly own: Readonly<Record<string, unknown>>;
}

const START = 'start all ranks with one program, the same options and the same data';

/** What a job has printed, by ranks. */
async function resultsOf(ranks: number, args: readonly string[], env: Record<string, string>): Promise<Results[]> {
  const { code, out, err } = await runRanks({ ranks, program: 'shared-solver', args, env, timeout: 120 });
  expect([code, err]).toEqual([0, '']);
  const results = out.trim().split('\n').map((line) => JSON.parse(line) as Results); // biome-ignore format: one chain
  expect(results).toHaveLength(ranks);
  return results.sort((a, b) => a.rank - b.rank);
}

/** Expects what is to be as in one process. */
function expectSame(results: readonly Results[]): void {
  for (const [at, [way, digest]] of results[0].same.entries()) {
    for (const { same } of results) {
      expect(same[at][1], way).toBe(digest);
      expect(same[at][2], way).toBeLessThan(1e-12);
    }
  }
}

describeMpi('a Solver on ranks of MPI', () => {
  test('ends as one process on 3 ranks, and where they send over the network', async () => {
    expectSame(await resultsOf(3, ['--brief'], { MPIR_CVAR_NOLOCAL: '1' }));
  }, 150_000);

  describe('on 2 ranks', () => {
    const ranks = 2;
    let results: Results[];
    beforeAll(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'layerwise-solver-'));
      try {
        results = await resultsOf(ranks, [], { RUN_FOLDER: join(folder, 'run') });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }, 150_000);
    const own = (way: string) => results.map((result) => result.own[way]);
    const alike = (way: string): unknown => {
      const found = results.map((result) => result.alike[way]);
      expect(found).toEqual(found.map(() => found[0]));
      return found[0];
    };
    const message = (way: string): string => (alike(way) as Failed).message;

    test('ends as one process: 52 steps with batch normalization and dropout, numbers, scores, onEpoch of rank 0', () =>
      expectSame(results));

    test('holds the same bits with batch normalization by rank', () => {
      alike('by rank');
    });

    test('goes on from a checkpoint that rank 0 alone can see, to the same bits, and so does one process', () => {
      const [from, digest, apart] = alike('resumed') as [number[], string, number];
      expect([from, digest]).toEqual([[30], results[0].same[0][1]]);
      expect(apart).toBeLessThan(1e-12);
    });

    test('ends by a signal of rank 0, after the step that follows', () => {
      expect(alike('aborted')).toEqual(['enough', 4]);
    });

    test('prints and logs on rank 0 alone', () => {
      const iterations = 4;
      expect(own('printed')).toEqual(results.map(({ rank }) => (rank === 0 ? [true, iterations] : [false, 0])));
    });

    test('diverges alike, whoever had the number that is none', () => {
      expect(message('not finite')).toBe(
        'DivergedError: Solver: the loss is NaN at iteration 1 (no loss before it was finite, learning rate 0.02); ' +
          "the minibatch's X holds NaN: expected finite numbers to train on. Histories and bestParams are intact.",
      );
    });

    test('says which parameter ranks have stopped to share', () => {
      expect(message('a rank that goes its own way')).toBe(
        'Error: Solver: the parameter b2 of rank 1 differs from that of rank 0 after iteration 4: what changes it ' +
          'has to be the same on all ranks',
      );
    });

    test('says what ranks were made with that differs', () => {
      const differ = 'RangeError: Solver: the ranks differ:';
      const data = 'data.XTrain has other values on rank 1 than on rank 0';
      expect(message('other data')).toBe(`${differ} ${data}: ${START}`);
      const first = 'options.batchSize is 21 on rank 1, 20 on rank 0; options.seed is 6 on rank 1, 5 on rank 0';
      expect(message('other options')).toContain(`${differ} ${first}`);
      expect(message('too few')).toBe(
        `RangeError: Solver: batchSize is 1, expected at least ${ranks}, an example for each rank: take larger ` +
          'minibatches or fewer ranks',
      );
    });

    test('throws on all ranks what one throws, in a step as at the start, and has not made that step', () => {
      const expectOn1 = (way: string, name: string, said: string, left: unknown) => {
        const [own1, others] = [
          `${name}: ${said}`,
          `Error: Solver: rank 1 of ${ranks}: ${said.replace('Solver: ', '')}`,
        ];
        expect(own(way)).toEqual(results.map(({ rank }) => ({ message: rank === 1 ? own1 : others, left })));
      };
      expectOn1('a wrong option', 'RangeError', 'Solver: lrDecay is -1, expected a number ≥ 0', null);
      expectOn1('a loss that fails at once', 'RangeError', 'the loss refuses', true);
      expectOn1('a loss that fails later', 'RangeError', 'the loss refuses', 3);
      expectOn1('a loss that fails in an evaluation', 'RangeError', 'the loss refuses', 4);
    });
  });
});
