import {
  argumentError,
  checkCount,
  checkShapes,
  dtypeOf,
  empty,
  type NDArray,
  operand,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache, checkCached } from './cache.js';

/** What {@link maxoutBackward} needs from {@link maxoutForward}. Opaque: the fields may change. */
export interface MaxoutCache {
  readonly layer: 'maxout';
  readonly x: NDArray;
  readonly pieces: number;
}

/**
 * Forward pass of maxout: the largest of each group of `pieces` consecutive units, `out[n, m] = max(x[n, m·pieces], …,
 * x[n, m·pieces + pieces − 1])`. After an affine layer it is a convex function that is learned, of `pieces` linear
 * pieces.
 *
 * @param x - Input, shape (N, D).
 * @param pieces - Units in a group, a divisor of D.
 * @returns `out`, a new array of shape (N, D/pieces), in which a group with a NaN is NaN, and the cache, which keeps
 *   `x` by reference: leave it unchanged until the backward pass.
 * @throws {ShapeError} if `x` is not (N, D), or D not divisible by `pieces`.
 * @throws {RangeError} if `pieces` is not a whole number ≥ 1.
 * @see Goodfellow et al. 2013, https://arxiv.org/abs/1302.4389
 */
export function maxoutForward(x: NDArray, pieces: number): [out: NDArray, cache: MaxoutCache] {
  const fn = 'maxoutForward';
  const { N, D } = checkShapes(fn, { x: [x, ['N?', 'D']] });
  checkCount(fn, 'pieces', pieces, 1);
  if (D % pieces !== 0) {
    throw argumentError(ShapeError, {
      fn,
      arg: 'x',
      found: `has shape ${tuple(x.shape)}`,
      expected: `(N, D) with D divisible by pieces=${pieces}`,
    });
  }
  const out = empty([N, D / pieces], dtypeOf(x));
  kernels().maxout(operand(x), out.data, pieces);
  return [out, { layer: 'maxout', x, pieces }];
}

/**
 * Backward pass of maxout: `dx = dout` at the largest unit of each group, 0 at the others; of equal ones the first
 * takes the gradient.
 *
 * @param dout - Upstream gradient, shape (N, D/pieces).
 * @param cache - From {@link maxoutForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` is not (N, D/pieces).
 */
export function maxoutBackward(dout: NDArray, cache: MaxoutCache): NDArray {
  const fn = 'maxoutBackward';
  checkCache(fn, cache, 'maxout');
  const { x, pieces } = cache;
  const [N, D] = x.shape;
  checkCached(fn, 'pieces', pieces, Number.isInteger(pieces) && pieces >= 1);
  checkShapes(fn, { x: [x, [N, D]], dout: [dout, [N, D / pieces]] });
  const dx = empty(x.shape, dtypeOf(x));
  kernels().maxoutBackward(operand(dout), operand(x), dx.data, pieces);
  return dx;
}
