import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** What {@link relu6Backward} needs from {@link relu6Forward}. Opaque: the fields may change. */
export interface Relu6Cache {
  readonly layer: 'relu6';
  readonly x: NDArray;
}

/**
 * Forward pass of a rectified linear unit that ends at 6: `out = min(max(0, x), 6)`, element by element.
 *
 * @param x - Input, any shape.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` by reference:
 *   leave it unchanged until the backward pass.
 * @see Howard et al. 2017, MobileNets, https://arxiv.org/abs/1704.04861
 */
export function relu6Forward(x: NDArray): [out: NDArray, cache: Relu6Cache] {
  checkShapes('relu6Forward', { x: [x, anyShape(x)] });
  const out = empty(x.shape, dtypeOf(x));
  kernels().relu6(operand(x), out.data);
  return [out, { layer: 'relu6', x }];
}

/**
 * Backward pass of a rectified linear unit that ends at 6: `dx = dout` where `0 < x < 6` or `x` is NaN, else 0; the
 * derivatives at 0 and at 6 are taken as 0.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link relu6Forward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function relu6Backward(dout: NDArray, cache: Relu6Cache): NDArray {
  checkCache('relu6Backward', cache, 'relu6');
  const { x } = cache;
  checkLike('relu6Backward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().relu6Backward(operand(dout), operand(x), dx.data);
  return dx;
}
