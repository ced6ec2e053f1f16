/**
 * Refuses what a function returned that goes on running after it has returned: a promise, or an iterator such as a
 * generator. For scopes, which have ended by then.
 *
 * @param fn - The function to name in the error.
 * @param result - What the function that it was given has returned.
 * @param name - What that function is called in its documentation.
 * @throws {TypeError} saying how to go about it. A promise that is refused is heard: one that rejects later is no
 *   unhandled rejection.
 */
export function checkSynchronous(fn: string, result: unknown, name = 'fn'): void {
  if (typeof result !== 'object' || result === null) return;
  const { then, next } = result as { then?: unknown; next?: unknown };
  if (typeof then === 'function') {
    Promise.resolve(result as PromiseLike<unknown>).then(undefined, () => {});
    throw new TypeError(`${fn}: ${name} returned a promise, expected a synchronous function: await outside of it`);
  }
  if (typeof next !== 'function') return;
  if (Symbol.asyncIterator in result) {
    throw new TypeError(
      `${fn}: ${name} returned an asynchronous iterator, expected a synchronous function: go through it outside, ` +
        `and call ${fn} for each of its values`,
    );
  }
  if (Symbol.iterator in result) {
    throw new TypeError(
      `${fn}: ${name} returned an iterator, which computes its values when it is gone through, expected a function that ` +
        'has computed them: return a list, [...values]',
    );
  }
}
