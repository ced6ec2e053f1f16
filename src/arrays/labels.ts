import type { NdArray } from 'ndarray';
import { isView } from './any-view.js';
import { describe, ShapeError, tuple } from './errors.js';

/** Class labels, one whole number for each example: anything indexable with a length, or a 1-d array. */
export type Labels = ArrayLike<number> | NdArray;

/**
 * The labels as 32-bit integers, copied.
 *
 * @param fn - The function to name in the errors, and `arg` its argument.
 * @param N - How many there must be.
 * @param C - They lie in [0, C); any number of classes when left out.
 * @throws {ShapeError} if there are not `N`.
 * @throws {RangeError} if one is not an integer in the range.
 */
export function checkLabels(fn: string, arg: string, y: Labels, N: number, C = 2 ** 31): Int32Array {
  const length = lengthOf(fn, arg, y);
  if (length !== N) throw new ShapeError(`${fn}: ${arg} has shape ${tuple([length])}, expected ${tuple([`N=${N}`])}`);
  const at = isView(y) ? (i: number): unknown => y.get(i) : (i: number): unknown => y[i];
  const labels = new Int32Array(N);
  for (let i = 0; i < N; i++) {
    const label = at(i);
    if (typeof label !== 'number' || !Number.isInteger(label) || label < 0 || label >= C) {
      const range = C === 2 ** 31 ? 'an integer ≥ 0' : `an integer in [0, C=${C})`;
      const remedy = typeof label === 'bigint' ? `: convert the labels with Array.from(${arg}, Number)` : '';
      throw new RangeError(`${fn}: ${arg}[${i}] is ${describe(label)}, expected ${range}${remedy}`);
    }
    labels[i] = label;
  }
  return labels;
}

function lengthOf(fn: string, arg: string, y: Labels): number {
  if (isView(y)) {
    if (y.shape.length !== 1) throw new ShapeError(`${fn}: ${arg} has shape ${tuple(y.shape)}, expected (N,)`);
    return y.shape[0];
  }
  if (typeof y !== 'object' || y === null || typeof y.length !== 'number') {
    throw new TypeError(`${fn}: ${arg} is ${describe(y)}, expected a list of labels`);
  }
  return y.length;
}
