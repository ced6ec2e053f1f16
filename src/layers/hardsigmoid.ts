import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** What {@link hardsigmoidBackward} needs from {@link hardsigmoidForward}. Opaque: the fields may change. */
export interface HardsigmoidCache {
  readonly layer: 'hardsigmoid';
  readonly x: NDArray;
}

/**
 * Forward pass of a hard sigmoid: `out = min(max(0, x + 3), 6) / 6`, element by element, a sigmoid without a power.
 *
 * @param x - Input, any shape.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` by reference:
 *   leave it unchanged until the backward pass.
 * @see Howard et al. 2019, Searching for MobileNetV3, https://arxiv.org/abs/1905.02244
 */
export function hardsigmoidForward(x: NDArray): [out: NDArray, cache: HardsigmoidCache] {
  checkShapes('hardsigmoidForward', { x: [x, anyShape(x)] });
  const out = empty(x.shape, dtypeOf(x));
  kernels().hardsigmoid(operand(x), out.data);
  return [out, { layer: 'hardsigmoid', x }];
}

/**
 * Backward pass of a hard sigmoid: `dx = dout / 6` where `−3 < x < 3`, else 0, also where `x` is NaN.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link hardsigmoidForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function hardsigmoidBackward(dout: NDArray, cache: HardsigmoidCache): NDArray {
  checkCache('hardsigmoidBackward', cache, 'hardsigmoid');
  const { x } = cache;
  checkLike('hardsigmoidBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().hardsigmoidBackward(operand(dout), operand(x), dx.data);
  return dx;
}
