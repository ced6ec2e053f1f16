import {
  checkLike,
  checkShapes,
  dtypeOf,
  empty,
  FINITE,
  type NDArray,
  type OptionsOf,
  operand,
  option,
  POSITIVE,
  settingsOf,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';

/** The options of a softplus. */
export const SOFTPLUS_OPTIONS = {
  /** How sharp the bend at 0 is; for larger ones it nears a ReLU. Default 1. */
  beta: option(1, POSITIVE),
  /** Where `beta · x` is larger, `out` is `x` itself. Default 20. */
  threshold: option(20, FINITE),
};

/** Options of {@link softplusForward}. */
export interface SoftplusOptions extends OptionsOf<typeof SOFTPLUS_OPTIONS> {}

/** What {@link softplusBackward} needs from {@link softplusForward}. Opaque: the fields may change. */
export interface SoftplusCache {
  readonly layer: 'softplus';
  readonly x: NDArray;
  readonly beta: number;
  readonly threshold: number;
}

/**
 * Forward pass of a softplus: `out = ln(1 + e^(beta · x)) / beta`, element by element, a smooth ReLU. Nothing
 * overflows, and far below 0 the result is `e^(beta · x) / beta` with all its digits.
 *
 * @param x - Input, any shape.
 * @param options - How sharp it bends, and where it stops to.
 * @returns `out`, a new array of the shape of `x` in which NaN stays NaN, and the cache, which keeps `x` by reference:
 *   leave it unchanged until the backward pass.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 * @see Dugas et al. 2001, Incorporating Second-Order Functional Knowledge for Better Option Pricing
 */
export function softplusForward(x: NDArray, options: SoftplusOptions = {}): [out: NDArray, cache: SoftplusCache] {
  checkShapes('softplusForward', { x: [x, anyShape(x)] });
  const { beta, threshold } = settingsOf('softplusForward', SOFTPLUS_OPTIONS, options);
  const out = empty(x.shape, dtypeOf(x));
  kernels().softplus(operand(x), out.data, beta, threshold);
  return [out, { layer: 'softplus', x, beta, threshold }];
}

/**
 * Backward pass of a softplus: `dx = dout / (1 + e^(−beta · x))`; `dx = dout` where `beta · x > threshold`.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link softplusForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function softplusBackward(dout: NDArray, cache: SoftplusCache): NDArray {
  checkCache('softplusBackward', cache, 'softplus');
  const { x, beta, threshold } = cache;
  checkLike('softplusBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().softplusBackward(operand(dout), operand(x), dx.data, beta, threshold);
  return dx;
}
