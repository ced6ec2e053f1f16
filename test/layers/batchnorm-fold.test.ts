import { describe, expect, test } from 'vitest';
import { array, Random, ShapeError, toNested } from '../../src/arrays/index.js';
import { convForward, foldBatchnorm, spatialBatchnormForward } from '../../src/layers/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { VIEWS } from '../helpers/views.js';
import '../helpers/matchers.js';

describe('foldBatchnorm', () => {
  test('by hand', () => {
    const w = array([[1, 2], [3, 4]], undefined, 'float64'); // biome-ignore format: a matrix
    const [b, gamma, beta, mean, variance] = [
      [1, -1],
      [2, 3],
      [10, 20],
      [3, 4],
      [3, 8],
    ].map((values) => array(values, undefined, 'float64'));
    // Scales 2 / √(3 + 1) = 1 and 3 / √(8 + 1) = 1.
    const folded = foldBatchnorm(w, b, gamma, beta, mean, variance, 1);
    // biome-ignore format: a matrix
    expect([toNested(folded.w), toNested(folded.b)]).toEqual([[[1, 2], [3, 4]], [8, 15]]);
    // Scales 1 / 2 and 1 / 3.
    const plain = foldBatchnorm(w, null, null, null, mean, variance, 1);
    // biome-ignore format: a matrix
    expect([toNested(plain.w), toNested(plain.b)]).toEqual([[[0.5, 1], [1, 4 / 3]], [-1.5, -4 / 3]]);
  });

  test.each(DTYPES)('is a convolution and its normalization in one, %s', (dtype) => {
    const random = new Random(1);
    const some = (...shape: number[]) => random.randn(shape, dtype);
    const [x, w, b, gamma, beta, mean] = [some(2, 3, 6, 5), some(4, 3, 3, 3), some(4), some(4), some(4), some(4)];
    const variance = random.rand([4], dtype);
    const param = { mode: 'test', eps: 1e-3, runningMean: mean, runningVar: variance } as const;
    const expected = spatialBatchnormForward(convForward(x, w, b, { stride: 1, pad: 1 })[0], gamma, beta, param)[0];
    const folded = foldBatchnorm(w, b, gamma, beta, mean, variance, 1e-3);
    const tolerance = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-13 } : { rtol: 1e-5, atol: 2e-5 };
    expect(convForward(x, folded.w, folded.b, { stride: 1, pad: 1 })[0]).toBeAllClose(expected, tolerance);
  });

  test('takes strided views, and changes nothing', () => {
    const random = new Random(2);
    const [w, b, gamma, beta, mean, variance] = [[4, 6], [4], [4], [4], [4], [4]].map((shape) => random.rand(shape));
    const before = array(w);
    const expected = foldBatchnorm(w, b, gamma, beta, mean, variance, 1e-5);
    for (const view of Object.values(VIEWS)) {
      const folded = foldBatchnorm(view(w), view(b), view(gamma), view(beta), view(mean), view(variance), 1e-5);
      expect(folded.w).toEqualBits(expected.w);
      expect(folded.b).toEqualBits(expected.b);
    }
    expect(w).toEqualBits(before);
  });

  test('refuses what does not fit', () => {
    const [w, four, three] = [[4, 2], [4], [3]].map((shape) => new Random(1).randn(shape));
    expect(() => foldBatchnorm(w, three, four, four, four, four, 1e-5)).toThrow(
      new ShapeError('foldBatchnorm: b has shape (3,), expected (F=4,)'),
    );
    expect(() => foldBatchnorm(w, null, four, four, four, three, 1e-5)).toThrow(
      'variance has shape (3,), expected (F=4,)',
    );
    const double = new Random(1).randn([4], 'float64');
    expect(() => foldBatchnorm(w, null, null, null, double, four, 1e-5)).toThrow(
      'foldBatchnorm: mean has dtype float64, expected float32, the dtype of w',
    );
  });
});
