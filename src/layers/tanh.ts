import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** What {@link tanhBackward} needs from {@link tanhForward}. Opaque: the fields may change. */
export interface TanhCache {
  readonly layer: 'tanh';
  readonly out: NDArray;
}

/**
 * Forward pass of the hyperbolic tangent: `out = (e^x − e^−x) / (e^x + e^−x)`, element by element. Next to 0 the result
 * is `x` with all its digits.
 *
 * @param x - Input, any shape.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `out` by
 *   reference: leave it unchanged until the backward pass.
 * @see LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, section 4.4
 */
export function tanhForward(x: NDArray): [out: NDArray, cache: TanhCache] {
  checkShapes('tanhForward', { x: [x, anyShape(x)] });
  const out = empty(x.shape, dtypeOf(x));
  kernels().tanh(operand(x), out.data);
  return [out, { layer: 'tanh', out }];
}

/**
 * Backward pass of the hyperbolic tangent: `dx = dout · (1 − out²)`.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link tanhForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function tanhBackward(dout: NDArray, cache: TanhCache): NDArray {
  const fn = 'tanhBackward';
  checkCache(fn, cache, 'tanh');
  const { out } = cache;
  checkLike(fn, 'dout', dout, 'out', out);
  const dx = empty(out.shape, dtypeOf(out));
  kernels().tanhBackward(operand(dout), operand(out), dx.data);
  return dx;
}
