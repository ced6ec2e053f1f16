// What both communicators check before anything is sent.

import {
  argumentError,
  checkCount,
  checkedIn,
  describe,
  isDense,
  isNDArray,
  type NDArray,
  oneOf,
  operand,
  reachProblem,
  tuple,
  typedArrayName,
} from '../arrays/index.js';
import type { Reduction, Values } from '../training/parallel/index.js';

const REDUCTION = oneOf('sum', 'min', 'max');

/**
 * The values of an array where they lie.
 *
 * @throws {TypeError} if it is none. @throws {RangeError} if its values do not lie one behind the other.
 */
export function valuesOf(fn: string, array: NDArray | Values): Values {
  switch (typedArrayName(array)) {
    case 'Float32Array':
    case 'Float64Array':
    case 'Int32Array':
    case 'Uint8Array':
      return array as Values;
  }
  if (!isNDArray(array)) {
    const expected = 'an array of the library, a Float32Array, a Float64Array, an Int32Array or a Uint8Array';
    throw argumentError(TypeError, { fn, arg: 'array', found: `is ${describe(array)}`, expected });
  }
  const problem = reachProblem(array);
  if (problem !== null) throw new RangeError(`${fn}: array: ${problem}`);
  if (!isDense(array)) {
    const found = `is a view with stride ${tuple(array.stride)}`;
    const wayOut = 'copy it with array(view), and use the copy';
    throw argumentError(RangeError, { fn, arg: 'array', found, expected: 'contiguous values', wayOut });
  }
  return operand(array);
}

/** @throws {RangeError} if there is no such reduction. */
export function checkReduction(fn: string, op: Reduction): void {
  if (op !== 'sum') checkedIn(fn, 'op', op, REDUCTION);
}

/** @throws {RangeError} if there is no such rank. */
export function checkRoot(fn: string, root: number, size: number): void {
  if (root !== 0) checkCount(fn, 'root', root, 0, size - 1);
}
