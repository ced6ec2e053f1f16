import { describe, expect, test } from 'vitest';
import { array, dtypeOf, linspace, type NDArray, ones, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { workspace } from '../../src/kernels/index.js';
import { affineBackward, affineBackwardWeights, affineForward } from '../../src/layers/index.js';
import { arraysOf, casesOf, DTYPES, expectGolden, expectPrinted } from '../helpers/fixtures.js';
import { describeKernelSets, useKernels } from '../helpers/kernel-sets.js';
import { expectSameOnViews } from '../helpers/views.js';

const x = array([
  [1, 2, 3],
  [4, 5, 6],
]);
const w = array([
  [1, -1],
  [0, 2],
  [3, 0],
]);
const b = array([10, 20]);

describe('affineForward', () => {
  test('computes x · w + b', () => {
    // (1·1 + 3·3 + 10, −1 + 2·2 + 20), (4 + 18 + 10, −4 + 10 + 20)
    expect(toNested(affineForward(x, w, b)[0])).toEqual([
      [20, 23],
      [32, 26],
    ]);
  });

  test('flattens every axis after the first', () => {
    const images = array(
      Array.from({ length: 24 }, (_, i) => i),
      [2, 3, 2, 2],
    );
    const [out] = affineForward(images, array(Array(24).fill(1), [12, 2]), array([0, 1]));
    expect(toNested(out)).toEqual([
      [66, 67],
      [210, 211],
    ]);
  });

  test.each(DTYPES)('gives %s for operands of it', (dtype) => {
    const [out] = affineForward(array([[1]], undefined, dtype), array([[1]], undefined, dtype), zeros([1], dtype));
    expect(dtypeOf(out)).toBe(dtype);
  });

  test.each<[what: string, x: NDArray, w: NDArray, b: NDArray, message: string]>([
    ['w of other rows', zeros([2, 3]), zeros([4, 5]), zeros([5]), 'w has shape (4, 5), expected (3, M)'],
    ['w against images', zeros([2, 3, 2, 2]), zeros([3, 5]), zeros([5]), 'w has shape (3, 5), expected (12, M)'],
    ['w of other rank', zeros([2, 3]), zeros([3]), zeros([5]), 'w has shape (3,), expected (3, M)'],
    ['b of other length', zeros([2, 3]), zeros([3, 5]), zeros([4]), 'b has shape (4,), expected (M=5,)'],
    ['b of other rank', zeros([2, 3]), zeros([3, 5]), zeros([1, 5]), 'b has shape (1, 5), expected (M=5,)'],
    ['x of rank 1', zeros([3]), zeros([3, 5]), zeros([5]), 'x has shape (3,), expected (N, …)'],
    [
      'no features',
      zeros([2, 0]),
      zeros([3, 5]),
      zeros([5]),
      'x has shape (2, 0), expected (N, …) with every size but N at least 1',
    ],
    [
      'no units',
      zeros([2, 3]),
      zeros([3, 0]),
      zeros([0]),
      'w has shape (3, 0), expected (3, M) with every size at least 1',
    ],
  ])('names %s', (_, x, w, b, message) => {
    expect(() => affineForward(x, w, b)).toThrow(
      expect.objectContaining({ name: 'ShapeError', message: `affineForward: ${message}` }),
    );
  });

  test.each<[what: string, x: unknown, w: unknown, b: unknown, message: string]>([
    [
      'w of another dtype',
      x,
      zeros([3, 5], 'float64'),
      zeros([5]),
      'w has dtype float64, expected float32, the dtype of x',
    ],
    [
      'b of another dtype',
      x,
      zeros([3, 5]),
      zeros([5], 'float64'),
      'b has dtype float64, expected float32, the dtype of x',
    ],
    [
      'a list',
      [1, 2],
      zeros([2, 1]),
      zeros([1]),
      'x is [1, 2], expected an array of float32 or float64: make it with array(x)',
    ],
    ['a missing b', x, zeros([3, 5]), undefined, 'b is undefined, expected an array of float32 or float64'],
    [
      'a typed array',
      x,
      zeros([3, 5]),
      new Float32Array(5),
      'b is a Float32Array, expected an array of float32 or float64: make it with array(b)',
    ],
  ])('refuses %s', (_, x, w, b, message) => {
    expect(() => affineForward(x as NDArray, w as NDArray, b as NDArray)).toThrow(
      expect.objectContaining({ name: 'TypeError', message: `affineForward: ${message}` }),
    );
  });

  test.each<[arg: string, x: NDArray, w: NDArray, b: NDArray]>([
    ['x', zeros([2, 3]).hi(3, 3), zeros([3, 5]), zeros([5])],
    ['w', zeros([2, 3]), zeros([2, 5]).hi(3, 5), zeros([5])],
    ['b', zeros([2, 3]), zeros([3, 5]), zeros([4]).hi(5)],
  ])('names %s where it reaches outside its memory', (arg, x, w, b) => {
    expect(() => affineForward(x, w, b)).toThrow(
      new RegExp(`^affineForward: ${arg}: an array of shape \\([0-9, ]+\\) reaches outside its \\d+ values$`),
    );
  });
});

describe('an array whose workspace has ended', () => {
  useKernels('wasm', 1);

  test('is named, with the way out', () => {
    let gone = x;
    workspace(() => {
      gone = zeros([2, 3]);
    });
    expect(() => affineForward(gone, w, b)).toThrow(
      'affineForward: x: this array was made in a workspace that has ended: return it from the function given to ' +
        'workspace(), or copy it with resident(a)',
    );
  });
});

describe('affineBackward', () => {
  test('computes the three gradients', () => {
    const dout = array([
      [1, 2],
      [3, -1],
    ]);
    const { dx, dw, db } = affineBackward(dout, affineForward(x, w, b)[1]);
    // dout · wᵀ, xᵀ · dout, and the sums of the columns of dout
    expect(toNested(dx)).toEqual([
      [-1, 4, 3],
      [4, -2, 9],
    ]);
    expect(toNested(dw)).toEqual([
      [13, -2],
      [17, -1],
      [21, 0],
    ]);
    expect(toNested(db)).toEqual([4, 1]);
  });

  test('gives dx the shape of x', () => {
    const [, cache] = affineForward(zeros([2, 3, 1, 2]), zeros([6, 4]), zeros([4]));
    expect(affineBackward(zeros([2, 4]), cache).dx.shape).toEqual([2, 3, 1, 2]);
  });

  test('agrees with the numerical gradient', () => {
    const random = new Random(1);
    const x = random.randn([5, 2, 3], 'float64');
    const w = random.randn([6, 4], 'float64');
    const b = random.randn([4], 'float64');
    const dout = random.randn([5, 4], 'float64');
    const forward = () => affineForward(x, w, b)[0];

    const { dx, dw, db } = affineBackward(dout, affineForward(x, w, b)[1]);

    const tolerance = { rtol: 1e-8, atol: 1e-9 };
    expect(dx).toBeAllClose(evalNumericalGradientArray(forward, x, dout), tolerance);
    expect(dw).toBeAllClose(evalNumericalGradientArray(forward, w, dout), tolerance);
    expect(db).toBeAllClose(evalNumericalGradientArray(forward, b, dout), tolerance);
  });

  test.each([
    [zeros([2, 3]), 'dout has shape (2, 3), expected (2, 2)'],
    [zeros([1, 2]), 'dout has shape (1, 2), expected (2, 2)'],
    [zeros([4]), 'dout has shape (4,), expected (2, 2)'],
    [zeros([2, 2], 'float64'), 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit', (dout, message) => {
    const [, cache] = affineForward(x, w, b);
    expect(() => affineBackward(dout, cache)).toThrow(`affineBackward: ${message}`);
    expect(() => affineBackwardWeights(dout, cache)).toThrow(`affineBackwardWeights: ${message}`);
  });
});

describe('affineBackwardWeights', () => {
  test('gives the dw and db of affineBackward, bit for bit, and nothing else', () => {
    const random = new Random(2);
    const [, cache] = affineForward(random.randn([7, 9]), random.randn([9, 5]), random.randn([5]));
    const dout = random.randn([7, 5]);
    const all = affineBackward(dout, cache);
    const { dw, db, ...rest } = affineBackwardWeights(dout, cache);
    expect(dw).toEqualBits(all.dw);
    expect(db).toEqualBits(all.db);
    expect(rest).toEqual({});
  });
});

/** Copies of the same weights by rows, and as the transpose of an (M, D) array. */
function layoutsOf(w: NDArray): readonly [byRows: NDArray, transposed: NDArray] {
  return [array(w), array(w.transpose(1, 0)).transpose(1, 0)];
}

describe('weights stored as (M, D)', () => {
  test('get a gradient stored as (M, D), with its values in place', () => {
    const [, transposed] = layoutsOf(w);
    const [out, cache] = affineForward(x, transposed, b);
    expect(toNested(out)).toEqual([
      [20, 23],
      [32, 26],
    ]);
    const dout = array([
      [1, 2],
      [3, -1],
    ]);
    for (const { dw } of [affineBackward(dout, cache), affineBackwardWeights(dout, cache)]) {
      expect([dw.shape, dw.stride]).toEqual([
        [3, 2],
        [1, 3],
      ]);
      expect([...dw.data]).toEqual([13, 17, 21, -2, -1, 0]);
    }
  });

  test('as a part of a larger array', () => {
    const larger = array(linspace(1, 12, 12, 'float32'), [4, 3]);
    const part = larger.lo(1, 0).hi(2, 3).transpose(1, 0);
    const [out, cache] = affineForward(x, part, b);
    const [expected, expectedCache] = affineForward(x, array(part), b);
    expect(out).toEqualBits(expected);
    expect(affineBackward(out, cache).dx).toEqualBits(affineBackward(out, expectedCache).dx);
    expect(affineBackward(out, cache).dw).toEqualBits(affineBackward(out, expectedCache).dw);
  });
});

describe('the gradient of weights stored as (M, D)', () => {
  useKernels('wasm', 1);

  const gradient = () => affineBackwardWeights(ones([2, 2]), affineForward(x, layoutsOf(w)[1], b)[1]).dw;

  test('ends with its workspace, and outlives it where it is returned', () => {
    let gone = x;
    const kept = workspace(() => {
      gone = gradient();
      return workspace(gradient);
    });
    expect(() => toNested(gone)).toThrow('this array was made in a workspace that has ended');
    expect(toNested(kept)).toEqual([
      [5, 5],
      [7, 7],
      [9, 9],
    ]);
  });
});

describeKernelSets('affine', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each([
      [1, 1, 1],
      [3, 1, 4],
      [3, 4, 1],
      [13, 29, 17],
    ])('computes the same bits for w by rows and transposed: %i × %i × %i', (N, D, M) => {
      const random = new Random(4);
      const [x, b, dout] = [random.randn([N, D], dtype), random.randn([M], dtype), random.randn([N, M], dtype)];
      const [byRows, transposed] = layoutsOf(random.randn([D, M], dtype));
      const [out, cache] = affineForward(x, byRows, b);
      const [outT, cacheT] = affineForward(x, transposed, b);
      expect(outT).toEqualBits(out);
      const [grads, gradsT] = [affineBackward(dout, cache), affineBackward(dout, cacheT)];
      for (const name of ['dx', 'dw', 'db'] as const) expect(gradsT[name], name).toEqualBits(grads[name]);
      expect(grads.dw.stride).toEqual([M, 1]);
      expect(gradsT.dw.stride).toEqual([1, D]);
    });

    test.each(casesOf('affine'))('golden: $name', (c) => {
      const { x, dout } = arraysOf(c.inputs, dtype);
      const { w, b } = arraysOf(c.params, dtype);
      const [out, cache] = affineForward(x, w, b);
      expectGolden(c, { out, ...(dout && affineBackward(dout, cache)) }, dtype);
      if (c.printed !== undefined && dtype === 'float64') expectPrinted(c, { out });
    });

    test('takes any view, writes to none of its arguments, and returns new arrays', () => {
      const random = new Random(3);
      const x = random.randn([4, 3, 5], dtype);
      const w = random.randn([15, 7], dtype);
      const b = random.randn([7], dtype);
      const dout = random.randn([4, 7], dtype);
      expectSameOnViews([x, w, b, dout], (x, w, b, dout) => {
        const [out, cache] = affineForward(x, w, b);
        const { dx, dw, db } = affineBackward(dout, cache);
        const weights = affineBackwardWeights(dout, cache);
        return [out, dx, dw, db, weights.dw, weights.db];
      });
    });

    test('computes on an x of rank 2 what it does on images', () => {
      const flat = linspace(-1, 1, 24, dtype);
      const w = linspace(0, 1, 36, dtype);
      const asMatrix = affineForward(array(flat, [2, 12]), array(w, [12, 3]), zeros([3], dtype));
      const asImages = affineForward(array(flat, [2, 3, 2, 2]), array(w, [12, 3]), zeros([3], dtype));
      expect(asImages[0]).toEqualBits(asMatrix[0]);
    });
  });
});
