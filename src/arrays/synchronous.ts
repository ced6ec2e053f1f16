import { argumentError } from './errors.js';

/**
 * Refuses what a function returned that goes on running after it has returned: a promise, or an iterator such as a
 * generator. For scopes, which end when it returns, and for callbacks, whose results are not awaited.
 *
 * @param fn - The function to name in the error.
 * @param callback - What the function that it was given is called in its documentation.
 * @param value - What that function has returned.
 * @throws {TypeError} with a way out. A promise that is refused has a handler: if it rejects later, that is no
 *   unhandled rejection.
 */
export function checkSynchronous(fn: string, callback: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const { then, next } = value as { then?: unknown; next?: unknown };
  if (typeof then === 'function') {
    Promise.resolve(value as PromiseLike<unknown>).then(undefined, () => {});
    throw refused(fn, callback, 'a promise', 'a synchronous function', 'await outside of it');
  }
  if (typeof next !== 'function') return;
  if (Symbol.asyncIterator in value) {
    const wayOut = `go through it outside, and call ${fn} for each of its values`;
    throw refused(fn, callback, 'an asynchronous iterator', 'a synchronous function', wayOut);
  }
  if (Symbol.iterator in value) {
    const found = 'an iterator, which computes its values when it is gone through';
    throw refused(fn, callback, found, 'a function that has computed them', 'return a list, [...values]');
  }
}

function refused(fn: string, arg: string, found: string, expected: string, wayOut: string): Error {
  return argumentError(TypeError, { fn, arg, found: `returned ${found}`, expected, wayOut });
}
