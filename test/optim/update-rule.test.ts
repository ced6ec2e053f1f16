import { describe, expect, test } from 'vitest';
import {
  array,
  dtypeOf,
  hostValues,
  type NDArray,
  Random,
  toNested,
  versionOf,
  zeros,
} from '../../src/arrays/index.js';
import { isResident, resident, workspace } from '../../src/kernels/index.js';
import type { OptimConfig, UpdateRule } from '../../src/optim/index.js';
import * as optim from '../../src/optim/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { pretend } from '../helpers/pretend.js';
import { VIEWS } from '../helpers/views.js';

/** Each rule with the name of its function, its state and its defaults. */
const RULES: readonly [
  name: string,
  rule: UpdateRule<OptimConfig>,
  state: readonly ('velocity' | 'cache' | 'm' | 'v')[],
  defaults: OptimConfig,
][] = [
  ['sgd', optim.sgd, [], { learningRate: 1e-2 }],
  ['sgdMomentum', optim.sgdMomentum, ['velocity'], { learningRate: 1e-2, momentum: 0.9 }],
  ['nesterov', optim.nesterov, ['velocity'], { learningRate: 1e-2, momentum: 0.9 }],
  ['rmsprop', optim.rmsprop, ['cache'], { learningRate: 1e-2, decayRate: 0.99, epsilon: 1e-8 }],
  ['adagrad', optim.adagrad, ['cache'], { learningRate: 1e-2, epsilon: 1e-8 }],
  ['adam', optim.adam, ['m', 'v'], { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, t: 1 }],
  [
    'adamw',
    optim.adamw,
    ['m', 'v'],
    { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, t: 1, weightDecay: 1e-2 },
  ],
];

/** A parameter, a gradient and a state for a rule, the same at every call. */
function given(state: readonly string[], dtype: 'float32' | 'float64') {
  const random = new Random(20);
  const [w, dw] = [random.randn([4, 6], dtype), random.randn([4, 6], dtype)];
  const positive = () => array(random.rand([4, 6], dtype));
  return { w, dw, state: Object.fromEntries(state.map((name) => [name, positive()])) as Record<string, NDArray> };
}

describe.each(RULES)('%s', (name, rule, state, defaults) => {
  test('fills in its defaults and starts its state at zero', () => {
    const w = array([1, 2, 3]);
    const [next, config] = rule(w, array([1, -1, 0]));
    expect(next).toBe(w);
    expect(Object.keys(config).sort()).toEqual([...Object.keys(defaults), ...state].sort());
    expect(config).toMatchObject(defaults);
    for (const field of state) {
      const values = config[field];
      expect(values?.shape).toEqual([3]);
      expect(values?.get(2)).toBe(0);
    }
  });

  test('does with its defaults written out what it does without', () => {
    const { w, dw } = given(state, 'float64');
    const other = array(w);
    rule(w, dw);
    const { t, ...numbers } = defaults;
    rule(other, dw, t === undefined ? numbers : { ...numbers, t: 0 });
    expect(other).toEqualBits(w);
  });

  test('state goes on from call to call, also where nobody gave it', () => {
    const { w, dw } = given(state, 'float64');
    const other = array(w);
    let config: OptimConfig = {};
    for (let s = 0; s < 3; s++) [, config] = rule(w, dw, config);
    let kept: OptimConfig = Object.fromEntries(state.map((field) => [field, zeros([4, 6], 'float64')]));
    for (let s = 0; s < 3; s++) [, kept] = rule(other, dw, kept);
    expect(other).toEqualBits(w);
    for (const field of state) expect(kept[field]).toEqualBits(config[field] as NDArray);
  });

  test('leaves the config it is given alone, but for the arrays in it', () => {
    const { w, dw, state: arrays } = given(state, 'float32');
    const config = Object.freeze({ learningRate: 0.5, ...arrays });
    const [, next] = rule(w, dw, config);
    expect(next).not.toBe(config);
    expect(Object.keys(config)).toEqual(['learningRate', ...state]);
    for (const field of state) expect(next[field]).toBe(arrays[field]);
  });

  test('keeps fields of other rules, so that one config may be tried with several', () => {
    const velocity = array([1, 2, 3]);
    const [, next] = rule(array([1, 2, 3]), array([1, 1, 1]), {
      momentum: 0.5,
      beta1: 0.1,
      weightDecay: 0.2,
      velocity,
    });
    expect(next).toMatchObject({ momentum: 0.5, beta1: 0.1, weightDecay: 0.2 });
    expect(next.velocity).toBe(velocity);
  });

  test('a learning rate of 0 changes the state but not the parameter', () => {
    const { w, dw, state: arrays } = given(state, 'float64');
    // sgdMomentum would still move by the velocity that it had.
    for (const values of Object.values(arrays)) values.data.fill(0);
    const before = array(w);
    rule(w, dw, { learningRate: 0, ...arrays });
    expect(w).toBeAllClose(before, { rtol: 0 });
  });

  test.each<[field: keyof OptimConfig, value: unknown, message: string]>([
    ['learningRate', -1, 'learningRate is -1, expected a number ≥ 0'],
    ['learningRate', Number.NaN, 'learningRate is NaN, expected a number ≥ 0'],
    ['learningRate', Number.POSITIVE_INFINITY, 'learningRate is Infinity, expected a number ≥ 0'],
    ['learningRate', '0.1', "learningRate is '0.1', expected a number ≥ 0"],
    ['learningRate', null, 'learningRate is null, expected a number ≥ 0'],
    ['momentum', -0.1, 'momentum is -0.1, expected a number ≥ 0'],
    ['momentum', Number.NaN, 'momentum is NaN, expected a number ≥ 0'],
    ['decayRate', 1.5, 'decayRate is 1.5, expected a number from 0 to 1'],
    ['decayRate', -0.5, 'decayRate is -0.5, expected a number from 0 to 1'],
    ['epsilon', -1e-8, 'epsilon is -1e-8, expected a number ≥ 0'],
    ['beta1', 1, 'beta1 is 1, expected a number in [0, 1)'],
    ['beta1', -0.1, 'beta1 is -0.1, expected a number in [0, 1)'],
    ['beta2', 1, 'beta2 is 1, expected a number in [0, 1)'],
    ['beta2', Number.NaN, 'beta2 is NaN, expected a number in [0, 1)'],
    ['weightDecay', -1, 'weightDecay is -1, expected a number ≥ 0'],
    ['t', 1.5, 't is 1.5, expected a whole number ≥ 0'],
    ['t', -1, 't is -1, expected a whole number ≥ 0'],
  ])('refuses %s of %j, and changes nothing', (field, value, message) => {
    expectRefusal({ [field]: value } as OptimConfig, RangeError, `${name}: ${message}`);
  });

  test('names a field that no rule has, and refuses a config that is none', () => {
    expectRefusal(
      { learningrate: 0.1 } as OptimConfig,
      TypeError,
      `${name}: unknown option 'learningrate', expected learningRate, momentum, decayRate, epsilon, beta1, beta2, ` +
        'weightDecay, t, velocity, cache, m, v',
    );
    const w = array([1]);
    expect(() => rule(w, w, pretend(null))).toThrow(`${name}: options is null, expected an object`);
  });

  test.each<[field: 'velocity' | 'cache' | 'm' | 'v']>([['velocity'], ['cache'], ['m'], ['v']])(
    'refuses state %s that does not fit, and changes nothing',
    (field) => {
      expectRefusal({ [field]: zeros([3]) }, RangeError, `${name}: ${field} has shape (3,), expected (4, 6)`);
      expectRefusal({ [field]: zeros([6, 4]) }, RangeError, `${name}: ${field} has shape (6, 4), expected (4, 6)`);
      const message = `${name}: ${field} has dtype float64, expected float32, the dtype of w`;
      expectRefusal({ [field]: zeros([4, 6], 'float64') }, TypeError, message);
      const kind = `${name}: ${field} is [1], expected an array of float32 or float64: make it with array(${field})`;
      expectRefusal(pretend({ [field]: [1] }), TypeError, kind);
    },
  );

  test.each<[what: string, dw: unknown, message: string]>([
    ['shape', zeros([6, 4]), 'dw has shape (6, 4), expected (4, 6)'],
    ['rank', zeros([24]), 'dw has shape (24,), expected (4, 6)'],
    ['dtype', zeros([4, 6], 'float64'), 'dw has dtype float64, expected float32, the dtype of w'],
    ['kind', undefined, 'dw is undefined, expected an array of float32 or float64'],
    ['reach', zeros([4, 5]).hi(4, 6), 'dw: an array of shape (4, 6) reaches outside its 20 values'],
  ])('refuses a gradient of another %s, and changes nothing', (_, dw, message) => {
    const { w, state: arrays } = given(state, 'float32');
    const before = [w, ...Object.values(arrays)].map((a) => array(a));
    expect(() => rule(w, dw as NDArray, arrays)).toThrow(`${name}: ${message}`);
    [w, ...Object.values(arrays)].forEach((a, i) => {
      expect(a).toEqualBits(before[i]);
    });
  });

  test('has nothing to do for an empty parameter, and refuses one that is none', () => {
    expect(rule(zeros([0, 3]), zeros([0, 3]))[0].shape).toEqual([0, 3]);
    expect(() => rule(pretend([1]), zeros([1]))).toThrow(`${name}: w is [1], expected an array of float32 or float64`);
  });

  test('announces that it changed the parameter and the state, and not the gradient', () => {
    const { w, dw, state: arrays } = given(state, 'float32');
    rule(w, dw, arrays);
    expect([w, ...Object.values(arrays)].map(versionOf)).toEqual([1, ...state.map(() => 1)]);
    expect(versionOf(dw)).toBe(0);
  });

  test('new state lives where the parameter does', () => {
    for (const place of [resident, (a: NDArray) => a]) {
      const w = place(array([1, 2, 3]));
      const [, config] = rule(w, array([1, 1, 1]));
      for (const field of state) expect(isResident(config[field] as NDArray)).toBe(isResident(w));
    }
  });

  test('state that is made in a workspace outlives it', () => {
    const w = array([1, 2, 3]);
    let config: OptimConfig = {};
    workspace(() => {
      [, config] = rule(w, array([1, 2, 3]), config);
      return null;
    });
    const expected = array([1, 2, 3]);
    const [, outside] = rule(expected, array([1, 2, 3]));
    for (const field of state) expect(config[field]).toEqualBits(outside[field] as NDArray);
    expect(() => rule(w, array([1, 2, 3]), config)).not.toThrow();
  });

  function expectRefusal(config: OptimConfig, kind: typeof RangeError | typeof TypeError, message: string): void {
    const { w, dw, state: arrays } = given(state, 'float32');
    const all = [w, dw, ...Object.values(arrays)];
    const before = all.map((a) => array(a));
    const call = () => rule(w, dw, { ...arrays, ...config });
    expect(call).toThrow(kind);
    expect(call).toThrow(expect.objectContaining({ message }));
    all.forEach((a, i) => {
      expect(a).toEqualBits(before[i]);
    });
  }
});

describeKernelSets('views', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    describe.each(RULES)('%s', (_, rule, state) => {
      test('updates any view in place, and never writes to the gradient', () => {
        const dense = given(state, dtype);
        const [, expectedConfig] = rule(dense.w, dense.dw, dense.state);

        for (const [kind, viewOf] of Object.entries(VIEWS)) {
          const { w, dw, state: arrays } = given(state, dtype);
          const views = Object.fromEntries(Object.entries({ w, dw, ...arrays }).map(([k, a]) => [k, viewOf(a)]));
          const { w: wView, dw: dwView, ...stateViews } = views;
          const around = outside(wView);

          const [next, config] = rule(wView, dwView, stateViews);

          expect(next).toBe(wView);
          expect(array(wView), kind).toEqualBits(dense.w);
          expect(array(dwView), kind).toEqualBits(dw);
          expect(outside(wView), kind).toEqual(around);
          for (const field of state) {
            expect(config[field]).toBe(stateViews[field]);
            expect(array(stateViews[field]), `${kind} ${field}`).toEqualBits(expectedConfig[field] as NDArray);
          }
        }
      });
    });
  });
});

test.each(RULES)('%s reads a gradient that is a view of the parameter itself before it writes', (_, rule) => {
  const values = new Random(21).randn([5, 5]);
  const expected = array(values);
  rule(expected, array(values.transpose(1, 0)));
  const w = array(values);
  rule(w, w.transpose(1, 0));
  expect(w).toEqualBits(expected);
});

test('dtypes are kept', () => {
  const [w, config] = optim.adam(array([1], [1], 'float64'), array([1], [1], 'float64'));
  expect([w, config.m, config.v].map((a) => dtypeOf(a as NDArray))).toEqual(['float64', 'float64', 'float64']);
});

test('updateRules has the rules under their names in cs231n', () => {
  expect(optim.updateRules).toEqual({
    sgd: optim.sgd,
    sgd_momentum: optim.sgdMomentum,
    nesterov: optim.nesterov,
    rmsprop: optim.rmsprop,
    adagrad: optim.adagrad,
    adam: optim.adam,
    adamw: optim.adamw,
  });
});

test('an update of a part of a parameter leaves the rest', () => {
  const w = array([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  optim.sgd(w.pick(null, 1), array([1, 1, 1]), { learningRate: 1 });
  expect(toNested(w)).toEqual([
    [1, 1],
    [3, 3],
    [5, 5],
  ]);
});

/** How many values of an array's memory lie outside of the view and are still NaN, as the views were made. */
function outside(view: NDArray): number {
  const inside = hostValues(view).filter(Number.isNaN).length;
  return view.data.filter(Number.isNaN).length - inside;
}
