import { describe, expect, test } from 'vitest';
import { jobsOfRung, ranges } from '../../../src/search/by-index/jobs.js';
import type { Job, Outcome, Plan } from '../../../src/search/types.js';

const outcome = (job: Job): Outcome => ({
  job,
  metrics: { loss: (job.trial * 7) % 10 },
  error: null,
  stopped: false,
  seconds: 1,
});

/** Ten trials, of which the better half goes on, once; or as many rungs as it is told. */
function halving(rungs: number): Plan {
  const job = (trial: number, rung: number): Job => {
    return { id: `t${trial}`, trial, rung, config: {}, seed: 0, epochs: null };
  };
  let todo = Array.from({ length: 10 }, (_, trial) => job(trial, 0));
  let rung = 0;
  let open = todo.length;
  let told: Outcome[] = [];
  return {
    next() {
      const next = todo.shift();
      if (next !== undefined) return next;
      return open > 0 && rung + 1 < rungs ? 'wait' : 'done';
    },
    tell(one) {
      told.push(one);
      if (--open > 0 || ++rung === rungs) return;
      const best = told.toSorted((a, b) => Number(a.metrics?.loss) - Number(b.metrics?.loss));
      todo = best.slice(0, best.length / 2).map(({ job: { trial } }) => job(trial, rung));
      open = todo.length;
      told = [];
    },
  };
}

const trialsOf = (jobs: readonly Job[]) => jobs.map(({ trial }) => trial);

describe('the jobs of a rung', () => {
  test('are those of the plan: the first need no outcomes, later ones those before', () => {
    expect(trialsOf(jobsOfRung('search', halving(3), 0, () => null))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(trialsOf(jobsOfRung('search', halving(3), 1, outcome))).toEqual([0, 3, 6, 9, 2]);
    expect(trialsOf(jobsOfRung('search', halving(3), 2, outcome))).toEqual([0, 3]);
  });

  test('wait for the rung before, whose places are named', () => {
    const some = (job: Job) => (job.rung === 0 && [1, 2, 5].includes(job.trial) ? null : outcome(job));
    expect(() => jobsOfRung('search', halving(3), 2, some)).toThrow(
      'search: rung is 2, and rung 0 is not complete: run it first, of it 1-2,5 (sbatch --array=1-2,5)',
    );
    // The third of the five that are left.
    const most = (job: Job) => (job.rung === 1 && job.trial === 6 ? null : outcome(job));
    expect(() => jobsOfRung('search', halving(3), 2, most)).toThrow(
      'search: rung is 2, and rung 1 is not complete: run it first, of it 2 (sbatch --array=2)',
    );
  });

  test('are those of a rung that there is', () => {
    expect(() => jobsOfRung('search', halving(3), 3, outcome)).toThrow(
      'search: rung is 3, expected at most 2: no trial goes further',
    );
    expect(() => jobsOfRung('search', halving(1), 1, outcome)).toThrow(
      'search: rung is 1, expected at most 0: no trial goes further',
    );
  });
});

test.each([
  [[], ''],
  [[3], '3'],
  [[0, 1, 2, 3], '0-3'],
  [[0, 2, 3, 9], '0,2-3,9'],
])('%j is %s to Slurm', (numbers, text) => {
  expect(ranges(numbers)).toBe(text);
});
