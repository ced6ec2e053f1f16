import type { NdArray } from 'ndarray';
import { isView } from './any-view.js';
import { argumentError, describe, ShapeError, tuple } from './errors.js';

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
    if (typeof label !== 'number' || !Number.isInteger(label) || label < 0 || label >= C) {
      throw argumentError(RangeError, {
        fn,
        arg: `${arg}[${i}]`,
        found: `is ${describe(label)}`,
        expected: C === 2 ** 31 ? 'an integer ≥ 0' : `an integer in [0, C=${C})`,
        wayOut: typeof label === 'bigint' ? `convert the labels with Array.from(${arg}, Number)` : undefined,
      });
    }
    labels[i] = label;
  }
  return labels;
}

function lengthOf(fn: string, arg: string, y: Labels): number {
  if (isView(y)) {
    if (y.shape.length !== 1)
      throw argumentError(ShapeError, { fn, arg, found: `has shape ${tuple(y.shape)}`, expected: '(N,)' });
    return y.shape[0];
  }
  if (typeof y !== 'object' || y === null || typeof y.length !== 'number') {
    throw argumentError(TypeError, { fn, arg, found: `is ${describe(y)}`, expected: 'a list of labels' });
  }
  return y.length;
}
