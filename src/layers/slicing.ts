import {
  argumentError,
  array,
  checkShapes,
  describe,
  empty,
  hostRoom,
  type NDArray,
  ndarray,
  ops,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import { checkCache } from './cache.js';
import { anyShape, checkUpstream, type Form, formOf } from './operands.js';

/**
 * The part of an axis that a slice takes: all of it (null); one index, which drops the axis; or the indices from start
 * to before stop, in steps. A negative index counts from the end, and null is the end where the steps begin or lead to.
 */
export type SliceRange = null | number | readonly [start: number | null, stop: number | null, step?: number];

/** What {@link sliceBackward} needs from {@link sliceForward}. Opaque: the fields may change. */
export interface SliceCache {
  readonly layer: 'slice';
  readonly x: Form;
  readonly axes: readonly Part[];
  readonly out: Form;
}

/** The part of an axis: `length` indices from `start` on; null for the one index of an axis that is dropped. */
interface Part {
  readonly start: number;
  readonly length: number | null;
  readonly step: number;
}

/**
 * Forward pass of a slice, as NumPy's `x[1:3, :, -1]`.
 *
 * @param x - Any shape.
 * @param ranges - The part to take of each axis, from the first on; axes without a range are taken whole.
 * @returns `out`, a new array, and the cache, which does not keep `x`.
 * @throws {ShapeError} if the slice would be empty, or there are more ranges than axes.
 * @throws {RangeError} if an index is outside its axis, a step is 0, or a number is not whole.
 *
 * @example
 * sliceForward(x, [[1, 3], null, -1]); // x[1:3, :, -1]
 */
export function sliceForward(x: NDArray, ranges: readonly SliceRange[]): [out: NDArray, cache: SliceCache] {
  const fn = 'sliceForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  if (!Array.isArray(ranges))
    throw argumentError(TypeError, {
      fn,
      arg: 'ranges',
      found: `is ${describe(ranges)}`,
      expected: 'a list of ranges',
    });
  if (ranges.length > x.shape.length) {
    throw argumentError(ShapeError, {
      fn,
      arg: 'x',
      found: `has shape ${tuple(x.shape)}`,
      expected: `an axis for each of ${ranges.length} ranges`,
    });
  }
  const axes = x.shape.map((size, axis) => partOf(fn, `ranges[${axis}]`, ranges[axis] ?? null, size));
  const out = array(part(x, axes));
  return [out, { layer: 'slice', x: formOf(x), axes, out: formOf(out) }];
}

/**
 * Backward pass of a slice: `dout` where the slice was taken, 0 elsewhere.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link sliceForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function sliceBackward(dout: NDArray, cache: SliceCache): NDArray {
  checkCache('sliceBackward', cache, 'slice');
  const { x, axes, out } = cache;
  checkUpstream('sliceBackward', dout, out);
  const dx = empty(x.shape, x.dtype);
  hostRoom(dx).fill(0);
  ops().assign(part(dx, axes), dout);
  return dx;
}

/** A view of the part of an array. Not to be returned: see `adopted`. */
function part(a: NDArray, axes: readonly Part[]): NDArray {
  const [shape, stride]: number[][] = [[], []];
  let offset = a.offset;
  axes.forEach(({ start, length, step }, axis) => {
    offset += start * a.stride[axis];
    if (length === null) return;
    shape.push(length);
    stride.push(step * a.stride[axis]);
  });
  return ndarray(a.data, shape, stride, offset);
}

/** The part of an axis of this size that a range selects. */
function partOf(fn: string, arg: string, range: SliceRange, size: number): Part {
  if (range === null) return { start: 0, length: size, step: 1 };
  if (typeof range === 'number') {
    if (Number.isInteger(range) && range >= -size && range < size) {
      return { start: range < 0 ? range + size : range, length: null, step: 1 };
    }
    throw argumentError(RangeError, {
      fn,
      arg,
      found: `is ${range}`,
      expected: `a whole number from ${-size} to ${size - 1}`,
    });
  }
  const found = `is ${describe(range)}`;
  if (!Array.isArray(range) || range.length < 2 || range.length > 3) {
    throw argumentError(TypeError, { fn, arg, found, expected: 'null, an index, or [start, stop, step]' });
  }
  const [from, to, step = 1] = range as readonly [number | null, number | null, number?];
  if (![from ?? 0, to ?? 0, step].every(Number.isInteger) || step === 0) {
    throw argumentError(RangeError, { fn, arg, found, expected: 'whole numbers or null, and a step that is not 0' });
  }
  // As Python's slice.indices: an index beyond an end is clipped.
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const within = (index: number): number => Math.min(high, Math.max(low, index < 0 ? index + size : index));
  const start = from === null ? (step > 0 ? low : high) : within(from);
  const stop = to === null ? (step > 0 ? high : low) : within(to);
  const length = Math.ceil((stop - start) / step);
  if (length > 0) return { start, length, step };
  throw argumentError(ShapeError, { fn, arg, found: `${found}, which takes nothing of an axis of size ${size}` });
}
