import { describe, expect, test } from 'vitest';
import { array, dtypeOf, full, type NDArray, ones, Random, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { batchnormForward, layernormBackward, layernormForward } from '../../src/layers/index.js';
import { arraysOf, DTYPES, expectGolden } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import {
  casesIn,
  expectNormalized,
  expectPrintedMoments,
  farFromZero,
  gradsOf,
  valuesOf,
} from '../helpers/normalization.js';
import { expectSameOnViews } from '../helpers/views.js';

const CASES = casesIn(['layernorm', 'notebook_normalization'], 'layernorm');

/** Rows with means 3 and 13 and variance 6, and a constant one. With ε = 3 the first two have a deviation of 3. */
const ROWS = [
  [0, 3, 6],
  [16, 13, 10],
  [5, 5, 5],
];

describe('layernormForward', () => {
  test('shifts and scales every row by its mean and deviation, then by gamma and beta of the columns', () => {
    const [out] = layernormForward(array(ROWS), array([2, 1, 7]), array([1, -1, 0.5]), { eps: 3 });
    const expected = [
      [-1, -1, 7.5],
      [3, -1, -6.5],
      [1, -1, 0.5],
    ];
    expect(out).toBeAllClose(array(expected), { rtol: 1e-6, atol: 1e-6 });
  });

  test('an eps of 1e-5 is the default', () => {
    const x = new Random(1).randn([4, 6]);
    const [out] = layernormForward(x, ones([6]), zeros([6]));
    expect(out).toEqualBits(layernormForward(x, ones([6]), zeros([6]), { eps: 1e-5 })[0]);
    expect(out).not.toEqualBits(layernormForward(x, ones([6]), zeros([6]), { eps: 1e-3 })[0]);
  });

  test('a row of one feature comes out as beta, and nothing flows back to it', () => {
    const [out, cache] = layernormForward(array([[1e4], [-3]]), array([2]), array([0.5]));
    expect(valuesOf(out)).toEqual([0.5, 0.5]);
    const { dx, dgamma, dbeta } = layernormBackward(array([[5], [6]]), cache);
    expect([dx, dgamma].flatMap(valuesOf).map(Math.abs)).toEqual([0, 0, 0]);
    expect(valuesOf(dbeta)).toEqual([11]);
  });

  test('what it does to a row does not depend on the other rows', () => {
    const random = new Random(2);
    const [x, gamma, beta] = [random.randn([5, 9]), random.randn([9]), random.randn([9])];
    const [out] = layernormForward(x, gamma, beta);
    for (let n = 0; n < 5; n++) {
      const [alone] = layernormForward(x.lo(n, 0).hi(1, 9), gamma, beta);
      expect(alone).toEqualBits(out.lo(n, 0).hi(1, 9));
    }
  });

  const wide = zeros([3], 'float64');
  test.each<[kind: string, message: string, wrong: Record<string, unknown>]>([
    ['ShapeError', 'x has shape (3,), expected (N, D)', { x: zeros([3]) }],
    ['ShapeError', 'x has shape (2, 3, 1), expected (N, D)', { x: zeros([2, 3, 1]) }],
    ['ShapeError', 'x has shape (2, 0), expected (N, D) with every size but N at least 1', { x: zeros([2, 0]) }],
    ['ShapeError', 'gamma has shape (4,), expected (D=3,)', { gamma: zeros([4]) }],
    ['ShapeError', 'beta has shape (1, 3), expected (D=3,)', { beta: zeros([1, 3]) }],
    ['TypeError', 'gamma has dtype float64, expected float32, the dtype of x', { gamma: wide }],
    ['TypeError', 'beta has dtype float64, expected float32, the dtype of x', { beta: wide }],
    ['RangeError', 'eps is 0, expected a number > 0', { options: { eps: 0 } }],
    ['RangeError', 'eps is -1, expected a number > 0', { options: { eps: -1 } }],
    ['RangeError', 'eps is Infinity, expected a number > 0', { options: { eps: Number.POSITIVE_INFINITY } }],
    ['RangeError', "eps is '1e-5', expected a number > 0", { options: { eps: '1e-5' } }],
    ['TypeError', "unknown option 'mode', expected eps", { options: { mode: 'train' } }],
    ['TypeError', 'options is 0.1, expected an object with any of eps', { options: 0.1 }],
  ])('throws a %s that says: %s', (name, message, wrong) => {
    const good = { x: zeros([4, 3]), gamma: ones([3]), beta: zeros([3]), options: {} };
    const { x, gamma, beta, options } = { ...good, ...wrong };
    expect(() => layernormForward(x, gamma, beta, options)).toThrow(
      expect.objectContaining({ name, message: `layernormForward: ${message}` }),
    );
  });
});

describe('layernormBackward', () => {
  test('computes the three gradients', () => {
    const [, cache] = layernormForward(array(ROWS), array([2, 1, 7]), zeros([3]), { eps: 3 });
    const dout = array([
      [1, 2, 1],
      [1, 0, 2],
      [0.5, 1, 0],
    ]);
    const { dx, dgamma, dbeta } = layernormBackward(dout, cache);
    expect(dbeta).toBeAllClose(array([2.5, 3, 3]));
    // x̂ is (−1, 0, 1), (1, 0, −1) and (0, 0, 0).
    expect(dgamma).toBeAllClose(array([0, 0, -1]), { atol: 1e-6 });
    // g = dout·γ is (2, 2, 7), (2, 0, 14) and (1, 1, 0): dx = (g − mean(g) − x̂ · mean(g·x̂)) / std
    const constant = [1, 1, -2].map((v) => v / 3 / Math.sqrt(3));
    const expected = [
      [(2 - 11 / 3 + 5 / 3) / 3, (2 - 11 / 3) / 3, (7 - 11 / 3 - 5 / 3) / 3],
      [(2 - 16 / 3 + 4) / 3, (0 - 16 / 3) / 3, (14 - 16 / 3 - 4) / 3],
      constant,
    ];
    expect(dx).toBeAllClose(array(expected), { rtol: 1e-6, atol: 1e-6 });
  });

  test.each([
    [4, 6],
    [3, 2],
    [2, 1],
    [1, 7],
  ])('agrees with the numerical gradient on %i × %i', (N, D) => {
    const random = new Random(`${N} ${D}`);
    const [x, dout] = [random.randn([N, D], 'float64'), random.randn([N, D], 'float64')];
    const [gamma, beta] = [random.randn([D], 'float64'), random.randn([D], 'float64')];
    const forward = () => layernormForward(x, gamma, beta, { eps: 1e-2 });

    const { dx, dgamma, dbeta } = layernormBackward(dout, forward()[1]);

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
    [zeros([4, 3, 1]), 'ShapeError', 'dout has shape (4, 3, 1), expected (4, 3)'],
    [zeros([4, 3], 'float64'), 'TypeError', 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit', (dout, name, message) => {
    const [, cache] = layernormForward(zeros([4, 3]), ones([3]), zeros([3]));
    expect(() => layernormBackward(dout, cache)).toThrow(
      expect.objectContaining({ name, message: `layernormBackward: ${message}` }),
    );
  });
});

test('there are these many cases in the fixtures', () => {
  expect(CASES).toHaveLength(6);
});

describeKernelSets('layernorm', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(CASES)('golden: $name', (c) => {
      const { x, dout } = arraysOf(c.inputs, dtype);
      const { gamma, beta } = arraysOf(c.params, dtype);
      const [out, cache] = layernormForward(x, gamma, beta, { eps: Number(c.config.eps) });
      expectGolden(c, { out, ...(dout && layernormBackward(dout, cache)) }, dtype);
      if (dtype === 'float64') expectPrintedMoments(c, x, out, x.shape[0]);
    });

    test('is batch normalization of the transpose, but for gamma and beta', () => {
      const x = new Random(3).randn([7, 33], dtype);
      const [out] = layernormForward(x, ones([33], dtype), zeros([33], dtype));
      const [expected] = batchnormForward(x.transpose(1, 0), ones([7], dtype), zeros([7], dtype), { mode: 'train' });
      const tolerance = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-13 } : { rtol: 1e-5, atol: 1e-6 };
      expect(out).toBeAllClose(expected.transpose(1, 0), tolerance);
    });

    test.each([
      [3, 50],
      [70, 333],
      [2, 20_001],
    ])('%i × %i with a mean of 1e4 and a deviation of 1 is normalized', (N, D) => {
      const x = farFromZero([N, D], dtype);
      const [out, cache] = layernormForward(x, ones([D], dtype), zeros([D], dtype));
      expectNormalized(out, N, dtype === 'float32' ? 1e-3 : 1e-5);
      // The gradients are still those of float64; the mean is only known to 5e-4 in float32.
      const dout = new Random(4).randn([N, D], dtype);
      const wide = (a: NDArray): NDArray => array(a, a.shape, 'float64');
      const [, wideCache] = layernormForward(wide(x), ones([D], 'float64'), zeros([D], 'float64'));
      const expected = gradsOf(layernormBackward(wide(dout), wideCache));
      gradsOf(layernormBackward(dout, cache)).forEach((grad, i) => {
        expect(grad).toBeAllClose(expected[i], { rtol: 1e-3, atol: dtype === 'float32' ? 1e-2 : 1e-8 });
      });
    });

    test('a constant row comes out as beta, with a finite gradient', () => {
      const x = full([3, 77], 1e4 / 3, dtype);
      const beta = new Random(5).randn([77], dtype);
      const [out, cache] = layernormForward(x, ones([77], dtype), beta);
      // The mean may round; 1/√ε is 316.
      for (let n = 0; n < 3; n++) {
        expect(out.pick(n, null)).toBeAllClose(beta, { atol: dtype === 'float32' ? 0.1 : 1e-8 });
      }
      const { dx } = layernormBackward(new Random(6).randn([3, 77], dtype), cache);
      expect(valuesOf(dx).every(Number.isFinite)).toBe(true);
    });

    test('NaN comes through in its own row', () => {
      const x = new Random(7).randn([3, 5], dtype);
      x.set(1, 4, Number.NaN);
      const [out, cache] = layernormForward(x, ones([5], dtype), zeros([5], dtype));
      const { dx } = layernormBackward(ones([3, 5], dtype), cache);
      for (const a of [out, dx]) {
        expect(valuesOf(a).map(Number.isNaN)).toEqual(valuesOf(a).map((_, i) => i >= 5 && i < 10));
      }
    });

    test('takes any view, writes to none of its arguments, and returns new arrays', () => {
      const random = new Random(8);
      const [x, dout] = [random.randn([6, 7], dtype), random.randn([6, 7], dtype)];
      expectSameOnViews([x, dout, random.randn([7], dtype), random.randn([7], dtype)], (x, dout, gamma, beta) => {
        const [out, cache] = layernormForward(x, gamma, beta);
        const results = [out, ...gradsOf(layernormBackward(dout, cache))];
        expect(results.map(dtypeOf)).toEqual(results.map(() => dtype));
        return results;
      });
    });
  });
});
