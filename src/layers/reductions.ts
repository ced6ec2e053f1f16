import {
  argumentError,
  checkFlag,
  checkLike,
  checkShapes,
  dtypeOf,
  empty,
  hostRoom,
  hostValues,
  hostView,
  type NDArray,
  ndarray,
  operand,
  ops,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { broadcastView } from './broadcasting.js';
import { checkCache } from './cache.js';
import { anyShape, axesOf, checkUpstream, type Form, formOf } from './operands.js';
import { axesLast, fillRows } from './rows.js';
import { sumOver } from './sums.js';

/** The axis or the axes that a reduction goes over; negative ones count from the end. */
export type Axes = number | readonly number[];

/** A reduction by its shapes. */
export interface Reduction {
  /** The numbers of the reduced axes, ascending. */
  readonly axes: readonly number[];
  /** The shape of `x`, with 1 for the reduced axes. */
  readonly kept: readonly number[];
  /** The shape of the result. */
  readonly shape: readonly number[];
}

/** Checks the arguments of a reduction. */
export function reductionOf(fn: string, x: NDArray, axis: Axes | undefined, keepdims: boolean): Reduction {
  checkShapes(fn, { x: [x, anyShape(x)] });
  checkFlag(fn, 'keepdims', keepdims);
  const axes = axesOf(fn, axis, x.shape);
  const kept = x.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  return { axes, kept, shape: keepdims ? kept : kept.filter((_, i) => !axes.includes(i)) };
}

/** Refuses to reduce axes without values: nothing has no largest. @throws {ShapeError} naming the shape. */
export function checkSome(fn: string, x: NDArray, axes: readonly number[]): void {
  if (!axes.some((axis) => x.shape[axis] === 0)) return;
  const [found, expected] = [`has shape ${tuple(x.shape)}`, 'at least one value along each axis that is reduced'];
  throw argumentError(ShapeError, { fn, arg: 'x', found, expected });
}

/** What {@link sumBackward} needs from {@link sumForward}. Opaque: the fields may change. */
export interface SumCache {
  readonly layer: 'sum';
  readonly x: Form;
  readonly kept: readonly number[];
  readonly out: Form;
}

/**
 * Forward pass of a sum over axes, in float64, then rounded. A sum of nothing is 0.
 *
 * @param x - Any shape.
 * @param axis - The axis or the axes to sum over, negative ones from the end. Default: all, for an `out` of shape ().
 * @param keepdims - Whether `out` keeps them, with size 1. Default false.
 * @returns `out`, a new array, and the cache, which does not keep `x`.
 * @throws {RangeError} if an axis does not exist or is named twice.
 */
export function sumForward(x: NDArray, axis?: Axes, keepdims = false): [out: NDArray, cache: SumCache] {
  const { kept, shape } = reductionOf('sumForward', x, axis, keepdims);
  const out = sumOver(x, kept, shape);
  return [out, { layer: 'sum', x: formOf(x), kept, out: formOf(out) }];
}

/**
 * Backward pass of a sum: every summand gets the gradient of its sum.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link sumForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function sumBackward(dout: NDArray, cache: SumCache): NDArray {
  checkCache('sumBackward', cache, 'sum');
  checkUpstream('sumBackward', dout, cache.out);
  return spread(dout, cache);
}

/** What {@link meanBackward} needs from {@link meanForward}. Opaque: the fields may change. */
export interface MeanCache {
  readonly layer: 'mean';
  readonly x: Form;
  readonly kept: readonly number[];
  readonly out: Form;
  /** Values in each mean. */
  readonly count: number;
}

/**
 * Forward pass of a mean over axes, summed in float64. A mean of nothing is NaN.
 *
 * @param x - Any shape.
 * @param axis - The axis or the axes to take it over, negative ones from the end. Default: all, for an `out` of shape
 *   ().
 * @param keepdims - Whether `out` keeps them, with size 1. Default false.
 * @returns `out`, a new array, and the cache, which does not keep `x`.
 * @throws {RangeError} if an axis does not exist or is named twice.
 */
export function meanForward(x: NDArray, axis?: Axes, keepdims = false): [out: NDArray, cache: MeanCache] {
  const { kept, shape } = reductionOf('meanForward', x, axis, keepdims);
  const out = sumOver(x, kept, shape);
  const count = x.size / out.size;
  kernels().divideBy(out.data, out.data, count);
  return [out, { layer: 'mean', x: formOf(x), kept, out: formOf(out), count }];
}

/**
 * Backward pass of a mean: each of its `count` values gets `dout / count`.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link meanForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function meanBackward(dout: NDArray, cache: MeanCache): NDArray {
  checkCache('meanBackward', cache, 'mean');
  checkUpstream('meanBackward', dout, cache.out);
  const each = empty(cache.out.shape, cache.out.dtype);
  kernels().divideBy(operand(dout), each.data, cache.count);
  return spread(each, cache);
}

/** A new array of the shape of `x` with the value of `dout` at every place that was reduced to it. */
function spread(dout: NDArray, { x, kept }: { x: Form; kept: readonly number[] }): NDArray {
  const dx = empty(x.shape, x.dtype);
  if (dx.size === 0) return dx;
  if (dout.size === 1) hostRoom(dx).fill(hostValues(dout)[0]);
  else ops().assign(hostView(dx), broadcastView(ndarray(hostValues(dout), [...kept]), x.shape));
  return dx;
}

/** What {@link amaxBackward} needs from {@link amaxForward}. Opaque: the fields may change. */
export interface AmaxCache {
  readonly layer: 'amax';
  readonly x: NDArray;
  readonly out: NDArray;
  readonly axes: readonly number[];
}

/**
 * Forward pass of the largest value over axes.
 *
 * @param x - Any shape.
 * @param axis - The axis or the axes to go over, negative ones from the end. Default: all, for an `out` of shape ().
 * @param keepdims - Whether `out` keeps them, with size 1. Default false.
 * @returns `out`, a new array with NaN where there is one among the values, and the cache, which keeps `x` and `out` by
 *   reference: leave both unchanged until the backward pass.
 * @throws {ShapeError} if there is nothing to take the largest of.
 * @throws {RangeError} if an axis does not exist or is named twice.
 */
export function amaxForward(x: NDArray, axis?: Axes, keepdims = false): [out: NDArray, cache: AmaxCache] {
  const { axes, shape } = reductionOf('amaxForward', x, axis, keepdims);
  checkSome('amaxForward', x, axes);
  const out = empty(shape, dtypeOf(x));
  kernels().maxout(operand(axesLast(x, axes)), out.data, x.size / out.size);
  return [out, { layer: 'amax', x, out, axes }];
}

/**
 * Backward pass of the largest value: `dx = dout / k` at the k values that are equal to it, 0 elsewhere.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link amaxForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function amaxBackward(dout: NDArray, cache: AmaxCache): NDArray {
  checkCache('amaxBackward', cache, 'amax');
  return extremeGradient('amaxBackward', dout, cache);
}

/** What {@link aminBackward} needs from {@link aminForward}. Opaque: the fields may change. */
export interface AminCache {
  readonly layer: 'amin';
  readonly x: NDArray;
  readonly out: NDArray;
  readonly axes: readonly number[];
}

/**
 * Forward pass of the smallest value over axes.
 *
 * @param x - Any shape.
 * @param axis - The axis or the axes to go over, negative ones from the end. Default: all, for an `out` of shape ().
 * @param keepdims - Whether `out` keeps them, with size 1. Default false.
 * @returns `out`, a new array with NaN where there is one among the values, and the cache, which keeps `x` and `out` by
 *   reference: leave both unchanged until the backward pass.
 * @throws {ShapeError} if there is nothing to take the smallest of.
 * @throws {RangeError} if an axis does not exist or is named twice.
 */
export function aminForward(x: NDArray, axis?: Axes, keepdims = false): [out: NDArray, cache: AminCache] {
  const { axes, shape } = reductionOf('aminForward', x, axis, keepdims);
  checkSome('aminForward', x, axes);
  const out = empty(shape, dtypeOf(x));
  kernels().minima(operand(axesLast(x, axes)), out.data, x.size / out.size);
  return [out, { layer: 'amin', x, out, axes }];
}

/**
 * Backward pass of the smallest value: `dx = dout / k` at the k values that are equal to it, 0 elsewhere.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link aminForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function aminBackward(dout: NDArray, cache: AminCache): NDArray {
  checkCache('aminBackward', cache, 'amin');
  return extremeGradient('aminBackward', dout, cache);
}

function extremeGradient(fn: string, dout: NDArray, { x, out, axes }: AmaxCache | AminCache): NDArray {
  checkLike(fn, 'dout', dout, 'out', out);
  const dx = empty(x.shape, dtypeOf(x));
  fillRows(dx, axes, (rows) => {
    kernels().extremeBackward({
      dout: operand(dout),
      x: operand(axesLast(x, axes)),
      out: operand(out),
      dx: rows,
      length: x.size / out.size,
    });
  });
  return dx;
}
