import {
  argumentError,
  checkRank,
  describe,
  isMap,
  isNDArray,
  MAX_RANK,
  type NDArray,
  reachProblem,
  tuple,
} from '../arrays/index.js';
import { formatError, type Source } from './bytes.js';

/** Arrays or tensors by name. */
export type StateLike = Readonly<Record<string, NDArray | { readonly data: NDArray }>>;

/**
 * The arrays of a state with their names, tensors by their arrays.
 *
 * @throws {TypeError | RangeError} naming what is no array, or one that cannot be read.
 */
export function namedArrays(fn: string, state: StateLike): [name: string, a: NDArray][] {
  if (typeof state !== 'object' || state === null || Array.isArray(state) || isMap(state) || isNDArray(state)) {
    const expected = 'an object of arrays by name';
    throw argumentError(TypeError, { fn, arg: 'state', found: `is ${describe(state)}`, expected });
  }
  return Object.entries(state).map(([name, value]) => {
    const a = isNDArray(value) ? value : (value as { readonly data?: unknown } | null | undefined)?.data;
    const arg = describe(name);
    if (!isNDArray(a)) {
      throw argumentError(TypeError, { fn, arg, found: `is ${describe(value)}`, expected: 'an array or a tensor' });
    }
    checkRank(fn, a.shape);
    const problem = reachProblem(a);
    if (problem !== null) throw argumentError(RangeError, { fn, arg, found: `: ${problem}` });
    return [name, a];
  });
}

/** An object that has any name as an entry, `__proto__` too: it has no prototype. */
export function emptyState<T>(): Record<string, T> {
  return Object.create(null);
}

/**
 * The number of values of a shape that a file says.
 *
 * @throws {FormatError} if it is not a list of at most 32 whole numbers ≥ 0, or the number is beyond 2^53 - 1.
 */
export function countOf(source: Source, place: string, shape: unknown): number {
  if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw formatError(source, { place, found: `has shape ${describe(shape)}`, expected: 'whole numbers ≥ 0' });
  }
  if (shape.length > MAX_RANK) {
    throw formatError(source, { place, found: `has ${shape.length} axes`, expected: `at most ${MAX_RANK}` });
  }
  let count = 1;
  for (const length of shape) {
    count *= length;
    if (Number.isSafeInteger(count)) continue;
    throw formatError(source, { place, found: `has shape ${tuple(shape)}`, expected: 'at most 2^53 - 1 values' });
  }
  return count;
}
