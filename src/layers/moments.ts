import { argumentError, checkLike, describe, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { type Axes, reductionOf } from './reductions.js';
import { axesLast, fillRows } from './rows.js';

/** What {@link varianceBackward} needs from {@link varianceForward}. Opaque: the fields may change. */
export interface VarianceCache {
  readonly layer: 'variance';
  readonly x: NDArray;
  readonly axes: readonly number[];
  readonly shape: readonly number[];
  readonly correction: number;
}

/**
 * Forward pass of a variance over axes: `out = Σ (x − mean)² / (n − correction)` with the mean of the same n values.
 *
 * @param x - Any shape.
 * @param axis - The axis or the axes to go over, negative ones from the end. Default: all, for an `out` of shape ().
 * @param keepdims - Whether `out` keeps them, with size 1. Default false.
 * @param correction - 1 for the unbiased variance, which is NaN for n = 1; 0 for the biased one. Default 1.
 * @returns `out`, a new array, and the cache, which keeps `x` by reference: leave it unchanged until the backward pass.
 * @throws {RangeError} if an axis does not exist or is named twice.
 */
export function varianceForward(
  x: NDArray,
  axis?: Axes,
  keepdims = false,
  correction = 1,
): [out: NDArray, cache: VarianceCache] {
  const { axes, shape } = reductionOf('varianceForward', x, axis, keepdims);
  const out = empty(shape, dtypeOf(x));
  kernels().variance(operand(axesLast(x, axes)), out.data, x.size / out.size, correction);
  return [out, { layer: 'variance', x, axes, shape, correction }];
}

/**
 * Backward pass of a variance: `dx = dout · 2 · (x − mean) / (n − correction)`.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link varianceForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function varianceBackward(dout: NDArray, cache: VarianceCache): NDArray {
  checkCache('varianceBackward', cache, 'variance');
  const { x, axes, shape, correction } = cache;
  checkLike('varianceBackward', 'dout', dout, 'x', x, shape);
  const dx = empty(x.shape, dtypeOf(x));
  fillRows(dx, axes, (rows) => {
    kernels().varianceBackward({
      dout: operand(dout),
      x: operand(axesLast(x, axes)),
      dx: rows,
      length: x.size / dout.size,
      correction,
    });
  });
  return dx;
}

/** What {@link deviationBackward} needs from {@link deviationForward}. Opaque: the fields may change. */
export interface DeviationCache {
  readonly layer: 'deviation';
  readonly variance: VarianceCache;
  readonly out: NDArray;
}

/**
 * Forward pass of a standard deviation over axes: the root of {@link varianceForward}, whose arguments it takes.
 *
 * @returns `out`, a new array, and the cache, which keeps `x` and `out` by reference: leave both unchanged until the
 *   backward pass.
 * @throws {RangeError} if an axis does not exist or is named twice.
 */
export function deviationForward(
  x: NDArray,
  axis?: Axes,
  keepdims = false,
  correction = 1,
): [out: NDArray, cache: DeviationCache] {
  const [out, variance] = varianceForward(x, axis, keepdims, correction);
  kernels().sqrt(out.data, out.data);
  return [out, { layer: 'deviation', variance, out }];
}

/**
 * Backward pass of a standard deviation: `dx = dout · (x − mean) / ((n − correction) · out)`, 0 where `out` is 0.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link deviationForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function deviationBackward(dout: NDArray, cache: DeviationCache): NDArray {
  checkCache('deviationBackward', cache, 'deviation');
  const { out, variance } = cache;
  checkLike('deviationBackward', 'dout', dout, 'out', out);
  const dvariance = empty(out.shape, dtypeOf(out));
  kernels().deviationBackward(operand(dout), operand(out), dvariance.data);
  return varianceBackward(dvariance, variance);
}

/** What {@link normBackward} needs from {@link normForward}. Opaque: the fields may change. */
export interface NormCache {
  readonly layer: 'norm';
  readonly x: NDArray;
  readonly out: NDArray;
  readonly axes: readonly number[];
  readonly p: number;
}

/**
 * Forward pass of a norm over axes: `out = (Σ |x|^p)^(1/p)`.
 *
 * @param x - Any shape.
 * @param p - Any number: 0 counts the values that are not 0, ∞ is the largest and −∞ the smallest |x|. Default 2.
 * @param axis - The axis or the axes to go over, negative ones from the end. Default: all, for an `out` of shape ().
 * @param keepdims - Whether `out` keeps them, with size 1. Default false.
 * @returns `out`, a new array, and the cache, which keeps `x` and `out` by reference: leave both unchanged until the
 *   backward pass.
 * @throws {RangeError} if `p` is no number, or an axis does not exist or is named twice.
 */
export function normForward(x: NDArray, p = 2, axis?: Axes, keepdims = false): [out: NDArray, cache: NormCache] {
  const { axes, shape } = reductionOf('normForward', x, axis, keepdims);
  if (typeof p !== 'number' || Number.isNaN(p)) {
    const found = `is ${describe(p)}`;
    throw argumentError(RangeError, { fn: 'normForward', arg: 'p', found, expected: 'a number, or Infinity' });
  }
  const out = empty(shape, dtypeOf(x));
  kernels().norm(operand(axesLast(x, axes)), out.data, x.size / out.size, p);
  return [out, { layer: 'norm', x, out, axes, p }];
}

/**
 * Backward pass of a norm: `dx = dout · sign(x) · |x|^(p − 1) · out^(1 − p)`, and 0 where that has no value: at 0, for
 * p = 0, and for p > 1 where the norm is 0. For p = ±∞ the values of that magnitude share the gradient evenly.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link normForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function normBackward(dout: NDArray, cache: NormCache): NDArray {
  checkCache('normBackward', cache, 'norm');
  const { x, out, axes, p } = cache;
  checkLike('normBackward', 'dout', dout, 'out', out);
  const dx = empty(x.shape, dtypeOf(x));
  fillRows(dx, axes, (rows) => {
    kernels().normBackward({
      dout: operand(dout),
      x: operand(axesLast(x, axes)),
      out: operand(out),
      dx: rows,
      length: x.size / dout.size,
      p,
    });
  });
  return dx;
}
