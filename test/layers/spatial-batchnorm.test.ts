import { describe, expect, test } from 'vitest';
import { array, dtypeOf, full, type NDArray, ones, Random, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  type BatchnormParam,
  batchnormBackward,
  batchnormForward,
  spatialBatchnormBackward,
  spatialBatchnormForward,
} from '../../src/layers/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import {
  casesIn,
  channelsFirst,
  expectGoldenBatchnorm,
  expectNormalized,
  farFromZero,
  gradsOf,
  momentsOf,
  valuesOf,
} from '../helpers/normalization.js';
import { expectSameOnViews } from '../helpers/views.js';

const CASES = casesIn(['spatial_batchnorm', 'notebook_normalization'], 'spatial_batchnorm');

describe('spatialBatchnormForward', () => {
  test('shifts and scales every channel by its mean and deviation over examples and pixels', () => {
    // Two examples of two channels of 1 × 2 pixels: (0, 4, 8, 4) and (14, 10, 6, 10), both of variance 8.
    const x = array([0, 4, 14, 10, 8, 4, 6, 10], [2, 2, 1, 2]);
    const param: BatchnormParam = { mode: 'train', eps: 1 };
    const [out] = spatialBatchnormForward(x, array([3, 6]), array([0, 1]), param);
    expect(out).toBeAllClose(array([-4, 0, 9, 1, 4, 0, -7, 1], [2, 2, 1, 2]), { rtol: 1e-6, atol: 1e-6 });
    expect(param.runningMean).toBeAllClose(array([0.4, 1]), { rtol: 1e-6 });
    expect(param.runningVar).toBeAllClose(array([0.8, 0.8]), { rtol: 1e-6 });
  });

  test('in test mode uses the running statistics of each channel and leaves them', () => {
    const param: BatchnormParam = {
      mode: 'test',
      eps: 0.5,
      runningMean: array([1, 2]),
      runningVar: array([3.5, 15.5]),
    };
    const before = { ...param };
    const x = array([3, 1, 10, -2], [1, 2, 2, 1]);
    const [out, cache] = spatialBatchnormForward(x, array([4, 1]), array([0, 5]), param);
    expect(valuesOf(out)).toEqual([4, 0, 7, 4]);
    expect(param).toEqual(before);
    const { dx, dgamma, dbeta } = spatialBatchnormBackward(array([1, 5, 2, -4], [1, 2, 2, 1]), cache);
    expect([dx, dgamma, dbeta].map(valuesOf)).toEqual([
      [2, 10, 0.5, -1],
      [1, 8],
      [6, -2],
    ]);
  });

  test('one image of one pixel comes out as beta, and nothing flows back to it', () => {
    const [x, beta] = [array([1e4, -3, 0.1], [1, 3, 1, 1]), array([0.5, -1, 7])];
    const [out, cache] = spatialBatchnormForward(x, array([2, 3, 4]), beta, { mode: 'train' });
    expect(valuesOf(out)).toEqual([0.5, -1, 7]);
    const { dx, dgamma, dbeta } = spatialBatchnormBackward(array([5, 6, 7], [1, 3, 1, 1]), cache);
    expect([dx, dgamma].flatMap(valuesOf).map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(valuesOf(dbeta)).toEqual([5, 6, 7]);
  });

  const wide = zeros([3], 'float64');
  test.each<[kind: string, message: string, wrong: Record<string, unknown>]>([
    ['ShapeError', 'x has shape (4, 3), expected (N, C, H, W)', { x: zeros([4, 3]) }],
    [
      'ShapeError',
      'x has shape (4, 3, 0, 2), expected (N, C, H, W) with every size but N at least 1',
      { x: zeros([4, 3, 0, 2]) },
    ],
    ['ShapeError', 'gamma has shape (2,), expected (C=3,)', { gamma: ones([2]) }],
    ['ShapeError', 'gamma has shape (1, 3, 1, 1), expected (C=3,)', { gamma: ones([1, 3, 1, 1]) }],
    ['ShapeError', 'beta has shape (4,), expected (C=3,)', { beta: ones([4]) }],
    ['TypeError', 'beta has dtype float64, expected float32, the dtype of x', { beta: wide }],
    ['RangeError', "mode is 'eval', expected 'train' or 'test'", { mode: 'eval' }],
    ['RangeError', 'eps is 0, expected a number > 0', { eps: 0 }],
    ['RangeError', 'momentum is 2, expected a number from 0 to 1', { momentum: 2 }],
    ['ShapeError', 'runningMean has shape (2,), expected (3,)', { runningMean: zeros([2]) }],
    ['ShapeError', 'runningVar has shape (1, 3), expected (3,)', { runningVar: zeros([1, 3]) }],
    ['TypeError', 'runningVar has dtype float64, expected float32, the dtype of gamma', { runningVar: wide }],
  ])('throws a %s that says: %s, and changes nothing', (name, message, wrong) => {
    const good = { x: zeros([4, 3, 2, 2]), gamma: ones([3]), beta: zeros([3]), mode: 'train' };
    const { x, gamma, beta, ...param } = { ...good, runningMean: full([3], 5), runningVar: full([3], 6), ...wrong };
    const before = { ...param };
    expect(() => spatialBatchnormForward(x, gamma, beta, param as BatchnormParam)).toThrow(
      expect.objectContaining({ name, message: `spatialBatchnormForward: ${message}` }),
    );
    expect(param.runningMean).toBe(before.runningMean);
    expect(param.runningVar).toBe(before.runningVar);
    expect(Object.keys(param)).toEqual(Object.keys(before));
  });
});

describe('spatialBatchnormBackward', () => {
  test.each([
    ['train', [3, 2, 3, 2]],
    ['train', [2, 3, 1, 1]],
    ['test', [2, 3, 2, 2]],
  ] as const)('agrees with the numerical gradient in %s mode on %j', (mode, shape) => {
    const random = new Random(`${mode} ${shape}`);
    const C = shape[1];
    const [x, dout] = [random.randn(shape, 'float64'), random.randn(shape, 'float64')];
    const [gamma, beta] = [random.randn([C], 'float64'), random.randn([C], 'float64')];
    const [runningMean, runningVar] = [random.randn([C], 'float64'), random.rand([C], 'float64')];
    const forward = () => spatialBatchnormForward(x, gamma, beta, { mode, eps: 1e-2, runningMean, runningVar });

    const { dx, dgamma, dbeta } = spatialBatchnormBackward(dout, forward()[1]);

    const tolerance = { rtol: 1e-7, atol: 1e-8 };
    expect(dx).toBeAllClose(
      evalNumericalGradientArray(() => forward()[0], x, dout),
      tolerance,
    );
    expect(dgamma).toBeAllClose(
      evalNumericalGradientArray(() => forward()[0], gamma, dout),
      tolerance,
    );
    expect(dbeta).toBeAllClose(
      evalNumericalGradientArray(() => forward()[0], beta, dout),
      tolerance,
    );
  });

  test.each([
    [zeros([4, 3, 2, 3]), 'ShapeError', 'dout has shape (4, 3, 2, 3), expected (4, 3, 2, 2)'],
    [zeros([4, 12]), 'ShapeError', 'dout has shape (4, 12), expected (4, 3, 2, 2)'],
    [zeros([4, 3, 2, 2], 'float64'), 'TypeError', 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit', (dout, name, message) => {
    const [, cache] = spatialBatchnormForward(zeros([4, 3, 2, 2]), ones([3]), zeros([3]), { mode: 'train' });
    expect(() => spatialBatchnormBackward(dout, cache)).toThrow(
      expect.objectContaining({ name, message: `spatialBatchnormBackward: ${message}` }),
    );
  });
});

test('there are these many cases in the fixtures', () => {
  expect(CASES).toHaveLength(7);
});

describeKernelSets('spatial batchnorm', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(CASES)('golden: $name', (c) => {
      expectGoldenBatchnorm(c, dtype, [spatialBatchnormForward, spatialBatchnormBackward]);
    });

    test.each([
      [5, 7, 3, 3],
      [2, 4, 1, 1],
      [1, 3, 9, 8],
      [9, 1, 5, 4],
    ])('is batch normalization of the pixels of %i × %i × %i × %i', (N, C, H, W) => {
      const random = new Random(1);
      const [x, dout] = [random.randn([N, C, H, W], dtype), random.randn([N, C, H, W], dtype)];
      const [gamma, beta] = [random.randn([C], dtype), random.randn([C], dtype)];
      const pixels = (a: NDArray): NDArray => array(a.transpose(0, 2, 3, 1), [N, C, H, W]);
      const flat = (a: NDArray): NDArray => array(pixels(a).data, [N * H * W, C]);
      for (const mode of ['train', 'test'] as const) {
        const statistics = { runningMean: random.randn([C], dtype), runningVar: random.rand([C], dtype) };
        const [param, dense]: BatchnormParam[] = [0, 1].map(() => ({ mode, eps: 0.1, ...statistics }));
        const [out, cache] = spatialBatchnormForward(x, gamma, beta, param);
        const [expected, denseCache] = batchnormForward(flat(x), gamma, beta, dense);
        const grads = spatialBatchnormBackward(dout, cache);
        const denseGrads = batchnormBackward(flat(dout), denseCache);
        const tolerance = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-12 } : { rtol: 1e-5, atol: 2e-5 };
        expect(flat(out)).toBeAllClose(expected, tolerance);
        expect(flat(grads.dx)).toBeAllClose(denseGrads.dx, tolerance);
        expect(grads.dgamma).toBeAllClose(denseGrads.dgamma, tolerance);
        expect(grads.dbeta).toBeAllClose(denseGrads.dbeta, tolerance);
        expect(param.runningMean).toBeAllClose(dense.runningMean as NDArray, tolerance);
        expect(param.runningVar).toBeAllClose(dense.runningVar as NDArray, tolerance);
      }
    });

    test.each([[[2, 5, 7, 9]], [[30, 3, 16, 16]], [[200, 4, 1, 1]]])(
      '%j with a mean of 1e4 and a deviation of 1 is normalized',
      (shape) => {
        const [x, C] = [farFromZero(shape, dtype), shape[1]];
        const param: BatchnormParam = { mode: 'train', momentum: 0 };
        const [out] = spatialBatchnormForward(x, ones([C], dtype), zeros([C], dtype), param);
        const single = dtype === 'float32';
        expectNormalized(channelsFirst(out), C, single ? 1e-3 : 1e-5);
        const { mean, std } = momentsOf(channelsFirst(x), C);
        const [foundMean, foundVar] = [param.runningMean, param.runningVar].map((a) =>
          array(a as NDArray, [C], 'float64'),
        );
        expect(foundVar).toBeAllClose(array(std.data.map((v) => v * v)), { rtol: single ? 1e-3 : 1e-9 });
        expect(foundMean).toBeAllClose(mean, { rtol: single ? 1e-7 : 1e-14 });
      },
    );

    test('a constant channel comes out as beta, with a finite gradient', () => {
      const x = full([3, 2, 5, 5], 1e4 / 3, dtype);
      const [out, cache] = spatialBatchnormForward(x, ones([2], dtype), full([2], 0.25, dtype), { mode: 'train' });
      // The mean may round; 1/√ε is 316.
      expect(out).toBeAllClose(full(x.shape, 0.25, dtype), { atol: dtype === 'float32' ? 0.1 : 1e-8 });
      const { dx } = spatialBatchnormBackward(new Random(2).randn(x.shape, dtype), cache);
      expect(valuesOf(dx).every(Number.isFinite)).toBe(true);
    });

    test('NaN comes through in its own channel', () => {
      const x = new Random(3).randn([3, 2, 2, 3], dtype);
      x.set(1, 1, 1, 2, Number.NaN);
      const [out, cache] = spatialBatchnormForward(x, ones([2], dtype), zeros([2], dtype), { mode: 'train' });
      const { dx } = spatialBatchnormBackward(ones(x.shape, dtype), cache);
      for (const a of [out, dx]) {
        expect(valuesOf(channelsFirst(a)).map(Number.isNaN)).toEqual(Array.from({ length: 36 }, (_, i) => i >= 18));
      }
    });

    test.each(['train', 'test'] as const)('takes any view in %s mode, writes to none, returns new arrays', (mode) => {
      const random = new Random(4);
      const [x, dout] = [random.randn([3, 5, 4, 2], dtype), random.randn([3, 5, 4, 2], dtype)];
      const channels = Array.from({ length: 3 }, () => random.randn([5], dtype));
      const args = [x, dout, ...channels, random.rand([5], dtype)];
      expectSameOnViews(args, (x, dout, gamma, beta, runningMean, runningVar) => {
        const param: BatchnormParam = { mode, runningMean, runningVar };
        const [out, cache] = spatialBatchnormForward(x, gamma, beta, param);
        const statistics = [param.runningMean as NDArray, param.runningVar as NDArray];
        const grads = gradsOf(spatialBatchnormBackward(dout, cache));
        const results = [out, ...grads, ...(mode === 'train' ? statistics : [])];
        expect(results.map(dtypeOf)).toEqual(results.map(() => dtype));
        return results;
      });
    });
  });
});
