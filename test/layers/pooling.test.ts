import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, dtypeOf, full, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { workspace } from '../../src/kernels/index.js';
import {
  avgPoolBackward,
  avgPoolForward,
  globalAvgPoolBackward,
  globalAvgPoolForward,
  maxPoolBackward,
  maxPoolBackwardFast,
  maxPoolBackwardNaive,
  maxPoolForward,
  maxPoolForwardFast,
  maxPoolForwardNaive,
  type PoolParam,
} from '../../src/layers/index.js';
import { arraysOf, DTYPES, expectGolden, expectPrinted, type FixtureCase } from '../helpers/fixtures.js';
import { describeKernelSets, useKernels } from '../helpers/kernel-sets.js';
import { casesIn, valuesOf } from '../helpers/normalization.js';
import { pretend } from '../helpers/pretend.js';
import { expectSameOnViews } from '../helpers/views.js';

const MAX_CASES = casesIn<FixtureCase>(['maxpool', 'notebook_convnets'], 'maxpool');
const AVG_CASES = casesIn<FixtureCase>(['avgpool'], 'avgpool');
const GLOBAL_CASES = casesIn<FixtureCase>(['avgpool'], 'global_avgpool');

/** A pooling with its backward pass, which gives the gradient for `x`. */
type Pooling = (x: NDArray, param: PoolParam) => [out: NDArray, backward: (dout: NDArray) => NDArray];

const MAX_POOLINGS: Readonly<Record<string, Pooling>> = {
  Naive: (x, param) => {
    const [out, cache] = maxPoolForwardNaive(x, param);
    return [out, (dout) => maxPoolBackwardNaive(dout, cache)];
  },
  Fast: (x, param) => {
    const [out, cache] = maxPoolForwardFast(x, param);
    return [out, (dout) => maxPoolBackwardFast(dout, cache)];
  },
};

const avgPool: Pooling = (x, param) => {
  const [out, cache] = avgPoolForward(x, param);
  return [out, (dout) => avgPoolBackward(dout, cache)];
};

const globalAvgPool = (x: NDArray): ReturnType<Pooling> => {
  const [out, cache] = globalAvgPoolForward(x);
  return [out, (dout) => globalAvgPoolBackward(dout, cache)];
};

function paramOf({ config }: FixtureCase): PoolParam {
  const { pool_height, pool_width, stride } = config;
  return { poolHeight: Number(pool_height), poolWidth: Number(pool_width), stride: Number(stride) };
}

const image = array([1, 5, 2, 0, 3, 4, 8, 7, 9, 6, 1, 2], [1, 1, 3, 4]);
const HALVES: PoolParam = { poolHeight: 2, poolWidth: 2, stride: 2 };

test('maxPoolForward and maxPoolBackward are the fast ones', () => {
  const x = new Random(1).randn([2, 3, 6, 6]);
  const param = { poolHeight: 2, poolWidth: 2, stride: 2 };
  const [out, cache] = maxPoolForward(x, param);
  expect(out).toEqualBits(maxPoolForwardFast(x, param)[0]);
  expect(maxPoolBackward(out, cache)).toEqualBits(maxPoolBackwardFast(out, cache));
});

describe.each(Object.entries(MAX_POOLINGS))('maxPoolForward%s and its backward pass', (speed, pool) => {
  test.each<[param: PoolParam, size: number[], out: number[]]>([
    [HALVES, [1, 2], [5, 8]],
    [{ poolHeight: 2, poolWidth: 2, stride: 1 }, [2, 3], [5, 8, 8, 9, 8, 8]],
    [{ poolHeight: 2, poolWidth: 2, stride: [1, 2] }, [2, 2], [5, 8, 9, 8]],
    [{ poolHeight: 3, poolWidth: 1, stride: [1, 3] }, [1, 2], [9, 7]],
    [{ poolHeight: 1, poolWidth: 3 }, [3, 1], [5, 8, 9]],
    [{ poolHeight: 3, poolWidth: 4 }, [1, 1], [9]],
    [{ poolHeight: 1, poolWidth: 1, stride: 2 }, [2, 2], [1, 2, 9, 1]],
  ])('%j gives %j pixels, the largest value of each window', (param, size, expected) => {
    const [out] = pool(image, param);
    expect(out.shape).toEqual([1, 1, ...size]);
    expect(valuesOf(out)).toEqual(expected);
  });

  test('the gradient goes to the largest value, and adds up where windows overlap', () => {
    const [, backward] = pool(image, { poolHeight: 2, poolWidth: 2, stride: 1 });
    const dx = backward(array([1, 2, 4, 8, 16, 32], [1, 1, 2, 3]));
    expect(valuesOf(dx)).toEqual([0, 1, 0, 0, 0, 0, 54, 0, 8, 0, 0, 0]);
  });

  test('on a tie it goes to the first in row-major order', () => {
    const tied = array([2, 2, 1, 3, 2, 2, 3, 3, 0, -1, 0, 0, -1, 0, 0, 0], [1, 1, 4, 4]);
    const [out, backward] = pool(tied, HALVES);
    expect(valuesOf(out)).toEqual([2, 3, 0, 0]);
    expect(valuesOf(backward(array([1, 2, 3, 4], [1, 1, 2, 2])))).toEqual([
      1, 0, 0, 2, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0,
    ]);
  });

  test('rows and columns that fill no window get no gradient', () => {
    const [out, backward] = pool(full([1, 1, 3, 5], 1), HALVES);
    expect(out.shape).toEqual([1, 1, 1, 2]);
    const dx = backward(array([3, 4], [1, 1, 1, 2]));
    expect(valuesOf(dx)).toEqual([3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('minus infinity is a value like any other', () => {
    const [out, backward] = pool(full([1, 1, 2, 2], Number.NEGATIVE_INFINITY), HALVES);
    expect(valuesOf(out)).toEqual([Number.NEGATIVE_INFINITY]);
    expect(valuesOf(backward(full([1, 1, 1, 1], 3)))).toEqual([3, 0, 0, 0]);
  });

  test.each<[x: number[], param: PoolParam]>([
    [[2, 2, 4, 6], HALVES],
    [[1, 2, 5, 7], HALVES],
    [[2, 1, 5, 6], { poolHeight: 3, poolWidth: 2, stride: [1, 2] }],
    [[1, 2, 6, 5], { poolHeight: 2, poolWidth: 3, stride: 3 }],
    [[2, 2, 3, 3], { poolHeight: 3, poolWidth: 3 }],
  ])('agrees with the numerical gradient on %j with %j', (shape, param) => {
    // A permutation: no two values are near each other.
    const x = array(Float64Array.from(new Random(1).permutation(shape.reduce((a, b) => a * b))), shape);
    expectNumericalGradient((x) => pool(x, param), x);
  });

  test.each([
    [zeros([2, 3, 2, 3]), 'ShapeError', 'dout has shape (2, 3, 2, 3), expected (2, 3, 2, 2)'],
    [zeros([6, 2, 2]), 'ShapeError', 'dout has shape (6, 2, 2), expected (2, 3, 2, 2)'],
    [zeros([2, 3, 2, 2], 'float64'), 'TypeError', 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit: case %#', (dout, name, message) => {
    const [, backward] = pool(zeros([2, 3, 4, 5]), HALVES);
    expect(() => backward(dout)).toThrow(
      expect.objectContaining({ name, message: `maxPoolBackward${speed}: ${message}` }),
    );
  });
});

describe('avgPoolForward and its backward pass', () => {
  test('the mean of each window', () => {
    const mean = (param: PoolParam) => valuesOf(avgPool(image, param)[0]);
    expect(mean(HALVES)).toEqual([3.25, 4.25]);
    expect(mean({ poolHeight: 2, poolWidth: 2, stride: [1, 2] })).toEqual([3.25, 4.25, 5.5, 4.5]);
    expect(mean({ poolHeight: 1, poolWidth: 4 })).toEqual([2, 5.5, 4.5]);
    expect(mean({ poolHeight: 3, poolWidth: 4 })).toEqual([4]);
  });

  test('the gradient is shared evenly, and adds up where windows overlap', () => {
    const [, backward] = avgPool(image, { poolHeight: 2, poolWidth: 2, stride: [1, 2] });
    const dx = backward(array([4, 8, 16, 32], [1, 1, 2, 2]));
    expect(valuesOf(dx)).toEqual([1, 1, 2, 2, 5, 5, 10, 10, 4, 4, 8, 8]);
  });

  test.each<[x: number[], param: PoolParam]>([
    [[2, 2, 4, 6], HALVES],
    [[2, 1, 5, 6], { poolHeight: 3, poolWidth: 2, stride: [1, 2] }],
    [[1, 2, 6, 5], { poolHeight: 2, poolWidth: 2, stride: 3 }],
  ])('agrees with the numerical gradient on %j with %j', (shape, param) => {
    expectNumericalGradient((x) => avgPool(x, param), new Random(2).randn(shape, 'float64'));
  });

  test.each([
    [zeros([2, 3, 2, 3]), 'ShapeError', 'dout has shape (2, 3, 2, 3), expected (2, 3, 2, 2)'],
    [zeros([2, 3, 2, 2], 'float64'), 'TypeError', 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit: case %#', (dout, name, message) => {
    const [, backward] = avgPool(zeros([2, 3, 4, 5]), HALVES);
    expect(() => backward(dout)).toThrow(expect.objectContaining({ name, message: `avgPoolBackward: ${message}` }));
  });
});

describe('globalAvgPoolForward and its backward pass', () => {
  test('the mean of each channel; its gradient is shared by the pixels', () => {
    const x = array([1, 2, 3, 6, -1, 1, 5, 5], [2, 2, 1, 2]);
    const [out, backward] = globalAvgPool(x);
    expect(valuesOf(out)).toEqual([1.5, 4.5, 0, 5]);
    expect(valuesOf(backward(array([2, 4, 6, 8], [2, 2])))).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  });

  test.each([[[2, 3, 4, 5]], [[3, 1, 1, 1]]])('agrees with the numerical gradient on %j', (shape) => {
    expectNumericalGradient(globalAvgPool, new Random(3).randn(shape, 'float64'));
  });

  test.each<[what: string, x: unknown, name: string, message: string]>([
    ['rank', zeros([2, 3]), 'ShapeError', 'x has shape (2, 3), expected (N, C, H, W)'],
    [
      'no channels',
      zeros([2, 0, 2, 2]),
      'ShapeError',
      'x has shape (2, 0, 2, 2), expected (N, C, H, W) with every size but N at least 1',
    ],
    ['kind', null, 'TypeError', 'x is null, expected an array of float32 or float64'],
  ])('names an x that does not fit: %s', (_, x, name, message) => {
    expect(() => globalAvgPoolForward(pretend(x))).toThrow(
      expect.objectContaining({ name, message: `globalAvgPoolForward: ${message}` }),
    );
  });

  test.each([
    [zeros([2, 3, 1, 1]), 'ShapeError', 'dout has shape (2, 3, 1, 1), expected (2, 3)'],
    [zeros([3, 2]), 'ShapeError', 'dout has shape (3, 2), expected (2, 3)'],
    [zeros([2, 3], 'float64'), 'TypeError', 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit: case %#', (dout, name, message) => {
    const [, backward] = globalAvgPool(zeros([2, 3, 4, 5]));
    expect(() => backward(dout)).toThrow(
      expect.objectContaining({ name, message: `globalAvgPoolBackward: ${message}` }),
    );
  });
});

describe.each<[fn: string, pool: Pooling]>([
  ['maxPoolForwardNaive', MAX_POOLINGS.Naive],
  ['maxPoolForwardFast', MAX_POOLINGS.Fast],
  ['avgPoolForward', avgPool],
])('%s', (fn, pool) => {
  test('moves by the size of its window where no stride is given', () => {
    expect(pool(zeros([1, 2, 9, 10]), { poolHeight: 2, poolWidth: 3 })[0].shape).toEqual([1, 2, 4, 3]);
  });

  const strides = 'expected a whole number ≥ 1, or [vertical, horizontal] of such';
  test.each<[kind: string, message: string, wrong: Record<string, unknown>]>([
    ['RangeError', "poolHeight is 5, expected a whole number from 1 to 4, the image's", { poolHeight: 5 }],
    ['RangeError', "poolWidth is 6, expected a whole number from 1 to 5, the image's", { poolWidth: 6 }],
    ['RangeError', "poolHeight is 0, expected a whole number from 1 to 4, the image's", { poolHeight: 0 }],
    ['RangeError', "poolWidth is -2, expected a whole number from 1 to 5, the image's", { poolWidth: -2 }],
    ['RangeError', "poolWidth is 1.5, expected a whole number from 1 to 5, the image's", { poolWidth: 1.5 }],
    [
      'RangeError',
      "poolHeight is undefined, expected a whole number from 1 to 4, the image's",
      { poolHeight: undefined },
    ],
    ['RangeError', "poolHeight is '2', expected a whole number from 1 to 4, the image's", { poolHeight: '2' }],
    ['RangeError', `stride is 0, ${strides}`, { stride: 0 }],
    ['RangeError', `stride is [1, 0.5], ${strides}`, { stride: [1, 0.5] }],
    ['ShapeError', 'x has shape (4, 5), expected (N, C, H, W)', { x: zeros([4, 5]) }],
    [
      'ShapeError',
      'x has shape (2, 3, 0, 5), expected (N, C, H, W) with every size but N at least 1',
      { x: zeros([2, 3, 0, 5]) },
    ],
    ['TypeError', 'x is [1], expected an array of float32 or float64: make it with array(x)', { x: [1] }],
  ])('throws a %s that says: %s', (name, message, wrong) => {
    const { x, ...param } = { x: zeros([2, 3, 4, 5]), ...HALVES, ...wrong };
    expect(() => pool(pretend(x), pretend(param))).toThrow(
      expect.objectContaining({ name, message: `${fn}: ${message}` }),
    );
  });

  test('refuses a parameter that is no object', () => {
    expect(() => pool(image, pretend(undefined))).toThrow(
      `${fn}: options is undefined, expected an object with any of poolHeight, poolWidth, stride, pad`,
    );
  });
});

const sizes = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));

/** Planes and windows on them, some of which overlap, and some of which leave rows or columns out. */
const problems = fc
  .record({
    N: fc.integer({ min: 1, max: 3 }),
    C: fc.integer({ min: 1, max: 3 }),
    // Half of them as nets do it, on planes of any width.
    window: fc.oneof(
      fc.constant({ size: [2, 2], stride: [2, 2] }),
      fc.record({ size: sizes, stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })) }),
    ),
    more: fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 20 })),
    seed: fc.nat(),
  })
  .map(({ N, C, window: { size, stride }, more, seed }) => ({
    shape: [N, C, size[0] + more[0], size[1] + more[1]],
    param: { poolHeight: size[0], poolWidth: size[1], stride: [stride[0], stride[1]] as const },
    seed,
  }));

describe('fast and naive max pooling', () => {
  useKernels('wasm', 2);

  test.each(DTYPES)('have equal bits in %s on 120 random shapes, with and without ties', (dtype) => {
    fc.assert(
      fc.property(problems, fc.boolean(), ({ shape, param, seed }, tied) => {
        const random = new Random(seed);
        const size = shape.reduce((a, b) => a * b);
        const x = tied ? array([...random.randint(-2, 3, size)], shape, dtype) : random.randn(shape, dtype);
        const [[expected, naive], [out, fast]] = Object.values(MAX_POOLINGS).map((pool) => pool(x, param));
        expect(out).toEqualBits(expected);
        const dout = random.randn(out.shape, dtype);
        expect(fast(dout)).toEqualBits(naive(dout));
      }),
      { numRuns: 120, seed: 1 },
    );
  });
});

test('there are these many cases in the fixtures', () => {
  expect([MAX_CASES, AVG_CASES, GLOBAL_CASES].map(({ length }) => length)).toEqual([6, 3, 2]);
});

describeKernelSets('pooling', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    const expectCase = (c: FixtureCase, pool: (x: NDArray) => ReturnType<Pooling>): void => {
      const { x, dout } = arraysOf(c.inputs, dtype);
      const [out, backward] = pool(x);
      expectGolden(c, { out, ...(dout && { dx: backward(dout) }) }, dtype);
      if (c.printed !== undefined && dtype === 'float64') expectPrinted(c, { out });
    };

    test.each(MAX_CASES)('golden: $name', (c) => {
      for (const pool of Object.values(MAX_POOLINGS)) expectCase(c, (x) => pool(x, paramOf(c)));
    });

    test.each(AVG_CASES)('golden average: $name', (c) => {
      expectCase(c, (x) => avgPool(x, paramOf(c)));
    });

    test.each(GLOBAL_CASES)('golden global average: $name', (c) => {
      expectCase(c, globalAvgPool);
    });

    test('a cache of one pair is good for the other', () => {
      const random = new Random(4);
      const [x, dout] = [random.randn([2, 3, 5, 6], dtype), random.randn([2, 3, 2, 3], dtype)];
      const [, naive] = maxPoolForwardNaive(x, HALVES);
      const [, fast] = maxPoolForwardFast(x, HALVES);
      const expected = maxPoolBackwardNaive(dout, naive);
      expect(maxPoolBackwardFast(dout, naive)).toEqualBits(expected);
      expect(maxPoolBackwardNaive(dout, fast)).toEqualBits(expected);
    });

    test('halving planes of any width gives gradients to the largest values alone, whatever was in memory', () => {
      for (let W = 2; W <= 20; W++) {
        const x = new Random(W).randn([2, 3, 4, W], dtype);
        const dout = full([2, 3, 2, Math.floor(W / 2)], 1, dtype);
        const expected = MAX_POOLINGS.Naive(x, HALVES)[1](dout);
        const dx = workspace(() => {
          workspace(() => void full([4000], 7, dtype));
          return MAX_POOLINGS.Fast(x, HALVES)[1](dout);
        });
        expect(dx, `width ${W}`).toEqualBits(expected);
      }
    });

    const N = Number.NaN;
    const holes = [1, 5, 5, N, N, N, 2, 2, 6, 7, N, N, N, 7, 3, N, 3, N, 8, 9];
    test.each([
      [HALVES, [N, N, N, N, 9], [0, 0, 0, 4, 8, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 16, 0, 32]],
      [
        { ...HALVES, stride: 1 },
        [N, N, N, N, N, N, N, N, 9],
        [0, 0, 0, 24, 32, 64, 0, 0, 0, 0, 2, 4, 0, 0, 0, 0, 0, 384, 0, 512],
      ],
    ])('NaN is larger than any number, and the first of them takes the gradient: %j', (param, expected, gradient) => {
      for (const pool of Object.values(MAX_POOLINGS)) {
        const [out, backward] = pool(array(holes, [1, 1, 2, 10], dtype), param);
        expect(valuesOf(out)).toEqual(expected);
        const powers = expected.map((_, j) => 2 ** (j + 1));
        expect(valuesOf(backward(array(powers, out.shape, dtype)))).toEqual(gradient);
      }
    });

    test('NaN shows in the means of its windows', () => {
      const x = zeros([1, 2, 2, 6], dtype);
      x.set(0, 1, 0, 2, Number.NaN);
      expect([...avgPool(x, HALVES)[0].data]).toEqual([0, 0, 0, 0, Number.NaN, 0]);
      expect([...globalAvgPool(x)[0].data]).toEqual([0, Number.NaN]);
    });

    test.each([
      ['maxPoolNaive', MAX_POOLINGS.Naive],
      ['maxPoolFast', MAX_POOLINGS.Fast],
      ['avgPool', avgPool],
      ['globalAvgPool', globalAvgPool],
    ] as const)('%s takes any view, writes to none of its arguments, and returns new arrays', (name, pool) => {
      for (const param of [HALVES, { poolHeight: 2, poolWidth: 1, stride: [1, 2] }] as const) {
        const x = new Random(5).randn([2, 2, 3, 6], dtype);
        const dout = new Random(6).randn(pool(x, param)[0].shape, dtype);
        expect(dout.shape).toHaveLength(name === 'globalAvgPool' ? 2 : 4);
        expectSameOnViews([x, dout], (x, dout) => {
          const [out, backward] = pool(x, param);
          const results = [out, backward(dout)];
          expect(results.map(dtypeOf)).toEqual([dtype, dtype]);
          return results;
        });
      }
    });
  });
});

/** Compares with centred differences, for a random upstream gradient. */
function expectNumericalGradient(pool: (x: NDArray) => ReturnType<Pooling>, x: NDArray): void {
  const [out, backward] = pool(x);
  const dout = new Random(7).randn(out.shape, dtypeOf(x));
  const expected = evalNumericalGradientArray((x) => pool(x)[0], x, dout);
  expect(backward(dout)).toBeAllClose(expected, { rtol: 1e-7, atol: 1e-9 });
}
