import { checkShapes, dtypeOf, empty, type Floats, hostRoom, hostValues, type NDArray } from '../arrays/index.js';
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
 * @throws {ShapeError} if `x` is empty.
 * @throws {RangeError} if an axis does not exist or is named twice.
 */
export function logsumexpForward(x: NDArray, axis?: Axes, keepdims = false): [out: NDArray, cache: LogsumexpCache] {
  const { axes, shape } = reductionOf('logsumexpForward', x, axis, keepdims);
  const out = empty(shape, dtypeOf(x));
  const length = x.size / out.size;
  const [rows, room] = [hostValues(axesLast(x, axes)), hostRoom(out)];
  for (let n = 0; n < out.size; n++) {
    const { largest, logSum } = logSumOfRow(rows, n * length, length);
    room[n] = Number.isFinite(largest) ? largest + logSum : largest;
  }
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
  checkShapes('logsumexpBackward', { x: [x, x.shape], out: [out, out.shape], dout: [dout, out.shape] });
  const dx = empty(x.shape, dtypeOf(x));
  const length = x.size / out.size;
  const [upstream, rows, sums] = [hostValues(dout), hostValues(axesLast(x, axes)), hostValues(out)];
  fillRows(dx, axes, (to) => {
    for (let i = 0; i < to.length; i++) {
      const n = Math.floor(i / length);
      // A row of nothing but −∞ has no largest value that could be moved; its gradient is taken as 0.
      to[i] = sums[n] === Number.NEGATIVE_INFINITY ? 0 : upstream[n] * Math.exp(rows[i] - sums[n]);
    }
  });
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
 * @returns `out`, a new array of the shape of `x`, and the cache, which keeps `out` by reference: leave it unchanged until
 *   the backward pass.
 * @throws {ShapeError} if `x` is empty.
 * @throws {RangeError} if there is no such axis.
 */
export function logSoftmaxForward(x: NDArray, axis = -1): [out: NDArray, cache: LogSoftmaxCache] {
  const fn = 'logSoftmaxForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  const along = axisOf(fn, axis, x.shape);
  const out = empty(x.shape, dtypeOf(x));
  const length = x.shape[along];
  const rows = hostValues(axesLast(x, [along]));
  fillRows(out, [along], (to) => {
    for (let from = 0; from < to.length; from += length) {
      const { largest, logSum } = logSumOfRow(rows, from, length);
      // A row with +∞ in it has no probabilities: ∞ − ∞ makes all of it NaN, as in PyTorch; so does one of nothing but
      // −∞.
      for (let i = from; i < from + length; i++) to[i] = rows[i] - largest - logSum;
    }
  });
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
  checkShapes('logSoftmaxBackward', { out: [out, out.shape], dout: [dout, out.shape] });
  const dx = empty(out.shape, dtypeOf(out));
  const length = out.shape[axis];
  const [upstream, rows] = [hostValues(axesLast(dout, [axis])), hostValues(axesLast(out, [axis]))];
  fillRows(dx, [axis], (to) => {
    for (let from = 0; from < to.length; from += length) {
      let sum = 0;
      for (let i = from; i < from + length; i++) sum += upstream[i];
      for (let i = from; i < from + length; i++) to[i] = upstream[i] - Math.exp(rows[i]) * sum;
    }
  });
  return dx;
}

/** The largest value of a row, and ln Σ e^(x − largest); NaN where the largest is infinite. */
function logSumOfRow(x: Floats, from: number, length: number): { largest: number; logSum: number } {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + length; i++) largest = Math.max(largest, x[i]);
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += Math.exp(x[i] - largest);
  return { largest, logSum: Math.log(sum) };
}
