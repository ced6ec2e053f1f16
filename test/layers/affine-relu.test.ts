import { describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import {
  affineBackward,
  affineForward,
  affineReluBackward,
  affineReluBackwardWeights,
  affineReluForward,
  reluBackward,
  reluForward,
} from '../../src/layers/index.js';
import { arraysOf, casesOf, DTYPES, expectGolden } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { expectSameOnViews } from '../helpers/views.js';

describe('affineReluForward', () => {
  test('computes max(0, x · w + b)', () => {
    const w = array([
      [1, -1],
      [2, 0],
    ]);
    // (1 + 4 − 3, −1 + 0.5) and (−1 + 2 − 3, 1 + 0.5), then the ReLU
    const [out] = affineReluForward(
      array([
        [1, 2],
        [-1, 1],
      ]),
      w,
      array([-3, 0.5]),
    );
    expect(toNested(out)).toEqual([
      [2, 0],
      [0, 1.5],
    ]);
  });

  test.each<[what: string, x: NDArray, w: NDArray, b: NDArray, message: string]>([
    ['w', zeros([2, 3]), zeros([4, 5]), zeros([5]), 'w has shape (4, 5), expected (3, M)'],
    ['b', zeros([2, 3]), zeros([3, 5]), zeros([4]), 'b has shape (4,), expected (M=5,)'],
    ['x', zeros([3]), zeros([3, 5]), zeros([5]), 'x has shape (3,), expected (N, …)'],
    [
      'an empty x',
      zeros([2, 0]),
      zeros([3, 5]),
      zeros([5]),
      'x has shape (2, 0), expected (N, …) with every size but N at least 1',
    ],
    [
      'the dtype of w',
      zeros([2, 3]),
      zeros([3, 5], 'float64'),
      zeros([5]),
      'w has dtype float64, expected float32, the dtype of x',
    ],
    [
      'the dtype of b',
      zeros([2, 3]),
      zeros([3, 5]),
      zeros([5], 'float64'),
      'b has dtype float64, expected float32, the dtype of x',
    ],
  ])('names %s where it does not fit', (_, x, w, b, message) => {
    expect(() => affineReluForward(x, w, b)).toThrow(`affineReluForward: ${message}`);
  });
});

describe('affineReluBackward', () => {
  test('computes the three gradients', () => {
    const w = array([
      [1, -1],
      [2, 0],
    ]);
    const x = array([
      [1, 2],
      [-1, 1],
    ]);
    const [, cache] = affineReluForward(x, w, array([-3, 0.5]));
    const dout = array([
      [10, 20],
      [30, 40],
    ]);
    // The ReLU lets through 10 and 40.
    const { dx, dw, db } = affineReluBackward(dout, cache);
    expect(toNested(dx)).toEqual([
      [10, 20],
      [-40, 0],
    ]);
    expect(toNested(dw)).toEqual([
      [10, -40],
      [20, 40],
    ]);
    expect(toNested(db)).toEqual([10, 40]);
  });

  test('agrees with the numerical gradient', () => {
    const random = new Random(6);
    const x = random.randn([3, 2, 4], 'float64');
    const w = random.randn([8, 5], 'float64');
    const b = random.randn([5], 'float64');
    const dout = random.randn([3, 5], 'float64');
    const forward = () => affineReluForward(x, w, b)[0];
    expect(Math.min(...hostValues(affineForward(x, w, b)[0]).map(Math.abs))).toBeGreaterThan(1e-3);

    const { dx, dw, db } = affineReluBackward(dout, affineReluForward(x, w, b)[1]);

    const tolerance = { rtol: 1e-8, atol: 1e-9 };
    expect(dx).toBeAllClose(evalNumericalGradientArray(forward, x, dout), tolerance);
    expect(dw).toBeAllClose(evalNumericalGradientArray(forward, w, dout), tolerance);
    expect(db).toBeAllClose(evalNumericalGradientArray(forward, b, dout), tolerance);
  });

  test.each([
    [zeros([2, 2]), 'dout has shape (2, 2), expected (2, 5)'],
    [zeros([5]), 'dout has shape (5,), expected (2, 5)'],
    [zeros([2, 5], 'float64'), 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit', (dout, message) => {
    const [, cache] = affineReluForward(zeros([2, 3]), zeros([3, 5]), zeros([5]));
    expect(() => affineReluBackward(dout, cache)).toThrow(`affineReluBackward: ${message}`);
    expect(() => affineReluBackwardWeights(dout, cache)).toThrow(`affineReluBackwardWeights: ${message}`);
  });
});

describeKernelSets('affine-relu', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(casesOf('affine_relu'))('golden: $name', (c) => {
      const { x, dout } = arraysOf(c.inputs, dtype);
      const { w, b } = arraysOf(c.params, dtype);
      const [out, cache] = affineReluForward(x, w, b);
      expectGolden(c, { out, ...affineReluBackward(dout, cache) }, dtype);
    });

    test('does what affine and ReLU do one after the other', () => {
      const random = new Random(7);
      const [x, w, b] = [random.randn([13, 29], dtype), random.randn([29, 17], dtype), random.randn([17], dtype)];
      const dout = random.randn([13, 17], dtype);
      const [a, affine] = affineForward(x, w, b);
      const [out, relu] = reluForward(a);
      const expected = affineBackward(reluBackward(dout, relu), affine);

      const [fused, cache] = affineReluForward(x, w, b);
      const { dx, dw, db } = affineReluBackward(dout, cache);

      expect(fused).toEqualBits(out);
      expect(dx).toEqualBits(expected.dx);
      expect(dw).toEqualBits(expected.dw);
      expect(db).toBeAllClose(expected.db, dtype === 'float64' ? { rtol: 1e-13 } : { rtol: 1e-5, atol: 1e-6 });
    });

    test('the variant without dx gives the same dw and db, and nothing else', () => {
      const random = new Random(8);
      const [x, w, b] = [random.randn([7, 9], dtype), random.randn([9, 5], dtype), random.randn([5], dtype)];
      const dout = random.randn([7, 5], dtype);
      const [, cache] = affineReluForward(x, w, b);
      const all = affineReluBackward(dout, cache);
      const { dw, db, ...rest } = affineReluBackwardWeights(dout, cache);
      expect(dw).toEqualBits(all.dw);
      expect(db).toEqualBits(all.db);
      expect(rest).toEqual({});
    });

    test('gives the gradient of transposed weights in their layout, with the same bits', () => {
      const random = new Random(10);
      const [x, w, b] = [random.randn([7, 9], dtype), random.randn([9, 5], dtype), random.randn([5], dtype)];
      const dout = random.randn([7, 5], dtype);
      const transposed = array(w.transpose(1, 0)).transpose(1, 0);
      const [out, cache] = affineReluForward(x, w, b);
      const [outT, cacheT] = affineReluForward(x, transposed, b);
      expect(outT).toEqualBits(out);
      const expected = affineReluBackward(dout, cache);
      const grads = affineReluBackward(dout, cacheT);
      expect(grads.dx).toEqualBits(expected.dx);
      for (const { dw, db } of [grads, affineReluBackwardWeights(dout, cacheT)]) {
        expect(dw).toEqualBits(expected.dw);
        expect(dw.stride).toEqual([1, 9]);
        expect(db).toEqualBits(expected.db);
      }
    });

    test('NaN comes through the forward pass', () => {
      const x = array([[1], [Number.NaN], [-1]], undefined, dtype);
      const [out] = affineReluForward(x, array([[2, -2]], undefined, dtype), zeros([2], dtype));
      expect([...hostValues(out)]).toEqual([2, 0, Number.NaN, Number.NaN, 0, 2]);
    });

    test('takes any view, writes to none of its arguments, and returns new arrays', () => {
      const random = new Random(9);
      const x = random.randn([4, 3, 5], dtype);
      const w = random.randn([15, 7], dtype);
      const b = random.randn([7], dtype);
      const dout = random.randn([4, 7], dtype);
      expectSameOnViews([x, w, b, dout], (x, w, b, dout) => {
        const [out, cache] = affineReluForward(x, w, b);
        const { dx, dw, db } = affineReluBackward(dout, cache);
        const weights = affineReluBackwardWeights(dout, cache);
        const results = [out, dx, dw, db, weights.dw, weights.db];
        expect(results.map(dtypeOf)).toEqual(results.map(() => dtype));
        return results;
      });
    });
  });
});
