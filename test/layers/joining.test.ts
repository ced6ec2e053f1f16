import { describe, expect, test } from 'vitest';
import { array, dtypeOf, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { concatBackward, concatForward, stackBackward, stackForward } from '../../src/layers/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { expectSameOnViews } from '../helpers/views.js';

describe('concat', () => {
  const a = array([[1, 2]]);
  const b = array([
    [3, 4],
    [5, 6],
  ]);

  test('along the first axis, and along the last', () => {
    expect(toNested(concatForward([a, b])[0])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const [out, cache] = concatForward([array([[7], [8]]), b], -1);
    expect(toNested(out)).toEqual([
      [7, 3, 4],
      [8, 5, 6],
    ]);
    expect(concatBackward(out, cache).map(toNested)).toEqual([[[7], [8]], toNested(b)]);
    expect(toNested(concatForward([a])[0])).toEqual(toNested(a));
  });

  test.each([0, 1, 2])('the gradient is cut where the arrays meet on axis %i', (axis) => {
    for (const dtype of DTYPES) {
      const random = new Random(25);
      const arrays = [1, 3, 2].map((length) => {
        const shape = [2, 3, 4];
        shape[axis] = length;
        return random.randn(shape, dtype);
      });
      const [out, cache] = concatForward(arrays, axis);
      expect(out.shape[axis]).toBe(6);
      concatBackward(out, cache).forEach((gradient, i) => {
        expect(gradient).toEqualBits(arrays[i]);
        expect(dtypeOf(gradient)).toBe(dtype);
      });
    }
  });

  test.each<[arrays: unknown, axis: number, message: string]>([
    [[], 0, 'arrays is [], expected a list of one array or more'],
    [zeros([2]), 0, 'arrays is an array of shape (2,), expected a list of one array or more'],
    [[zeros([2]), 1], 0, 'arrays[1] is 1, expected an array of float32 or float64'],
    [[zeros([2, 3]), zeros([2, 4])], 0, 'arrays[1] has shape (2, 4), expected (n, 3)'],
    [[zeros([2, 3]), zeros([2, 3]), zeros([3])], 1, 'arrays[2] has shape (3,), expected (2, n)'],
    [[zeros([2]), zeros([2], 'float64')], 0, 'arrays[1] has dtype float64, expected float32, the dtype of arrays[0]'],
    [[zeros([2, 3])], 2, 'axis is 2, expected a whole number from -2 to 1 for shape (2, 3)'],
    [[zeros([])], 0, 'axis is 0, expected none for shape ()'],
  ])('refuses what does not fit', (arrays, axis, message) => {
    expect(() => concatForward(arrays as NDArray[], axis)).toThrow(`concatForward: ${message}`);
  });

  test('names a dout that does not fit', () => {
    const [, cache] = concatForward([a, b]);
    expect(() => concatBackward(zeros([2, 2]), cache)).toThrow(
      'concatBackward: dout has shape (2, 2), expected (3, 2)',
    );
  });

  test('takes any view, writes to none of its arguments, and returns new arrays', () => {
    const random = new Random(26);
    expectSameOnViews(
      [
        [4, 3, 5],
        [4, 2, 5],
        [4, 5, 5],
      ].map((shape) => random.randn(shape)),
      (a, b, dout) => {
        const [out, cache] = concatForward([a, b], 1);
        return [out, ...concatBackward(dout, cache)];
      },
    );
  });
});

describe('stack', () => {
  const [a, b] = [array([1, 2]), array([3, 4])];

  test('along a new axis at the front and at the end', () => {
    expect(toNested(stackForward([a, b])[0])).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const [out, cache] = stackForward([a, b], -1);
    expect(toNested(out)).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(stackBackward(out, cache).map(toNested)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('of single numbers', () => {
    const [out, cache] = stackForward([array(1), array(2), array(3)]);
    expect(toNested(out)).toEqual([1, 2, 3]);
    expect(stackBackward(out, cache).map(toNested)).toEqual([1, 2, 3]);
  });

  test.each<[arrays: unknown, axis: number, message: string]>([
    [[], 0, 'arrays is [], expected a list of one array or more'],
    [[a, zeros([3])], 0, 'arrays[1] has shape (3,), expected (2,)'],
    [[a, b], 2, 'axis is 2, expected a whole number from -2 to 1 for shape (2, 2)'],
  ])('refuses what does not fit', (arrays, axis, message) => {
    expect(() => stackForward(arrays as NDArray[], axis)).toThrow(`stackForward: ${message}`);
  });

  test('names a dout that does not fit', () => {
    expect(() => stackBackward(zeros([2]), stackForward([a, b])[1])).toThrow(
      'stackBackward: dout has shape (2,), expected (2, 2)',
    );
  });

  test('takes any view, writes to none of its arguments, and returns new arrays', () => {
    const random = new Random(27);
    expectSameOnViews(
      [
        [4, 5],
        [4, 5],
        [4, 2, 5],
      ].map((shape) => random.randn(shape)),
      (a, b, dout) => {
        const [out, cache] = stackForward([a, b], 1);
        return [out, ...stackBackward(dout, cache)];
      },
    );
  });
});
