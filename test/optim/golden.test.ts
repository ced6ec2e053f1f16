import { describe, expect, test } from 'vitest';
import { array, type DType, type NDArray } from '../../src/arrays/index.js';
import { type OptimConfig, type UpdateRule, updateRules } from '../../src/optim/index.js';
import { casesOf, DTYPES, expectGolden, expectPrinted, type FixtureCase, stored } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';

/** Our names of the fixtures' hyperparameters. */
const HYPERPARAMETERS: Readonly<Record<string, keyof OptimConfig>> = {
  learning_rate: 'learningRate',
  momentum: 'momentum',
  decay_rate: 'decayRate',
  epsilon: 'epsilon',
  beta1: 'beta1',
  beta2: 'beta2',
  weight_decay: 'weightDecay',
};

/** Our names of the fixtures' state. */
const STATE: Readonly<Record<string, keyof OptimConfig>> = {
  state_velocity: 'velocity',
  state_buf: 'velocity',
  state_cache: 'cache',
  state_m: 'm',
  state_v: 'v',
  state_t: 't',
};

function ruleOf({ config }: FixtureCase): UpdateRule<OptimConfig> {
  const name = config.rule === 'sgd_nesterov' ? 'nesterov' : config.rule;
  return updateRules[name as keyof typeof updateRules];
}

/** The hyperparameters and the state of a case before its first step. */
function configOf({ config, inputs }: FixtureCase, dtype: DType): OptimConfig {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    if (name !== 'rule') fields[HYPERPARAMETERS[name]] = value;
  }
  for (const [name, value] of Object.entries(inputs)) {
    if (name.startsWith('state_')) fields[STATE[name]] = typeof value === 'number' ? value : stored(value, dtype);
  }
  return fields;
}

/** Runs a case, and returns what it expects: the parameter after every step, and the state after the last. */
function run(c: FixtureCase, dtype: DType): Record<string, NDArray | number> {
  const rule = ruleOf(c);
  const w = stored(c.inputs.w, dtype);
  const dw = stored(c.inputs.dw, dtype);
  let config = configOf(c, dtype);
  const steps: number[] = [];
  for (let s = 0; s < dw.shape[0]; s++) {
    const gradient = dw.pick(s);
    const [next, nextConfig] = rule(w, gradient, config);
    expect(next).toBe(w);
    config = nextConfig;
    steps.push(...w.data);
  }
  const results: Record<string, NDArray | number> = { w_steps: array(steps, dw.shape, dtype) };
  for (const name of Object.keys(c.expected)) {
    if (name !== 'w_steps') results[name] = config[STATE[name]] as NDArray | number;
  }
  return results;
}

describeKernelSets('update rules', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(casesOf('update_rule'))('golden: $name', (c) => {
      const results = run(c, dtype);
      expectGolden(c, results, dtype);
      if (c.printed === undefined || dtype === 'float32') return;
      const printed = Object.keys(c.printed).map((name) => [
        name,
        name === 'w_steps' ? (results.w_steps as NDArray).pick(0) : results[name],
      ]);
      expectPrinted(c, Object.fromEntries(printed));
    });
  });
});

test('the fixtures speak of hyperparameters and state that the tests know', () => {
  for (const c of casesOf('update_rule')) {
    const names = Object.keys(c.config).filter((name) => name !== 'rule');
    expect(names.every((name) => name in HYPERPARAMETERS)).toBe(true);
    const state = [...Object.keys(c.inputs), ...Object.keys(c.expected)].filter((name) => name.startsWith('state_'));
    expect(state.every((name) => name in STATE)).toBe(true);
    expect(ruleOf(c)).toBeTypeOf('function');
  }
});
