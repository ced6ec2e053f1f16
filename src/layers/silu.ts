import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** What {@link siluBackward} needs from {@link siluForward}. Opaque: the fields may change. */
export interface SiluCache {
  readonly layer: 'silu';
  readonly x: NDArray;
}

/**
 * Forward pass of a sigmoid linear unit, also called swish: `out = x · σ(x)`, element by element, with the sigmoid
 * `σ(x) = 1 / (1 + e^−x)`. Far below 0 the result keeps its digits; at −∞ it is 0.
 *
 * @param x - Input, any shape.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` by reference:
 *   leave it unchanged until the backward pass.
 * @see Elfwing, Uchibe and Doya 2017, https://arxiv.org/abs/1702.03118
 */
export function siluForward(x: NDArray): [out: NDArray, cache: SiluCache] {
  checkShapes('siluForward', { x: [x, anyShape(x)] });
  const out = empty(x.shape, dtypeOf(x));
  kernels().silu(operand(x), out.data);
  return [out, { layer: 'silu', x }];
}

/**
 * Backward pass of a sigmoid linear unit: `dx = dout · σ(x) · (1 + x · (1 − σ(x)))`.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link siluForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function siluBackward(dout: NDArray, cache: SiluCache): NDArray {
  checkCache('siluBackward', cache, 'silu');
  const { x } = cache;
  checkLike('siluBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().siluBackward(operand(dout), operand(x), dx.data);
  return dx;
}
