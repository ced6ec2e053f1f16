import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import {
  array,
  dtypeOf,
  hostRoom,
  hostValues,
  isNDArray,
  linspace,
  type NDArray,
  ones,
  operand,
  wrap,
  zeros,
} from '../../src/arrays/index.js';

/** The values of an array by its own `get`, in row-major order. */
function elementwise(a: NDArray): number[] {
  const values: number[] = [];
  const visit = (index: number[]): void => {
    if (index.length === a.shape.length) values.push(a.get(...index));
    else for (let i = 0; i < a.shape[index.length]; i++) visit([...index, i]);
  };
  visit([]);
  return values;
}

/** An array and a few of ndarray's operations on it, by chance. */
const views = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    dtype: fc.constantFrom('float32' as const, 'float64' as const),
    operations: fc.array(
      fc.record({
        kind: fc.constantFrom('transpose', 'hi', 'lo', 'step', 'pick'),
        choices: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
      }),
      { maxLength: 5 },
    ),
  })
  .map(({ shape, dtype, operations }) => {
    const size = shape.reduce((product, n) => product * n, 1);
    let a = array(linspace(0, size - 1, size), shape, dtype);
    for (const { kind, choices } of operations) {
      const rank = a.shape.length;
      if (kind === 'transpose') {
        const axes = a.shape.map((_, axis) => axis);
        for (let i = rank - 1; i > 0; i--) {
          const j = choices[i] % (i + 1);
          [axes[i], axes[j]] = [axes[j], axes[i]];
        }
        a = a.transpose(...axes);
      } else if (kind === 'hi') {
        a = a.hi(...a.shape.map((n, axis) => 1 + (choices[axis] % n)));
      } else if (kind === 'lo') {
        a = a.lo(...a.shape.map((n, axis) => choices[axis] % n));
      } else if (kind === 'step') {
        a = a.step(...a.shape.map((_, axis) => [1, -1, 2, -2, 3][choices[axis] % 5]));
      } else if (rank > 1) {
        const axis = choices[0] % rank;
        a = a.pick(...a.shape.map((n, i) => (i === axis ? choices[1] % n : null)));
      }
    }
    return a;
  });

describe.each([
  ['operand', operand],
  ['hostValues', hostValues],
])('%s', (_, flatOf) => {
  test('gives the elements of any view in row-major order', () => {
    fc.assert(
      fc.property(views, (a) => {
        const flat = flatOf(a);
        expect([...flat]).toEqual(elementwise(a));
        expect(flat.constructor).toBe(a.data.constructor);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  test('does not copy what lies in row-major order', () => {
    const a = array([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(flatOf(a)).toBe(a.data);
    for (const part of [a.lo(1, 0), a.hi(1, 3), a.pick(1, null), a.hi(1, 2), a.lo(0, 1).hi(1, 2)]) {
      expect(flatOf(part).buffer).toBe(a.data.buffer);
    }
    expect([...flatOf(a.pick(1, null))]).toEqual([4, 5, 6]);
    expect([...flatOf(a.lo(1, 1))]).toEqual([5, 6]);
  });

  test('an axis of length 1 may have any stride', () => {
    const data = Float32Array.of(1, 2, 3);
    const a = ndarray(data, [1, 3, 1], [77, 1, -5], 0) as NDArray;
    expect(flatOf(a)).toBe(data);
  });

  test('copies what does not, and leaves it alone', () => {
    const a = array([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    for (const view of [a.transpose(1, 0), a.step(1, -1), a.step(1, 2), a.hi(2, 2), a.pick(null, 0)]) {
      const flat = flatOf(view);
      expect(flat.buffer).not.toBe(a.data.buffer);
      flat.fill(9);
    }
    expect([...a.data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('an axis with stride 0 repeats', () => {
    const a = ndarray(Float32Array.of(1, 2, 3), [2, 3], [0, 1], 0) as NDArray;
    expect([...flatOf(a)]).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test('an array without values, and one without axes', () => {
    expect(flatOf(zeros([3, 0]))).toEqual(new Float32Array(0));
    expect(flatOf(zeros([0, 3], 'float64'))).toEqual(new Float64Array(0));
    expect([...flatOf(array([1, 2, 3]).pick(2))]).toEqual([3]);
  });

  test.each<[what: string, a: NDArray, message: string]>([
    ['past the end', zeros([2, 3]).hi(3, 3), 'an array of shape (3, 3) reaches outside its 6 values'],
    ['past the end by an offset', zeros([4]).lo(1).hi(4), 'an array of shape (4,) reaches outside its 4 values'],
    [
      'before the start',
      ndarray(new Float32Array(3), [3], [-1], 1) as NDArray,
      'an array of shape (3,) reaches outside its 3 values',
    ],
  ])('refuses a view that reaches %s', (_, a, message) => {
    expect(() => flatOf(a)).toThrow(expect.objectContaining({ name: 'RangeError', message }));
  });
});

describe('hostRoom', () => {
  test('is the memory of a dense array, or the part of it that a view covers', () => {
    const a = zeros([2, 3]);
    expect(hostRoom(a)).toBe(a.data);
    hostRoom(a.pick(1, null)).set([4, 5, 6]);
    hostRoom(a.lo(0, 1).hi(1, 2)).fill(7);
    expect([...a.data]).toEqual([0, 7, 7, 4, 5, 6]);
    expect(hostRoom(zeros([3, 0], 'float64'))).toEqual(new Float64Array(0));
  });

  test('refuses a strided view, whose values would be written to a copy', () => {
    expect(() => hostRoom(zeros([2, 3]).transpose(1, 0))).toThrow(
      new RangeError('a view with stride (1, 3), expected a dense array'),
    );
    expect(() => hostRoom(zeros([2, 3]).hi(3, 3))).toThrow('reaches outside its 6 values');
  });
});

describe('isNDArray', () => {
  test.each([
    [ones([2]), true],
    [ones([2, 2], 'float64').transpose(1, 0), true],
    [ndarray(new Float32Array(4), [2, 2]), true],
    [ndarray(new Int32Array(4), [2, 2]), false],
    [ndarray([1, 2, 3]), false],
    [Float32Array.of(1), false],
    [[1, 2], false],
    [{ shape: [1], data: Float32Array.of(1) }, false],
    [null, false],
    [undefined, false],
    ['text', false],
  ])('case %#', (value, expected) => {
    expect(isNDArray(value)).toBe(expected);
  });
});

describe('wrap', () => {
  test('puts a shape over values without copying', () => {
    const values = Float64Array.of(1, 2, 3, 4);
    const a = wrap(values, [2, 2]);
    expect(a.data).toBe(values);
    expect(a.get(1, 0)).toBe(3);
    expect(dtypeOf(a)).toBe('float64');
  });
});
