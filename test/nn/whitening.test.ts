import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostValues } from '../../src/arrays/index.js';
import { array, F, type NDArray, nn, Random } from '../../src/index.js';
import { symmetricEigen } from '../../src/nn/symmetric-eigen.js';
import { pretend } from '../helpers/pretend.js';

const { whitening_ } = nn.init;

describe('symmetricEigen', () => {
  test('by hand', () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
    expect(values[0]).toBeCloseTo(3, 14);
    expect(values[1]).toBeCloseTo(1, 14);
    expect(Math.abs(vectors[0][0])).toBeCloseTo(Math.SQRT1_2, 14);
    expect(vectors[0][0]).toBeCloseTo(vectors[0][1], 14);
    expect(vectors[1][0]).toBeCloseTo(-vectors[1][1], 14);
  });

  test('gives A again as V · diag(λ) · Vᵀ, with orthonormal V and falling λ', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 14 }), fc.integer(), (n, seed) => {
        const b = hostValues(new Random(seed).randn([n, n], 'float64'));
        const a = Float64Array.from({ length: n * n }, (_, k) => b[k] + b[(k % n) * n + Math.floor(k / n)]);
        const { values, vectors } = symmetricEigen(a, n);
        for (let i = 0; i < n; i++) {
          if (i > 0) expect(values[i]).toBeLessThanOrEqual(values[i - 1]);
          for (let j = 0; j < n; j++) {
            const again = vectors.reduce((sum, v, k) => sum + values[k] * v[i] * v[j], 0);
            expect(again).toBeCloseTo(a[i * n + j], 11);
            const product = vectors[i].reduce((sum, x, k) => sum + x * vectors[j][k], 0);
            expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
          }
        }
      }),
      { seed: 1, numRuns: 40 },
    );
  });
});

describe('whitening_', () => {
  /** Images whose neighbours and channels depend on each other. */
  function images(N: number, seed: number, dtype: 'float32' | 'float64' = 'float64'): NDArray {
    const noise = new Random(seed).randn([N, 2, 9, 8], dtype);
    const smooth = F.avgPool2d(noise, 2, { stride: 1 }).data;
    const grey = hostValues(smooth.pick(null, 0));
    return array(
      hostValues(smooth).map((x, i) => x + 0.5 * grey[Math.floor(i / 112) * 56 + (i % 56)]),
      smooth.shape,
      dtype,
    );
  }

  /** The second moments of a convolution's outputs, over all places. */
  function moments(conv: nn.Conv2d, X: NDArray): number[][] {
    const out = conv.forward(X).data;
    const [N, C, H, W] = out.shape;
    const rows = Array.from({ length: C }, (_, c) => hostValues(out.pick(null, c)));
    return rows.map((a) => rows.map((b) => Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0) / (N * H * W)));
  }

  test('makes outputs uncorrelated and of size one, their second half the negative of the first', () => {
    const X = images(60, 1);
    const conv = new nn.Conv2d(2, 16, 2, { bias: false }).double();
    expect(whitening_(conv.weight, X, { eps: 0 })).toBe(conv.weight);
    const found = moments(conv, X);
    for (let i = 0; i < 16; i++) {
      for (let j = 0; j < 16; j++) {
        const expected = i === j ? 1 : Math.abs(i - j) === 8 ? -1 : 0;
        // Second moments are of single precision within.
        expect(found[i][j]).toBeCloseTo(expected, 3);
      }
    }
  });

  test('of fewer filters takes the largest directions; eps keeps small ones small', () => {
    const X = images(30, 2, 'float32');
    const all = whitening_(new nn.Conv2d(2, 16, 2).weight, X, { eps: 0.01 });
    const some = whitening_(new nn.Conv2d(2, 6, 2).weight, X, { eps: 0.01 });
    expect([...hostValues(some.data)].slice(0, 24)).toEqual([...hostValues(all.data)].slice(0, 24));
    expect([...hostValues(some.data)].slice(24)).toEqual([...hostValues(some.data)].slice(0, 24).map((x) => -x));
    const norms = Array.from({ length: 8 }, (_, i) => Math.hypot(...hostValues(all.data).slice(8 * i, 8 * i + 8)));
    expect(norms).toEqual([...norms].sort((a, b) => a - b));
    expect(norms[7]).toBeLessThanOrEqual(10);
  });

  test('goes through many images in pieces, and reads strided ones', () => {
    const X = new Random(3).randn([9000, 1, 6, 6]);
    const [whole, strided] = [X, X.transpose(0, 1, 3, 2)].map((x) => {
      const weight = new nn.Conv2d(1, 18, 3).weight;
      whitening_(weight, x);
      return [...hostValues(weight.data)];
    });
    expect(Math.abs(Math.hypot(...whole) - Math.hypot(...strided))).toBeLessThan(1e-4);
  });

  const weight = () => new nn.Conv2d(2, 4, 2).weight;
  test.each<[make: () => unknown, message: string]>([
    [() => whitening_(pretend(1), images(2, 1)), 'whitening_: tensor is 1, expected a tensor or an array'],
    [() => whitening_(weight(), pretend(null)), 'whitening_: images is null, expected a tensor or an array'],
    [() => whitening_(weight(), array([1, 2])), 'whitening_: images has shape (2,)'],
    [() => whitening_(weight(), new Random(0).randn([2, 3, 4, 4])), 'whitening_: images has shape (2, 3, 4, 4)'],
    [
      () => whitening_(new nn.Conv2d(2, 17, 2).double().weight, images(2, 1)),
      'whitening_: tensor has 17 filters, expected at most 16: two for each of the 8 values of a patch',
    ],
    [
      () => whitening_(weight(), new Random(0).randn([2, 2, 1, 4])),
      'whitening_: images are (1, 4), expected at least (2, 2), a filter',
    ],
    [
      () => whitening_(weight(), array(new Float32Array(32), [1, 2, 4, 4]), { eps: 0 }),
      'whitening_: images have no variance in 8 of the 8 directions of a patch, expected some in each, or eps > 0',
    ],
    [
      () => whitening_(weight(), array(new Float32Array(32).fill(Number.NaN), [1, 2, 4, 4])),
      'whitening_: images have values that are not finite',
    ],
    [() => whitening_(weight(), images(2, 1), { eps: -1 }), 'whitening_: eps is -1, expected a number ≥ 0'],
  ])('refuses what does not fit: case %#', (make, message) => {
    expect(make).toThrow(message);
  });
});
