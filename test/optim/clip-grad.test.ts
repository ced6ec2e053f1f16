import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, type NDArray, Random, toNested, versionOf, zeros } from '../../src/arrays/index.js';
import { clipGradNorm, clipGradValue, type Trainable } from '../../src/optim/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { golden, goldenParams, scalar, setGrads, trainable } from '../helpers/optimizers.js';
import { pretend } from '../helpers/pretend.js';
import { VIEWS } from '../helpers/views.js';

const gradOf = ({ grad }: Trainable): NDArray => (grad as { data: NDArray }).data;

describeKernelSets('clipping as PyTorch', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    const tolerance = dtype === 'float64' ? { rtol: 1e-12 } : { rtol: 1e-6 };

    test.each(golden.clips.map((c) => [`${c.kind} ${c.bound}, type ${c.normType}`, c] as const))('%s', (_, c) => {
      for (const viewOf of [(a: NDArray) => a, ...Object.values(VIEWS)]) {
        const params = goldenParams(dtype);
        setGrads(params, 0, dtype);
        for (const param of params) param.grad = { data: viewOf(gradOf(param)) };
        if (c.kind === 'value') {
          clipGradValue(params, c.bound);
        } else {
          const normType = c.normType === 'Infinity' ? Number.POSITIVE_INFINITY : c.normType;
          const norm = clipGradNorm(params, c.bound, { normType });
          expect(array([norm])).toBeAllClose(array([c.norm as number]), { rtol: 1e-6 });
        }
        params.forEach((param, i) => {
          expect(gradOf(param)).toBeAllClose(array(c.clipped[i], golden.shapes[i], dtype), tolerance);
        });
      }
    });

    test('the norm of many values, and gradients of that norm', () => {
      const random = new Random(7);
      const params = [0, 1].map(() => trainable(zeros([40000], dtype), random.randn([40000], dtype)));
      const values = params.flatMap((param) => [...gradOf(param).data]);
      const expected = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
      expect(clipGradNorm(params, 3) / expected).toBeCloseTo(1, 10);
      expect(clipGradNorm(params, 3)).toBeCloseTo(3, 4);
    });
  });
});

describe('clipGradNorm', () => {
  test('by hand: 3 and 4 have norm 5', () => {
    const params = [scalar(0, 3), scalar(0, -4), scalar(0)];
    expect(clipGradNorm(params, 1)).toBe(5);
    expect(gradOf(params[0])).toBeAllClose(array([3 / 5.000001], [1], 'float64'), { rtol: 1e-15 });
    expect(gradOf(params[1])).toBeAllClose(array([-4 / 5.000001], [1], 'float64'), { rtol: 1e-15 });
    expect(params[2].grad).toBeNull();
  });

  test('below the bound nothing changes, and nothing is announced', () => {
    const params = [scalar(0, 3), scalar(0, 4)];
    expect(clipGradNorm(params, 5.1)).toBe(5);
    expect(clipGradNorm(params, Number.POSITIVE_INFINITY)).toBe(5);
    expect(params.map((param) => toNested(gradOf(param)))).toEqual([[3], [4]]);
    expect(params.map((param) => versionOf(gradOf(param)))).toEqual([0, 0]);
    clipGradNorm(params, 1);
    expect(params.map((param) => versionOf(gradOf(param)))).toEqual([1, 1]);
  });

  test('what remains has at most that norm, and the direction that it had', () => {
    const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(numbers, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (values, maxNorm) => {
        const grad = array(values, [values.length], 'float64');
        const param = trainable(zeros([values.length], 'float64'), grad);
        const norm = clipGradNorm(param, maxNorm);
        expect(norm).toBeCloseTo(Math.hypot(...values), 3);
        expect(Math.hypot(...grad.data)).toBeLessThanOrEqual(maxNorm * (1 + 1e-12));
        const factor = Math.min(1, maxNorm / (norm + 1e-6));
        const expected = array(
          values.map((v) => v * factor),
          [values.length],
          'float64',
        );
        expect(grad).toBeAllClose(expected, { rtol: 1e-12 });
      }),
    );
  });

  test('takes one parameter, and those without a gradient', () => {
    expect(clipGradNorm(scalar(0, -2), 1)).toBe(2);
    expect(clipGradNorm([scalar(0)], 1)).toBe(0);
    expect(clipGradNorm([], 1)).toBe(0);
  });

  test('a norm that is not finite scales the gradients as PyTorch does, or is an error', () => {
    const params = [scalar(0, 1), scalar(0, Number.NaN)];
    expect(() => clipGradNorm(params, 1, { errorIfNonfinite: true })).toThrow(
      'clipGradNorm: the norm of the gradients is NaN, expected a finite number to scale them by',
    );
    expect(toNested(gradOf(params[0]))).toEqual([1]);
    expect(clipGradNorm(params, 1)).toBeNaN();
    expect(toNested(gradOf(params[0]))).toEqual([Number.NaN]);

    const infinite = [scalar(0, 1), scalar(0, Number.NEGATIVE_INFINITY)];
    for (const normType of [1, 2, Number.POSITIVE_INFINITY]) {
      expect(() => clipGradNorm(infinite, 1, { normType, errorIfNonfinite: true })).toThrow('is Infinity');
    }
    expect(clipGradNorm(infinite, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(infinite.map((param) => toNested(gradOf(param)))).toEqual([[0], [Number.NaN]]);
  });

  test.each<[args: unknown[], message: string]>([
    [[null, 1], 'params is null, expected parameters'],
    [[[1], 1], 'params[0] is 1, expected a parameter: { data: an array, grad }'],
    [[[scalar(1)], -1], 'maxNorm is -1, expected a number ≥ 0'],
    [[[scalar(1)], Number.NaN], 'maxNorm is NaN, expected a number ≥ 0'],
    [[[scalar(1)], 1, { normType: 3 }], 'normType is 3, expected 1, 2 or Infinity'],
    [[[scalar(1)], 1, { errorIfNonfinite: 1 }], 'errorIfNonfinite is 1, expected true or false'],
    [[[scalar(1)], 1, { norm: 2 }], "unknown option 'norm', expected normType, errorIfNonfinite"],
    [[[trainable(zeros([2]), zeros([3]))], 1], 'params[0].grad has shape (3,), expected (2,)'],
  ])('refuses %j', (args, message) => {
    expect(() => clipGradNorm(...pretend<Parameters<typeof clipGradNorm>>(args))).toThrow(`clipGradNorm: ${message}`);
  });
});

describe('clipGradValue', () => {
  test('by hand', () => {
    const param = trainable(zeros([4]), array([-3, -0.5, Number.NaN, 7]));
    clipGradValue(param, 2);
    expect(toNested(gradOf(param))).toEqual([-2, -0.5, Number.NaN, 2]);
    expect(versionOf(gradOf(param))).toBe(1);
  });

  test.each<[args: unknown[], message: string]>([
    [[undefined, 1], 'params is undefined, expected parameters'],
    [[[scalar(1)], -1], 'clipValue is -1, expected a number ≥ 0'],
    [[[scalar(1)]], 'clipValue is undefined, expected a number ≥ 0'],
  ])('refuses %j', (args, message) => {
    expect(() => clipGradValue(...pretend<Parameters<typeof clipGradValue>>(args))).toThrow(
      `clipGradValue: ${message}`,
    );
  });
});
