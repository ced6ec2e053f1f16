import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** What {@link hardswishBackward} needs from {@link hardswishForward}. Opaque: the fields may change. */
export interface HardswishCache {
  readonly layer: 'hardswish';
  readonly x: NDArray;
}

/**
 * Forward pass of a hard swish: `out = x · min(max(0, x + 3), 6) / 6`, element by element, a SiLU without a power. At
 * −∞ it is 0.
 *
 * @param x - Input, any shape.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` by reference:
 *   leave it unchanged until the backward pass.
 * @see Howard et al. 2019, Searching for MobileNetV3, https://arxiv.org/abs/1905.02244
 */
export function hardswishForward(x: NDArray): [out: NDArray, cache: HardswishCache] {
  checkShapes('hardswishForward', { x: [x, anyShape(x)] });
  const out = empty(x.shape, dtypeOf(x));
  kernels().hardswish(operand(x), out.data);
  return [out, { layer: 'hardswish', x }];
}

/**
 * Backward pass of a hard swish: `dx = 0` where `x < −3`, `dout` where `x ≥ 3`, else `dout · (x / 3 + ½)`.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link hardswishForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function hardswishBackward(dout: NDArray, cache: HardswishCache): NDArray {
  checkCache('hardswishBackward', cache, 'hardswish');
  const { x } = cache;
  checkLike('hardswishBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().hardswishBackward(operand(dout), operand(x), dx.data);
  return dx;
}
