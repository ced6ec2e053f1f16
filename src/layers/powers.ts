import { type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { broadcastView, checkOperands, type ElementwiseGrads, gradients, outputOf } from './broadcasting.js';
import { checkCache } from './cache.js';

/** What {@link powerBackward} needs from {@link powerForward}. Opaque: the fields may change. */
export interface PowerCache {
  readonly layer: 'power';
  readonly a: NDArray;
  readonly b: NDArray;
  readonly shape: readonly number[];
}

/**
 * Forward pass of a power, element by element: `out = a^b`; NaN where a < 0 and b is not whole.
 *
 * @param a - Any shape.
 * @param b - A shape that broadcasts with that of `a`.
 * @returns `out`, a new array of the shape that both broadcast to, and the cache, which keeps `a` and `b` by reference:
 *   leave both unchanged until the backward pass.
 * @throws {ShapeError} if the shapes do not broadcast.
 * @throws {TypeError} if the two are not of one dtype.
 */
export function powerForward(a: NDArray, b: NDArray): [out: NDArray, cache: PowerCache] {
  const out = outputOf('powerForward', a, b);
  kernels().power(operand(broadcastView(a, out.shape)), operand(broadcastView(b, out.shape)), out.data);
  return [out, { layer: 'power', a, b, shape: out.shape }];
}

/**
 * Backward pass of a power: `da = dout · b · a^(b − 1)`, 0 where b = 0; `db = dout · a^b · ln a`, 0 where a = 0 and
 * b ≥ 0, and NaN where a < 0. Summed over the axes that were stretched.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link powerForward}.
 * @returns Gradients with respect to `a` and `b`, in new arrays.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function powerBackward(dout: NDArray, cache: PowerCache): ElementwiseGrads {
  checkCache('powerBackward', cache, 'power');
  const { a, b, shape } = cache;
  checkOperands('powerBackward', dout, a, b, shape);
  return gradients(dout, a, b, kernels().powerBackward);
}
