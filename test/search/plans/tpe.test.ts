// @module-tag slow

import { expect, test } from 'vitest';
import { planOf } from '../../../src/search/plans/index.js';
import { choice, integer, logUniform, space, uniform, when } from '../../../src/search/space/index.js';
import { strategySettings } from '../../../src/search/strategies.js';
import type { Config } from '../../../src/search/types.js';

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);
const TRIALS = 40;

const NET = space({
  lr: logUniform(1e-5, 1),
  reg: logUniform(1e-6, 1),
  hidden: integer(16, 1024, { log: true }),
  act: choice('relu', 'gelu', 'tanh'),
  drop: when({ act: 'gelu' }, uniform(0, 0.9)),
});

/** A loss with one valley in the logarithms, and the best place where a parameter applies that elsewhere does not. */
function loss({ lr, reg, hidden, act, drop }: (typeof NET)['Config']): number {
  const [a, b, c] = [Math.log10(lr) + 2.5, Math.log10(reg) + 3.5, Math.log2(hidden) - 7.5];
  const kind = { relu: 0.45, tanh: 0.8, gelu: 0.2 + 3 * ((drop ?? 0) - 0.35) ** 2 }[act];
  return kind + 0.3 * a * a + 0.1 * b * b + 0.05 * c * c;
}

/** The losses of a search, trial by trial. */
function losses(name: 'random' | 'tpe', seed: number): number[] {
  const strategy = strategySettings('search', { name, trials: TRIALS });
  const plan = planOf({ space: NET, strategy, seed, metric: 'loss', mode: 'min' });
  const found: number[] = [];
  for (let job = plan.next(); typeof job !== 'string'; job = plan.next()) {
    const metrics = { loss: loss(job.config as Config & (typeof NET)['Config']) };
    found.push(metrics.loss);
    plan.tell({ job, metrics, error: null, stopped: false, seconds: 0 });
  }
  return found;
}

test('TPE finds a better minimum than as many trials at random', () => {
  const best = (name: 'random' | 'tpe') => SEEDS.map((seed) => Math.min(...losses(name, seed)));
  const [random, tpe] = [best('random'), best('tpe')];
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[SEEDS.length / 2];
  const wins = SEEDS.filter((seed) => tpe[seed] < random[seed]).length;
  console.log(`of ${SEEDS.length} seeds: medians ${median(random)} and ${median(tpe)}, better in ${wins}`);
  expect(median(tpe)).toBeLessThan(0.8 * median(random));
  expect(wins).toBeGreaterThanOrEqual(15);
});

test('TPE is the same again with the same seed, and another with another', () => {
  expect(losses('tpe', 3)).toEqual(losses('tpe', 3));
  expect(losses('tpe', 3)).not.toEqual(losses('tpe', 4));
});
