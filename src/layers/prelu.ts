import {
  argumentError,
  checkLike,
  checkShapes,
  dtypeOf,
  empty,
  type NDArray,
  operand,
  ShapeError,
  sizeOf,
  tuple,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';

/** What {@link preluBackward} needs from {@link preluForward}. Opaque: the fields may change. */
export interface PreluCache {
  readonly layer: 'prelu';
  readonly x: NDArray;
  readonly alpha: NDArray;
}

/** The gradients of a parametric rectified linear unit. */
export interface PreluGrads {
  /** Shape of `x`. */
  readonly dx: NDArray;
  /** Shape of `alpha`. */
  readonly dalpha: NDArray;
}

/**
 * Forward pass of a parametric rectified linear unit: `out = x` where `x > 0`, else `alpha · x`, element by element,
 * with slopes that are learned: one for all of `x`, or one for each channel, which is axis 1 of `x`.
 *
 * @param x - Input: any shape with one slope; with one for each channel (N, C), (N, C, H, W) or any (N, C, …).
 * @param alpha - Slopes below 0, shape (1,) or (C,).
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` and `alpha` by
 *   reference: leave both unchanged until the backward pass.
 * @throws {ShapeError} if `alpha` is neither (1,) nor (C,).
 * @throws {TypeError} if the two are not of one dtype.
 * @see He, Zhang, Ren and Sun 2015, https://arxiv.org/abs/1502.01852
 */
export function preluForward(x: NDArray, alpha: NDArray): [out: NDArray, cache: PreluCache] {
  const fn = 'preluForward';
  const inner = checkSlopes(fn, x, alpha);
  const out = empty(x.shape, dtypeOf(x));
  kernels().prelu(operand(x), operand(alpha), out.data, inner);
  return [out, { layer: 'prelu', x, alpha }];
}

/**
 * Backward pass of a parametric rectified linear unit: `dx = dout` where `x > 0`, else `alpha · dout`, and
 * `dalpha = Σ dout · x` over all `x` of the slope that are not positive.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link preluForward}.
 * @returns Gradients of the loss with respect to `x` and `alpha`, in new arrays.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function preluBackward(dout: NDArray, cache: PreluCache): PreluGrads {
  const fn = 'preluBackward';
  checkCache(fn, cache, 'prelu');
  const { x, alpha } = cache;
  const inner = checkSlopes(fn, x, alpha);
  checkLike(fn, 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  const dalpha = empty(alpha.shape, dtypeOf(alpha));
  kernels().preluBackward({
    dout: operand(dout),
    x: operand(x),
    alpha: operand(alpha),
    dx: dx.data,
    dalpha: dalpha.data,
    inner,
  });
  return { dx, dalpha };
}

/** How many neighbouring values of `x` share a slope. */
function checkSlopes(fn: string, x: NDArray, alpha: NDArray): number {
  checkShapes(fn, { x: [x, ['…?']], alpha: [alpha, ['…']] });
  const [count] = alpha.shape;
  const [N, C] = x.shape;
  if (alpha.shape.length !== 1 || (count !== 1 && count !== C)) {
    const channels = C === undefined ? '(C,) for an x of shape (N, C, …)' : `(C=${C},)`;
    throw argumentError(ShapeError, {
      fn,
      arg: 'alpha',
      found: `has shape ${tuple(alpha.shape)}`,
      expected: `(1,) or ${channels}`,
    });
  }
  return count === 1 ? x.size : N === 0 ? sizeOf(x.shape.slice(2)) : x.size / (N * C);
}
