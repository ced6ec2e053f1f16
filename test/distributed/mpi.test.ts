// @module-tag slow

import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import { Random } from '../../src/arrays/index.js';
import { describeMpi, type Job, runRanks } from '../helpers/mpi.js';

interface Results {
  readonly rank: number;
  readonly [name: string]: unknown;
}

describeMpi('three ranks of MPICH', () => checkRanks());
describeMpi('three ranks of MPICH that meet over the network alone', () =>
  checkRanks({ env: { MPIR_CVAR_NOLOCAL: '1', LAYERWISE_THREADS: '' } }),
);
describeMpi('three ranks of Open MPI', () => checkRanks({ launcher: 'openmpi' }), 'openmpi');

/** Defines the tests for the ranks of a job. */
function checkRanks(job: Partial<Job> = {}): void {
  let results: Results[];
  beforeAll(async () => {
    const { code, out, err } = await runRanks({ ranks: 3, program: 'collectives', ...job });
    expect([code, err]).toEqual([0, '']);
    const lines = out.trim().split('\n');
    results = lines.map((line) => JSON.parse(line) as Results).sort((a, b) => a.rank - b.rank);
  }, 60_000);
  const each = (name: string): unknown[] => results.map((result) => result[name]);
  const alike = (name: string, value: unknown) => expect(each(name)).toEqual([value, value, value]);

  test('know their places, and there is one communicator in each', () => {
    expect(each('rank')).toEqual([0, 1, 2]);
    alike('size', 3);
    alike('same', true);
  });

  test('share the cores of the machine where nothing else is said', () => {
    const cores = job.env === undefined ? 1 : Math.floor(availableParallelism() / 3);
    alike('threads', Math.max(1, cores));
  });

  test('hold the same bits of a sum whose rounding depends on the order of its terms', () => {
    expect(new Set(each('sums')).size).toBe(1);
  });

  test('sum float64 numbers exactly enough', () => {
    const parts = [0, 1, 2].map((rank) => new Random(`wide ${rank}`).randn([3, 5], 'float64').data);
    for (const sums of each('wide') as number[][]) {
      expect(sums).toHaveLength(15);
      for (const [i, sum] of sums.entries())
        expect(Math.abs(sum - parts.reduce((s, part) => s + part[i], 0))).toBeLessThan(1e-14);
    }
  });

  test('sum all of an array that goes in pieces', () => {
    const digest = createHash('sha256').update(new Uint8Array(new Float64Array(2_100_000).fill(1 + 2 + 3).buffer));
    alike('long', digest.digest('hex'));
  });

  test('reduce where arrays lie: in the memory of the kernels, and a row of a matrix', () => {
    alike('inWasm', [[6, 12], true]);
    alike('row', [1, 2, 9, 12, 5, 6]);
  });

  test('reduce to the least and the greatest, integers, and arrays without values', () => {
    alike('least', [0, -2]);
    alike('greatest', [2, 202]);
    alike('integers', [3, -15]);
    alike('none', 0);
  });

  test('take the array of the root', () => alike('fromLast', [2, 7]));

  test('gather arrays of several sizes, with their shapes', () => {
    expect(each('gathered')).toEqual([[[0], [1, 1], [2, 2, 2]], null, null]);
    const rows = [0, 1, 2].map((rank) => [[1, 2], [rank, rank]]); // biome-ignore format: a shape and its values
    expect(each('shapes')).toEqual([null, null, rows]);
  });

  test('that call different functions get the same error, and go on', () => {
    const expected = 'expected the same function on all, with arrays of one size and type';
    const calls = 'rank 0: allReduce of 3 float32 (sum); ranks 1, 2: allReduce of 4 float32 (sum)';
    alike('differing', `allReduce: the calls of the ranks do not match (${calls}), ${expected}`);
    const others = 'rank 0: barrier; ranks 1, 2: broadcast of 2 int32 from rank 0';
    const told = (fn: string) => `${fn}: the calls of the ranks do not match (${others}), ${expected}`;
    expect(each('other')).toEqual([told('barrier'), told('broadcast'), told('broadcast')]);
  });
}
