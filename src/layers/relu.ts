import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** What {@link reluBackward} needs from {@link reluForward}. Opaque: the fields may change. */
export interface ReluCache {
  readonly layer: 'relu';
  readonly x: NDArray;
}

/**
 * Forward pass of a rectified linear unit: `out = max(0, x)`, element by element, −0 for −0.
 *
 * @param x - Input, any shape.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` by reference.
 * @see Nair and Hinton 2010, Rectified Linear Units Improve Restricted Boltzmann Machines
 */
export function reluForward(x: NDArray): [out: NDArray, cache: ReluCache] {
  checkShapes('reluForward', { x: [x, anyShape(x)] });
  const out = empty(x.shape, dtypeOf(x));
  kernels().relu(operand(x), out.data);
  return [out, { layer: 'relu', x }];
}

/**
 * Backward pass of a rectified linear unit: `dx = dout` where `x > 0` or is NaN, else 0; the derivative at 0 is taken
 * as 0.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link reluForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function reluBackward(dout: NDArray, cache: ReluCache): NDArray {
  checkCache('reluBackward', cache, 'relu');
  const { x } = cache;
  checkLike('reluBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().reluBackward(operand(dout), operand(x), dx.data);
  return dx;
}
