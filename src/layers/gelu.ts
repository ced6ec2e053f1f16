import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** What {@link geluBackward} needs from {@link geluForward}. Opaque: the fields may change. */
export interface GeluCache {
  readonly layer: 'gelu';
  readonly x: NDArray;
}

/**
 * Forward pass of a Gaussian error linear unit: `out = x · Φ(x)`, element by element, with the normal distribution
 * `Φ(x) = ½ · (1 + erf(x/√2))` itself, not the approximation by tanh. Far below 0 the result keeps its digits.
 *
 * @param x - Input, any shape.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` by reference:
 *   leave it unchanged until the backward pass.
 * @see Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415
 */
export function geluForward(x: NDArray): [out: NDArray, cache: GeluCache] {
  checkShapes('geluForward', { x: [x, anyShape(x)] });
  const out = empty(x.shape, dtypeOf(x));
  kernels().gelu(operand(x), out.data);
  return [out, { layer: 'gelu', x }];
}

/**
 * Backward pass of a Gaussian error linear unit: `dx = dout · (Φ(x) + x · φ(x))`, with the density
 * `φ(x) = e^(−x²/2) / √(2π)`, the derivative of `Φ`.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link geluForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function geluBackward(dout: NDArray, cache: GeluCache): NDArray {
  checkCache('geluBackward', cache, 'gelu');
  const { x } = cache;
  checkLike('geluBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().geluBackward(operand(dout), operand(x), dx.data);
  return dx;
}
