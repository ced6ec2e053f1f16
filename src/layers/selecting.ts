import {
  argumentError,
  checkCount,
  checkFlag,
  checkLike,
  checkShapes,
  type DType,
  describe,
  dtypeOf,
  empty,
  hostRoom,
  hostValues,
  type NDArray,
  ndarray,
  operand,
  ops,
  ShapeError,
  sizeOf,
  tuple,
  wrap,
} from '../arrays/index.js';
import { kernels, type Relation } from '../kernels/index.js';
import { broadcastShape, broadcastView, type ElementwiseGrads, sumTo } from './broadcasting.js';
import { checkCache } from './cache.js';
import { anyShape, axisOf, checkUpstream, type Form, formOf } from './operands.js';
import { checkSome, reductionOf } from './reductions.js';
import { axesLast, fillRows } from './rows.js';

// Values by their places, and places by their values. Places are whole numbers from 0 on, in float64, which holds all
// of them; they have no gradient.

/**
 * Compares two arrays, element by element: 1 where `a` is so related to `b`, else 0. It has no gradient.
 *
 * @param a - Any shape.
 * @param b - A shape that broadcasts with that of `a`. It may have another dtype.
 * @returns A new array of the shape that both broadcast to and the dtype of `a`.
 * @throws {ShapeError} if the shapes do not broadcast.
 */
export function compare(fn: string, relation: Relation, a: NDArray, b: NDArray): NDArray {
  checkShapes(fn, { a: [a, anyShape(a)] });
  checkShapes(fn, { b: [b, anyShape(b)] });
  const out = empty(broadcastShape(fn, a.shape, b.shape), dtypeOf(a));
  kernels().compare(relation, operand(broadcastView(a, out.shape)), operand(broadcastView(b, out.shape)), out.data);
  return out;
}

/**
 * The place of the largest (or smallest) value along an axis, the first of equal ones. NaN comes before all numbers.
 *
 * @param x - Any shape.
 * @param axis - The axis to go along. Default: all values, in row-major order.
 * @param keepdims - Whether the result keeps the axis, with size 1. Default false.
 * @returns A new array in float64.
 * @throws {RangeError} if there is no such axis.
 */
export function placeOfExtreme(
  fn: string,
  kernel: 'argmax' | 'argmin',
  x: NDArray,
  axis?: number,
  keepdims = false,
): NDArray {
  const { axes, shape } = reductionOf(fn, x, axis === undefined ? undefined : [axis], keepdims);
  checkSome(fn, x, axes);
  const out = empty(shape, 'float64');
  kernels()[kernel](operand(axesLast(x, axes)), out.data, x.size / out.size);
  return out;
}

/**
 * The places of the k largest (or smallest) values along an axis, in their order; of equal ones the first comes first,
 * and NaN is the largest.
 *
 * @param x - Any shape of at least one axis.
 * @param k - How many, from 1 to the size of the axis.
 * @returns A new array in float64, of the shape of `x` with k for the size of the axis.
 * @throws {RangeError} if there is no such axis, or `k` is out of range.
 */
export function placesOfTop(fn: string, x: NDArray, k: number, axis = -1, largest = true): NDArray {
  checkShapes(fn, { x: [x, anyShape(x)] });
  const along = axisOf(fn, axis, x.shape);
  const length = x.shape[along];
  checkCount(fn, 'k', k, 1, length);
  checkFlag(fn, 'largest', largest);
  const out = empty(resized(x.shape, along, k), 'float64');
  const values = operand(axesLast(x, [along]));
  fillRows(out, [along], (rows) => kernels().topk({ x: values, out: rows, length, k, largest }));
  return out;
}

/** What {@link gatherBackward} needs from {@link gatherForward}. Opaque: the fields may change. */
export interface GatherCache {
  readonly layer: 'gather';
  readonly x: Form;
  readonly axis: number;
  /** The shape of the places, and the places, those along the axis next to each other. */
  readonly index: readonly number[];
  readonly places: Int32Array;
  readonly out: Form;
}

/**
 * Forward pass of picking values by their places along an axis: for axis 1 of two, `out[i, j] = x[i, index[i, j]]`.
 *
 * @param x - Any shape of at least one axis.
 * @param axis - Negative ones count from the end.
 * @param index - Whole numbers in [0, size of the axis), of either dtype; as many axes as `x`, and but for this axis
 *   none longer than that of `x`.
 * @param keepdims - False drops the axis, which has size 1 in `index` then. Default true.
 * @returns `out`, a new array of the shape of `index`, and the cache, which keeps neither.
 * @throws {ShapeError} if `index` does not fit `x`.
 * @throws {RangeError} if there is no such axis, or a place is not on it.
 */
export function gatherForward(
  x: NDArray,
  axis: number,
  index: NDArray,
  keepdims = true,
): [out: NDArray, cache: GatherCache] {
  const fn = 'gatherForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  checkShapes(fn, { index: [index, anyShape(index)] });
  const along = axisOf(fn, axis, x.shape);
  const { shape } = index;
  if (shape.length !== x.shape.length || shape.some((size, i) => i !== along && size > x.shape[i])) {
    const most = x.shape.map((size, i) => (i === along ? 'any' : x.shape.length === 1 ? size : `≤ ${size}`));
    throw argumentError(ShapeError, {
      fn,
      arg: 'index',
      found: `has shape ${tuple(shape)}`,
      expected: `${tuple(most)} for an x of shape ${tuple(x.shape)}`,
    });
  }
  const length = x.shape[along];
  checkPlaces(fn, 'index', index, length);
  const places = Int32Array.from(operand(axesLast(index, [along])));
  const out = empty(shape, dtypeOf(x));
  const values = operand(axesLast(corner(x, resized(shape, along, length)), [along]));
  fillRows(out, [along], (rows) => {
    kernels().pick({ x: values, places, out: rows, length, count: shape[along] });
  });
  const kept = keepdims ? out : wrap(out.data, others(shape, along));
  return [kept, { layer: 'gather', x: formOf(x), axis: along, index: shape, places, out: formOf(kept) }];
}

/**
 * Backward pass of picking values by their places: `dx[i, index[i, j]] += dout[i, j]`, 0 where nothing was picked.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link gatherForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function gatherBackward(dout: NDArray, cache: GatherCache): NDArray {
  checkCache('gatherBackward', cache, 'gather');
  const { x, axis, index, places, out } = cache;
  checkUpstream('gatherBackward', dout, out);
  const [length, count] = [x.shape[axis], index[axis]];
  const upstream = operand(axesLast(ndarray(operand(dout), [...index]), [axis]));
  const reached = empty(resized(index, axis, length), x.dtype);
  fillRows(reached, [axis], (rows) => {
    rows.fill(0);
    kernels().pickBackward({ dout: upstream, places, dx: rows, length, count });
  });
  if (reached.size === sizeOf(x.shape)) return reached;
  const dx = empty(x.shape, x.dtype);
  hostRoom(dx).fill(0);
  ops().assign(corner(dx, reached.shape), reached);
  return dx;
}

/** A view of the first values along each axis, as many as this shape has. Not to be returned: see `adopted`. */
function corner(a: NDArray, shape: readonly number[]): NDArray {
  return ndarray(a.data, [...shape], a.stride, a.offset);
}

function resized(shape: readonly number[], axis: number, size: number): number[] {
  return shape.map((n, i) => (i === axis ? size : n));
}

function others(shape: readonly number[], axis: number): number[] {
  return shape.filter((_, i) => i !== axis);
}

/** @throws {RangeError} naming the first of `index` that is not a whole number in [0, size). */
function checkPlaces(fn: string, arg: string, index: NDArray, size: number): void {
  const values = hostValues(index);
  for (let i = 0; i < values.length; i++) {
    const place = values[i];
    if (Number.isInteger(place) && place >= 0 && place < size) continue;
    const at: number[] = [];
    for (let axis = index.shape.length - 1, rest = i; axis >= 0; axis--) {
      at.unshift(rest % index.shape[axis]);
      rest = Math.floor(rest / index.shape[axis]);
    }
    throw argumentError(RangeError, {
      fn,
      arg: at.length === 0 ? arg : `${arg}[${at.join(', ')}]`,
      found: `is ${describe(place)}`,
      expected: `a whole number from 0 to ${size - 1}`,
    });
  }
}

/**
 * One vector for each label, with 1 at its place and 0 elsewhere. It has no gradient.
 *
 * @param labels - Whole numbers in [0, C), any shape.
 * @param C - The number of classes.
 * @returns A new array of the shape of `labels` and an axis of C behind it.
 * @throws {RangeError} if a label or `C` is out of range.
 */
export function oneHotOf(fn: string, labels: NDArray, C: number, dtype: DType): NDArray {
  checkShapes(fn, { labels: [labels, anyShape(labels)] });
  checkCount(fn, 'numClasses', C, 1);
  checkPlaces(fn, 'labels', labels, C);
  const out = empty([...labels.shape, C], dtype);
  const room = hostRoom(out).fill(0);
  hostValues(labels).forEach((label, n) => {
    room[n * C + label] = 1;
  });
  return out;
}

/** What {@link whereBackward} needs from {@link whereForward}. Opaque: the fields may change. */
export interface WhereCache {
  readonly layer: 'where';
  readonly mask: Uint8Array;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly out: Form;
}

/**
 * Forward pass of a choice, element by element: `out = a` where the condition is not 0, else `b`.
 *
 * @param condition - Any shape, of either dtype; NaN is not 0.
 * @param a - A shape that broadcasts with the others.
 * @param b - A shape that broadcasts with the others.
 * @returns `out`, a new array of the shape that all three broadcast to, and the cache, which keeps none of them.
 * @throws {ShapeError} if the shapes do not broadcast.
 * @throws {TypeError} if `a` and `b` are not of one dtype.
 */
export function whereForward(condition: NDArray, a: NDArray, b: NDArray): [out: NDArray, cache: WhereCache] {
  const fn = 'whereForward';
  checkShapes(fn, { condition: [condition, anyShape(condition)] });
  checkShapes(fn, { a: [a, anyShape(a)], b: [b, anyShape(b)] });
  const both = broadcastShape(fn, a.shape, b.shape);
  if (!broadcasts(both, condition.shape)) {
    const found = `has shape ${tuple(condition.shape)}`;
    const expected = `one that broadcasts with ${tuple(both)}, that of a and b`;
    throw argumentError(ShapeError, { fn, arg: 'condition', found, expected });
  }
  const out = empty(broadcastShape(fn, both, condition.shape), dtypeOf(a));
  const view = (array: NDArray) => operand(broadcastView(array, out.shape));
  const mask = Uint8Array.from(view(condition), (value) => (value === 0 ? 0 : 1));
  kernels().select(mask, view(a), view(b), out.data);
  return [out, { layer: 'where', mask, a: a.shape, b: b.shape, out: formOf(out) }];
}

function broadcasts(a: readonly number[], b: readonly number[]): boolean {
  const rank = Math.min(a.length, b.length);
  return a.slice(a.length - rank).every((n, i) => {
    const m = b[b.length - rank + i];
    return n === m || n === 1 || m === 1;
  });
}

/**
 * Backward pass of a choice: `da = dout` where the condition is not 0, `db = dout` where it is, 0 elsewhere; summed
 * over the axes that were stretched.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link whereForward}.
 * @returns Gradients with respect to `a` and `b`, in new arrays.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function whereBackward(dout: NDArray, cache: WhereCache): ElementwiseGrads {
  checkCache('whereBackward', cache, 'where');
  const { mask, a, b, out } = cache;
  checkUpstream('whereBackward', dout, out);
  const [da, db] = [empty(out.shape, out.dtype), empty(out.shape, out.dtype)];
  kernels().selectBackward(operand(dout), mask, da.data, db.data);
  return { da: sumTo(da, a), db: sumTo(db, b) };
}

/** What {@link clampBackward} needs from {@link clampForward}. Opaque: the fields may change. */
export interface ClampCache {
  readonly layer: 'clamp';
  readonly x: NDArray;
  readonly min: number;
  readonly max: number;
}

/**
 * Forward pass of bounds, element by element: `out = min(max(x, min), max)`, so `max` where the two bounds cross.
 *
 * @param x - Any shape.
 * @param min - Null for none.
 * @param max - Null for none. Default null.
 * @returns `out`, a new array of the shape of `x`, NaN where x is, and the cache, which keeps `x` by reference: leave
 *   it unchanged until the backward pass.
 * @throws {RangeError} if a bound is neither a number nor null, or both are null.
 */
export function clampForward(
  x: NDArray,
  min: number | null,
  max: number | null = null,
): [out: NDArray, cache: ClampCache] {
  const fn = 'clampForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  for (const [arg, bound] of [
    ['min', min],
    ['max', max],
  ] as const) {
    if (bound === null || (typeof bound === 'number' && !Number.isNaN(bound))) continue;
    throw argumentError(RangeError, { fn, arg, found: `is ${describe(bound)}`, expected: 'a number, or null' });
  }
  if (min === null && max === null) {
    throw argumentError(RangeError, {
      fn,
      arg: 'min and max',
      found: 'are null',
      expected: 'a number for one of them',
    });
  }
  const bounds = { min: min ?? Number.NEGATIVE_INFINITY, max: max ?? Number.POSITIVE_INFINITY };
  const out = empty(x.shape, dtypeOf(x));
  kernels().limit(operand(x), out.data, bounds.min, bounds.max);
  return [out, { layer: 'clamp', x, ...bounds }];
}

/**
 * Backward pass of bounds: `dx = dout` where min ≤ x ≤ max, else 0.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link clampForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function clampBackward(dout: NDArray, cache: ClampCache): NDArray {
  checkCache('clampBackward', cache, 'clamp');
  const { x, min, max } = cache;
  checkLike('clampBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().limitBackward({ dout: operand(dout), x: operand(x), dx: dx.data, min, max });
  return dx;
}
