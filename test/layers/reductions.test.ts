import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, dtypeOf, full, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  type Axes,
  amaxBackward,
  amaxForward,
  aminBackward,
  aminForward,
  logSoftmaxBackward,
  logSoftmaxForward,
  logsumexpBackward,
  logsumexpForward,
  meanBackward,
  meanForward,
  sumBackward,
  sumForward,
} from '../../src/layers/index.js';
import { indicesOf, placeOf, valuesOf } from '../helpers/broadcasting.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { expectSameOnViews } from '../helpers/views.js';

interface Reducer {
  readonly name: string;
  readonly forward: (x: NDArray, axis?: Axes, keepdims?: boolean) => [NDArray, (dout: NDArray) => NDArray];
  /** The function of a list of numbers, and its derivative in each of them. */
  readonly value: (xs: readonly number[]) => number;
  readonly derivatives: (xs: readonly number[]) => readonly number[];
}

function reducer<Cache>(
  name: string,
  forward: (x: NDArray, axis?: Axes, keepdims?: boolean) => [NDArray, Cache],
  backward: (dout: NDArray, cache: Cache) => NDArray,
  value: Reducer['value'],
  derivatives: Reducer['derivatives'],
): Reducer {
  return {
    name,
    forward: (...args) => {
      const [out, cache] = forward(...args);
      return [out, (dout) => backward(dout, cache)];
    },
    value,
    derivatives,
  };
}

const total = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0);
const totalExp = (xs: readonly number[]): number => total(xs.map(Math.exp));

/** 1, shared evenly among the values that are equal to `extreme`. */
const shared = (xs: readonly number[], extreme: number): number[] => {
  const count = xs.filter((x) => x === extreme).length;
  return xs.map((x) => (x === extreme ? 1 / count : 0));
};

const REDUCERS = [
  reducer('sum', sumForward, sumBackward, total, (xs) => xs.map(() => 1)),
  reducer(
    'mean',
    meanForward,
    meanBackward,
    (xs) => total(xs) / xs.length,
    (xs) => xs.map(() => 1 / xs.length),
  ),
  reducer(
    'amax',
    amaxForward,
    amaxBackward,
    (xs) => Math.max(...xs),
    (xs) => shared(xs, Math.max(...xs)),
  ),
  reducer(
    'amin',
    aminForward,
    aminBackward,
    (xs) => Math.min(...xs),
    (xs) => shared(xs, Math.min(...xs)),
  ),
  reducer(
    'logsumexp',
    logsumexpForward,
    logsumexpBackward,
    (xs) => Math.log(totalExp(xs)),
    (xs) => xs.map((x) => Math.exp(x) / totalExp(xs)),
  ),
];

describe('by hand', () => {
  const x = array([
    [1, 2, 6],
    [4, 4, 1],
  ]);

  test('sums over each axis, over both, and over all', () => {
    expect(toNested(sumForward(x, 0)[0])).toEqual([5, 6, 7]);
    expect(toNested(sumForward(x, 1)[0])).toEqual([9, 9]);
    expect(toNested(sumForward(x, -1, true)[0])).toEqual([[9], [9]]);
    expect(toNested(sumForward(x, [0, 1])[0])).toBe(18);
    expect(toNested(sumForward(x)[0])).toBe(18);
    expect(toNested(sumForward(x, [])[0])).toEqual(toNested(x));
    expect(toNested(sumForward(x, undefined, true)[0])).toEqual([[18]]);
    expect(toNested(sumForward(array(5))[0])).toBe(5);
  });

  test('the gradient of a sum goes to every summand', () => {
    expect(toNested(sumBackward(array([10, 20]), sumForward(x, 1)[1]))).toEqual([
      [10, 10, 10],
      [20, 20, 20],
    ]);
    expect(toNested(sumBackward(array(3), sumForward(x)[1]))).toEqual([
      [3, 3, 3],
      [3, 3, 3],
    ]);
  });

  test('means, and their gradient', () => {
    const [out, cache] = meanForward(x, 1);
    expect(toNested(out)).toEqual([3, 3]);
    expect(toNested(meanBackward(array([3, 6]), cache))).toEqual([
      [1, 1, 1],
      [2, 2, 2],
    ]);
    expect(toNested(meanForward(x)[0])).toBe(3);
  });

  test('equal ones share the gradient of a maximum and of a minimum', () => {
    const [out, cache] = amaxForward(x, 1);
    expect(toNested(out)).toEqual([6, 4]);
    expect(toNested(amaxBackward(array([10, 20]), cache))).toEqual([
      [0, 0, 10],
      [10, 10, 0],
    ]);
    const [columns, columnCache] = aminForward(x, 0, true);
    expect(toNested(columns)).toEqual([[1, 2, 1]]);
    expect(toNested(aminBackward(array([[1, 2, 3]]), columnCache))).toEqual([
      [1, 2, 0],
      [0, 0, 3],
    ]);
  });

  test('NaN is the largest and the smallest, and takes the gradient', () => {
    for (const [forward, backward] of [
      [amaxForward, amaxBackward],
      [aminForward, aminBackward],
    ] as const) {
      const [out, cache] = forward(array([1, Number.NaN, 3, Number.NaN])) as ReturnType<typeof amaxForward>;
      expect(toNested(out)).toBe(Number.NaN);
      expect(toNested((backward as typeof amaxBackward)(array(1), cache))).toEqual([0, 0.5, 0, 0.5]);
    }
  });

  test('ln Σ e^x of large, small and infinite values', () => {
    const infinite = Number.POSITIVE_INFINITY;
    const rows = array(
      [
        [1000, 1000],
        [-1000, -1000],
        [-infinite, -infinite],
        [infinite, 0],
        [Number.NaN, 0],
      ],
      undefined,
      'float64',
    );
    const [out, cache] = logsumexpForward(rows, 1);
    expect(valuesOf(out)).toEqual([1000 + Math.LN2, -1000 + Math.LN2, -infinite, infinite, Number.NaN]);
    const dx = valuesOf(logsumexpBackward(full([5], 1, 'float64'), cache));
    expect(dx.slice(4, 6)).toEqual([0, 0]);
    [0.5, 0.5, 0.5, 0.5].forEach((half, i) => {
      expect(dx[i]).toBeCloseTo(half, 12);
    });
  });

  test('the logarithm of the softmax', () => {
    const [out, cache] = logSoftmaxForward(
      array(
        [
          [0, Math.log(3)],
          [1000, 0],
        ],
        undefined,
        'float64',
      ),
    );
    expect(out).toBeAllClose(
      array(
        [
          [Math.log(0.25), Math.log(0.75)],
          [0, -1000],
        ],
        undefined,
        'float64',
      ),
      {
        rtol: 1e-14,
      },
    );
    // dout − p · Σ dout, with p = (¼, ¾) and (1, 0)
    const dx = logSoftmaxBackward(
      array(
        [
          [4, 0],
          [1, 2],
        ],
        undefined,
        'float64',
      ),
      cache,
    );
    expect(dx).toBeAllClose(
      array(
        [
          [3, -3],
          [-2, 2],
        ],
        undefined,
        'float64',
      ),
      { rtol: 1e-14 },
    );
  });
});

describe.each(REDUCERS)('$name', ({ name, forward }) => {
  test.each<[args: [x: unknown, axis?: unknown, keepdims?: unknown], message: string]>([
    [[[1, 2]], 'x is [1, 2], expected an array of float32 or float64'],
    [[zeros([2, 3]), 2], 'axis is 2, expected a whole number from -2 to 1 for shape (2, 3)'],
    [[zeros([2, 3]), [0, -3]], 'axis is -3, expected a whole number from -2 to 1 for shape (2, 3)'],
    [[zeros([2, 3]), 0.5], 'axis is 0.5, expected a whole number from -2 to 1 for shape (2, 3)'],
    [[zeros([2, 3]), [1, -1]], 'axis is [1, -1], expected no axis twice for shape (2, 3)'],
    [[zeros([]), 0], 'axis is 0, expected none for shape ()'],
    [[zeros([2]), 0, 1], 'keepdims is 1, expected true or false'],
  ])('refuses what does not fit', (args, message) => {
    expect(() => (forward as (...args: unknown[]) => unknown)(...args)).toThrow(`${name}Forward: ${message}`);
  });

  test.each([
    [zeros([3]), /dout has shape \(3,\), expected \(2,\)$/],
    [zeros([2], 'float64'), /dout has dtype float64, expected float32, the dtype of (x|out)$/],
  ])('names a dout that does not fit', (dout, message) => {
    const [, backward] = forward(zeros([2, 3]), 1);
    expect(() => backward(dout)).toThrow(message);
    expect(() => backward(dout)).toThrow(`${name}Backward: `);
  });

  test.each<[what: string, axis?: Axes]>([
    ['all axes'],
    ['0', 0],
    ['1', 1],
    ['-1', -1],
    ['[0,2]', [0, 2]],
    ['[1,2]', [1, 2]],
  ])('agrees with the numerical gradient over %s', (_, axis) => {
    const random = new Random(15);
    const x = random.randn([3, 2, 4], 'float64');
    const [out, backward] = forward(x, axis);
    const dout = random.randn(out.shape, 'float64');
    const numerical = evalNumericalGradientArray((x) => forward(x, axis)[0], x, dout);
    expect(backward(dout)).toBeAllClose(numerical, { rtol: 1e-7, atol: 1e-9 });
  });
});

describe('logSoftmax', () => {
  test.each<[args: [x: unknown, axis?: unknown], message: string]>([
    [[zeros([])], 'axis is -1, expected none for shape ()'],
    [[zeros([2]), 1], 'axis is 1, expected a whole number from -1 to 0 for shape (2,)'],
  ])('refuses what does not fit', (args, message) => {
    expect(() => (logSoftmaxForward as (...args: unknown[]) => unknown)(...args)).toThrow(
      `logSoftmaxForward: ${message}`,
    );
  });

  test('names a dout that does not fit', () => {
    const [, cache] = logSoftmaxForward(zeros([2, 3]));
    expect(() => logSoftmaxBackward(zeros([3]), cache)).toThrow(
      'logSoftmaxBackward: dout has shape (3,), expected (2, 3)',
    );
  });

  test.each([0, 1, 2])('agrees with the numerical gradient along axis %i', (axis) => {
    const random = new Random(16);
    const [x, dout] = [random.randn([3, 2, 4], 'float64'), random.randn([3, 2, 4], 'float64')];
    const numerical = evalNumericalGradientArray((x) => logSoftmaxForward(x, axis)[0], x, dout);
    const dx = logSoftmaxBackward(dout, logSoftmaxForward(x, axis)[1]);
    expect(dx).toBeAllClose(numerical, { rtol: 1e-7, atol: 1e-9 });
  });
});

describeKernelSets('reductions', () => {
  const problems = fc.record({
    axes: fc.array(fc.record({ size: fc.integer({ min: 1, max: 4 }), reduced: fc.boolean() }), { maxLength: 4 }),
    keepdims: fc.boolean(),
    seed: fc.integer(),
  });

  test.each(REDUCERS)('$name does what a loop over all indices does', ({ forward, value, derivatives }) => {
    fc.assert(
      fc.property(problems, fc.constantFrom(...DTYPES), ({ axes, keepdims, seed }, dtype) => {
        const shape = axes.map(({ size }) => size);
        const kept = axes.map(({ size, reduced }) => (reduced ? 1 : size));
        const outShape = axes.filter(({ reduced }) => keepdims || !reduced).map((a) => (a.reduced ? 1 : a.size));
        const random = new Random(seed);
        const x = random.randn(shape, dtype);
        const over = axes.flatMap(({ reduced }, i) => (reduced ? [i - (seed % 2 === 0 ? axes.length : 0)] : []));
        const [out, backward] = forward(x, over, keepdims);
        const dout = random.randn(outShape, dtype);
        const dx = backward(dout);

        const groups = Array.from({ length: out.size }, () => [] as number[]);
        indicesOf(shape).forEach((index, i) => {
          groups[placeOf(index, kept)].push(i);
        });
        const expected = zeros(shape, dtype);
        const values = groups.map((group, g) => {
          const xs = group.map((i) => x.data[i]);
          derivatives(xs).forEach((derivative, j) => {
            expected.data[group[j]] = dout.data[g] * derivative;
          });
          return value(xs);
        });
        const tolerance = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-13 } : { rtol: 2e-6, atol: 1e-6 };
        expect(out).toBeAllClose(array(values, outShape, dtype), tolerance);
        expect(dx).toBeAllClose(expected, tolerance);
        expect([dtypeOf(out), dtypeOf(dx)]).toEqual([dtype, dtype]);
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    ...REDUCERS,
    reducer(
      'logSoftmax',
      (x) => logSoftmaxForward(x, 1),
      logSoftmaxBackward,
      total,
      () => [],
    ),
  ])('$name takes any view, and writes to none of its arguments', ({ forward }) => {
    for (const axis of [undefined, 1, 2, [0, 2]]) {
      const random = new Random(17);
      const x = random.randn([4, 3, 5]);
      const dout = random.randn(forward(x, axis, true)[0].shape);
      expectSameOnViews([x, dout], (x, dout) => {
        const [out, backward] = forward(x, axis, true);
        return [out, backward(dout)];
      });
    }
  });

  test('sums thousands of float32 exactly', () => {
    for (const [shape, axis] of [
      [[5000, 3], 0],
      [[3, 5000], 1],
      [
        [2, 3, 5000],
        [0, 2],
      ],
      [
        [5000, 3, 2],
        [0, 2],
      ],
      [[2, 5000, 3], 1],
    ] as const) {
      const [out] = sumForward(full(shape, 0.1), axis);
      const terms = out.size === 6 ? 5000 : (shape as readonly number[]).reduce((a, b) => a * b) / 3;
      for (const value of valuesOf(out)) expect(value).toBe(Math.fround(Math.fround(0.1) * terms));
    }
  });
});
