// @module-tag slow
import { expect, test } from 'vitest';
import { killAndResume } from '../../scripts/kill-and-resume/trials.js';
import { describeMpi } from '../helpers/mpi.js';

describeMpi('runs one of whose ranks is killed at a random moment, and that are resumed', () => {
  test.each([
    [{ runs: 1, ranks: [2], mostKills: 2 }, 'the bits of whole ones'],
    [{ runs: 1, ranks: [2, 1, 3], mostKills: 2 }, 'the same numbers, but for rounding, on 1 and 3 ranks'],
  ])('%j end with %s', { timeout: 240_000 }, async (options) => {
    const trials = await killAndResume({ ...options, jobs: 1, seed: 'ranks' });
    expect(trials.filter(({ isSame }) => !isSame)).toEqual([]);
    expect(trials).toHaveLength(options.runs);
    expect(trials.some(({ kills }) => kills > 0)).toBe(true);
  });
});
