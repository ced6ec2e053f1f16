import type { NDArray } from '../../arrays/index.js';

/** Values that lie one behind the other. */
export type Values = Float32Array | Float64Array | Int32Array | Uint8Array;

/** How the values of all ranks become one. */
export type Reduction = 'sum' | 'min' | 'max';

/**
 * The processes of a job, which call the same of these functions in the same order: each blocks until all ranks have
 * come to it. `mpi()` and `singleProcess()` of `layerwise/distributed` make one.
 */
export interface Communicator {
  /** The number of this process, from 0. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /**
   * Puts the sum over all ranks, or the least or greatest value, into the array of each: place by place, in place, the
   * same bits on all ranks. Arrays are contiguous, and of one size and type on all.
   *
   * @returns The array.
   */
  allReduce<T extends NDArray | Values>(array: T, op?: Reduction): T;
  /** Overwrites the array of each rank by that of `root`, by default rank 0. @returns The array. */
  broadcast<T extends NDArray | Values>(array: T, root?: number): T;
  /** Collects the arrays of all ranks, whose sizes may differ. @returns Copies by rank on `root`; null elsewhere. */
  gather<T extends NDArray | Values>(array: T, root?: number): T[] | null;
  /** Returns when all ranks have called it. */
  barrier(): void;
  /** Ends all processes of the job, at once, with this message on standard error. */
  abort(message: string): never;
}
