import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { alphaOf } from './alpha.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** Options of {@link eluForward}. */
export interface EluOptions {
  /** Minus the value that `out` falls to, any finite number. Default 1, where the derivative has no step at 0. */
  alpha?: number;
}

/** What {@link eluBackward} needs from {@link eluForward}. Opaque: the fields may change. */
export interface EluCache {
  readonly layer: 'elu';
  readonly x: NDArray;
  readonly alpha: number;
}

/**
 * Forward pass of an exponential linear unit: `out = x` where `x > 0`, else `alpha · (e^x − 1)`, element by element.
 * The difference keeps its digits next to 0.
 *
 * @param x - Input, any shape.
 * @param options - The value that it falls to.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` by reference:
 *   leave it unchanged until the backward pass.
 * @throws {TypeError | RangeError} if an option is unknown, or `alpha` not a finite number.
 * @see Clevert, Unterthiner and Hochreiter 2016, https://arxiv.org/abs/1511.07289
 */
export function eluForward(x: NDArray, options: EluOptions = {}): [out: NDArray, cache: EluCache] {
  checkShapes('eluForward', { x: [x, anyShape(x)] });
  const alpha = alphaOf('eluForward', options, 1);
  const out = empty(x.shape, dtypeOf(x));
  kernels().elu(operand(x), out.data, alpha);
  return [out, { layer: 'elu', x, alpha }];
}

/**
 * Backward pass of an exponential linear unit: `dx = dout` where `x > 0`, else `dout · alpha · e^x`; the derivative at
 * 0 is taken as `alpha`.
 *
 * The power is computed from `x` again: `out + alpha` loses all its digits where `out` is next to `−alpha`, and with a
 * negative `alpha` the sign of `out` does not say which branch it came from.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link eluForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function eluBackward(dout: NDArray, cache: EluCache): NDArray {
  checkCache('eluBackward', cache, 'elu');
  const { x, alpha } = cache;
  checkLike('eluBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().eluBackward(operand(dout), operand(x), dx.data, alpha);
  return dx;
}
