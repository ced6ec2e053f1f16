import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** What {@link sigmoidBackward} needs from {@link sigmoidForward}. Opaque: the fields may change. */
export interface SigmoidCache {
  readonly layer: 'sigmoid';
  readonly out: NDArray;
}

/**
 * Forward pass of the logistic sigmoid: `out = 1 / (1 + e^−x)`, element by element. Nothing overflows, and far below 0
 * the result is `e^x` with all its digits.
 *
 * @param x - Input, any shape.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `out` by
 *   reference: leave it unchanged until the backward pass.
 * @see https://cs231n.github.io/neural-networks-1/#actfun
 */
export function sigmoidForward(x: NDArray): [out: NDArray, cache: SigmoidCache] {
  checkShapes('sigmoidForward', { x: [x, anyShape(x)] });
  const out = empty(x.shape, dtypeOf(x));
  kernels().sigmoid(operand(x), out.data);
  return [out, { layer: 'sigmoid', out }];
}

/**
 * Backward pass of the logistic sigmoid: `dx = dout · out · (1 − out)`.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link sigmoidForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function sigmoidBackward(dout: NDArray, cache: SigmoidCache): NDArray {
  const fn = 'sigmoidBackward';
  checkCache(fn, cache, 'sigmoid');
  const { out } = cache;
  checkLike(fn, 'dout', dout, 'out', out);
  const dx = empty(out.shape, dtypeOf(out));
  kernels().sigmoidBackward(operand(dout), operand(out), dx.data);
  return dx;
}
