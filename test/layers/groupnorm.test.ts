import { describe, expect, test } from 'vitest';
import { array, dtypeOf, full, type NDArray, ones, Random, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  layernormBackward,
  layernormForward,
  spatialGroupnormBackward,
  spatialGroupnormForward,
} from '../../src/layers/index.js';
import { arraysOf, DTYPES, expectGolden, expectPrinted } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { casesIn, expectNormalized, farFromZero, gradsOf, momentsOf, valuesOf } from '../helpers/normalization.js';
import { expectSameOnViews } from '../helpers/views.js';

const CASES = casesIn(['spatial_groupnorm', 'notebook_normalization'], 'spatial_groupnorm');

describe('spatialGroupnormForward', () => {
  test('shifts and scales every group of channels of every example', () => {
    // One example, four channels of 1 × 2 pixels, two groups: (0, 0, 4, 4) and (10, 14, 14, 10), both of variance 4.
    const x = array([0, 0, 4, 4, 10, 14, 14, 10], [1, 4, 1, 2]);
    const [gamma, beta] = [array([1, 2, 3, 4], [1, 4, 1, 1]), array([0, 10, 20, 30], [1, 4, 1, 1])];
    const [out, cache] = spatialGroupnormForward(x, gamma, beta, 2, { eps: 12 });
    // The deviation is √(4 + 12) = 4, so x̂ is ±½.
    expect(valuesOf(out)).toEqual([-0.5, -0.5, 11, 11, 18.5, 21.5, 32, 28]);

    const dout = array([1, 2, 3, 4, 0, 1, 0, 0], [1, 4, 1, 2]);
    const { dx, dgamma, dbeta } = spatialGroupnormBackward(dout, cache);
    expect(dbeta).toBeAllClose(array([3, 7, 1, 0], [1, 4, 1, 1]));
    expect(dgamma).toBeAllClose(array([-1.5, 3.5, 0.5, 0], [1, 4, 1, 1]));
    // g = dout·γ is (1, 2, 6, 8) and (0, 3, 0, 0), their means 17/4 and 3/4, the means of g·x̂ 11/8 and 3/8.
    const expected = [1 - 4.25 + 11 / 16, 2 - 4.25 + 11 / 16, 6 - 4.25 - 11 / 16, 8 - 4.25 - 11 / 16];
    expected.push(-0.75 + 3 / 16, 3 - 0.75 - 3 / 16, -0.75 - 3 / 16, -0.75 + 3 / 16);
    expect(dx).toBeAllClose(
      array(
        expected.map((v) => v / 4),
        x.shape,
      ),
    );
  });

  test('an eps of 1e-5 is the default', () => {
    const [x, gamma, beta] = [new Random(1).randn([2, 4, 2, 2]), ones([1, 4, 1, 1]), zeros([1, 4, 1, 1])];
    const [out] = spatialGroupnormForward(x, gamma, beta, 2);
    expect(out).toEqualBits(spatialGroupnormForward(x, gamma, beta, 2, { eps: 1e-5 })[0]);
    expect(out).not.toEqualBits(spatialGroupnormForward(x, gamma, beta, 2, { eps: 1e-3 })[0]);
  });

  test.each([4, 0, -1, 1.5, 7, 12, Number.NaN, '2', undefined])('refuses %s groups of six channels', (G) => {
    const [x, gamma] = [zeros([2, 6, 2, 2]), ones([1, 6, 1, 1])];
    const shown = typeof G === 'string' ? `'${G}'` : String(G);
    expect(() => spatialGroupnormForward(x, gamma, gamma, G as number)).toThrow(
      expect.objectContaining({
        name: 'RangeError',
        message: `spatialGroupnormForward: G is ${shown}, expected a divisor of the 6 channels`,
      }),
    );
  });

  const wide = zeros([1, 6, 1, 1], 'float64');
  test.each<[kind: string, message: string, wrong: Record<string, unknown>]>([
    ['ShapeError', 'x has shape (2, 6), expected (N, C, H, W)', { x: zeros([2, 6]) }],
    [
      'ShapeError',
      'x has shape (2, 6, 2, 0), expected (N, C, H, W) with every size but N at least 1',
      { x: zeros([2, 6, 2, 0]) },
    ],
    ['ShapeError', 'gamma has shape (6,), expected (1, C=6, 1, 1)', { gamma: zeros([6]) }],
    ['ShapeError', 'gamma has shape (1, 3, 1, 1), expected (1, C=6, 1, 1)', { gamma: zeros([1, 3, 1, 1]) }],
    ['ShapeError', 'beta has shape (6, 1, 1), expected (1, C=6, 1, 1)', { beta: zeros([6, 1, 1]) }],
    ['ShapeError', 'beta has shape (2, 6, 1, 1), expected (1, C, 1, 1)', { beta: zeros([2, 6, 1, 1]) }],
    ['TypeError', 'gamma has dtype float64, expected float32, the dtype of x', { gamma: wide }],
    ['TypeError', 'beta has dtype float64, expected float32, the dtype of x', { beta: wide }],
    ['RangeError', 'eps is 0, expected a number > 0', { options: { eps: 0 } }],
    ['RangeError', 'eps is NaN, expected a number > 0', { options: { eps: Number.NaN } }],
    ['TypeError', "unknown option 'groups', expected eps", { options: { groups: 2 } }],
    ['TypeError', 'options is null, expected an object with any of eps', { options: null }],
  ])('throws a %s that says: %s', (name, message, wrong) => {
    const good = { x: zeros([2, 6, 2, 2]), gamma: ones([1, 6, 1, 1]), beta: zeros([1, 6, 1, 1]), options: {} };
    const { x, gamma, beta, options } = { ...good, ...wrong };
    expect(() => spatialGroupnormForward(x, gamma, beta, 2, options)).toThrow(
      expect.objectContaining({ name, message: `spatialGroupnormForward: ${message}` }),
    );
  });
});

describe('spatialGroupnormBackward', () => {
  test.each([
    [[2, 6, 2, 3], 2],
    [[2, 6, 2, 3], 3],
    [[2, 4, 3, 1], 1],
    [[2, 4, 1, 3], 4],
    [[3, 4, 1, 1], 2],
    [[1, 3, 1, 1], 3],
  ])('agrees with the numerical gradient on %j in %i groups', (shape, G) => {
    const random = new Random(`${shape} ${G}`);
    const [x, dout] = [random.randn(shape, 'float64'), random.randn(shape, 'float64')];
    const [gamma, beta] = [0, 1].map(() => random.randn([1, shape[1], 1, 1], 'float64'));
    const forward = () => spatialGroupnormForward(x, gamma, beta, G, { eps: 1e-2 });

    const { dx, dgamma, dbeta } = spatialGroupnormBackward(dout, forward()[1]);

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
    [zeros([2, 6, 2, 1]), 'ShapeError', 'dout has shape (2, 6, 2, 1), expected (2, 6, 2, 2)'],
    [zeros([2, 24]), 'ShapeError', 'dout has shape (2, 24), expected (2, 6, 2, 2)'],
    [zeros([2, 6, 2, 2], 'float64'), 'TypeError', 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit', (dout, name, message) => {
    const [, cache] = spatialGroupnormForward(zeros([2, 6, 2, 2]), ones([1, 6, 1, 1]), zeros([1, 6, 1, 1]), 2);
    expect(() => spatialGroupnormBackward(dout, cache)).toThrow(
      expect.objectContaining({ name, message: `spatialGroupnormBackward: ${message}` }),
    );
  });
});

test('there are these many cases in the fixtures', () => {
  expect(CASES).toHaveLength(7);
});

describeKernelSets('spatial groupnorm', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    const rounding = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-12 } : { rtol: 1e-5, atol: 1e-5 };

    test.each(CASES)('golden: $name', (c) => {
      const { x, dout } = arraysOf(c.inputs, dtype);
      const { gamma, beta } = arraysOf(c.params, dtype);
      const G = Number(c.config.G);
      const [out, cache] = spatialGroupnormForward(x, gamma, beta, G, { eps: Number(c.config.eps) });
      expectGolden(c, { out, ...(dout && spatialGroupnormBackward(dout, cache)) }, dtype);
      if (dtype === 'float32' || c.printed === undefined) return;
      const [input, output] = [x, out].map((a) => momentsOf(a, x.shape[0] * G));
      expectPrinted(c, { out, x_group_mean: input.mean, x_group_std: input.std, out_group_std: output.std });
    });

    test('one group is layer normalization over channels and pixels', () => {
      const random = new Random(2);
      const [x, dout] = [random.randn([3, 5, 2, 3], dtype), random.randn([3, 5, 2, 3], dtype)];
      const [gamma, beta] = [random.randn([1, 5, 1, 1], dtype), random.randn([1, 5, 1, 1], dtype)];
      const spread = (a: NDArray): NDArray =>
        array(
          valuesOf(a).flatMap((v) => new Array<number>(6).fill(v)),
          [30],
          dtype,
        );
      const [out, cache] = spatialGroupnormForward(x, gamma, beta, 1);
      const [expected, rowCache] = layernormForward(array(x.data, [3, 30]), spread(gamma), spread(beta));
      expect(array(out.data, [3, 30])).toBeAllClose(expected, rounding);
      const { dx } = layernormBackward(array(dout.data, [3, 30]), rowCache);
      expect(array(spatialGroupnormBackward(dout, cache).dx.data, [3, 30])).toBeAllClose(dx, rounding);
    });

    test('as many groups as channels are instance normalization: every channel of every example alone', () => {
      const x = new Random(3).randn([3, 5, 4, 4], dtype);
      const [out] = spatialGroupnormForward(x, ones([1, 5, 1, 1], dtype), zeros([1, 5, 1, 1], dtype), 5);
      const [expected] = layernormForward(array(x.data, [15, 16]), ones([16], dtype), zeros([16], dtype));
      expect(array(out.data, [15, 16])).toBeAllClose(expected, rounding);
    });

    test.each<[shape: number[], G: number]>([
      [[3, 8, 5, 5], 2],
      [[20, 6, 16, 16], 3],
      [[2, 4, 70, 71], 4],
    ])('%j with a mean of 1e4 and a deviation of 1 is normalized in %i groups', (shape, G) => {
      const x = farFromZero(shape, dtype);
      const affine = [ones([1, shape[1], 1, 1], dtype), zeros([1, shape[1], 1, 1], dtype)] as const;
      const [out] = spatialGroupnormForward(x, ...affine, G);
      expectNormalized(out, shape[0] * G, dtype === 'float32' ? 1e-3 : 1e-5);
    });

    test('a constant group comes out as beta, with a finite gradient', () => {
      const x = full([2, 4, 3, 5], 1e4 / 3, dtype);
      const beta = array([1, 2, 3, 4], [1, 4, 1, 1], dtype);
      const [out, cache] = spatialGroupnormForward(x, ones([1, 4, 1, 1], dtype), beta, 2);
      const expected = valuesOf(x).map((_, i) => 1 + (Math.floor(i / 15) % 4));
      // The mean may round; 1/√ε is 316.
      expect(out).toBeAllClose(array(expected, x.shape, dtype), { atol: dtype === 'float32' ? 0.1 : 1e-8 });
      const { dx } = spatialGroupnormBackward(new Random(4).randn(x.shape, dtype), cache);
      expect(valuesOf(dx).every(Number.isFinite)).toBe(true);
    });

    test('NaN comes through in its own group of its own example', () => {
      const x = new Random(5).randn([2, 4, 1, 3], dtype);
      x.set(1, 2, 0, 1, Number.NaN);
      const [out, cache] = spatialGroupnormForward(x, ones([1, 4, 1, 1], dtype), zeros([1, 4, 1, 1], dtype), 2);
      const { dx } = spatialGroupnormBackward(ones(x.shape, dtype), cache);
      for (const a of [out, dx]) expect(valuesOf(a).map(Number.isNaN)).toEqual(valuesOf(a).map((_, i) => i >= 18));
    });

    test('takes any view, writes to none of its arguments, and returns new arrays', () => {
      const random = new Random(6);
      const [x, dout] = [random.randn([2, 6, 3, 5], dtype), random.randn([2, 6, 3, 5], dtype)];
      const affine = [random.randn([1, 6, 1, 1], dtype), random.randn([1, 6, 1, 1], dtype)];
      expectSameOnViews([x, dout, ...affine], (x, dout, gamma, beta) => {
        const [out, cache] = spatialGroupnormForward(x, gamma, beta, 3);
        const results = [out, ...gradsOf(spatialGroupnormBackward(dout, cache))];
        expect(results.map(dtypeOf)).toEqual(results.map(() => dtype));
        return results;
      });
    });
  });
});
