import { array as copy, heap, isNDArray, type NDArray, withStorage } from '../arrays/index.js';
import type { Communicator, Values } from '../training/parallel/index.js';
import { checkReduction, checkRoot, valuesOf } from './arguments.js';

/**
 * The communicator of a job of one process: rank 0 of 1, where nothing is sent. It checks its arguments as that of
 * `mpi()` does, so a program that runs on one process has the same errors as on many. Its `abort` throws.
 *
 * @example
 * const ranks = isParallel ? mpi() : singleProcess();
 */
export function singleProcess(): Communicator {
  return {
    rank: 0,
    size: 1,
    allReduce(array, op = 'sum') {
      valuesOf('allReduce', array);
      checkReduction('allReduce', op);
      return array;
    },
    broadcast(array, root = 0) {
      valuesOf('broadcast', array);
      checkRoot('broadcast', root, 1);
      return array;
    },
    gather<T extends NDArray | Values>(array: T, root = 0): T[] {
      const values = valuesOf('gather', array);
      checkRoot('gather', root, 1);
      return [(isNDArray(array) ? withStorage(heap, () => copy(array)) : values.slice()) as T];
    },
    barrier() {},
    abort(message) {
      throw new Error(message);
    },
  };
}
