import { hostRoom, isNDArray, type NDArray } from '../../src/arrays/index.js';
import type { Communicator, Reduction, Values } from '../../src/training/parallel/index.js';

/**
 * A communicator as if another process did the same with the same numbers: sums are twice its own.
 *
 * @param rank - Its own. @param gathered - What `gather` gives on rank 0 in the place of the other's array, by calls.
 */
export function twinRanks(rank = 0, ...gathered: Values[]): Communicator & { readonly reductions: number[] } {
  const reductions: number[] = [];
  const roomOf = (array: NDArray | Values): Values => (isNDArray(array) ? hostRoom(array) : array);
  return {
    rank,
    size: 2,
    reductions,
    allReduce<T extends NDArray | Values>(array: T, op: Reduction = 'sum'): T {
      const room = roomOf(array);
      reductions.push(room.length);
      if (op === 'sum') for (let i = 0; i < room.length; i++) room[i] *= 2;
      return array;
    },
    broadcast: (array) => array,
    gather: (array) => (rank === 0 ? [array, (gathered.shift() ?? array) as typeof array] : null),
    barrier: () => {},
    abort(message) {
      throw new Error(message);
    },
  };
}
