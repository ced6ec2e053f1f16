import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand, sizeOf } from '../arrays/index.js';
import { type ChannelShape, kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape, axisOf } from './operands.js';

/** What {@link softmaxBackward} needs from {@link softmaxForward}. Opaque: the fields may change. */
export interface SoftmaxCache {
  readonly layer: 'softmax';
  readonly out: NDArray;
  readonly axis: number;
}

/**
 * Forward pass of the softmax: `out = e^x / Σ e^x` with the sum over one axis, probabilities whose sum is 1. No x
 * overflows; a row that holds +∞, or nothing but −∞, is NaN.
 *
 * @param x - Any shape of at least one axis.
 * @param axis - The axis of the classes; negative ones count from the end. Default −1.
 * @returns `out`, a new array of the shape of `x`, and the cache, which keeps `out` by reference: leave it unchanged
 *   until the backward pass.
 * @throws {RangeError} if there is no such axis.
 * @see https://cs231n.github.io/linear-classify/#softmax
 */
export function softmaxForward(x: NDArray, axis = -1): [out: NDArray, cache: SoftmaxCache] {
  const fn = 'softmaxForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  const along = axisOf(fn, axis, x.shape);
  const out = empty(x.shape, dtypeOf(x));
  kernels().softmax(operand(x), out.data, channelsAt(x.shape, along));
  return [out, { layer: 'softmax', out, axis: along }];
}

/**
 * Backward pass of the softmax: `dx = out · (dout − Σ dout · out)`, the sum over the axis of the classes.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link softmaxForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function softmaxBackward(dout: NDArray, cache: SoftmaxCache): NDArray {
  checkCache('softmaxBackward', cache, 'softmax');
  const { out, axis } = cache;
  checkLike('softmaxBackward', 'dout', dout, 'out', out);
  const dx = empty(out.shape, dtypeOf(out));
  kernels().softmaxBackward(operand(dout), operand(out), dx.data, channelsAt(out.shape, axis));
  return dx;
}

/** What {@link logSoftmaxBackward} needs from {@link logSoftmaxForward}. Opaque: the fields may change. */
export interface LogSoftmaxCache {
  readonly layer: 'log-softmax';
  readonly out: NDArray;
  readonly axis: number;
}

/**
 * Forward pass of the logarithm of the softmax: `out = x − ln Σ e^x` with the sum over one axis, so that `e^out` are
 * probabilities. No x overflows; a row that holds +∞, or nothing but −∞, is NaN.
 *
 * @param x - Any shape of at least one axis.
 * @param axis - The axis of the classes; negative ones count from the end. Default −1.
 * @returns `out`, a new array of the shape of `x`, and the cache, which keeps `out` by reference: leave it unchanged
 *   until the backward pass.
 * @throws {RangeError} if there is no such axis.
 */
export function logSoftmaxForward(x: NDArray, axis = -1): [out: NDArray, cache: LogSoftmaxCache] {
  const fn = 'logSoftmaxForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  const along = axisOf(fn, axis, x.shape);
  const out = empty(x.shape, dtypeOf(x));
  kernels().logSoftmax(operand(x), out.data, channelsAt(x.shape, along));
  return [out, { layer: 'log-softmax', out, axis: along }];
}

/**
 * Backward pass of the logarithm of the softmax: `dx = dout − e^out · Σ dout`, the sum over the axis of the classes.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link logSoftmaxForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function logSoftmaxBackward(dout: NDArray, cache: LogSoftmaxCache): NDArray {
  checkCache('logSoftmaxBackward', cache, 'log-softmax');
  const { out, axis } = cache;
  checkLike('logSoftmaxBackward', 'dout', dout, 'out', out);
  const dx = empty(out.shape, dtypeOf(out));
  kernels().logSoftmaxBackward(operand(dout), operand(out), dx.data, channelsAt(out.shape, axis));
  return dx;
}

/** The shape (N, C, S) whose C is this axis. */
function channelsAt(shape: readonly number[], axis: number): ChannelShape {
  return { N: sizeOf(shape.slice(0, axis)), C: shape[axis], S: sizeOf(shape.slice(axis + 1)) };
}
