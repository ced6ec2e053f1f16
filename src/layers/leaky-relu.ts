import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { alphaOf } from './alpha.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** Options of {@link leakyReluForward}. */
export interface LeakyReluOptions {
  /** The slope below 0, any finite number. Default 0.01. */
  alpha?: number;
}

/** What {@link leakyReluBackward} needs from {@link leakyReluForward}. Opaque: the fields may change. */
export interface LeakyReluCache {
  readonly layer: 'leaky-relu';
  readonly x: NDArray;
  readonly alpha: number;
}

/**
 * Forward pass of a leaky rectified linear unit: `out = x` where `x > 0`, else `alpha · x`, element by element. Units
 * below 0 pass a gradient on, so none can die.
 *
 * @param x - Input, any shape.
 * @param options - The slope below 0.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` by reference:
 *   leave it unchanged until the backward pass.
 * @throws {TypeError | RangeError} if an option is unknown, or `alpha` not a finite number.
 * @see Maas, Hannun and Ng 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models
 */
export function leakyReluForward(x: NDArray, options: LeakyReluOptions = {}): [out: NDArray, cache: LeakyReluCache] {
  checkShapes('leakyReluForward', { x: [x, anyShape(x)] });
  const alpha = alphaOf('leakyReluForward', options, 0.01);
  const out = empty(x.shape, dtypeOf(x));
  kernels().leakyRelu(operand(x), out.data, alpha);
  return [out, { layer: 'leaky-relu', x, alpha }];
}

/**
 * Backward pass of a leaky rectified linear unit: `dx = dout` where `x > 0`, else `alpha · dout`; the derivative at 0
 * is taken as `alpha`.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link leakyReluForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function leakyReluBackward(dout: NDArray, cache: LeakyReluCache): NDArray {
  const fn = 'leakyReluBackward';
  checkCache(fn, cache, 'leaky-relu');
  const { x, alpha } = cache;
  checkLike(fn, 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().leakyReluBackward(operand(dout), operand(x), dx.data, alpha);
  return dx;
}
