import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  array,
  dtypeOf,
  full,
  hostValues,
  linspace,
  type NDArray,
  Random,
  toNested,
  zeros,
} from '../src/arrays/index.js';
import { ThreeLayerConvNet, TwoLayerNet } from '../src/classifiers/index.js';
import {
  checkModelGradients,
  evalNumericalGradient,
  evalNumericalGradientArray,
  type GradientKink,
  gradCheckSparse,
  relError,
} from '../src/gradient-check.js';
import { pretend } from './helpers/pretend.js';
import { VIEWS } from './helpers/views.js';

/** Σ x³, whose gradient is 3x². */
const cubes = (x: NDArray): number => [...hostValues(x)].reduce((sum, v) => sum + v ** 3, 0);

/** A function that calls `f`, and throws at its n-th call. */
function throwingAt<R>(n: number, f: (x: NDArray) => R): (x: NDArray) => R {
  let calls = 0;
  return (x) => {
    if (++calls === n) throw new Error('on purpose');
    return f(x);
  };
}

describe('evalNumericalGradient', () => {
  test('finds the derivatives of known functions', () => {
    const x = new Random(30).randn([3, 4], 'float64');
    const squares = array(x);
    for (let i = 0; i < 12; i++) squares.data[i] = 3 * x.data[i] ** 2;
    const gradient = evalNumericalGradient(cubes, x);
    expect(gradient.shape).toEqual([3, 4]);
    expect(gradient).toBeAllClose(squares, { rtol: 1e-7, atol: 1e-9 });

    const sine = evalNumericalGradient(
      (x) => Math.sin(x.get(0)) * Math.exp(x.get(1)),
      array([0.5, 1.5], [2], 'float64'),
    );
    const expected = [Math.cos(0.5) * Math.exp(1.5), Math.sin(0.5) * Math.exp(1.5)];
    expect(sine).toBeAllClose(array(expected, [2], 'float64'), { rtol: 1e-9 });
  });

  test('is exact for a line, whatever the step', () => {
    const x = array([1, 2], [2], 'float64');
    for (const h of [1e-3, 0.5, 8]) {
      const gradient = evalNumericalGradient((x) => 3 * x.get(0) - 2 * x.get(1), x, { h });
      expect(gradient).toBeAllClose(array([3, -2], [2], 'float64'), { rtol: 1e-11 });
    }
  });

  test('takes the two points at a distance of h', () => {
    const seen: number[] = [];
    const x = array([1], [1], 'float64');
    evalNumericalGradient((x) => seen.push(x.get(0)), x, { h: 0.25 });
    expect(seen).toEqual([1.25, 0.75]);
  });

  test('gives f the array itself, so that f may ignore its argument', () => {
    const x = array([2, 3], [2], 'float64');
    expect(evalNumericalGradient(() => cubes(x), x)).toEqualBits(evalNumericalGradient(cubes, x));
    evalNumericalGradient((given) => {
      expect(given).toBe(x);
      return 0;
    }, x);
  });

  test('works on float32 with the step that float32 can hold', () => {
    const x = array([1, 100, -3]);
    const gradient = evalNumericalGradient((x) => 2 * x.get(0) + 5 * x.get(1) - x.get(2), x, { h: 1e-2 });
    expect(dtypeOf(gradient)).toBe('float64');
    expect(gradient).toBeAllClose(array([2, 5, -1], [3], 'float64'), { rtol: 1e-12 });
  });

  test.each([
    ['undefined', undefined],
    ["'1'", '1'],
    ['an array of shape (1,)', array([1], [1], 'float64')],
  ])('refuses an f that returns %s', (described, value) => {
    const x = array([1], [1], 'float64');
    expect(() => evalNumericalGradient(() => pretend<number>(value), x)).toThrow(
      new TypeError(`evalNumericalGradient: f returned ${described}, expected a number`),
    );
    expect(toNested(x)).toEqual([1]);
  });
});

describe('evalNumericalGradientArray', () => {
  test('finds the gradient of Σ f(x) · df', () => {
    const x = array([1, 2, 3], [3], 'float64');
    const df = array([10, -1], [2], 'float64');
    // f = (x0·x1, x1·x2): 10·(x1, x0, 0) − (0, x2, x1)
    const f = (x: NDArray) => array([x.get(0) * x.get(1), x.get(1) * x.get(2)], [2], 'float64');
    expect(evalNumericalGradientArray(f, x, df)).toBeAllClose(array([20, 7, -2], [3], 'float64'), { rtol: 1e-9 });
  });

  test('keeps its digits where the outputs are large', () => {
    const x = array([1], [1], 'float64');
    const f = (x: NDArray) => array([1e6 + x.get(0), x.get(0) - 1e6], [2], 'float64');
    const gradient = evalNumericalGradientArray(f, x, array([1, 1], [2], 'float64'), { h: 0.5 });
    expect(toNested(gradient)).toEqual([2]);
  });

  test('takes an output of any rank, and a strided df', () => {
    const x = array([1, 2], [2], 'float64');
    const f = (x: NDArray) =>
      array(
        [
          [x.get(0), x.get(1)],
          [x.get(0) * 2, x.get(1) * 3],
        ],
        undefined,
        'float64',
      );
    const df = array(
      [
        [1, 10],
        [100, 1000],
      ],
      undefined,
      'float64',
    ).transpose(1, 0);
    // df read in its own order: 1·1 + 10·2 for x0, 100·1 + 1000·3 for x1
    const gradient = evalNumericalGradientArray(f, x, df);
    expect(gradient).toBeAllClose(array([21, 3100], [2], 'float64'), { rtol: 1e-8 });
  });

  test('does not mind an f that writes its result into df', () => {
    const x = array([3], [1], 'float64');
    const df = array([1], [1], 'float64');
    const f = (x: NDArray) => {
      df.set(0, x.get(0) ** 2);
      return df;
    };
    expect(evalNumericalGradientArray(f, x, df)).toBeAllClose(array([6], [1], 'float64'), { rtol: 1e-9 });
  });

  test.each<[what: string, f: () => unknown, error: string]>([
    ['shape', () => zeros([3], 'float64'), 'f(x) has shape (3,), expected (2,)'],
    ['rank', () => zeros([2, 1], 'float64'), 'f(x) has shape (2, 1), expected (2,)'],
    ['dtype', () => zeros([2]), 'f(x) has dtype float32, expected float64, the dtype of df'],
    ['kind', () => 3, 'f(x) is 3, expected an array of float32 or float64'],
  ])('names an output of another %s', (_, f, message) => {
    const x = array([1], [1], 'float64');
    const df = zeros([2], 'float64');
    expect(() => evalNumericalGradientArray(f as () => NDArray, x, df)).toThrow(
      `evalNumericalGradientArray: ${message}`,
    );
    expect(toNested(x)).toEqual([1]);
  });
});

describe.each<[name: string, run: (f: (x: NDArray) => number, x: NDArray, h?: number) => unknown]>([
  ['evalNumericalGradient', (f, x, h) => evalNumericalGradient(f, x, { h })],
  [
    'evalNumericalGradientArray',
    (f, x, h) => evalNumericalGradientArray((x) => array([f(x)], [1], 'float64'), x, array([1], [1], 'float64'), { h }),
  ],
  ['gradCheckSparse', (f, x, h) => gradCheckSparse(f, x, zeros(x.shape, dtypeOf(x)), { numChecks: 24, h })],
])('%s', (name, run) => {
  test.each(['float64', 'float32'] as const)('puts every element of %s back exactly', (dtype) => {
    const x = new Random(31).randn([3, 4], dtype);
    x.data[0] *= 1e12;
    x.data[1] = 1e-30;
    const before = array(x);
    run(cubes, x, 1e-3);
    expect(x).toEqualBits(before);
  });

  test.each([1, 2, 3, 8])('puts it back when f throws at call %d', (n) => {
    const x = new Random(32).randn([3, 4], 'float64');
    const before = array(x);
    expect(() => run(throwingAt(n, cubes), x)).toThrow('on purpose');
    expect(x).toEqualBits(before);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a step of %d', (h) => {
    expect(() => run(cubes, zeros([1], 'float64'), h)).toThrow(
      new RangeError(`${name}: h is ${h}, expected a number > 0`),
    );
  });

  test('refuses an x that is none, or empty', () => {
    const kind = () => evalNumericalGradient(cubes, pretend([1]));
    expect(kind).toThrow('evalNumericalGradient: x is [1], expected an array of float32 or float64');
    expect(() => run(cubes, zeros([0], 'float64'))).toThrow(
      `${name}: x has shape (0,), expected (…,) with every size at least 1`,
    );
  });
});

describe.each(Object.entries(VIEWS))('a %s x', (_, viewOf) => {
  const values = new Random(33).randn([3, 4], 'float64');

  test('gives the same numbers as its copy, and is put back', () => {
    const view = viewOf(values);
    expect(evalNumericalGradient(cubes, view)).toEqualBits(evalNumericalGradient(cubes, array(values)));
    const df = array([2, -1], [2], 'float64');
    const f = (x: NDArray) => array([cubes(x), x.get(2, 1)], [2], 'float64');
    expect(evalNumericalGradientArray(f, view, df)).toEqualBits(evalNumericalGradientArray(f, array(values), df));
    expect(gradCheckSparse(cubes, view, viewOf(values))).toEqual(gradCheckSparse(cubes, array(values), values));
    expect(array(view)).toEqualBits(values);
  });
});

describe('relError', () => {
  const one = (value: number, dtype: 'float32' | 'float64' = 'float64') => array([value], [1], dtype);

  test.each([
    [1, 1, 0],
    [1, 3, 0.5],
    [3, 1, 0.5],
    [1, -1, 1],
    [0, 5, 1],
    [0, 0, 0],
    [-2, -6, 0.5],
    // Below 1e-8 the difference is held against 1e-8.
    [1e-9, 0, 0.1],
    [1e-12, -1e-12, 2e-4],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0],
    [Number.NaN, 1, Number.NaN],
    [1, Number.NaN, Number.NaN],
    [Number.NaN, Number.NaN, Number.NaN],
    [Number.POSITIVE_INFINITY, 1, Number.NaN],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
  ])('of %d and %d is %d', (a, b, error) => {
    const found = relError(one(a), one(b));
    if (Number.isNaN(error)) expect(found).toBeNaN();
    else expect(found).toBeCloseTo(error, 15);
  });

  test('is the largest over all elements, wherever it is', () => {
    for (let place = 0; place < 4; place++) {
      const b = full([2, 2], 1, 'float64');
      b.data[place] = 3;
      expect(relError(full([2, 2], 1, 'float64'), b)).toBe(0.5);
    }
  });

  test('is NaN where an element is, before or after a larger error', () => {
    const a = array([1, Number.NaN, 1], [3], 'float64');
    expect(relError(a, array([5, 1, 1], [3], 'float64'))).toBeNaN();
    expect(relError(a, array([1, 1, 5], [3], 'float64'))).toBeNaN();
  });

  test('compares views element by element, and float32 with float64', () => {
    const a = array([
      [1, 2],
      [3, 4],
    ]);
    expect(
      relError(
        a.transpose(1, 0),
        array([
          [1, 3],
          [2, 4],
        ]),
      ),
    ).toBe(0);
    expect(relError(one(0.5, 'float32'), one(0.5))).toBe(0);
  });

  test.each<[a: unknown, b: unknown, message: string]>([
    [zeros([2]), zeros([3]), 'b has shape (3,), expected (2,)'],
    [zeros([2, 1]), zeros([2]), 'b has shape (2,), expected (2, 1)'],
    [zeros([0]), zeros([0]), 'a has shape (0,), expected (…,) with every size at least 1'],
    [1, zeros([1]), 'a is 1, expected an array of float32 or float64'],
    [zeros([1]), undefined, 'b is undefined, expected an array of float32 or float64'],
  ])('names what does not fit: case %#', (a, b, message) => {
    expect(() => relError(a as NDArray, b as NDArray)).toThrow(`relError: ${message}`);
  });
});

describe('gradCheckSparse', () => {
  const x = new Random(34).randn([4, 5, 2], 'float64');
  const right = array(x);
  for (let i = 0; i < right.size; i++) right.data[i] = 3 * x.data[i] ** 2;

  test('says where it looked, and what it found', () => {
    const checks = gradCheckSparse(cubes, x, right, { numChecks: 6 });
    expect(checks).toHaveLength(6);
    for (const { index, numerical, analytic, relError: error } of checks) {
      expect(analytic).toBe(right.get(...index));
      const exact = 3 * x.get(...index) ** 2;
      expect(Math.abs(numerical - exact)).toBeLessThan(1e-8 * (1 + exact));
      expect(error).toBeCloseTo(Math.abs(numerical - analytic) / (Math.abs(numerical) + Math.abs(analytic)), 12);
      expect(error).toBeLessThan(1e-6);
    }
    expect(gradCheckSparse(cubes, x, right)).toHaveLength(10);
  });

  test('shows a wrong gradient', () => {
    const wrong = array(right);
    for (let i = 0; i < wrong.size; i++) wrong.data[i] *= -1;
    expect(gradCheckSparse(cubes, x, wrong).every(({ relError: error }) => error > 0.99)).toBe(true);
  });

  test('looks at the same places for the same seed', () => {
    const places = (seed?: number | string) => gradCheckSparse(cubes, x, right, { seed }).map(({ index }) => index);
    expect(places(7)).toEqual(places(7));
    expect(places('a')).toEqual(places('a'));
    expect(places()).toEqual(places(0));
    expect(places(7)).not.toEqual(places(8));
  });

  test('reaches every place', () => {
    const seen = gradCheckSparse((x) => x.get(0, 0, 0), x, right, { numChecks: 400 }).map(({ index }) => index.join());
    expect(new Set(seen).size).toBe(40);
  });

  test.each<[options: object, message: string]>([
    [{ numChecks: 0 }, 'numChecks is 0, expected a whole number ≥ 1'],
    [{ numChecks: 2.5 }, 'numChecks is 2.5, expected a whole number ≥ 1'],
    [{ numChecks: Number.NaN }, 'numChecks is NaN, expected a whole number ≥ 1'],
  ])('refuses %j', (options, message) => {
    expect(() => gradCheckSparse(cubes, x, right, options)).toThrow(new RangeError(`gradCheckSparse: ${message}`));
  });

  test('names a gradient of another shape, and an f that returns no number', () => {
    expect(() => gradCheckSparse(cubes, x, zeros([4, 5], 'float64'))).toThrow(
      'gradCheckSparse: grad has shape (4, 5), expected (4, 5, 2)',
    );
    expect(() => gradCheckSparse(() => pretend<number>(null), x, right)).toThrow(
      new TypeError('gradCheckSparse: f returned null, expected a number'),
    );
  });
});

describe('checkModelGradients', () => {
  /** loss = Σ a² + 2 Σ b, with gradients that are right but for a factor on b's. */
  function quadratic(factor = 1) {
    return {
      params: { a: array([1, -2], [2], 'float64'), b: array([[3]], undefined, 'float64') },
      loss() {
        const { a, b } = this.params;
        const loss = a.get(0) ** 2 + a.get(1) ** 2 + 2 * b.get(0, 0);
        return {
          loss,
          grads: { a: array([2 * a.get(0), 2 * a.get(1)], [2], 'float64'), b: full([1, 1], 2 * factor, 'float64') },
        };
      },
    };
  }
  const X = zeros([1, 1], 'float64');

  test('gives an error for each parameter', () => {
    const errors = checkModelGradients(quadratic(), X, [0]);
    expect(Object.keys(errors)).toEqual(['a', 'b']);
    expect(errors.a).toBeLessThan(1e-9);
    expect(errors.b).toBeLessThan(1e-9);
    // |2 − 6| / (2 + 6)
    expect(checkModelGradients(quadratic(3), X, [0]).b).toBeCloseTo(0.5, 9);
  });

  test('leaves the parameters as they were', () => {
    const model = new TwoLayerNet({ inputDim: 4, hiddenDim: 3, numClasses: 2, dtype: 'float64', seed: 1 });
    const before = Object.entries(model.params).map(([name, param]) => [name, array(param)] as const);
    checkModelGradients(model, linspaceImages(), [0, 1, 1], { h: 1e-4 });
    for (const [name, param] of before) expect(model.params[name as 'W1']).toEqualBits(param);
  });

  test('gives the model X and y at every call', () => {
    const model = quadratic();
    const given: unknown[][] = [];
    const loss = model.loss.bind(model);
    const watched = {
      params: model.params,
      loss(...args: unknown[]) {
        given.push(args);
        return loss();
      },
    };
    const y = Uint8Array.of(0);
    checkModelGradients(watched, X, y);
    // Once for the gradients, and twice for each of three elements.
    expect(given).toHaveLength(7);
    expect(given.every((args) => args[0] === X && args[1] === y)).toBe(true);
  });

  test('names a parameter without a gradient, or with one of another shape', () => {
    const model = quadratic();
    const withGrads = (grads: Record<string, NDArray>) => ({ params: model.params, loss: () => ({ loss: 1, grads }) });
    const a = zeros([2], 'float64');
    expect(() => checkModelGradients(withGrads({ a }), X, [0])).toThrow(
      new TypeError('checkModelGradients: model.loss returned no gradient for b'),
    );
    expect(() => checkModelGradients(withGrads({ a: zeros([3], 'float64'), b: a }), X, [0])).toThrow(
      'checkModelGradients: grads.a has shape (3,), expected (2,)',
    );
    expect(() => checkModelGradients(quadratic(), X, [0], { h: 0 })).toThrow('h is 0, expected a number > 0');
  });

  function linspaceImages(): NDArray {
    return array(linspace(-1, 1, 12), [3, 2, 2]);
  }
});

/** max(0, x) summed, and what a model that is nothing else gives; `slope` is the gradient it claims at 0. */
function rectifiers(x: readonly number[], slope = 0, factor = 1) {
  return {
    params: { x: array([...x], undefined, 'float64') },
    loss() {
      const values = [...this.params.x.data];
      const loss = values.reduce((sum, v) => sum + Math.max(0, v) + 0.1 * v * v, 1);
      const grads = values.map((v) => factor * ((v > 0 ? 1 : v < 0 ? 0 : slope) + 0.2 * v));
      return { loss, grads: { x: array(grads, undefined, 'float64') } };
    },
  };
}

describe('a kink', () => {
  const X = zeros([1, 1], 'float64');
  const check = (model: ReturnType<typeof rectifiers>) => {
    const kinks: GradientKink[] = [];
    return { errors: checkModelGradients(model, X, [0], { onKink: (kink) => kinks.push(kink) }), kinks };
  };

  test('within h of the point is told, and is no error', () => {
    // Between h and h/10, between that and h/100, nearer still, and at the point itself; on both sides.
    for (const distance of [9e-6, 4e-6, 8e-7, 2e-7, 5e-8, 1e-9, 0]) {
      for (const sign of [1, -1]) {
        const { errors, kinks } = check(rectifiers([1, sign * distance, -2]));
        expect(errors.x).toBeLessThan(1e-6);
        expect(kinks).toMatchObject([{ name: 'x', index: [1] }]);
        expect(kinks[0].numerical).toBeGreaterThan(0.01);
        expect(kinks[0].numerical).toBeLessThan(0.99);
      }
    }
  });

  test('has any gradient between the slopes of its sides', () => {
    for (const slope of [0, 0.3, 1]) expect(check(rectifiers([0], slope)).kinks).toHaveLength(1);
    expect(check(rectifiers([0], 0.5)).errors.x).toBeLessThan(1e-6);
    for (const slope of [-0.1, 1.1, 2]) {
      const { errors, kinks } = check(rectifiers([0], slope));
      expect(kinks).toEqual([]);
      expect(errors.x).toBeGreaterThan(0.3);
    }
  });

  test('hides no fault: a wrong gradient beside it is an error', () => {
    for (const x of [4e-6, -4e-6, 8e-7]) {
      const model = rectifiers([x]);
      const loss = model.loss.bind(model);
      const wrong = {
        params: model.params,
        loss: () => ({ ...loss(), grads: { x: array([0.4], undefined, 'float64') } }),
      };
      const kinks: GradientKink[] = [];
      const errors = checkModelGradients(wrong, X, [0], { onKink: (kink) => kinks.push(kink) });
      expect(kinks).toEqual([]);
      expect(errors.x).toBeGreaterThan(0.05);
    }
  });

  test('is none where the function is smooth, however wrong the gradient', () => {
    for (const factor of [1.001, 1.5, -1, 0]) {
      const { errors, kinks } = check(rectifiers([1, 0.5, -2], 0, factor));
      expect(kinks).toEqual([]);
      expect(errors.x).toBeGreaterThan(4e-4);
    }
    // A strong bend is none: its slopes come together as the step gets smaller.
    const steep = {
      params: { x: array([1e-4], undefined, 'float64') },
      loss: () => ({ loss: 5e4 * steep.params.x.get(0) ** 2, grads: { x: array([10.2], undefined, 'float64') } }),
    };
    expect(checkModelGradients(steep, X, [0]).x).toBeGreaterThan(0.009);
  });

  test('in a net with ReLU and max pooling: all errors are small, and the kinks are told', () => {
    const net = new ThreeLayerConvNet({
      inputDim: [2, 8, 8],
      numFilters: 3,
      filterSize: 3,
      hiddenDim: 10,
      dtype: 'float64',
      seed: 3,
    });
    const kinks: GradientKink[] = [];
    const X = new Random(5).randn([4, 2, 8, 8], 'float64');
    const errors = checkModelGradients(net, X, [0, 3, 5, 1], { onKink: (kink) => kinks.push(kink) });
    expect(Math.max(...Object.values(errors))).toBeLessThan(2e-2);
    expect(kinks.length).toBeGreaterThan(0);
  });

  test('is marked in a sparse check', () => {
    const model = rectifiers([3e-6, 1]);
    const { grads } = model.loss();
    const checks = gradCheckSparse(() => model.loss().loss, model.params.x, grads.x, { numChecks: 20 });
    for (const { index, kink, relError: error } of checks) {
      expect(kink).toBe(index[0] === 0);
      expect(error > 0.01).toBe(kink);
    }
    expect(new Set(checks.map(({ kink }) => kink)).size).toBe(2);
  });
});

describe('a gradient in float32', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.resetModules();
  });

  /** The functions, as a program that has just started has them, and what they say on the console. */
  async function fresh() {
    vi.resetModules();
    const said = vi.spyOn(console, 'warn').mockImplementation(() => {});
    return { said, ...(await import('../src/gradient-check.js')) };
  }

  test('says once that it is one, and the way out', async () => {
    const { said, evalNumericalGradient, evalNumericalGradientArray, gradCheckSparse, checkModelGradients } =
      await fresh();
    const x = array([1, 2]);
    for (let i = 0; i < 2; i++) {
      evalNumericalGradient(cubes, x);
      evalNumericalGradientArray((x) => x, x, x);
      gradCheckSparse(cubes, x, zeros([2]));
      checkModelGradients({ params: { x }, loss: () => ({ loss: cubes(x), grads: { x } }) }, x, [0]);
    }
    const names = [
      'evalNumericalGradient: x',
      'evalNumericalGradientArray: x',
      'gradCheckSparse: x',
      'checkModelGradients: params.x',
    ];
    expect(said.mock.calls).toHaveLength(names.length);
    for (const [i, name] of names.entries()) {
      expect(said.mock.calls[i][0]).toMatch(`${name} is float32`);
      expect(said.mock.calls[i][0]).toMatch(/float64.* or take h = 1e-2\.$/);
    }
  });

  test('says nothing of float64, or of a step that float32 has digits for', async () => {
    const { said, evalNumericalGradient, evalNumericalGradientArray } = await fresh();
    evalNumericalGradient(cubes, array([1, 2], undefined, 'float64'));
    evalNumericalGradient(cubes, array([1, 2]), { h: 1e-2 });
    evalNumericalGradientArray((x) => x, array([1], undefined, 'float64'), array([1], undefined, 'float64'));
    expect(said).not.toHaveBeenCalled();
  });
});
