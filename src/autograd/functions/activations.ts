import { checkAmount, describe } from '../../arrays/index.js';
import {
  eluBackward,
  eluForward,
  geluBackward,
  geluForward,
  leakyReluBackward,
  leakyReluForward,
  maxoutBackward,
  maxoutForward,
  preluBackward,
  preluForward,
  reluBackward,
  reluForward,
  sigmoidBackward,
  sigmoidForward,
  tanhBackward,
  tanhForward,
} from '../../layers/index.js';
import { op, type TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';

/** `max(0, x)`. */
export const relu = op(reluForward, reluBackward, { name: 'relu' });
/** `1 / (1 + e^−x)`. */
export const sigmoid = op(sigmoidForward, sigmoidBackward, { name: 'sigmoid' });
/** The hyperbolic tangent of x. */
export const tanh = op(tanhForward, tanhBackward, { name: 'tanh' });
/** `x · Φ(x)`, exact. */
export const gelu = op(geluForward, geluBackward, { name: 'gelu' });
/** `x` where x > 0, else `weight · x`, for a weight of shape (1,) or one value a channel. */
export const prelu = op(preluForward, preluBackward, { name: 'prelu' });
/** The largest of each `pieces` neighbouring features of x (N, D). */
export const maxout = op(maxoutForward, maxoutBackward, { name: 'maxout' });

const leaky = op(leakyReluForward, leakyReluBackward, { name: 'leakyRelu' });
const exponential = op(eluForward, eluBackward, { name: 'elu' });

/** `x` where x > 0, else `negativeSlope · x`. */
export function leakyRelu(x: TensorLike, negativeSlope = 0.01): Tensor {
  if (typeof negativeSlope !== 'number') {
    throw new TypeError(`leakyRelu: negativeSlope is ${describe(negativeSlope)}, expected a number`);
  }
  return leaky(x, { alpha: negativeSlope });
}

/** `x` where x > 0, else `alpha · (e^x − 1)`. */
export function elu(x: TensorLike, alpha = 1): Tensor {
  checkAmount('elu', 'alpha', alpha);
  return exponential(x, { alpha });
}
