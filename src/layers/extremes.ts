import { type NDArray, ops } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkOperands, type ElementwiseGrads, gradients, outputOf, stretchedInto } from './broadcasting.js';
import { checkCache } from './cache.js';

/** What {@link maximumBackward} needs from {@link maximumForward}. Opaque: the fields may change. */
export interface MaximumCache {
  readonly layer: 'maximum';
  readonly a: NDArray;
  readonly b: NDArray;
  readonly shape: readonly number[];
}

/**
 * Forward pass of the larger of two numbers, element by element: `out = max(a, b)`.
 *
 * @param a - Any shape.
 * @param b - A shape that broadcasts with that of `a`.
 * @returns `out`, a new array of the shape that both broadcast to, NaN where either is, and the cache, which keeps `a`
 *   and `b` by reference: leave both unchanged until the backward pass.
 * @throws {ShapeError} if the shapes do not broadcast.
 * @throws {TypeError} if the two are not of one dtype.
 */
export function maximumForward(a: NDArray, b: NDArray): [out: NDArray, cache: MaximumCache] {
  const out = outputOf('maximumForward', a, b);
  stretchedInto(out, a, b, ops().max);
  return [out, { layer: 'maximum', a, b, shape: out.shape }];
}

/**
 * Backward pass of the larger of two numbers: it gets the gradient; of two equal ones each gets half, and where
 * either is NaN each gets all.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link maximumForward}.
 * @returns Gradients with respect to `a` and `b`, in new arrays.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function maximumBackward(dout: NDArray, cache: MaximumCache): ElementwiseGrads {
  checkCache('maximumBackward', cache, 'maximum');
  const { a, b, shape } = cache;
  checkOperands('maximumBackward', dout, a, b, shape);
  return gradients(dout, a, b, kernels().maximumBackward);
}

/** What {@link minimumBackward} needs from {@link minimumForward}. Opaque: the fields may change. */
export interface MinimumCache {
  readonly layer: 'minimum';
  readonly a: NDArray;
  readonly b: NDArray;
  readonly shape: readonly number[];
}

/**
 * Forward pass of the smaller of two numbers, element by element: `out = min(a, b)`.
 *
 * @param a - Any shape.
 * @param b - A shape that broadcasts with that of `a`.
 * @returns `out`, a new array of the shape that both broadcast to, NaN where either is, and the cache, which keeps `a`
 *   and `b` by reference: leave both unchanged until the backward pass.
 * @throws {ShapeError} if the shapes do not broadcast.
 * @throws {TypeError} if the two are not of one dtype.
 */
export function minimumForward(a: NDArray, b: NDArray): [out: NDArray, cache: MinimumCache] {
  const out = outputOf('minimumForward', a, b);
  stretchedInto(out, a, b, ops().min);
  return [out, { layer: 'minimum', a, b, shape: out.shape }];
}

/**
 * Backward pass of the smaller of two numbers: it gets the gradient; of two equal ones each gets half, and where
 * either is NaN each gets all.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link minimumForward}.
 * @returns Gradients with respect to `a` and `b`, in new arrays.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function minimumBackward(dout: NDArray, cache: MinimumCache): ElementwiseGrads {
  checkCache('minimumBackward', cache, 'minimum');
  const { a, b, shape } = cache;
  checkOperands('minimumBackward', dout, a, b, shape);
  return gradients(dout, a, b, kernels().minimumBackward);
}
