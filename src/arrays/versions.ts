import type { Floats, NDArray } from './types.js';
import { ops } from './views.js';

/** How often the numbers of a memory were changed in place, of those memories where that was announced. */
const versions = new WeakMap<Floats, number>();

/**
 * Announces that values of `a` were changed in place, so that code that saved the array for later can tell. It holds
 * for every view of the same `data`.
 *
 * @see versionOf
 */
export function markChanged(a: NDArray): void {
  versions.set(a.data, versionOf(a) + 1);
}

/**
 * The number of changes in place of the memory of `a` that were announced with {@link markChanged}; 0 if there were
 * none. As long as it stays the same, no function of this library that announces its changes has written to `a.data`.
 */
export function versionOf(a: NDArray): number {
  return versions.get(a.data) ?? 0;
}

/**
 * Writes the values of `source` into `target`, of the same size, in place, and announces it.
 */
export function overwrite(target: NDArray, source: NDArray): void {
  ops().assign(target, source);
  markChanged(target);
}
