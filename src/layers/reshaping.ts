import {
  adopted,
  argumentError,
  array,
  checkDType,
  checkRank,
  checkShapes,
  checkSizes,
  type DType,
  describe,
  dtypeOf,
  empty,
  isDense,
  type NDArray,
  ndarray,
  ops,
  ShapeError,
  sizeOf,
  tuple,
} from '../arrays/index.js';
import { broadcastView, sumTo } from './broadcasting.js';
import { checkCache } from './cache.js';
import { anyShape, axisOf, checkUpstream, type Form, formOf } from './operands.js';

/** What {@link reshapeBackward} needs from {@link reshapeForward}. Opaque: the fields may change. */
export interface ReshapeCache {
  readonly layer: 'reshape';
  readonly x: readonly number[];
  readonly out: Form;
}

/**
 * Forward pass of a reshape: the values of `x` in row-major order, in another shape.
 *
 * @param x - Any shape.
 * @param shape - The sizes of the axes; one may be −1: it follows from the others.
 * @returns `out`, which shares the memory of `x` where that is dense and row-major and is a copy otherwise, and the
 *   cache.
 * @throws {ShapeError} if `shape` has another number of values than `x`.
 * @throws {RangeError} if a size is no whole number, or −1 comes twice.
 */
export function reshapeForward(x: NDArray, shape: readonly number[]): [out: NDArray, cache: ReshapeCache] {
  const fn = 'reshapeForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  const out = reshaped(x, completed(fn, x, shape));
  return [out, { layer: 'reshape', x: x.shape, out: formOf(out) }];
}

/**
 * Backward pass of a reshape: `dout` in the shape of `x`.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link reshapeForward}.
 * @returns The gradient with respect to `x`, which shares the memory of a dense row-major `dout`: do not change it.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function reshapeBackward(dout: NDArray, cache: ReshapeCache): NDArray {
  checkCache('reshapeBackward', cache, 'reshape');
  const { x, out } = cache;
  checkUpstream('reshapeBackward', dout, out);
  return reshaped(dout, x);
}

function reshaped(x: NDArray, shape: readonly number[]): NDArray {
  return isDense(x) ? adopted(ndarray(x.data, [...shape], undefined, x.offset)) : array(x, shape);
}

/** The shape with its −1 replaced. */
function completed(fn: string, x: NDArray, shape: readonly number[]): number[] {
  if (!Array.isArray(shape)) {
    const expected = 'a list of whole numbers ≥ 0, one of which may be -1';
    throw argumentError(RangeError, { fn, arg: 'shape', found: `is ${describe(shape)}`, expected });
  }
  const open = shape.indexOf(-1);
  const others = shape.filter((_, axis) => axis !== open);
  if (!others.every((size) => Number.isInteger(size) && size >= 0)) {
    throw argumentError(RangeError, {
      fn,
      arg: 'shape',
      found: `is ${describe(shape)}`,
      expected: 'whole numbers ≥ 0, one of which may be -1',
    });
  }
  checkRank(fn, shape);
  const rest = x.size / sizeOf(others);
  if (open < 0 ? x.size !== sizeOf(shape) : !Number.isInteger(rest)) {
    throw argumentError(ShapeError, {
      fn,
      arg: 'x',
      found: `has shape ${tuple(x.shape)}, its ${x.size} values do not fill ${tuple(shape)}`,
    });
  }
  return shape.map((size, axis) => (axis === open ? rest : size));
}

/**
 * Forward pass of dropping axes of size 1, whose backward pass is {@link reshapeBackward}.
 *
 * @param x - Any shape.
 * @param axis - The axis to drop, negative ones from the end; it stays if its size is not 1. Default: all of size 1.
 * @returns `out`, a view of `x` that shares its memory, and the cache.
 * @throws {RangeError} if there is no such axis.
 */
export function squeezeForward(x: NDArray, axis?: number): [out: NDArray, cache: ReshapeCache] {
  const fn = 'squeezeForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  const only = axis === undefined ? null : axisOf(fn, axis, x.shape);
  const stays = (_: number, i: number): boolean => x.shape[i] !== 1 || (only !== null && i !== only);
  const out = adopted(ndarray(x.data, x.shape.filter(stays), x.stride.filter(stays), x.offset));
  return [out, { layer: 'reshape', x: x.shape, out: formOf(out) }];
}

/**
 * Forward pass of a new axis of size 1, whose backward pass is {@link reshapeBackward}.
 *
 * @param x - Any shape.
 * @param axis - Its number in `out`; negative ones count from the end of the shape of `out`.
 * @returns `out`, a view of `x` that shares its memory, and the cache.
 * @throws {RangeError} if there can be no such axis.
 */
export function unsqueezeForward(x: NDArray, axis: number): [out: NDArray, cache: ReshapeCache] {
  const fn = 'unsqueezeForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  const at = axisOf(fn, axis, [...x.shape, 1]);
  const [shape, stride] = [[...x.shape], [...x.stride]];
  shape.splice(at, 0, 1);
  stride.splice(at, 0, 1);
  checkRank(fn, shape);
  const out = adopted(ndarray(x.data, shape, stride, x.offset));
  return [out, { layer: 'reshape', x: x.shape, out: formOf(out) }];
}

/**
 * Forward pass of a view in another shape, whose backward pass is {@link reshapeBackward}: as {@link reshapeForward},
 * but never a copy.
 *
 * @param x - Any shape, its values in row-major order in memory.
 * @param shape - The sizes of the axes; one may be −1: it follows from the others.
 * @returns `out`, which shares the memory of `x`, and the cache.
 * @throws {ShapeError} if `shape` has another number of values than `x`.
 * @throws {RangeError} if a size is no whole number, −1 comes twice, or the values are in another order.
 */
export function viewForward(x: NDArray, shape: readonly number[]): [out: NDArray, cache: ReshapeCache] {
  const result = reshapeForward(x, shape);
  if (isDense(x)) return result;
  const found = `has strides ${tuple(x.stride)} for shape ${tuple(x.shape)}`;
  const [expected, wayOut] = ['values in row-major order', 'use reshape, which copies them'];
  throw argumentError(RangeError, { fn: 'viewForward', arg: 'x', found, expected, wayOut });
}

/** What {@link castBackward} needs from {@link castForward}. Opaque: the fields may change. */
export interface CastCache {
  readonly layer: 'cast';
  readonly dtype: DType;
  readonly out: Form;
}

/**
 * Forward pass of a copy in a number format, that of `x` or the other.
 *
 * @param x - Any shape.
 * @param dtype - That of `out`.
 * @returns `out`, a new array of the shape of `x`, and the cache, which does not keep `x`.
 * @throws {RangeError} if there is no such dtype.
 */
export function castForward(x: NDArray, dtype: DType): [out: NDArray, cache: CastCache] {
  const fn = 'castForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  checkDType(fn, dtype);
  const out = array(x, x.shape, dtype);
  return [out, { layer: 'cast', dtype: dtypeOf(x), out: formOf(out) }];
}

/**
 * Backward pass of a copy in a number format: `dx = dout`, in the format of `x`.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link castForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function castBackward(dout: NDArray, cache: CastCache): NDArray {
  checkCache('castBackward', cache, 'cast');
  const { dtype, out } = cache;
  checkUpstream('castBackward', dout, out);
  return array(dout, dout.shape, dtype);
}

/** What {@link transposeBackward} needs from {@link transposeForward}. Opaque: the fields may change. */
export interface TransposeCache {
  readonly layer: 'transpose';
  readonly axes: readonly number[];
  readonly out: Form;
}

/**
 * Forward pass of a transpose: axis i of `out` is axis `axes[i]` of `x`.
 *
 * @param x - Any shape.
 * @param axes - Each axis once; negative ones count from the end. Default: all in reverse order, as NumPy's.
 * @returns `out`, a view of `x` that shares its memory, and the cache.
 * @throws {RangeError} if `axes` does not name each axis once.
 */
export function transposeForward(x: NDArray, axes?: readonly number[]): [out: NDArray, cache: TransposeCache] {
  const fn = 'transposeForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  const rank = x.shape.length;
  const order =
    axes === undefined
      ? x.shape.map((_, axis) => rank - 1 - axis)
      : Array.isArray(axes)
        ? axes.map((axis) => axisOf(fn, axis, x.shape))
        : [];
  if (order.length !== rank || new Set(order).size !== rank) {
    throw argumentError(RangeError, {
      fn,
      arg: 'axes',
      found: `is ${describe(axes)}`,
      expected: `each axis of shape ${tuple(x.shape)} once`,
    });
  }
  const out = adopted(x.transpose(...order));
  return [out, { layer: 'transpose', axes: order, out: formOf(out) }];
}

/**
 * Backward pass of a transpose: `dout`, transposed back.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link transposeForward}.
 * @returns The gradient with respect to `x`, a view of `dout` that shares its memory: do not change it.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function transposeBackward(dout: NDArray, cache: TransposeCache): NDArray {
  checkCache('transposeBackward', cache, 'transpose');
  const { axes, out } = cache;
  checkUpstream('transposeBackward', dout, out);
  return adopted(dout.transpose(...axes.map((_, axis) => axes.indexOf(axis))));
}

/** What {@link broadcastToBackward} needs from {@link broadcastToForward}. Opaque: the fields may change. */
export interface BroadcastToCache {
  readonly layer: 'broadcast-to';
  readonly x: readonly number[];
  readonly out: Form;
}

/**
 * Forward pass of a broadcast: `x` repeated along new axes at the front and along those of its axes that have size 1.
 *
 * @param x - Any shape.
 * @param shape - A shape that `x` broadcasts to.
 * @returns `out`, a new array of that shape, and the cache, which does not keep `x`.
 * @throws {ShapeError} if `x` does not broadcast to `shape`.
 * @throws {RangeError} if a size is no whole number.
 */
export function broadcastToForward(x: NDArray, shape: readonly number[]): [out: NDArray, cache: BroadcastToCache] {
  const fn = 'broadcastToForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  checkSizes(fn, shape);
  const missing = shape.length - x.shape.length;
  if (missing < 0 || !x.shape.every((size, axis) => size === shape[axis + missing] || size === 1)) {
    throw argumentError(ShapeError, {
      fn,
      arg: 'x',
      found: `has shape ${tuple(x.shape)}, which does not broadcast to ${tuple(shape)}`,
    });
  }
  const out = empty(shape, dtypeOf(x));
  ops().assign(out, broadcastView(x, shape));
  return [out, { layer: 'broadcast-to', x: x.shape, out: formOf(out) }];
}

/**
 * Backward pass of a broadcast: the sums over the axes along which `x` was repeated.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link broadcastToForward}.
 * @returns The gradient with respect to `x`; `dout` itself where nothing was repeated: do not change it then.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function broadcastToBackward(dout: NDArray, cache: BroadcastToCache): NDArray {
  checkCache('broadcastToBackward', cache, 'broadcast-to');
  const { x, out } = cache;
  checkUpstream('broadcastToBackward', dout, out);
  return sumTo(dout, x);
}
