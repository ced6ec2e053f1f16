import { withStorage } from './context.js';
import { array } from './create.js';
import { argumentError, describe } from './errors.js';
import { isNDArray } from './ndarray.js';
import { FINITE } from './options.js';
import { isPlainObject } from './realms.js';
import { checkLike } from './shapes.js';
import { checkEntries, type Stateful } from './state-dict.js';
import { heap } from './storage.js';
import type { NDArray } from './types.js';

/** What a state consists of: it survives `structuredClone` and, but for the arrays, JSON. */
export type Saved = number | string | boolean | null | NDArray | readonly Saved[] | { readonly [name: string]: Saved };

/** `value` if it can save its state, else null. */
export function statefulOf(value: unknown): Stateful | null {
  const { stateDict, loadStateDict } = (value ?? {}) as Partial<Stateful>;
  return typeof stateDict === 'function' && typeof loadStateDict === 'function' ? (value as Stateful) : null;
}

/** A copy, on the heap, of a value that a state may hold. @throws {TypeError} naming what it may not. */
export function savedCopy(fn: string, arg: string, value: unknown): Saved {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (isNDArray(value)) return heapCopy(value);
  if (Array.isArray(value)) return value.map((entry, i) => savedCopy(fn, `${arg}[${i}]`, entry));
  if (isPlainObject(value)) return savedEntries(fn, arg, value);
  const expected = 'a number, a string, true, false, null, an array, or a list or plain object of these';
  throw argumentError(TypeError, { fn, arg, found: `is ${describe(value)}`, expected });
}

/** {@link savedCopy} of each entry of an object that has a value. */
export function savedEntries(fn: string, arg: string, value: object): { [name: string]: Saved } {
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries.map(([name, entry]) => [name, savedCopy(fn, `${arg}.${name}`, entry)]));
}

/** A copy on the heap. */
export function heapCopy(a: NDArray): NDArray {
  return withStorage(heap, () => array(a));
}

/** Copies, on the heap, of arrays by name. */
export function heapCopies(arrays: Readonly<Record<string, NDArray>>): Record<string, NDArray> {
  return withStorage(heap, () => Object.fromEntries(Object.entries(arrays).map(([name, a]) => [name, array(a)])));
}

/** @throws {TypeError | ShapeError} if `value` does not have an array for each of `like`, of its shape and dtype. */
export function checkArrays(
  fn: string,
  arg: string,
  value: unknown,
  like: Readonly<Record<string, NDArray>>,
): asserts value is Readonly<Record<string, NDArray>> {
  checkEntries(fn, arg, value, Object.keys(like));
  for (const [name, own] of Object.entries(like)) {
    checkLike(fn, `${arg}.${name}`, value[name] as NDArray, `the own ${name}`, own);
  }
}

/**
 * @param mayBeEmpty - Whether an empty list is right too.
 * @throws {TypeError} if `value` is not a list of `length` finite numbers; without a length of any number of them.
 */
export function checkNumbers(
  fn: string,
  arg: string,
  value: unknown,
  length?: number,
  mayBeEmpty = false,
): asserts value is number[] {
  const isLength = (n: number): boolean => length === undefined || n === length || (mayBeEmpty && n === 0);
  const isList = Array.isArray(value) && isLength(value.length);
  if (isList && Array.from(value).every(FINITE.allows)) return;
  const expected = `a list of ${length === undefined ? '' : `${length} `}finite numbers`;
  throw argumentError(TypeError, { fn, arg, found: `is ${describe(value)}`, expected });
}
