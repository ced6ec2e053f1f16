import {
  argumentError,
  arraysByName,
  checkRank,
  describe,
  MAX_RANK,
  type NDArray,
  printable,
  reachProblem,
  type StateLike,
  tuple,
} from '../arrays/index.js';
import { formatError, type Source } from './bytes.js';
import { hasHalfPair } from './parse-json.js';

export type { StateLike } from '../arrays/index.js';

/** The way out for states of more than a model: of optimizers, of a Solver, or several states in one. */
const WHOLE = 'the option checkpoint of fit and Solver saves runs; serialize of node:v8 writes any state';

/**
 * The arrays of a state with their names, tensors by their arrays, all of which can be written.
 *
 * @throws {TypeError | RangeError} naming what is no array, one that cannot be read, or a name that UTF-8 cannot say.
 */
export function readableArrays(fn: string, state: StateLike): [name: string, a: NDArray][] {
  const named = arraysByName(fn, state, WHOLE);
  for (const [name, a] of named) {
    if (hasHalfPair(name)) {
      const [found, expected] = [`is ${describe(name)}`, 'Unicode: it has half of a surrogate pair'];
      throw argumentError(RangeError, { fn, arg: 'a name in state', found, expected });
    }
    checkRank(fn, a.shape);
    const problem = reachProblem(a);
    if (problem !== null) throw argumentError(RangeError, { fn, arg: describe(name), found: `: ${problem}` });
  }
  return named;
}

/** A name from a file, for errors. */
export function quoted(name: string): string {
  return `'${printable(name, 60)}'`;
}

/**
 * What is below a name: `0.weight` for `model.0.weight`, of `'model'`.
 *
 * @throws {RangeError} if nothing is.
 */
export function namedBelow<T>(fn: string, named: Readonly<Record<string, T>>, key: string): Record<string, T> {
  const below = emptyState<T>();
  const start = `${key}.`;
  for (const name of Object.keys(named)) if (name.startsWith(start)) below[name.slice(start.length)] = named[name];
  if (Object.keys(below).length > 0) return below;
  const parts = Object.keys(named).flatMap((name) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : []));
  const there = [...new Set(parts)].slice(0, 8).map(describe);
  const expected = there.length === 0 ? 'no key: no name has a dot' : `one of ${there.join(', ')}`;
  throw argumentError(RangeError, { fn, arg: 'key', found: `is ${describe(key)}`, expected });
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
