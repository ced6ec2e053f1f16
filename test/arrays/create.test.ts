import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  array,
  type DType,
  dtypeOf,
  full,
  hostValues,
  linspace,
  type NDArray,
  type Nested,
  ones,
  toNested,
  zeros,
} from '../../src/arrays/index.js';
import { pretend } from '../helpers/pretend.js';

describe('zeros, ones and full', () => {
  test.each([
    ['zeros', zeros, 0],
    ['ones', ones, 1],
  ] as const)('%s has the value everywhere', (_, make, value) => {
    const a = make([2, 3]);
    expect(a.shape).toEqual([2, 3]);
    expect(hostValues(a)).toEqual(new Float32Array(6).fill(value));
    expect(hostValues(make([4], 'float64'))).toEqual(new Float64Array(4).fill(value));
  });

  test('full takes any number', () => {
    expect(toNested(full([2, 2], -1.5))).toEqual([
      [-1.5, -1.5],
      [-1.5, -1.5],
    ]);
    expect(hostValues(full([2], Number.NaN, 'float64'))).toEqual(Float64Array.of(Number.NaN, Number.NaN));
  });

  test('make arrays without axes, and arrays without values', () => {
    expect(toNested(ones([]))).toBe(1);
    expect(toNested(zeros([2, 0]))).toEqual([[], []]);
    expect(toNested(zeros([0, 2]))).toEqual([]);
  });

  test('keep nothing of the shape that they are given', () => {
    const shape = [2, 3];
    const a = zeros(shape);
    shape[0] = 7;
    expect(a.shape).toEqual([2, 3]);
  });

  test.each([
    [[-1], '[-1]'],
    [[2, 1.5], '[2, 1.5]'],
    [[Number.NaN], '[NaN]'],
    [[Number.POSITIVE_INFINITY], '[Infinity]'],
    [['2'], "['2']"],
    [5, '5'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Uint8Array.of(2, 3), 'a Uint8Array'],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9.5], '[1, 2, 3, 4, 5, 6, 7, 8, …]'],
  ])('refuse the shape %j', (shape, described) => {
    for (const [name, make] of Object.entries({ zeros, ones, full: (s: number[]) => full(s, 2) })) {
      expect(() => make(pretend(shape))).toThrow(
        expect.objectContaining({
          name: 'RangeError',
          message: `${name}: shape is ${described}, expected a list of whole numbers ≥ 0`,
        }),
      );
    }
  });

  test.each(['float16', 'f32', '', 3, null])('refuse the dtype %j', (dtype) => {
    const described = typeof dtype === 'string' ? `'${dtype}'` : dtype;
    const message = (fn: string) => `${fn}: dtype is ${described}, expected 'float32' or 'float64'`;
    expect(() => zeros([1], dtype as DType)).toThrow(message('zeros'));
    expect(() => ones([1], dtype as DType)).toThrow(message('ones'));
    expect(() => full([1], 0, dtype as DType)).toThrow(message('full'));
    expect(() => linspace(0, 1, 2, dtype as DType)).toThrow(message('linspace'));
    if (dtype !== null) expect(() => array([1], [1], dtype as DType)).toThrow(message('array'));
  });

  test.each([
    ['1', "'1'"],
    [undefined, 'undefined'],
    [[1], '[1]'],
  ])('full refuses the value %j', (value, described) => {
    expect(() => full([2], pretend(value))).toThrow(
      expect.objectContaining({ name: 'TypeError', message: `full: value is ${described}, expected a number` }),
    );
  });
});

describe('linspace', () => {
  test('spaces numbers evenly, both ends included', () => {
    expect(hostValues(linspace(0, 1, 5))).toEqual(Float64Array.of(0, 0.25, 0.5, 0.75, 1));
    expect(hostValues(linspace(3, -1, 3, 'float32'))).toEqual(Float32Array.of(3, 1, -1));
  });

  test('one number is the start; none is none', () => {
    expect(toNested(linspace(2, 9, 1))).toEqual([2]);
    expect(toNested(linspace(2, 9, 0))).toEqual([]);
  });

  test('ends exactly', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
        fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
        fc.integer({ min: 2, max: 50 }),
        (start, stop, num) => {
          const flat = hostValues(linspace(start, stop, num));
          return flat.length === num && flat[0] === start && flat[num - 1] === stop;
        },
      ),
      { seed: 1 },
    );
  });

  test.each([-1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d numbers', (num) => {
    expect(() => linspace(0, 1, num)).toThrow(`linspace: num is ${num}, expected a whole number ≥ 0`);
  });
});

describe('array', () => {
  test('takes its shape from the nesting', () => {
    const a = array([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(a.shape).toEqual([2, 3]);
    expect(a.get(1, 0)).toBe(4);
    expect(hostValues(a)).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(array(7).shape).toEqual([]);
    expect(array([]).shape).toEqual([0]);
    expect(array([[[]]]).shape).toEqual([1, 1, 0]);
  });

  test('takes a flat list with a shape', () => {
    expect(toNested(array([1, 2, 3, 4], [2, 2]))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(array(Uint8Array.of(1, 2, 3, 4, 5, 6), [3, 1, 2]).shape).toEqual([3, 1, 2]);
    expect(toNested(array([5], []))).toBe(5);
  });

  test('takes typed arrays at the innermost level', () => {
    expect(toNested(array(pretend<Nested>([Float64Array.of(1, 2), Float64Array.of(3, 4)])))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('is float32 unless the values or the caller say otherwise', () => {
    expect(dtypeOf(array([1]))).toBe('float32');
    expect(dtypeOf(array(Float32Array.of(1)))).toBe('float32');
    expect(dtypeOf(array(Int32Array.of(1)))).toBe('float32');
    expect(dtypeOf(array(Float64Array.of(1)))).toBe('float64');
    expect(dtypeOf(array(zeros([1], 'float64')))).toBe('float64');
    expect(dtypeOf(array([1], [1], 'float64'))).toBe('float64');
    expect(dtypeOf(array(Float64Array.of(1), [1], 'float32'))).toBe('float32');
    expect(toNested(array([0.1]))).toEqual([Math.fround(0.1)]);
  });

  test('copies: neither the values nor an array given to it are shared', () => {
    const values = Float32Array.of(1, 2);
    const a = array(values);
    values[0] = 9;
    const b = array(a);
    a.set(1, 8);
    expect(toNested(a)).toEqual([1, 8]);
    expect(toNested(b)).toEqual([1, 2]);
  });

  test('copies views in their own order, and reshapes them', () => {
    const a = array([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(toNested(array(a.transpose(1, 0)))).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(toNested(array(a.transpose(1, 0), [6]))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(toNested(array(a.pick(1, null).step(-2), [1, 2]))).toEqual([[6, 4]]);
  });

  test.each<[what: string, values: unknown, message: string]>([
    ['a short row', [[1, 2], [3]], 'array: ragged values: found a list of 1 on axis 1, expected a list of 2'],
    ['a long row', [[1], [2, 3]], 'array: ragged values: found a list of 2 on axis 1, expected a list of 1'],
    ['a number among lists', [[1], 2], 'array: ragged values: found 2 on axis 1, expected a list of 1'],
    ['a number after an empty list', [[], 1], 'array: ragged values: found 1 on axis 1, expected a list of 0'],
    [
      'a short row far inside',
      [[[1, 2]], [[3, 4, 5]]],
      'array: ragged values: found a list of 3 on axis 2, expected a list of 2',
    ],
  ])('refuses %s', (_, values, message) => {
    expect(() => array(values as Nested)).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
  });

  test.each<[what: string, values: unknown, found: string]>([
    ['a list among numbers', [1, [2]], '[2]'],
    ['a string', ['1'], "'1'"],
    ['null', [null], 'null'],
    ['a boolean', [[true]], 'true'],
    ['nothing at all', undefined, 'undefined'],
    ['a word', 'word', "'word'"],
    ['a map', new Map(), 'a Map'],
    ['a gap', new Array(2), 'undefined'],
  ])('refuses %s', (_, values, found) => {
    expect(() => array(values as Nested)).toThrow(
      expect.objectContaining({ name: 'TypeError', message: `array: found ${found}, expected a number` }),
    );
  });

  test.each<[what: string, values: Nested | NDArray, shape: number[], message: string]>([
    ['too few', [1, 2, 3], [2, 2], 'array: values are 3 numbers, expected 4 for shape (2, 2)'],
    ['too many', [1, 2, 3], [2], 'array: values are 3 numbers, expected 2 for shape (2,)'],
    ['too many for no axes', [1, 2], [], 'array: values are 2 numbers, expected 1 for shape ()'],
    ['an array of another size', zeros([2, 3]), [4], 'array: values are 6 numbers, expected 4 for shape (4,)'],
  ])('refuses %s values for a shape', (_, values, shape, message) => {
    expect(() => array(values, shape)).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
  });

  test('refuses a shape that is none', () => {
    expect(() => array([1, 2], [-2])).toThrow('array: shape is [-2], expected a list of whole numbers ≥ 0');
  });
});

describe('toNested', () => {
  test('is the inverse of array', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
    const cases = shapes.chain((shape) => {
      const length = shape.reduce((size, n) => size * n, 1);
      return fc.tuple(fc.constant(shape), fc.array(fc.double(), { minLength: length, maxLength: length }));
    });
    fc.assert(
      fc.property(cases, ([shape, values]) => {
        const nested = nest(values, shape);
        expect(toNested(array(nested, undefined, 'float64'))).toEqual(nested);
        expect(array(nested).shape).toEqual(shape);
      }),
      { seed: 2 },
    );
  });

  test('gives plain numbers of a view', () => {
    const a = linspace(0, 5, 6);
    expect(toNested(a.step(-2))).toEqual([5, 3, 1]);
    expect(toNested(array(a, [2, 3]).pick(null, 1))).toEqual([1, 4]);
  });
});

/** Nests a flat list by a shape, the slow and obvious way. */
function nest(values: readonly number[], shape: readonly number[]): Nested {
  if (shape.length === 0) return values[0];
  const length = values.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) => nest(values.slice(i * length, (i + 1) * length), shape.slice(1)));
}
