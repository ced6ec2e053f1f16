import type { NdArray } from 'ndarray';
import { isView, readView } from './any-view.js';
import { currentStorage } from './context.js';
import { argumentError, describe, ShapeError, tuple } from './errors.js';
import { hostRoom, hostValues, isNDArray, sizeOf, wrap } from './ndarray.js';
import { isBigInts, typedArrayName } from './realms.js';
import { type DType, type Floats, MAX_RANK, type NDArray } from './types.js';

/** Numbers nested as deep as an array has axes; a bare number stands for an array without axes. */
export type Nested = number | readonly Nested[];

/**
 * A new array of zeros.
 *
 * @param shape - Sizes of the axes.
 * @param dtype - Default `'float32'`.
 * @throws {RangeError} if a size is not a whole number ≥ 0, or the dtype is unknown.
 */
export function zeros(shape: readonly number[], dtype: DType = 'float32'): NDArray {
  return filled('zeros', shape, 0, dtype);
}

/**
 * A new array of ones.
 *
 * @param shape - Sizes of the axes.
 * @param dtype - Default `'float32'`.
 * @throws {RangeError} if a size is not a whole number ≥ 0, or the dtype is unknown.
 */
export function ones(shape: readonly number[], dtype: DType = 'float32'): NDArray {
  return filled('ones', shape, 1, dtype);
}

/**
 * A new array with `value` everywhere.
 *
 * @param shape - Sizes of the axes.
 * @param value - The number to fill it with.
 * @param dtype - Default `'float32'`.
 * @throws {RangeError} if a size is not a whole number ≥ 0, or the dtype is unknown.
 */
export function full(shape: readonly number[], value: number, dtype: DType = 'float32'): NDArray {
  if (typeof value !== 'number')
    throw argumentError(TypeError, { fn: 'full', arg: 'value', found: `is ${describe(value)}`, expected: 'a number' });
  return filled('full', shape, value, dtype);
}

function filled(fn: string, shape: readonly number[], value: number, dtype: DType): NDArray {
  checkSizes(fn, shape);
  checkDType(fn, dtype);
  const made = empty(shape, dtype);
  hostRoom(made).fill(value);
  return made;
}

/**
 * `num` evenly spaced numbers from `start` to `stop`, both included, as NumPy's.
 *
 * @param start - The first number.
 * @param stop - The last number.
 * @param num - How many; one gives `start` alone.
 * @param dtype - Default `'float64'`, since its use is gradient checks.
 * @returns Shape (num,).
 * @throws {RangeError} if `num` is not a whole number ≥ 0, or the dtype is unknown.
 */
export function linspace(start: number, stop: number, num: number, dtype: DType = 'float64'): NDArray {
  if (!Number.isInteger(num) || num < 0)
    throw argumentError(RangeError, { fn: 'linspace', arg: 'num', found: `is ${num}`, expected: 'a whole number ≥ 0' });
  checkDType('linspace', dtype);
  const out = empty([num], dtype);
  const step = num > 1 ? (stop - start) / (num - 1) : 0;
  const room = hostRoom(out);
  for (let i = 0; i < num; i++) room[i] = start + i * step;
  // The product rounds: the end is exact by assignment, as in NumPy.
  if (num > 1) room[num - 1] = stop;
  return out;
}

/**
 * A new array with the given values.
 *
 * @param values - Nested arrays of numbers, whose nesting gives the shape; or a flat list (an array or a typed array)
 *   with `shape` beside it; or an array to copy, an `ndarray` of integers or of plain numbers too.
 * @param shape - Sizes of the axes; default the nesting's.
 * @param dtype - Default: that of `values` where it is a float array, else `'float32'`.
 * @throws {ShapeError} if the nesting is ragged, deeper than 32 axes, or the values do not fill `shape`.
 * @throws {TypeError} if a value is not a number; a BigInt is none.
 *
 * @example
 * array([[1, 2], [3, 4]]);             // shape (2, 2)
 * array([1, 2, 3, 4], [2, 2], 'float64');
 */
export function array(values: Nested | ArrayLike<number> | NdArray, shape?: readonly number[], dtype?: DType): NDArray {
  return converted('array', values, shape, dtype);
}

/** What {@link array} does, for a function whose errors have another name. */
export function converted(
  fn: string,
  values: Nested | ArrayLike<number> | NdArray,
  shape?: readonly number[],
  dtype?: DType,
): NDArray {
  const view = isView(values) ? values : null;
  const numbers = view === null ? values : view.data;
  if (isBigInts(numbers)) {
    const remedy =
      view === null ? `Array.from(values, Number)` : `an array over Float64Array.from(values.data, Number)`;
    throw argumentError(TypeError, {
      fn,
      arg: 'values',
      found: `are a ${typedArrayName(numbers)}`,
      expected: `numbers: give ${remedy}`,
    });
  }
  const format = dtype ?? (typedArrayName(numbers) === 'Float64Array' ? 'float64' : 'float32');
  checkDType(fn, format);
  const nesting = view === null ? nestedShape(fn, values) : view.shape;
  if (shape !== undefined) checkSizes(fn, shape);

  const count = sizeOf(nesting);
  const sizes = shape ?? nesting;
  if (sizeOf(sizes) !== count) {
    throw argumentError(ShapeError, {
      fn,
      arg: 'values',
      found: `are ${count} numbers`,
      expected: `${sizeOf(sizes)} for shape ${tuple(sizes)}`,
    });
  }
  // What cannot be read is refused before there is an array for it.
  const read = view === null ? null : readView(fn, view);
  const made = empty(sizes, format);
  if (read !== null) read(hostRoom(made));
  else if (typedArrayName(values) !== undefined) hostRoom(made).set(values as ArrayLike<number>);
  else flatten(fn, values, nesting, 0, hostRoom(made), 0);
  return made;
}

/** The shape that the nesting promises, read along the first element of each level. */
function nestedShape(fn: string, values: unknown): number[] {
  const shape: number[] = [];
  let level: unknown = values;
  while (isList(level)) {
    if (shape.length === MAX_RANK) {
      throw argumentError(ShapeError, {
        fn,
        arg: 'values',
        found: `are lists in more than ${MAX_RANK} lists`,
        expected: `at most ${MAX_RANK} axes`,
      });
    }
    shape.push(level.length);
    if (ArrayBuffer.isView(level) || level.length === 0) break;
    level = level[0];
  }
  return shape;
}

/** Copies `values` to `out` from `at` on, holding every level to `shape`, and returns where it stopped. */
function flatten(fn: string, values: unknown, shape: readonly number[], axis: number, out: Floats, at: number): number {
  if (axis === shape.length) {
    if (typeof values !== 'number') {
      const remedy = typeof values === 'bigint' ? ': convert it with Number()' : '';
      throw new TypeError(`${fn}: found ${describe(values)}, expected a number${remedy}`);
    }
    out[at] = values;
    return at + 1;
  }
  if (!isList(values) || values.length !== shape[axis]) {
    const found = isList(values) ? `a list of ${values.length}` : describe(values);
    throw new ShapeError(`${fn}: ragged values: found ${found} on axis ${axis}, expected a list of ${shape[axis]}`);
  }
  let next = at;
  for (let i = 0; i < values.length; i++) next = flatten(fn, values[i], shape, axis + 1, out, next);
  return next;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || typedArrayName(value) !== undefined;
}

/**
 * The values as nested arrays of plain numbers; a bare number for an array without axes.
 *
 * @throws {TypeError} if `a` is no array.
 */
export function toNested(a: NDArray): Nested {
  if (!isNDArray(a))
    throw argumentError(TypeError, {
      fn: 'toNested',
      arg: 'a',
      found: `is ${describe(a)}`,
      expected: 'an array of float32 or float64',
    });
  const flat = hostValues(a);
  let at = 0;
  const level = (axis: number): Nested =>
    axis === a.shape.length ? flat[at++] : Array.from({ length: a.shape[axis] }, () => level(axis + 1));
  return level(0);
}

/**
 * A new array whose values are unspecified: for results that a kernel writes in full.
 */
export function empty(shape: readonly number[], dtype: DType): NDArray {
  return wrap(currentStorage().allocate(sizeOf(shape), dtype), shape);
}

/** @throws {RangeError} if `shape` is not a list of at most 32 whole numbers ≥ 0. */
export function checkSizes(fn: string, shape: readonly number[]): void {
  if (!Array.isArray(shape) || !shape.every((length) => Number.isInteger(length) && length >= 0)) {
    throw argumentError(RangeError, {
      fn,
      arg: 'shape',
      found: `is ${describe(shape)}`,
      expected: 'a list of whole numbers ≥ 0',
    });
  }
  checkRank(fn, shape);
}

/** @throws {RangeError} if `shape` has more axes than an array may have. */
export function checkRank(fn: string, shape: readonly number[]): void {
  if (shape.length > MAX_RANK)
    throw argumentError(RangeError, {
      fn,
      arg: 'shape',
      found: `has ${shape.length} axes`,
      expected: `at most ${MAX_RANK}`,
    });
}

/** @throws {RangeError} if `dtype` is neither of the two formats. */
export function checkDType(fn: string, dtype: unknown): asserts dtype is DType {
  if (dtype !== 'float32' && dtype !== 'float64') {
    throw argumentError(RangeError, {
      fn,
      arg: 'dtype',
      found: `is ${describe(dtype)}`,
      expected: "'float32' or 'float64'",
    });
  }
}
