import { revive } from './cloned.js';
import { currentStorage } from './context.js';
import { ENDED_MESSAGE, hasEnded } from './ended.js';
import { describe, tuple } from './errors.js';
import { makePrint, PRINTS } from './print.js';
import { isFloat64, isFloats } from './realms.js';
import { heap } from './storage.js';
import type { DType, Floats, NDArray } from './types.js';
import { ndarray } from './views.js';

/**
 * The array over `data` in row-major order.
 */
export function wrap(data: Floats, shape: readonly number[]): NDArray {
  return adopted(ndarray(data, shape as number[]) as NDArray);
}

/** Whether two arrays share memory: that of one may be a part of the other's. */
export function overlap({ data: a }: NDArray, { data: b }: NDArray): boolean {
  if (a === b) return true;
  const [aEnd, bEnd] = [a.byteOffset + a.byteLength, b.byteOffset + b.byteLength];
  return a.buffer === b.buffer && a.byteOffset < bEnd && b.byteOffset < aEnd;
}

/**
 * `view` itself, known to the open workspace as one of its arrays: for a view that leaves the function that made it,
 * over memory that may end with the workspace.
 */
export function adopted(view: NDArray): NDArray {
  if (view.shape.length > (isFloat64(view.data) ? PRINTS.float64 : PRINTS.float32)) makePrint(view, reachProblem);
  currentStorage().adopt(view);
  return view;
}

/** The dtype of an array. */
export function dtypeOf(a: { readonly data: Floats }): DType {
  return isFloat64(a.data) ? 'float64' : 'float32';
}

/** The number of values of an array of this shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/**
 * Whether `value` is an array of this library: an `ndarray` over float32 or float64 numbers. One that came from another
 * thread, and has lost its methods on the way, gets them back.
 */
export function isNDArray(value: unknown): value is NDArray {
  const a = value as Partial<NDArray> | null;
  if (typeof a !== 'object' || a === null || !isFloats(a.data)) return false;
  return a.get === undefined ? revive(a) : Array.isArray(a.shape) && Array.isArray(a.stride);
}

// `operand`, `hostValues` and `hostRoom` lead from an array to flat memory, so that every use says who touches the
// values: kernels that keep values elsewhere (on a GPU) until the host reads them need to know no more. Here they are
// all in host memory. What a kernel writes is the `data` of an array that `empty` made, which is dense.

/**
 * The values of `a` for a kernel, as one flat row-major array: `a.data` itself, or a part of it, where they are in that
 * order; a copy otherwise. Read them with {@link hostValues} instead, and do not write to them.
 *
 * @throws {RangeError} if `a` reaches outside its memory, or was made in a workspace that has ended.
 */
export function operand(a: NDArray): Floats {
  if (a.get === undefined && !isNDArray(a)) throw new TypeError(`${describe(a)}, expected an array`);
  const problem = reachProblem(a);
  if (problem !== null) throw new RangeError(problem);
  const { data, shape, offset } = a;
  const size = sizeOf(shape);
  if (size === 0) return data.subarray(0, 0);
  if (isDense(a)) return size === data.length ? data : data.subarray(offset, offset + size);

  const flat = heap.allocate(size, dtypeOf(a));
  copyStrided(a, flat);
  return flat;
}

/**
 * The values of `a` for a loop in JavaScript that reads them, flat and in row-major order, as {@link operand}. Do not
 * write to them.
 *
 * @throws {RangeError} if `a` reaches outside its memory, or was made in a workspace that has ended.
 */
export function hostValues(a: NDArray): Floats {
  return operand(a);
}

/**
 * The memory of `a` for a loop in JavaScript that writes it, flat and in row-major order; places it does not write
 * keep their values. Of a dense array, as `empty`, `zeros` and `array` make them.
 *
 * @throws {RangeError} if `a` is a strided view, reaches outside its memory, or was made in a workspace that has ended.
 */
export function hostRoom(a: NDArray): Floats {
  if (!isDense(a)) throw new RangeError(`a view with stride ${tuple(a.stride)}, expected a dense array`);
  return operand(a);
}

/**
 * `a` itself, for a loop on the host that walks it by strides, as those of `ndarray-ops`, and reads or writes it: no
 * copy is made of a view.
 */
export function hostView(a: NDArray): NDArray {
  return a;
}

/** Whether the values of `a` are contiguous, in row-major order. */
export function isDense({ shape, stride }: NDArray): boolean {
  let size = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== size) return false;
    size *= shape[axis];
  }
  return true;
}

/** Why the elements of `a` cannot be read, or null: they are outside of its memory, or its workspace has ended. */
export function reachProblem({ data, shape, stride, offset }: NDArray): string | null {
  if (hasEnded(data)) return ENDED_MESSAGE;
  let low = offset;
  let high = offset;
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 0) return null;
    if (!Number.isInteger(shape[axis]) || shape[axis] < 0 || !Number.isInteger(stride[axis])) {
      return `shape ${tuple(shape)} and stride ${tuple(stride)} are no array's, expected whole numbers, sizes ≥ 0`;
    }
    const span = stride[axis] * (shape[axis] - 1);
    if (span < 0) low += span;
    else high += span;
  }
  if (low >= 0 && high < data.length && Number.isInteger(offset)) return null;
  return `an array of shape ${tuple(shape)} reaches outside its ${data.length} values`;
}

/** Copies the values of a view to `out` in row-major order, innermost axis in a plain loop. */
function copyStrided({ data, shape, stride, offset }: NDArray, out: Floats): void {
  const last = shape.length - 1;
  const length = shape[last];
  const step = stride[last];
  let at = 0;
  const copy = (axis: number, from: number): void => {
    if (axis === last) {
      for (let i = 0, p = from; i < length; i++, p += step) out[at++] = data[p];
    } else {
      for (let i = 0, p = from; i < shape[axis]; i++, p += stride[axis]) copy(axis + 1, p);
    }
  };
  copy(0, offset);
}
