import { checkLike, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
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
