import { describe, expect, test } from 'vitest';
import { type PlanSettings, planOf } from '../../../src/search/plans/index.js';
import { choice, type Space, space, uniform } from '../../../src/search/space/index.js';
import { type Strategy, strategySettings } from '../../../src/search/strategies.js';
import type { Job, Outcome, Plan } from '../../../src/search/types.js';

const X = space({ x: uniform(0, 1) });

function settings(strategy: Strategy, over: Space = X): PlanSettings {
  return { space: over, strategy: strategySettings('search', strategy), seed: 0, metric: 'loss', mode: 'min' };
}

/** A loss that tells trials apart from the first epoch on. */
function outcome(job: Job, loss = Number(job.config.x) + 1 / (job.epochs ?? 1)): Outcome {
  return { job, metrics: { loss }, error: null, stopped: false, seconds: 0 };
}

/** Runs a plan to its end, `at` jobs at a time, of which the one that `pick` chooses is done next. */
function run(plan: Plan, at = 1, pick: (running: readonly Job[]) => number = () => 0): Job[] {
  const [done, running]: Job[][] = [[], []];
  for (;;) {
    while (running.length < at) {
      const job = plan.next();
      if (typeof job === 'string') {
        if (job === 'done' && running.length === 0) return done;
        break;
      }
      running.push(job);
    }
    const [job] = running.splice(pick(running), 1);
    if (job === undefined) throw new Error('the plan waits for nothing');
    done.push(job);
    plan.tell(outcome(job));
  }
}

function names(jobs: readonly Job[]): string[] {
  return jobs.map(({ id, rung }) => `${id}:${rung}`).sort();
}

describe.each<[string, Strategy]>([
  ['grid', { name: 'grid', points: 12 }],
  ['random', { name: 'random', trials: 12 }],
  ['halving', { name: 'halving', trials: 12, epochs: 9 }],
  ['asha', { name: 'asha', trials: 12, epochs: 9 }],
  ['tpe', { name: 'tpe', trials: 15 }],
])('%s', (name, strategy) => {
  test('the same again, and no job twice', () => {
    const jobs = run(planOf(settings(strategy)));
    expect(run(planOf(settings(strategy)))).toEqual(jobs);
    expect(new Set(names(jobs)).size).toBe(jobs.length);
  });

  test('goes on where an earlier start has ended', () => {
    const jobs = run(planOf(settings(strategy)));
    for (const half of [1, 5, 11, jobs.length]) {
      const plan = planOf(settings(strategy));
      for (const job of jobs.slice(0, half)) plan.tell(outcome(job));
      const rest = run(plan);
      // What ASHA promotes depends on the order; it does nothing twice all the same.
      if (name === 'asha') expect(new Set(names([...jobs.slice(0, half), ...rest])).size).toBe(half + rest.length);
      else expect(names([...jobs.slice(0, half), ...rest])).toEqual(names(jobs));
    }
  });

  test('several at a time', () => {
    const jobs = run(planOf(settings(strategy)));
    const many = run(planOf(settings(strategy)), 3, (running) => running.length - 1);
    if (!['asha', 'tpe'].includes(name)) expect(names(many)).toEqual(names(jobs));
    else expect(new Set(names(many)).size).toBe(many.length);
  });
});

test('a space with few configs is tried once through', () => {
  const small = space({ a: choice(1, 2, 3), b: choice(true, false) });
  for (const name of ['random', 'tpe'] as const)
    expect(run(planOf(settings({ name, trials: 20 }, small)))).toHaveLength(6);
});

test('more trials at random begin with the same ones', () => {
  const few = run(planOf(settings({ name: 'random', trials: 3 })));
  expect(run(planOf(settings({ name: 'random', trials: 5 }))).slice(0, 3)).toEqual(few);
});

test('halving: a third goes on to three times the epochs, the last rung to the end', () => {
  const jobs = run(planOf(settings({ name: 'halving', trials: 10, epochs: 8 })));
  const rungs = [0, 1, 2].map((rung) => jobs.filter((job) => job.rung === rung));
  expect(rungs.map(({ length }) => length)).toEqual([10, 3, 1]);
  expect(rungs.map(([{ epochs }]) => epochs)).toEqual([1, 3, 8]);
  const byX = rungs[0].toSorted((a, b) => Number(a.config.x) - Number(b.config.x));
  expect(new Set(rungs[1].map(({ id }) => id))).toEqual(new Set(byX.slice(0, 3).map(({ id }) => id)));
  expect(rungs[2][0].id).toBe(byX[0].id);
});

test('halving: trials that fail, diverge or were stopped do not go on', () => {
  const plan = planOf(settings({ name: 'halving', trials: 4, epochs: 4, eta: 2 }));
  const jobs = Array.from({ length: 4 }, () => plan.next() as Job);
  expect(plan.next()).toBe('wait');
  plan.tell({ ...outcome(jobs[0], 0), metrics: null, error: 'failed' });
  plan.tell(outcome(jobs[1], Number.NaN));
  plan.tell({ ...outcome(jobs[2], 0), stopped: true });
  expect(plan.next()).toBe('wait');
  plan.tell(outcome(jobs[3], 5));
  expect(plan.next()).toMatchObject({ trial: 3, rung: 1, epochs: 2 });
});

test('ASHA stops the right trials: the best third of each rung goes on, whoever comes first', () => {
  for (const pick of [0, 2, 4]) {
    const plan = planOf(settings({ name: 'asha', trials: 27, epochs: 9 }));
    const jobs = run(plan, 5, (running) => Math.min(pick, running.length - 1));
    const rungs = [0, 1, 2].map((rung) => jobs.filter((job) => job.rung === rung));
    expect(rungs[0]).toHaveLength(27);
    const best = rungs[0].toSorted((a, b) => Number(a.config.x) - Number(b.config.x));
    // The best third of all go on; some others did before better ones came.
    for (const { id } of best.slice(0, 9)) expect(rungs[1].map((job) => job.id)).toContain(id);
    expect(rungs[1].length).toBeLessThan(16);
    expect(rungs[2].map((job) => job.id)).toContain(best[0].id);
    for (const { id } of best.slice(18)) expect(rungs[2].map((job) => job.id)).not.toContain(id);
  }
});

test('ASHA does not wait for a slow trial', () => {
  const plan = planOf(settings({ name: 'asha', trials: 7, epochs: 3, eta: 3 }));
  const slow = plan.next() as Job;
  const seen: Job[] = [];
  for (let job = plan.next(); typeof job !== 'string'; job = plan.next()) {
    seen.push(job);
    plan.tell(outcome(job));
  }
  expect(seen.filter(({ rung }) => rung === 1)).toHaveLength(2);
  expect(plan.next()).toBe('wait');
  plan.tell(outcome(slow, 9));
  expect(plan.next()).toBe('done');
});

test('the median stops trials that are worse than the others were by then', () => {
  const plan = planOf(settings({ name: 'random', trials: 4, medianStop: 2 }));
  const [a, b, c, d] = Array.from({ length: 4 }, () => plan.next() as Job);
  const hear = (job: Job, losses: readonly number[]) =>
    losses.map((loss, i) => plan.hear?.(job, i + 1, { loss }) ?? true);
  expect(hear(a, [3, 2, 1])).toEqual([true, true, true]);
  expect(hear(b, [5, 4, 3])).toEqual([true, false, false]); // best 4 > 2.5, the average of a
  expect(hear(c, [2, 2, 2])).toEqual([true, true, true]);
  expect(hear(d, [9, Number.NaN, 1])).toEqual([true, false, true]);
});

test.each<[string, unknown, string]>([
  [
    'none',
    'randm',
    "search: strategy is 'randm', expected 'grid', 'random', 'halving', 'asha', 'tpe'; did you mean random",
  ],
  ['no name', 3, "search: strategy is 3, expected 'grid', 'random', 'halving', 'asha', 'tpe'"],
  ['an option', { name: 'random', eta: 3 }, "search: strategy random: unknown option 'eta', expected trials, epochs"],
  ['a number', { name: 'tpe', trials: 0 }, 'search: strategy tpe: trials is 0, expected a whole number from 1 to'],
  ['no epochs', 'halving', 'search: strategy halving: epochs is undefined, expected a whole number ≥ 1'],
  ['rungs', { name: 'asha', epochs: 2, minEpochs: 3 }, 'strategy asha: minEpochs is 3, expected at most epochs, 2'],
  [
    'points',
    { name: 'grid', points: { x: 0 } },
    'strategy grid: points is an object, expected a whole number ≥ 1, or one',
  ],
])('a strategy that is wrong: %s', (_, strategy, message) => {
  expect(() => strategySettings('search', strategy)).toThrow(message);
});
