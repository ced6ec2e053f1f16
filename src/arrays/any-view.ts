import type { NdArray } from 'ndarray';
import { revive } from './cloned.js';
import { describe } from './errors.js';
import { hostValues, isNDArray, reachProblem } from './ndarray.js';
import { typedArrayName } from './realms.js';
import type { Floats, NDArray } from './types.js';

/** Whether `value` is an `ndarray` over whatever kind of numbers. */
export function isView(value: unknown): value is NdArray {
  if (isNDArray(value)) return true;
  const a = value as Partial<NdArray> | null;
  if (typeof a !== 'object' || a === null || Array.isArray(a) || typedArrayName(a) !== undefined) return false;
  if (a.get === undefined) return revive(a);
  return Array.isArray(a.shape) && Array.isArray(a.stride) && Number.isInteger(a.offset) && typeof a.data === 'object';
}

/**
 * What copies the values of a view to a flat array in row-major order.
 *
 * @throws {RangeError | TypeError} if they cannot be read, or one is not a number.
 */
export function readView(fn: string, view: NdArray): (out: Floats) => void {
  if (isNDArray(view)) {
    const flat = hostValues(view);
    return (out) => out.set(flat);
  }
  // Of ndarray's `generic` dtype: anything with get, set and length.
  const { data } = view as { data: ArrayLike<unknown> & { get?: (i: number) => unknown } };
  const problem = reachProblem(view as unknown as NDArray);
  if (problem !== null) throw new RangeError(`${fn}: ${problem}`);
  const { get } = data;
  const at = typeof get === 'function' ? (i: number): unknown => get.call(data, i) : (i: number): unknown => data[i];
  if (typedArrayName(data) === undefined) {
    visit(view, (place) => {
      const value = at(place);
      if (typeof value !== 'number') throw new TypeError(`${fn}: found ${describe(value)}, expected a number`);
    });
  }
  return (out) => {
    let next = 0;
    visit(view, (place) => {
      out[next++] = at(place) as number;
    });
  };
}

/** Calls `fn` with the place of every value of a view, in row-major order. */
function visit({ shape, stride, offset }: NdArray, fn: (place: number) => void): void {
  const level = (axis: number, place: number): void => {
    if (axis === shape.length) fn(place);
    else for (let i = 0, p = place; i < shape[axis]; i++, p += stride[axis]) level(axis + 1, p);
  };
  level(0, offset);
}
