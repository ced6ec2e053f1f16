import type { NdArray } from 'ndarray';
import { isView } from './any-view.js';
import { converted, type Nested } from './create.js';
import { argumentError, describe, ShapeError, tuple } from './errors.js';
import { hostValues, isDense, isNDArray } from './ndarray.js';
import { remedyFor } from './shapes.js';
import type { NDArray } from './types.js';

/** Class labels, one whole number for each example: anything indexable with a length, or a 1-d array. */
export type Labels = ArrayLike<number> | NdArray;

/**
 * The labels as 32-bit integers, copied.
 *
 * @param fn - The function to name in the errors, and `arg` its argument.
 * @param N - How many there must be.
 * @param C - The number of classes: labels are in [0, C). Default: any.
 * @throws {ShapeError} if there are not `N`.
 * @throws {RangeError} if one is not an integer in the range.
 */
export function checkLabels(fn: string, arg: string, y: Labels, N: number, C = 2 ** 31): Int32Array {
  const length = lengthOf(fn, arg, y);
  if (length !== N) {
    const [found, expected] = [tuple([length]), tuple([`N=${N}`])];
    throw argumentError(ShapeError, { fn, arg, found: `has shape ${found}`, expected });
  }
  const at = isView(y) ? (i: number): unknown => y.get(i) : (i: number): unknown => y[i];
  const labels = new Int32Array(N);
  for (let i = 0; i < N; i++) {
    const label = at(i);
    if (!isLabel(label, C)) throw badLabel(fn, arg, [i], label, C);
    labels[i] = label;
  }
  return labels;
}

/** What is known of labels that may be left out of a loss. */
export interface LabelGrid {
  /** Their shape; () for one label, which may be a number. */
  readonly shape: readonly number[];
  /** How errors write the shape, in symbols. */
  readonly symbols: readonly (number | string)[];
  /** The number of classes: labels are in [0, C). */
  readonly C: number;
  /** The label of examples that do not count. */
  readonly ignoreIndex: number;
}

/**
 * Labels of any shape as 32-bit integers in row-major order, copied; −1 for those that are `ignoreIndex`.
 *
 * @param y - A list or typed array for one axis; nested lists or an `ndarray` for more.
 * @throws {ShapeError} if they have another shape, or nested lists are ragged.
 * @throws {RangeError} if one is neither an integer in [0, C) nor `ignoreIndex`.
 * @throws {TypeError} if `y` holds no labels.
 */
export function checkLabelGrid(fn: string, arg: string, y: Labels | Nested, grid: LabelGrid): Int32Array {
  if (Array.isArray(y) && (Array.isArray(y[0]) || ArrayBuffer.isView(y[0]))) {
    return checkLabelGrid(fn, arg, converted(fn, y, undefined, 'float64'), grid);
  }
  const { shape, symbols, C, ignoreIndex } = grid;
  const sizes = typeof y === 'number' ? [] : isView(y) ? y.shape : [lengthOf(fn, arg, y as Labels)];
  if (sizes.length !== shape.length || sizes.some((size, axis) => size !== shape[axis])) {
    const [found, expected] = [`has shape ${tuple(sizes)}`, `labels of shape ${tuple(symbols)}`];
    throw argumentError(ShapeError, { fn, arg, found, expected });
  }
  let count = 1;
  for (const size of shape) count *= size;
  const labels = new Int32Array(count);
  const values = typeof y === 'number' ? [y] : isView(y) ? valuesOf(y, count) : y;
  for (let i = 0; i < count; i++) {
    const label = values[i];
    if (label === ignoreIndex) labels[i] = -1;
    else if (isLabel(label, C)) labels[i] = label;
    else throw badLabel(fn, arg, placeOf(i, shape), label, C, ignoreIndex);
  }
  return labels;
}

function isLabel(label: unknown, C: number): label is number {
  return typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < C;
}

function badLabel(
  fn: string,
  arg: string,
  place: readonly number[],
  label: unknown,
  C: number,
  ignoreIndex?: number,
): Error {
  const range = C === 2 ** 31 ? 'an integer ≥ 0' : `an integer in [0, C=${C})`;
  return argumentError(RangeError, {
    fn,
    arg: place.length === 0 ? arg : `${arg}[${place.join(', ')}]`,
    found: `is ${describe(label)}`,
    expected: ignoreIndex === undefined ? range : `${range}, or ignoreIndex ${ignoreIndex}`,
    wayOut:
      typeof label === 'bigint'
        ? `convert the labels with Array.from(${arg}, Number)`
        : typeof label === 'number' && !Number.isInteger(label) && ignoreIndex !== undefined
          ? 'for targets that are numbers take F.mseLoss'
          : undefined,
  });
}

/** The values of a view of `count` in row-major order. */
function valuesOf(view: NdArray, count: number): ArrayLike<unknown> {
  if (isNDArray(view)) return hostValues(view);
  const { shape, offset, data } = view;
  if (isDense(view as unknown as NDArray) && typeof (data as { slice?: unknown }).slice === 'function') {
    return (data as number[]).slice(offset, offset + count);
  }
  return Array.from({ length: count }, (_, i) => view.get(...placeOf(i, shape)));
}

/** The indices of value number `flat`, counted in row-major order. */
function placeOf(flat: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return place;
}

function lengthOf(fn: string, arg: string, y: Labels): number {
  if (isView(y)) {
    if (y.shape.length !== 1)
      throw argumentError(ShapeError, { fn, arg, found: `has shape ${tuple(y.shape)}`, expected: '(N,)' });
    return y.shape[0];
  }
  if (typeof y !== 'object' || y === null || typeof y.length !== 'number') {
    throw argumentError(TypeError, {
      fn,
      arg,
      found: `is ${describe(y)}`,
      expected: 'a list of labels',
      wayOut: remedyFor(arg, y),
    });
  }
  return y.length;
}
