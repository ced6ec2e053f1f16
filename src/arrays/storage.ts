import type { DType, Floats, NDArray } from './types.js';

/**
 * Where the numbers of a new array live. Everything is made on the garbage-collected heap unless somebody above this
 * folder has put another storage in its place, as a workspace does while it runs.
 */
export interface Storage {
  /** Room for `length` values; what they are is unspecified. */
  allocate(length: number, dtype: DType): Floats;
  /** Told of every array that is made on what `allocate` gave. */
  adopt(made: NDArray): void;
}

/** The JavaScript heap: memory that the garbage collector owns. */
export const heap: Storage = {
  allocate: (length, dtype) => (dtype === 'float64' ? new Float64Array(length) : new Float32Array(length)),
  adopt: () => {},
};
