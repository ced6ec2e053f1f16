import type { Data, NdArray } from 'ndarray';
import { type Operations, operations } from './own/operations.js';
import { view } from './own/view.js';
import { loadPackages } from './packages.js';

/** How arrays are made, and the operations on views that loops on the host are made of. */
export interface Views {
  readonly ndarray: <D extends Data>(data: D, shape?: number[], stride?: number[], offset?: number) => NdArray<D>;
  readonly ops: Operations;
}

const OWN: Views = { ndarray: view, ops: operations };

let chosen: Views | null = null;

/** The packages where they can run, else a class and loops of our own: chosen at the first use, by an attempt. */
function views(): Views {
  chosen ??= loadPackages() ?? OWN;
  return chosen;
}

/**
 * The array over `data`, as the package `ndarray` makes it.
 *
 * @param shape - Default `[data.length]`. It is copied.
 * @param stride - Default row-major order. It is copied.
 * @param offset - Default: where the first value is, if all the memory from 0 on belongs to the array.
 */
export function ndarray<D extends Data>(data: D, shape?: number[], stride?: number[], offset?: number): NdArray<D> {
  return views().ndarray(data, shape, stride, offset);
}

/** The operations on views of `ndarray-ops`, by loops on the host. */
export function ops(): Operations {
  return views().ops;
}
