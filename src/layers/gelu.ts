import {
  checkLike,
  checkShapes,
  dtypeOf,
  empty,
  type NDArray,
  type OptionsOf,
  oneOf,
  operand,
  option,
  settingsOf,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** The options of a GELU. */
export const GELU_OPTIONS = {
  /** `'none'`: the normal distribution itself; `'tanh'`: an approximation of it by a tanh. Default `'none'`. */
  approximate: option<'none' | 'tanh'>('none', oneOf('none', 'tanh')),
};

/** Options of {@link geluForward}. */
export interface GeluOptions extends OptionsOf<typeof GELU_OPTIONS> {}

/** What {@link geluBackward} needs from {@link geluForward}. Opaque: the fields may change. */
export interface GeluCache {
  readonly layer: 'gelu';
  readonly x: NDArray;
  readonly approximate: 'none' | 'tanh';
}

/**
 * Forward pass of a Gaussian error linear unit: `out = x · Φ(x)`, element by element, with the normal distribution
 * `Φ(x) = ½ · (1 + erf(x/√2))`, or `½ · (1 + tanh(√(2/π) · (x + 0.044715·x³)))` in its place, which is at most 0.0005
 * off. Far below 0 the result keeps its digits.
 *
 * @param x - Input, any shape.
 * @param options - Which of the two.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` by reference:
 *   leave it unchanged until the backward pass.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 * @see Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415
 */
export function geluForward(x: NDArray, options?: GeluOptions): [out: NDArray, cache: GeluCache] {
  checkShapes('geluForward', { x: [x, anyShape(x)] });
  const approximate = options === undefined ? 'none' : settingsOf('geluForward', GELU_OPTIONS, options).approximate;
  const out = empty(x.shape, dtypeOf(x));
  if (approximate === 'tanh') kernels().geluTanh(operand(x), out.data);
  else kernels().gelu(operand(x), out.data);
  return [out, { layer: 'gelu', x, approximate }];
}

/**
 * Backward pass of a Gaussian error linear unit: `dx = dout · (Φ(x) + x · φ(x))`, with the density `φ`, the derivative
 * of `Φ`: `e^(−x²/2) / √(2π)`, or that of the approximation.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link geluForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function geluBackward(dout: NDArray, cache: GeluCache): NDArray {
  checkCache('geluBackward', cache, 'gelu');
  const { x, approximate } = cache;
  checkLike('geluBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  if (approximate === 'tanh') kernels().geluTanhBackward(operand(dout), operand(x), dx.data);
  else kernels().geluBackward(operand(dout), operand(x), dx.data);
  return dx;
}
