/**
 * Refuses what a function returned that goes on running after it has returned: a promise, or an iterator such as a
 * generator. For scopes, which have ended by then, and for callbacks, whose results nobody would wait for.
 *
 * @param fn - The function to name in the error.
 * @param callback - What the function that it was given is called in its documentation.
 * @param value - What that function has returned.
 * @throws {TypeError} saying how to go about it. A promise that is refused is heard: one that rejects later is no
 *   unhandled rejection.
 */
export function checkSynchronous(fn: string, callback: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const { then, next } = value as { then?: unknown; next?: unknown };
  if (typeof then === 'function') {
    Promise.resolve(value as PromiseLike<unknown>).then(undefined, () => {});
    throw new TypeError(`${fn}: ${callback} returned a promise, expected a synchronous function: await outside of it`);
  }
  if (typeof next !== 'function') return;
  if (Symbol.asyncIterator in value) {
    throw new TypeError(
      `${fn}: ${callback} returned an asynchronous iterator, expected a synchronous function: go through it outside, ` +
        `and call ${fn} for each of its values`,
    );
  }
  if (Symbol.iterator in value) {
    throw new TypeError(
      `${fn}: ${callback} returned an iterator, which computes its values when it is gone through, expected a function ` +
        'that has computed them: return a list, [...values]',
    );
  }
}
