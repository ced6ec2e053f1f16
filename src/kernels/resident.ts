import {
  type DType,
  dtypeOf,
  ended,
  heap,
  hostRoom,
  hostValues,
  markEnded,
  type NDArray,
  withStorage,
  wrap,
} from '../arrays/index.js';
import { engineMemory } from './engine.js';

/**
 * A copy of `a` that lives in WebAssembly memory for as long as it is reachable, where kernels use it in place: for
 * parameters and optimizer state. On the heap where there is no such memory, or no room in it.
 *
 * Its memory is reused once nothing refers to its `data` any more, so take parts of it as `ndarray` views, not as
 * subarrays of `data`.
 */
export function resident(a: NDArray): NDArray {
  const values = hostValues(a);
  const copy = residentEmpty(a.shape, dtypeOf(a));
  hostRoom(copy).set(values);
  return copy;
}

/** A resident array of zeros. */
export function residentZeros(shape: readonly number[], dtype: DType): NDArray {
  const made = residentEmpty(shape, dtype);
  hostRoom(made).fill(0);
  return made;
}

function residentEmpty(shape: readonly number[], dtype: DType): NDArray {
  const length = shape.reduce((size, n) => size * n, 1);
  const values = engineMemory()?.resident(length, dtype) ?? heap.allocate(length, dtype);
  // Made on the heap's account: no workspace that happens to be open may end it.
  return withStorage(heap, () => wrap(values, shape));
}

/** Whether an array lives in WebAssembly memory. */
export function isResident(a: NDArray): boolean {
  return engineMemory()?.holds(a.data) ?? false;
}

/**
 * Gives the memory of an array that {@link resident} or {@link residentZeros} made back at once, and ends the array.
 * Only where nobody else can hold it, or a view of it: everything else is left to the garbage collector.
 */
export function discard(a: NDArray): void {
  if (engineMemory()?.discard(a.data) !== true) return;
  markEnded(a.data);
  a.data = ended(dtypeOf(a));
}
