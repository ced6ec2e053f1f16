// @module-tag slow

import { beforeAll, describe, expect, test } from 'vitest';
import { describeMpi, runRanks } from '../helpers/mpi.js';

interface Compared {
  readonly apart: number;
  readonly history: number;
  readonly digest: string;
}

type Results = Readonly<Record<string, Compared>> & {
  readonly rank: number;
  readonly byRank: { readonly digest: string; readonly losses: readonly number[] };
  readonly unseeded: string;
  readonly stopped: readonly number[];
  readonly resumed: { readonly digests: readonly string[]; readonly alone: number };
  readonly own: number;
  readonly pair: readonly number[];
  readonly constant: boolean;
  readonly errors: Readonly<Record<string, string>>;
  readonly aborted: readonly [string, number, string];
};

const START = 'start all ranks with one program, the same options and the same data';

/** What each rank has found, by rank. */
async function resultsOf(ranks: number, args: readonly string[], env: Record<string, string>): Promise<Results[]> {
  const { code, out, err } = await runRanks({ ranks, program: 'fit-ranks', args, env, timeout: 150 });
  expect([code, err]).toEqual([0, '']);
  const results = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Results);
  expect(results).toHaveLength(ranks);
  return results.sort((a, b) => a.rank - b.rank);
}

/** What all ranks have found alike. */
function alikeIn<T>(results: readonly Results[], of: (result: Results) => T): T {
  expect(results.map(of)).toEqual(results.map(() => of(results[0])));
  return of(results[0]);
}

function expectAsOne(results: readonly Results[], name: string): void {
  alikeIn(results, (result) => result[name].digest);
  for (const { apart, history } of results.map((result) => result[name])) {
    expect(apart).toBeLessThan(1e-12);
    expect(history).toBeLessThan(1e-12);
  }
}

describeMpi('fit on ranks of MPI', () => {
  test('three ranks that send over the network are as one process', { timeout: 160_000 }, async () => {
    const results = await resultsOf(3, ['few'], { MPIR_CVAR_NOLOCAL: '1' });
    for (const name of ['synchronized', 'everything', 'ignored', 'byBatch']) expectAsOne(results, name);
    expect(alikeIn(results, ({ pair }) => pair)).toHaveLength(1);
    expect(alikeIn(results, ({ constant }) => constant)).toBe(true);
  });

  test('an error of one rank ends the job, and rank 0 alone has printed', { timeout: 60_000 }, async () => {
    const { code, out, err } = await runRanks({ ranks: 2, program: 'fit-fails' });
    expect(code).not.toBe(0);
    expect(err).toContain('rank 1 of 2 ended with Error: no more memory');
    expect(out.match(/Iteration 1 \/ 50/g)).toHaveLength(1);
  });

  describe('two ranks', () => {
    const ranks = 2;
    let results: Results[];
    beforeAll(async () => {
      results = await resultsOf(ranks, [], {});
    }, 160_000);
    const alike = <T>(of: (result: Results) => T): T => alikeIn(results, of);

    test.each([
      ['batch normalization synchronized, dropout, augmentation, an uneven last batch', 'synchronized'],
      ['accumulation, clipping, an average of weights, metrics in the order of the examples', 'everything'],
      ['validation by the statistics of its batches', 'byBatch'],
      ['labels that do not count, of some parts all', 'ignored'],
      ['several inputs and targets, in lists and records', 'parts'],
    ])('are as one process: %s', (_, name) => expectAsOne(results, name));

    test('hold the same bits with batch normalization by rank, and without seeds', () => {
      alike(({ byRank }) => byRank);
      alike(({ unseeded }) => unseeded);
    });

    test('end when rank 0 says so: by onEpoch, and by a signal after the step that follows', () => {
      expect(alike(({ stopped }) => stopped)).toEqual([1, 2]);
      const [message, iteration] = alike(({ aborted }) => aborted);
      expect([message, iteration]).toEqual(['enough', 4]);
    });

    test('go on from a checkpoint that rank 0 alone can see, and so does one process', () => {
      const [again, whole] = alike(({ resumed }) => resumed.digests);
      expect(again).toBe(whole);
      expect(results[0].resumed.alone).toBeLessThan(1e-12);
    });

    test('average gradients of parts of several sizes', () => {
      for (const { own: apart } of results) expect(apart).toBeLessThan(1e-14);
    });

    test('that were started with something else say what, all of them', () => {
      const { options, data, seed } = alike(({ errors: { one: _, metric: _metric, ...rest } }) => rest) as Record<
        string,
        string
      >;
      expect(options.replace(/\b[0-9a-f]{16}\b/, 'another')).toBe(
        'RangeError: fit: the ranks differ: options.epochs is 4 on rank 1, 3 on rank 0; options.loss is a function ' +
          'on rank 1, missing on rank 0; the code of loss is another on rank 1, missing on rank 0: ' +
          START,
      );
      expect(data).toBe(
        `RangeError: fit: the ranks differ: data.loader.dataset.X has other values on rank 1 than on rank 0: ${START}`,
      );
      expect(seed).toContain('data.loader.seed is 1 on rank 1, 0 on rank 0');
    });

    test('hear of what one of them refuses', () => {
      const said = 'optimizer is 3, expected one of optim, such as new optim.SGD(…)';
      for (const { rank, errors } of results) {
        expect(errors.one).toBe(rank === 1 ? `TypeError: fit: ${said}` : `Error: fit: rank 1 of ${ranks}: ${said}`);
        const wrong = "metrics.wrong returned 'x', expected a number";
        expect(errors.metric).toBe(
          rank === 0 ? `TypeError: fit: ${wrong}` : `Error: fit: rank 0 of ${ranks}: ${wrong}`,
        );
      }
    });

    test('refuse batches of fewer examples than there are ranks', () => {
      const { few, last, list } = results[0].errors;
      const expected = `expected at least ${ranks}, one for each rank`;
      expect(few).toBe(`RangeError: fit: loader has batches of 1 example, ${expected}: choose another batchSize`);
      expect(last).toBe(
        `RangeError: fit: loader has a last batch of 1 example, ${expected}: dropLast leaves it out, or choose ` +
          'another batchSize',
      );
      expect(list).toBe(`RangeError: fit: loader gave a batch of 1 example, ${expected}: choose another batchSize`);
    });

    test('diverge alike, whoever had the number that is none, and say which parameter differs', () => {
      const { diverged, verify } = results[0].errors;
      expect(diverged).toBe(
        'DivergedError: fit: the loss is NaN at iteration 1 (no loss before it was finite, learning rate 0.05); the ' +
          "batch's X holds NaN: expected finite numbers to train on. The history passed to onStep and onEpoch is " +
          'intact.',
      );
      expect(verify).toBe(
        'Error: fit: the parameter linear.bias of rank 1 differs from that of rank 0 after iteration 4: what changes ' +
          'it has to be the same on all ranks',
      );
    });

    test('refuse to train on batches in different orders', () => {
      const { order, sampler } = results[0].errors;
      const wayOut = 'a sampler that draws has to draw from the generator that it is given, or from a seed';
      const said = 'fit: loader gave the ranks different batches at iteration 1, expected the same order on all';
      expect(order).toContain('the ranks differ');
      expect(sampler).toBe(`Error: ${said}: ${wayOut}`);
    });
  });
});
