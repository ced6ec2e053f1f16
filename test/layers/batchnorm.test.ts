import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, dtypeOf, full, type NDArray, ones, Random, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { workspace } from '../../src/kernels/index.js';
import {
  type BatchnormParam,
  batchnormBackward,
  batchnormBackwardAlt,
  batchnormForward,
} from '../../src/layers/index.js';
import { arraysOf, DTYPES, expectGolden, expectPrinted, stored } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import {
  batchnormParamOf,
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

const FILES = ['batchnorm', 'notebook_normalization'];
const BACKWARDS = { batchnormBackward, batchnormBackwardAlt };

/** Columns with means 3 and 13 and variance 6, and a constant one. With ε = 3 the first two have a deviation of 3. */
const COLUMNS = [
  [0, 10, 5],
  [3, 13, 5],
  [6, 16, 5],
];

describe('batchnormForward', () => {
  test('shifts and scales every column by its mean and deviation', () => {
    const [x, gamma, beta] = [array(COLUMNS), array([2, 1, 7]), array([1, -1, 0.5])];
    const [out] = batchnormForward(x, gamma, beta, { mode: 'train', eps: 3 });
    const expected = [
      [-1, -2, 0.5],
      [1, -1, 0.5],
      [3, 0, 0.5],
    ];
    expect(out).toBeAllClose(array(expected), { atol: 1e-6 });
  });

  test('keeps 0.9 of the running statistics, which start at zero, and adds 0.1 of the sample', () => {
    const param: BatchnormParam = { mode: 'train' };
    const pass = (x: NDArray): void => void batchnormForward(x, ones([2], 'float64'), zeros([2], 'float64'), param);
    const column = (a: number, b: number): NDArray => array([a, a + 3, a + 6, b, b + 3, b + 6], [2, 3], 'float64');
    pass(column(0, 10).transpose(1, 0));
    expect(param.runningMean).toBeAllClose(array([0.3, 1.3], [2], 'float64'));
    expect(param.runningVar).toBeAllClose(array([0.6, 0.6], [2], 'float64'));
    const [firstMean, firstVar] = [param.runningMean as NDArray, param.runningVar as NDArray];
    pass(column(10, -3).transpose(1, 0));
    expect(param.runningMean).toBeAllClose(array([0.27 + 1.3, 1.17 + 0], [2], 'float64'));
    expect(param.runningVar).toBeAllClose(array([0.54 + 0.6, 0.54 + 0.6], [2], 'float64'));
    pass(array([1, 5, 1, 5], [2, 2], 'float64'));
    expect(param.runningMean).toBeAllClose(array([1.413 + 0.1, 1.053 + 0.5], [2], 'float64'));
    expect(param.runningVar).toBeAllClose(array([1.026, 1.026], [2], 'float64'));
    // What was taken from it after the first batch is still what it was then.
    expect(firstMean).toBeAllClose(array([0.3, 1.3], [2], 'float64'));
    expect(firstVar).toBeAllClose(array([0.6, 0.6], [2], 'float64'));
  });

  test.each([
    [0, 3, 6],
    [0.5, 0.5 * 8 + 1.5, 0.5 * 4 + 3],
    [0.99, 0.99 * 8 + 0.03, 0.99 * 4 + 0.06],
    [1, 8, 4],
  ])('with a momentum of %d the running statistics become mean %d and variance %d', (momentum, mean, variance) => {
    const [runningMean, runningVar] = [full([1], 8, 'float64'), full([1], 4, 'float64')];
    const param: BatchnormParam = { mode: 'train', momentum, runningMean, runningVar };
    const x = array([[0], [3], [6]], undefined, 'float64');
    batchnormForward(x, ones([1], 'float64'), zeros([1], 'float64'), param);
    expect(param.runningMean).toBeAllClose(array([mean], [1], 'float64'), { rtol: 1e-14 });
    expect(param.runningVar).toBeAllClose(array([variance], [1], 'float64'), { rtol: 1e-14 });
    expect([valuesOf(runningMean), valuesOf(runningVar)]).toEqual([[8], [4]]);
  });

  test('in test mode uses the running statistics and leaves them', () => {
    const [runningMean, runningVar] = [array([1, 2]), array([3.5, 15.5])];
    const param: BatchnormParam = { mode: 'test', eps: 0.5, runningMean, runningVar };
    const [out] = batchnormForward(array([[3, 10]]), array([4, 1]), array([0, 5]), param);
    // 4 · (3 − 1)/2 and (10 − 2)/4 + 5
    expect(valuesOf(out)).toEqual([4, 7]);
    expect(param).toEqual({ mode: 'test', eps: 0.5, runningMean, runningVar });
    expect([valuesOf(runningMean), valuesOf(runningVar)]).toEqual([
      [1, 2],
      [3.5, 15.5],
    ]);
  });

  test('in test mode before any training the statistics are zero', () => {
    const param: BatchnormParam = { mode: 'test', eps: 0.25 };
    const [out] = batchnormForward(array([[3], [-1]]), array([2]), array([1]), param);
    expect(valuesOf(out)).toEqual([13, -3]);
    expect(param).toEqual({ mode: 'test', eps: 0.25 });
  });

  test('a batch of one comes out as beta, and nothing flows back to it', () => {
    const [x, gamma, beta] = [array([[1e4, -3, 0.1]]), array([2, 3, 4]), array([0.5, -1, 7])];
    const param: BatchnormParam = { mode: 'train', momentum: 0 };
    const [out, cache] = batchnormForward(x, gamma, beta, param);
    expect(valuesOf(out)).toEqual([0.5, -1, 7]);
    expect(param.runningMean).toEqualBits(x.pick(0, null));
    expect(param.runningVar).toEqualBits(zeros([3]));
    for (const backward of Object.values(BACKWARDS)) {
      const { dx, dgamma, dbeta } = backward(array([[5, 6, 7]]), cache);
      expect(valuesOf(dx).map(Math.abs)).toEqual([0, 0, 0]);
      expect(valuesOf(dgamma).map(Math.abs)).toEqual([0, 0, 0]);
      expect(valuesOf(dbeta)).toEqual([5, 6, 7]);
    }
  });

  const wide = zeros([3], 'float64');
  test.each<[kind: string, message: string, wrong: Record<string, unknown>]>([
    ['ShapeError', 'x has shape (4, 3, 1), expected (N, D)', { x: zeros([4, 3, 1]) }],
    ['ShapeError', 'x has shape (2, 0), expected (N, D) with every size but N at least 1', { x: zeros([2, 0]) }],
    ['ShapeError', 'gamma has shape (4,), expected (D=3,)', { gamma: ones([4]) }],
    ['ShapeError', 'gamma has shape (1, 3), expected (D=3,)', { gamma: ones([1, 3]) }],
    ['ShapeError', 'beta has shape (2,), expected (D=3,)', { beta: zeros([2]) }],
    ['TypeError', 'gamma has dtype float64, expected float32, the dtype of x', { gamma: wide }],
    ['TypeError', 'beta has dtype float64, expected float32, the dtype of x', { beta: wide }],
    ['RangeError', "mode is undefined, expected 'train' or 'test'", { mode: undefined }],
    ['RangeError', "mode is 'eval', expected 'train' or 'test'", { mode: 'eval' }],
    ['RangeError', 'eps is 0, expected a number > 0', { eps: 0 }],
    ['RangeError', 'eps is -1, expected a number > 0', { eps: -1 }],
    ['RangeError', 'eps is NaN, expected a number > 0', { eps: Number.NaN }],
    ['RangeError', 'momentum is 1.1, expected a number from 0 to 1', { momentum: 1.1 }],
    ['RangeError', 'momentum is -0.1, expected a number from 0 to 1', { momentum: -0.1 }],
    ['RangeError', "momentum is '0.9', expected a number from 0 to 1", { momentum: '0.9' }],
    ['ShapeError', 'runningMean has shape (4,), expected (3,)', { runningMean: zeros([4]) }],
    ['ShapeError', 'runningVar has shape (2,), expected (3,)', { runningVar: zeros([2]) }],
    ['TypeError', 'runningMean has dtype float64, expected float32, the dtype of gamma', { runningMean: wide }],
    [
      'TypeError',
      'runningVar is [1, 2], expected an array of float32 or float64: make it with array(runningVar)',
      { runningVar: [1, 2] },
    ],
    ['TypeError', "unknown option 'p', expected mode, eps, momentum, unbiased, runningMean, runningVar", { p: 1 }],
  ])('throws a %s that says: %s, and changes nothing', (name, message, wrong) => {
    const good = { x: zeros([4, 3]), gamma: ones([3]), beta: zeros([3]), mode: 'train', runningMean: full([3], 5) };
    const { x, gamma, beta, ...param } = { ...good, runningVar: full([3], 6), ...wrong };
    const before = Object.entries(param);
    expect(() => batchnormForward(x, gamma, beta, param as BatchnormParam)).toThrow(
      expect.objectContaining({ name, message: `batchnormForward: ${message}` }),
    );
    Object.entries(param).forEach(([name, value], i) => {
      expect(before[i][0]).toBe(name);
      expect(value).toBe(before[i][1]);
    });
    expect(valuesOf(good.runningMean)).toEqual([5, 5, 5]);
  });
});

describe.each(Object.entries(BACKWARDS))('%s', (name, backward) => {
  test('computes the three gradients', () => {
    const x = array(COLUMNS);
    const [, cache] = batchnormForward(x, array([2, 1, 7]), zeros([3]), { mode: 'train', eps: 3 });
    const dout = array([
      [1, 1, 1],
      [2, 0, 4],
      [6, 0, 1],
    ]);
    const { dx, dgamma, dbeta } = backward(dout, cache);
    // x̂ = (−1, 0, 1) twice, then zeros. dx = γ/(N·std) · (N·dout − Σ dout − x̂ · Σ dout·x̂)
    expect(dbeta).toBeAllClose(array([9, 1, 6]));
    expect(dgamma).toBeAllClose(array([5, -1, 0]), { atol: 1e-7 });
    const expected = [
      [(2 / 9) * (3 - 9 + 5), (1 / 9) * (3 - 1 - 1), (7 / (3 * Math.sqrt(3))) * (3 - 6)],
      [(2 / 9) * (6 - 9), (1 / 9) * (0 - 1), (7 / (3 * Math.sqrt(3))) * (12 - 6)],
      [(2 / 9) * (18 - 9 - 5), (1 / 9) * (0 - 1 + 1), (7 / (3 * Math.sqrt(3))) * (3 - 6)],
    ];
    expect(dx).toBeAllClose(array(expected), { rtol: 1e-6, atol: 1e-6 });
  });

  test('in test mode the statistics are constants', () => {
    const param: BatchnormParam = {
      mode: 'test',
      eps: 0.5,
      runningMean: array([1, 2]),
      runningVar: array([3.5, 15.5]),
    };
    const x = array([
      [3, 10],
      [1, -2],
    ]);
    const [, cache] = batchnormForward(x, array([4, 1]), zeros([2]), param);
    const dout = array([
      [1, 2],
      [5, -4],
    ]);
    const { dx, dgamma, dbeta } = backward(dout, cache);
    // x̂ is (1, 2) and (0, −1)
    expect(valuesOf(dx)).toEqual([2, 0.5, 10, -1]);
    expect(valuesOf(dgamma)).toEqual([1, 8]);
    expect(valuesOf(dbeta)).toEqual([6, -2]);
  });

  test.each([
    ['train', 6, 5],
    ['train', 2, 3],
    ['train', 1, 3],
    ['test', 4, 5],
  ] as const)('agrees with the numerical gradient in %s mode on %i × %i', (mode, N, D) => {
    const random = new Random(`${mode} ${N} ${D}`);
    const [x, dout] = [random.randn([N, D], 'float64'), random.randn([N, D], 'float64')];
    const [gamma, beta] = [random.randn([D], 'float64'), random.randn([D], 'float64')];
    const [runningMean, runningVar] = [random.randn([D], 'float64'), random.rand([D], 'float64')];
    // A new one each time: what is checked is a function of its arguments.
    const forward = () => batchnormForward(x, gamma, beta, { mode, eps: 1e-2, runningMean, runningVar });

    const { dx, dgamma, dbeta } = backward(dout, forward()[1]);

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
    [zeros([4, 2]), 'ShapeError', 'dout has shape (4, 2), expected (4, 3)'],
    [zeros([3]), 'ShapeError', 'dout has shape (3,), expected (4, 3)'],
    [zeros([4, 3], 'float64'), 'TypeError', 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit', (dout, kind, message) => {
    for (const mode of ['train', 'test'] as const) {
      const [, cache] = batchnormForward(zeros([4, 3]), ones([3]), zeros([3]), { mode });
      const expected = expect.objectContaining({ name: kind, message: `${name}: ${message}` });
      expect(() => backward(dout, cache)).toThrow(expected);
    }
  });
});

describe('batch normalization', () => {
  const shapes = { N: fc.integer({ min: 2, max: 20 }), D: fc.integer({ min: 1, max: 20 }), seed: fc.nat() };

  test('does not see an offset of a column, nor a factor, when eps is small', () => {
    fc.assert(
      fc.property(fc.record(shapes), ({ N, D, seed }) => {
        const random = new Random(seed);
        const [x, factor, offset] = [[N, D], [D], [D]].map((shape) => random.randn(shape, 'float64'));
        const moved = zeros([N, D], 'float64');
        for (let n = 0; n < N; n++) {
          for (let d = 0; d < D; d++) moved.set(n, d, x.get(n, d) * (0.5 + factor.get(d) ** 2) + offset.get(d));
        }
        const normalized = (a: NDArray): NDArray =>
          batchnormForward(a, ones([D], 'float64'), zeros([D], 'float64'), { mode: 'train', eps: 1e-12 })[0];
        expect(normalized(moved)).toBeAllClose(normalized(x), { rtol: 1e-5, atol: 1e-5 });
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  test('both backward passes agree to rounding, and what they send back sums to zero over the batch', () => {
    fc.assert(
      fc.property(fc.record(shapes), ({ N, D, seed }) => {
        const random = new Random(seed);
        const [x, dout, gamma, beta] = [[N, D], [N, D], [D], [D]].map((shape) => random.randn(shape, 'float64'));
        const [, cache] = batchnormForward(x, gamma, beta, { mode: 'train', eps: 1e-2 });
        const [graph, formula] = [batchnormBackward(dout, cache), batchnormBackwardAlt(dout, cache)];
        for (const name of ['dx', 'dgamma', 'dbeta'] as const) {
          expect(graph[name]).toBeAllClose(formula[name], { rtol: 1e-11, atol: 1e-12 });
        }
        const { mean } = momentsOf(channelsFirst(graph.dx), D);
        expect(mean).toBeAllClose(zeros([D], 'float64'), { atol: 1e-13 });
      }),
      { numRuns: 50, seed: 2 },
    );
  });

  test('its running statistics survive a workspace', () => {
    const param: BatchnormParam = { mode: 'train' };
    const x = new Random(3).randn([5, 4]);
    workspace(() => void batchnormForward(x, ones([4]), zeros([4]), param));
    const [mean, variance] = [array(param.runningMean as NDArray), array(param.runningVar as NDArray)];
    for (let i = 0; i < 20; i++) workspace(() => void batchnormForward(x, ones([4]), zeros([4]), { mode: 'train' }));
    expect(param.runningMean).toEqualBits(mean);
    expect(param.runningVar).toEqualBits(variance);
  });
});

describe('the cases of the fixtures', () => {
  test('are these many', () => {
    expect(casesIn(FILES, 'batchnorm')).toHaveLength(7);
    expect(casesIn(FILES, 'batchnorm_sequence')).toHaveLength(2);
  });
});

describeKernelSets('batchnorm', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(casesIn(FILES, 'batchnorm'))('golden: $name', (c) => {
      expectGoldenBatchnorm(c, dtype, [batchnormForward, batchnormBackward, batchnormBackwardAlt]);
    });

    test.each(casesIn(FILES, 'batchnorm_sequence'))('golden: $name', (c) => {
      const [batches, xTest] = [stored(c.inputs.x_train, dtype), stored(c.inputs.x_test, dtype)];
      const { gamma, beta } = arraysOf(c.params, dtype);
      const param = batchnormParamOf(c, dtype);
      const [steps, D] = [batches.shape[0], batches.shape[2]];
      const [means, variances] = [zeros([steps, D], dtype), zeros([steps, D], dtype)];
      for (let step = 0; step < steps; step++) {
        batchnormForward(batches.pick(step, null, null), gamma, beta, param);
        means.data.set((param.runningMean as NDArray).data, step * D);
        variances.data.set((param.runningVar as NDArray).data, step * D);
      }
      const [out] = batchnormForward(xTest, gamma, beta, { ...param, mode: 'test' });
      expectGolden(c, { running_mean_steps: means, running_var_steps: variances, out_test: out }, dtype);
      if (c.printed === undefined || dtype === 'float32') return;
      const { mean, std } = momentsOf(channelsFirst(out), D);
      expectPrinted(c, { out_test_mean: mean, out_test_std: std });
    });

    test.each([
      [50, 3],
      [501, 37],
      [20_001, 2],
    ])('%i × %i with a mean of 1e4 and a deviation of 1 is normalized', (N, D) => {
      const x = farFromZero([N, D], dtype);
      const param: BatchnormParam = { mode: 'train', momentum: 0 };
      const [out] = batchnormForward(x, ones([D], dtype), zeros([D], dtype), param);
      const single = dtype === 'float32';
      expectNormalized(channelsFirst(out), D, single ? 1e-3 : 1e-5);
      const { mean, std } = momentsOf(channelsFirst(x), D);
      const variance = array(std.data.map((v) => v * v));
      const [foundMean, foundVar] = [param.runningMean, param.runningVar].map((a) =>
        array(a as NDArray, [D], 'float64'),
      );
      expect(foundVar).toBeAllClose(variance, { rtol: single ? 1e-3 : 1e-9 });
      expect(foundMean).toBeAllClose(mean, { rtol: single ? 1e-7 : 1e-14 });
    });

    test('with a mean of 1e4 the gradients are still those of float64', () => {
      const [x, dout] = [farFromZero([64, 9], dtype), new Random(8).randn([64, 9], dtype)];
      const gradsIn = (d: 'float32' | 'float64') => {
        const [wideX, wideDout] = [array(x, x.shape, d), array(dout, x.shape, d)];
        const [, cache] = batchnormForward(wideX, ones([9], d), zeros([9], d), { mode: 'train' });
        return Object.values(BACKWARDS).flatMap((backward) => gradsOf(backward(wideDout, cache)));
      };
      const expected = gradsIn('float64');
      gradsIn(dtype).forEach((grad, i) => {
        // The mean is only known to 5e-4 in float32.
        expect(grad).toBeAllClose(expected[i], { rtol: 1e-3, atol: dtype === 'float32' ? 1e-2 : 1e-8 });
      });
    });

    test.each([0.1, 1e4 / 3, -1e7 / 3])(
      'a constant column of %d comes out as beta, with a finite gradient',
      (value) => {
        const x = full([77, 5], value, dtype);
        const [out, cache] = batchnormForward(x, ones([5], dtype), full([5], 0.25, dtype), { mode: 'train' });
        // The mean may round; 1/√ε is 316.
        const rounding = 316 * Math.abs(value) * (dtype === 'float32' ? 6e-8 : 1e-14);
        expect(out).toBeAllClose(full([77, 5], 0.25, dtype), { rtol: 1e-7, atol: rounding });
        for (const backward of Object.values(BACKWARDS)) {
          const { dx } = backward(new Random(5).randn([77, 5], dtype), cache);
          expect(valuesOf(dx).every(Number.isFinite)).toBe(true);
        }
      },
    );

    test('NaN comes through in its own column, in both modes', () => {
      const x = new Random(6).randn([5, 3], dtype);
      x.set(2, 1, Number.NaN);
      const param: BatchnormParam = { mode: 'train' };
      const [out, cache] = batchnormForward(x, ones([3], dtype), zeros([3], dtype), param);
      const { dx } = batchnormBackward(ones([5, 3], dtype), cache);
      for (const a of [out, dx]) expect(valuesOf(a).map(Number.isNaN)).toEqual(valuesOf(a).map((_, i) => i % 3 === 1));
      expect(valuesOf(param.runningMean as NDArray).map(Number.isNaN)).toEqual([false, true, false]);
      const [tested] = batchnormForward(x, ones([3], dtype), zeros([3], dtype), { mode: 'test' });
      expect(valuesOf(tested).map(Number.isNaN)).toEqual(valuesOf(tested).map((_, i) => i === 7));
    });

    test.each(['train', 'test'] as const)('takes any view in %s mode, writes to none, returns new arrays', (mode) => {
      const random = new Random(7);
      const [x, dout] = [random.randn([6, 7], dtype), random.randn([6, 7], dtype)];
      const columns = Array.from({ length: 3 }, () => random.randn([7], dtype));
      const args = [x, dout, ...columns, random.rand([7], dtype)];
      expectSameOnViews(args, (x, dout, gamma, beta, runningMean, runningVar) => {
        const param: BatchnormParam = { mode, runningMean, runningVar };
        const [out, cache] = batchnormForward(x, gamma, beta, param);
        const grads = Object.values(BACKWARDS).flatMap((backward) => gradsOf(backward(dout, cache)));
        const statistics = [param.runningMean as NDArray, param.runningVar as NDArray];
        const results = [out, ...grads, ...(mode === 'train' ? statistics : [])];
        expect(results.map(dtypeOf)).toEqual(results.map(() => dtype));
        return results;
      });
    });
  });
});
