import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, dtypeOf, type NDArray, ones, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { workspace } from '../../src/kernels/index.js';
import {
  addBackward,
  addForward,
  affineBackward,
  affineForward,
  matmulBackward,
  matmulForward,
  transposeBackward,
  transposeForward,
} from '../../src/layers/index.js';
import { broadcastingShapes, indicesOf, placeOf } from '../helpers/broadcasting.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets, useKernels } from '../helpers/kernel-sets.js';
import { expectSameOnViews } from '../helpers/views.js';

describe('by hand', () => {
  const a = array([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const b = array([
    [1, 0],
    [0, 1],
    [2, 2],
  ]);

  test('two matrices', () => {
    const [out, cache] = matmulForward(a, b);
    expect(toNested(out)).toEqual([
      [7, 8],
      [16, 17],
    ]);
    const { da, db } = matmulBackward(
      array([
        [1, 2],
        [0, 1],
      ]),
      cache,
    );
    expect(toNested(da)).toEqual([
      [1, 2, 6],
      [0, 1, 2],
    ]);
    expect(toNested(db)).toEqual([
      [1, 6],
      [2, 9],
      [3, 12],
    ]);
  });

  test('vectors, from either side and two of them', () => {
    const v = array([1, 1, 2]);
    expect(toNested(matmulForward(a, v)[0])).toEqual([9, 21]);
    expect(toNested(matmulForward(v, b)[0])).toEqual([5, 5]);
    const [dot, cache] = matmulForward(v, array([3, 4, 5]));
    expect(dot.shape).toEqual([]);
    expect(toNested(dot)).toBe(17);
    const { da, db } = matmulBackward(array(10), cache);
    expect([toNested(da), toNested(db)]).toEqual([
      [30, 40, 50],
      [10, 10, 20],
    ]);
  });

  test('a batch with one matrix, and with a batch of its own', () => {
    const batch = array([[[1, 2]], [[3, 4]]]);
    const swap = array([
      [0, 1],
      [1, 0],
    ]);
    expect(toNested(matmulForward(batch, swap)[0])).toEqual([[[2, 1]], [[4, 3]]]);
    const own = array([
      [[1], [1]],
      [[2], [3]],
    ]);
    expect(toNested(matmulForward(batch, own)[0])).toEqual([[[3]], [[18]]]);
  });
});

describe('matmulForward', () => {
  test.each<[a: unknown, b: unknown, message: string]>([
    [zeros([2, 3]), zeros([4, 5]), 'b has shape (4, 5), expected (K=3, M)'],
    [zeros([2, 3]), zeros([4]), 'b has shape (4,), expected (K=3,)'],
    [zeros([3]), zeros([2, 4, 5]), 'b has shape (2, 4, 5), expected (…, K=3, M)'],
    [zeros([]), zeros([3]), 'a has shape (), expected at least one axis'],
    [zeros([3]), zeros([]), 'b has shape (), expected at least one axis'],
    [
      zeros([2, 1, 4, 3]),
      zeros([3, 5, 3, 4]),
      'a has shape (2, 1, 4, 3), b has shape (3, 5, 3, 4): the sizes 2 and 3 do not broadcast',
    ],
    [zeros([2, 0]), zeros([3, 4]), 'b has shape (3, 4), expected (K=0, M)'],
    [zeros([2, 3]), zeros([3, 4], 'float64'), 'b has dtype float64, expected float32, the dtype of a'],
    [zeros([2, 3]), [1], 'b is [1], expected an array of float32 or float64'],
  ])('refuses what does not fit', (a, b, message) => {
    expect(() => matmulForward(a as NDArray, b as NDArray)).toThrow(`matmulForward: ${message}`);
  });
});

describe('matmulBackward', () => {
  test.each([
    [zeros([2, 3]), 'dout has shape (2, 3), expected (2, 4)'],
    [zeros([2, 4], 'float64'), 'dout has dtype float64, expected float32, the dtype of a'],
  ])('names a dout that does not fit', (dout, message) => {
    const [, cache] = matmulForward(zeros([2, 3]), zeros([3, 4]));
    expect(() => matmulBackward(dout, cache)).toThrow(`matmulBackward: ${message}`);
  });

  test.each([
    [
      [3, 4],
      [4, 2],
    ],
    [[4], [4]],
    [[4], [3, 4, 2]],
    [[2, 3, 4], [4]],
    [
      [2, 3, 4],
      [4, 2],
    ],
    [
      [3, 4],
      [2, 4, 2],
    ],
    [
      [2, 1, 3, 4],
      [3, 4, 2],
    ],
  ])('agrees with the numerical gradient of %j and %j', (aShape, bShape) => {
    const random = new Random(18);
    const [a, b] = [random.randn(aShape, 'float64'), random.randn(bShape, 'float64')];
    const [out, cache] = matmulForward(a, b);
    const dout = random.randn(out.shape, 'float64');
    const { da, db } = matmulBackward(dout, cache);
    const value = () => matmulForward(a, b)[0];
    expect(da).toBeAllClose(evalNumericalGradientArray(value, a, dout), { rtol: 1e-8, atol: 1e-9 });
    expect(db).toBeAllClose(evalNumericalGradientArray(value, b, dout), { rtol: 1e-8, atol: 1e-9 });
  });

  test('lays the gradient of a transposed matrix out as the matrix', () => {
    const weights = ones([5, 4]);
    for (const aShape of [
      [3, 4],
      [2, 3, 4],
    ]) {
      const [out, cache] = matmulForward(ones(aShape), weights.transpose(1, 0));
      expect(matmulBackward(out, cache).db.stride).toEqual([1, 4]);
    }
  });
});

describe('in a workspace', () => {
  useKernels('wasm', 2);

  test('results have the same bits, and survive where they are returned, views among them', () => {
    const random = new Random(29);
    const [x, weights, bias] = [random.randn([2, 3, 4]), random.randn([5, 4]), random.randn([5])];
    const run = (): NDArray[] => {
      const [w, transpose] = transposeForward(weights);
      const [product, matmul] = matmulForward(x, w);
      const [out, add] = addForward(product, bias);
      const { da: dproduct, db: dbias } = addBackward(out, add);
      const { da: dx, db: dw } = matmulBackward(dproduct, matmul);
      return [product, out, dbias, dx, dw, transposeBackward(dw, transpose)];
    };
    const expected = run();
    workspace(run).forEach((result, i) => {
      expect(result).toEqualBits(expected[i]);
    });
    workspace(() => workspace(run)).forEach((result, i) => {
      expect(result).toEqualBits(expected[i]);
    });
  });
});

describeKernelSets('matmul', () => {
  const problems = fc.record({
    batches: broadcastingShapes,
    sizes: fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 5 }))),
    vectors: fc.constantFrom('none', 'none', 'a', 'b', 'both'),
    seed: fc.integer(),
  });

  test.each(DTYPES)('does what a loop over all indices does, in %s', (dtype) => {
    fc.assert(
      fc.property(problems, ({ batches, sizes: [N, K, M], vectors, seed }) => {
        const random = new Random(seed);
        const [aIsVector, bIsVector] = ['a', 'b'].map((name) => vectors === name || vectors === 'both');
        // As matrices, of which vectors are some of one row or column.
        const aShape = aIsVector ? [1, K] : [...batches.a, N, K];
        const bShape = bIsVector ? [K, 1] : [...batches.b, K, M];
        const a = random.randn(aIsVector ? [K] : aShape, dtype);
        const b = random.randn(bIsVector ? [K] : bShape, dtype);
        const [out, cache] = matmulForward(a, b);

        const [aBatch, bBatch] = [aShape.slice(0, -2), bShape.slice(0, -2)];
        const rank = Math.max(aBatch.length, bBatch.length);
        const batch = Array.from({ length: rank }, (_, axis) =>
          Math.max(aBatch[axis - rank + aBatch.length] ?? 1, bBatch[axis - rank + bBatch.length] ?? 1),
        );
        const [rows, columns] = [aShape[aShape.length - 2], bShape[bShape.length - 1]];
        expect(out.shape).toEqual([...batch, ...(aIsVector ? [] : [rows]), ...(bIsVector ? [] : [columns])]);

        const dout = random.randn(out.shape, dtype);
        const { da, db } = matmulBackward(dout, cache);
        const expected = [out, a, b].map(({ shape }) => ({ shape, sums: new Float64Array(zeros(shape).size) }));
        indicesOf([...batch, rows, columns, K]).forEach((index) => {
          const [n, m, k] = index.slice(-3);
          const at = index.slice(0, -3);
          const i = placeOf([...at, n, m], [...batch, rows, columns]);
          const p = placeOf([...at, n, k], aShape);
          const q = placeOf([...at, k, m], bShape);
          expected[0].sums[i] += a.data[p] * b.data[q];
          expected[1].sums[p] += dout.data[i] * b.data[q];
          expected[2].sums[q] += dout.data[i] * a.data[p];
        });
        [out, da, db].forEach((result, i) => {
          const tolerance = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-12 } : { rtol: 1e-5, atol: 1e-4 };
          expect(result).toBeAllClose(array(expected[i].sums, expected[i].shape, dtype), tolerance);
          expect(dtypeOf(result)).toBe(dtype);
        });
      }),
      { numRuns: 100 },
    );
  });

  test('does what an affine layer without biases does, bit for bit', () => {
    const random = new Random(19);
    const [x, w, dout] = [random.randn([33, 70]), random.randn([70, 45]), random.randn([33, 45])];
    for (const weights of [w, array(w.transpose(1, 0)).transpose(1, 0)]) {
      const [out, cache] = matmulForward(x, weights);
      const [expected, affine] = affineForward(x, weights, zeros([45]));
      const [grads, affineGrads] = [matmulBackward(dout, cache), affineBackward(dout, affine)];
      expect(out).toEqualBits(expected);
      expect(grads.da).toEqualBits(affineGrads.dx);
      expect(grads.db).toEqualBits(affineGrads.dw);
    }
  });

  test('takes any view, writes to none of its arguments, and returns new arrays', () => {
    const random = new Random(20);
    for (const [aShape, bShape, outShape] of [
      [
        [4, 6],
        [6, 3],
        [4, 3],
      ],
      [
        [2, 4, 6],
        [6, 3],
        [2, 4, 3],
      ],
      [
        [2, 4, 6],
        [2, 6, 3],
        [2, 4, 3],
      ],
      [[6], [6, 3], [3]],
      [[4, 6], [6], [4]],
    ]) {
      expectSameOnViews(
        [aShape, bShape, outShape].map((shape) => random.randn(shape)),
        (a, b, dout) => {
          const [out, cache] = matmulForward(a, b);
          const { da, db } = matmulBackward(dout, cache);
          return [out, da, db];
        },
      );
    }
  });
});
