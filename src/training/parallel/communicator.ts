import type { NDArray } from '../../arrays/index.js';

/** Values that lie one behind the other. */
export type Values = Float32Array | Float64Array | Int32Array | Uint8Array;

/** How the values of all ranks become one. */
export type Reduction = 'sum' | 'min' | 'max';

/**
 * The processes of a job, which call the same of these functions in the same order: each blocks until all ranks have
 * come to it. `mpi()` and `singleProcess()` of `layerwise/distributed` make one.
 *
 * Calls that do not match, as arrays of other sizes or another function on one rank, are the same error on all ranks,
 * after which they may go on together. An argument that is refused on one rank alone is that rank's error alone: where
 * nobody catches it, the job ends.
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
   * @throws {TypeError} if it is none. @throws {RangeError} if it is a strided view, or there is no such reduction.
   * @throws {Error} if the calls of the ranks do not match.
   */
  allReduce<T extends NDArray | Values>(array: T, op?: Reduction): T;
  /**
   * Overwrites the array of each rank by that of `root`, by default rank 0. Arrays are contiguous, and of one size and
   * type on all.
   *
   * @returns The array.
   * @throws {Error} as {@link Communicator.allReduce} does; {RangeError} if there is no rank `root`.
   */
  broadcast<T extends NDArray | Values>(array: T, root?: number): T;
  /**
   * Collects the arrays of all ranks, of one type and any size, on `root`, by default rank 0.
   *
   * @returns Copies, by rank, on `root`; null elsewhere.
   * @throws {Error} as {@link Communicator.broadcast} does.
   */
  gather<T extends NDArray | Values>(array: T, root?: number): T[] | null;
  /** Returns when all ranks have called it. */
  barrier(): void;
  /** Ends all processes of the job, at once, with this message on standard error. In a job of one process it throws. */
  abort(message: string): never;
}
