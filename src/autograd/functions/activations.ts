import {
  eluBackward,
  eluForward,
  geluBackward,
  geluForward,
  hardsigmoidBackward,
  hardsigmoidForward,
  hardswishBackward,
  hardswishForward,
  leakyReluBackward,
  leakyReluForward,
  maxoutBackward,
  maxoutForward,
  preluBackward,
  preluForward,
  relu6Backward,
  relu6Forward,
  reluBackward,
  reluForward,
  sigmoidBackward,
  sigmoidForward,
  siluBackward,
  siluForward,
  softplusBackward,
  softplusForward,
  tanhBackward,
  tanhForward,
} from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { layerOp } from './layer-op.js';

/** `max(0, x)`. */
export const relu = layerOp('relu', reluForward, reluBackward);
/** `min(max(0, x), 6)`. */
export const relu6 = layerOp('relu6', relu6Forward, relu6Backward);
/** `x · min(max(0, x + 3), 6) / 6`. */
export const hardswish = layerOp('hardswish', hardswishForward, hardswishBackward);
/** `min(max(0, x + 3), 6) / 6`. */
export const hardsigmoid = layerOp('hardsigmoid', hardsigmoidForward, hardsigmoidBackward);
/** `1 / (1 + e^−x)`. */
export const sigmoid = layerOp('sigmoid', sigmoidForward, sigmoidBackward);
/** `x / (1 + e^−x)`, also called swish. */
export const silu = layerOp('silu', siluForward, siluBackward);
/** The hyperbolic tangent of x. */
export const tanh = layerOp('tanh', tanhForward, tanhBackward);
/** `ln(1 + e^(beta · x)) / beta`, with the options { beta = 1, threshold = 20 }; `x` where `beta · x > threshold`. */
export const softplus = layerOp('softplus', softplusForward, softplusBackward);
/** `x · Φ(x)`: exact, or with the option { approximate: 'tanh' } with an approximation of Φ by a tanh. */
export const gelu = layerOp('gelu', geluForward, geluBackward);
/** `x` where x > 0, else `weight · x`, for a weight of shape (1,) or one value a channel. */
export const prelu = layerOp('prelu', preluForward, preluBackward, { alpha: 'weight' });
/** The largest of each `pieces` neighbouring features of x (N, D). */
export const maxout = layerOp('maxout', maxoutForward, maxoutBackward);

const leaky = layerOp('leakyRelu', leakyReluForward, leakyReluBackward, { alpha: 'negativeSlope' });
const exponential = layerOp('elu', eluForward, eluBackward);

/** `x` where x > 0, else `negativeSlope · x`. */
export function leakyRelu(x: TensorLike, negativeSlope = 0.01): Tensor {
  return leaky(x, { alpha: negativeSlope });
}

/** `x` where x > 0, else `alpha · (e^x − 1)`. */
export function elu(x: TensorLike, alpha = 1): Tensor {
  return exponential(x, { alpha });
}
