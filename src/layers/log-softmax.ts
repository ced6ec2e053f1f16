import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape, axisOf } from './operands.js';
import { type Axes, reductionOf } from './reductions.js';
import { axesLast, fillRows } from './rows.js';

/** What {@link logsumexpBackward} needs from {@link logsumexpForward}. Opaque: the fields may change. */
export interface LogsumexpCache {
  readonly layer: 'logsumexp';
  readonly x: NDArray;
  readonly out: NDArray;
  readonly axes: readonly number[];
}

/**
 * Forward pass of `out = ln Σ e^x` over axes, a smooth maximum. No x overflows: it is computed as `m + ln Σ e^(x − m)`
 * with the largest value m.
 *
 * @param x - Any shape.
 * @param axis - The axis or the axes to sum over, negative ones from the end. Default: all, for an `out` of shape ().
 * @param keepdims - Whether `out` keeps them, with size 1. Default false.
 * @returns `out`, a new array, and the cache, which keeps `x` and `out` by reference: leave both unchanged until the
 *   backward pass.
 * @throws {RangeError} if an axis does not exist or is named twice.
 */
export function logsumexpForward(x: NDArray, axis?: Axes, keepdims = false): [out: NDArray, cache: LogsumexpCache] {
  const { axes, shape } = reductionOf('logsumexpForward', x, axis, keepdims);
  const out = empty(shape, dtypeOf(x));
  kernels().logsumexp(operand(axesLast(x, axes)), out.data, x.size / out.size);
  return [out, { layer: 'logsumexp', x, out, axes }];
}

/**
 * Backward pass of ln Σ e^x: `dx = dout · e^(x − out)`, the softmax of x.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link logsumexpForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function logsumexpBackward(dout: NDArray, cache: LogsumexpCache): NDArray {
  checkCache('logsumexpBackward', cache, 'logsumexp');
  const { x, out, axes } = cache;
  checkLike('logsumexpBackward', 'out', out, 'x', x, out.shape);
  checkLike('logsumexpBackward', 'dout', dout, 'out', out);
  const dx = empty(x.shape, dtypeOf(x));
  const length = x.size / out.size;
  const given = { dout: operand(dout), x: operand(axesLast(x, axes)), out: operand(out) };
  fillRows(dx, axes, (rows) => kernels().logsumexpBackward({ ...given, dx: rows, length }));
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
  const rows = operand(axesLast(x, [along]));
  fillRows(out, [along], (to) => kernels().logSoftmax(rows, to, x.shape[along]));
  return [out, { layer: 'log-softmax', out, axis: along }];
}

/**
 * Backward pass of the logarithm of the softmax: `dx = dout − e^out · Σ dout`, the sum over the axis of the classes.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link logSoftmaxForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function logSoftmaxBackward(dout: NDArray, cache: LogSoftmaxCache): NDArray {
  checkCache('logSoftmaxBackward', cache, 'log-softmax');
  const { out, axis } = cache;
  checkLike('logSoftmaxBackward', 'dout', dout, 'out', out);
  const dx = empty(out.shape, dtypeOf(out));
  const [upstream, rows] = [operand(axesLast(dout, [axis])), operand(axesLast(out, [axis]))];
  fillRows(dx, [axis], (to) => kernels().logSoftmaxBackward(upstream, rows, to, out.shape[axis]));
  return dx;
}
