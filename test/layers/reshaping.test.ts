import { describe, expect, test } from 'vitest';
import { array, dtypeOf, type NDArray, ones, Random, toNested, zeros } from '../../src/arrays/index.js';
import { workspace } from '../../src/kernels/index.js';
import {
  broadcastToBackward,
  broadcastToForward,
  reshapeBackward,
  reshapeForward,
  transposeBackward,
  transposeForward,
} from '../../src/layers/index.js';
import { indicesOf, placeOf, valuesOf } from '../helpers/broadcasting.js';
import { DTYPES } from '../helpers/fixtures.js';
import { useKernels } from '../helpers/kernel-sets.js';
import { expectSameOnViews, VIEWS } from '../helpers/views.js';

const x = array([
  [1, 2, 3],
  [4, 5, 6],
]);

describe('reshape', () => {
  test.each<[shape: number[], expected: number[]]>([
    [
      [3, 2],
      [3, 2],
    ],
    [[6], [6]],
    [[-1], [6]],
    [
      [1, -1, 2],
      [1, 3, 2],
    ],
    [
      [6, -1],
      [6, 1],
    ],
  ])('to %j', (shape, expected) => {
    const [out, cache] = reshapeForward(x, shape);
    expect(out.shape).toEqual(expected);
    expect(valuesOf(out)).toEqual([1, 2, 3, 4, 5, 6]);
    const dx = reshapeBackward(out, cache);
    expect(toNested(dx)).toEqual(toNested(x));
  });

  test('to and from an array without axes', () => {
    const [out, cache] = reshapeForward(array([[7]]), []);
    expect(out.shape).toEqual([]);
    expect(toNested(out)).toBe(7);
    expect(toNested(reshapeBackward(array(3), cache))).toEqual([[3]]);
    expect(toNested(reshapeForward(array(7), [1, -1])[0])).toEqual([[7]]);
  });

  test('shares the memory of dense arrays, a part of a larger one too, and copies the rest', () => {
    const larger = array([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    const part = larger.lo(1, 0).hi(2, 2);
    const [out] = reshapeForward(part, [4]);
    expect(out.data).toBe(larger.data);
    expect(toNested(out)).toEqual([3, 4, 5, 6]);
    const [copy] = reshapeForward(part.transpose(1, 0), [4]);
    expect(copy.data).not.toBe(larger.data);
    expect(toNested(copy)).toEqual([3, 5, 4, 6]);
  });

  test.each(Object.entries(VIEWS))('takes the values of a %s view in their order', (_, viewOf) => {
    for (const dtype of DTYPES) {
      const a = new Random(21).randn([4, 3, 5], dtype);
      const [out, cache] = reshapeForward(viewOf(a), [5, -1]);
      expect(out).toEqualBits(array(a, [5, 12]));
      expect(reshapeBackward(viewOf(out), cache)).toEqualBits(a);
    }
  });

  test.each<[x: unknown, shape: unknown, message: string]>([
    [x, [4], 'x has shape (2, 3), its 6 values do not fill (4,)'],
    [x, [4, -1], 'x has shape (2, 3), its 6 values do not fill (4, -1)'],
    [x, [0, -1], 'x has shape (2, 3), its 6 values do not fill (0, -1)'],
    [x, [-1, -1], 'shape is [-1, -1], expected whole numbers ≥ 0, one of which may be -1'],
    [x, [1.5, 4], 'shape is [1.5, 4], expected whole numbers ≥ 0, one of which may be -1'],
    [x, 6, 'shape is 6, expected a list of whole numbers ≥ 0, one of which may be -1'],
    [zeros([0, 2]), [0, -1], 'x has shape (0, 2), its 0 values do not fill (0, -1)'],
    [zeros([0]), [1], 'x has shape (0,), its 0 values do not fill (1,)'],
  ])('refuses what does not fit', (x, shape, message) => {
    expect(() => reshapeForward(x as NDArray, shape as number[])).toThrow(`reshapeForward: ${message}`);
  });

  test('names a dout that does not fit', () => {
    const [, cache] = reshapeForward(x, [3, 2]);
    expect(() => reshapeBackward(x, cache)).toThrow('reshapeBackward: dout has shape (2, 3), expected (3, 2)');
    expect(() => reshapeBackward(zeros([3, 2], 'float64'), cache)).toThrow(
      'reshapeBackward: dout has dtype float64, expected float32, the dtype of out',
    );
  });
});

describe('transpose', () => {
  test('reverses all axes, or orders them as it is told', () => {
    expect(toNested(transposeForward(x)[0])).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(transposeForward(zeros([2, 3, 4]))[0].shape).toEqual([4, 3, 2]);
    expect(transposeForward(zeros([2, 3, 4]), [0, -1, 1])[0].shape).toEqual([2, 4, 3]);
    expect(toNested(transposeForward(array(5))[0])).toBe(5);
  });

  test('the gradient is transposed back', () => {
    const a = new Random(22).randn([2, 3, 4]);
    for (const axes of [undefined, [0, 1, 2], [1, 2, 0], [2, 0, 1], [-1, 0, 1]]) {
      const [out, cache] = transposeForward(a, axes);
      expect(transposeBackward(out, cache)).toEqualBits(a);
    }
  });

  test('shares the memory of its argument', () => {
    const [out, cache] = transposeForward(x);
    expect(out.data).toBe(x.data);
    const dout = ones([3, 2]);
    expect(transposeBackward(dout, cache).data).toBe(dout.data);
  });

  test.each<[axes: unknown, message: string]>([
    [[0], 'axes is [0], expected each axis of shape (2, 3) once'],
    [[0, 0], 'axes is [0, 0], expected each axis of shape (2, 3) once'],
    [[1, -1], 'axes is [1, -1], expected each axis of shape (2, 3) once'],
    [1, 'axes is 1, expected each axis of shape (2, 3) once'],
    [[0, 2], 'axis is 2, expected a whole number from -2 to 1 for shape (2, 3)'],
  ])('refuses axes %j', (axes, message) => {
    expect(() => transposeForward(x, axes as number[])).toThrow(`transposeForward: ${message}`);
  });

  test('names a dout that does not fit', () => {
    expect(() => transposeBackward(x, transposeForward(x)[1])).toThrow(
      'transposeBackward: dout has shape (2, 3), expected (3, 2)',
    );
  });
});

describe('views of arrays of a workspace', () => {
  useKernels('wasm', 1);

  test.each<[name: string, view: (x: NDArray) => NDArray]>([
    ['reshape', (x) => reshapeForward(x, [6])[0]],
    ['transpose', (x) => transposeForward(x)[0]],
  ])('%s: end with it, and outlive it where they are returned', (_, view) => {
    const expected = valuesOf(view(x));
    let gone = x;
    const kept = workspace(() => {
      gone = view(array(x));
      return workspace(() => view(array(x)));
    });
    expect(() => valuesOf(gone)).toThrow('this array was made in a workspace that has ended');
    expect(valuesOf(kept)).toEqual(expected);
  });
});

describe('broadcastTo', () => {
  test('repeats along new axes and axes of size 1, and sums over them on the way back', () => {
    const [out, cache] = broadcastToForward(array([[1], [2]]), [2, 2, 3]);
    expect(toNested(out)).toEqual([
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
    ]);
    const dout = array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 2, 3]);
    // 1 + 2 + 3 + 7 + 8 + 9, and 4 + 5 + 6 + 10 + 11 + 12
    expect(toNested(broadcastToBackward(dout, cache))).toEqual([[30], [48]]);
    expect(toNested(broadcastToForward(array(3), [2])[0])).toEqual([3, 3]);
  });

  test.each([
    [[3], [2, 3]],
    [
      [2, 1],
      [4, 2, 3],
    ],
    [
      [2, 3],
      [2, 3],
    ],
    [[], [2, 2]],
    [[], []],
  ])('%j to %j does what a loop does', (from, to) => {
    for (const dtype of DTYPES) {
      const random = new Random(23);
      const a = random.randn(from, dtype);
      const [out, cache] = broadcastToForward(a, to);
      expect(out.data).not.toBe(a.data);
      expect(valuesOf(out)).toEqual(indicesOf(to).map((index) => a.data[placeOf(index, from)]));
      const dout = random.randn(to, dtype);
      const sums = new Float64Array(a.size);
      indicesOf(to).forEach((index, i) => {
        sums[placeOf(index, from)] += dout.data[i];
      });
      const dx = broadcastToBackward(dout, cache);
      expect(dx).toBeAllClose(array(sums, from, dtype), { rtol: 1e-6 });
      expect(dtypeOf(dx)).toBe(dtype);
    }
  });

  test.each<[x: NDArray, shape: unknown, message: string]>([
    [x, [3], 'x has shape (2, 3), which does not broadcast to (3,)'],
    [x, [2, 4], 'x has shape (2, 3), which does not broadcast to (2, 4)'],
    [x, [3, 2, 1], 'x has shape (2, 3), which does not broadcast to (3, 2, 1)'],
    [zeros([2]), [0], 'x has shape (2,), which does not broadcast to (0,)'],
    [x, [-1, 3], 'shape is [-1, 3], expected a list of whole numbers ≥ 0'],
  ])('refuses what does not fit', (x, shape, message) => {
    expect(() => broadcastToForward(x, shape as number[])).toThrow(`broadcastToForward: ${message}`);
  });

  test('names a dout that does not fit', () => {
    expect(() => broadcastToBackward(x, broadcastToForward(x, [2, 2, 3])[1])).toThrow(
      'broadcastToBackward: dout has shape (2, 3), expected (2, 2, 3)',
    );
  });

  test('takes any view, and writes to none of its arguments', () => {
    const random = new Random(24);
    expectSameOnViews([random.randn([4, 1, 5]), random.randn([2, 4, 3, 5])], (x, dout) => {
      const [out, cache] = broadcastToForward(x, [2, 4, 3, 5]);
      return [out, broadcastToBackward(dout, cache)];
    });
  });
});
