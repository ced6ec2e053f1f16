import { FLAG, type OptionsOf, option, settingsOf } from '../../arrays/index.js';
import {
  type Axes,
  amaxBackward,
  amaxForward,
  aminBackward,
  aminForward,
  deviationBackward,
  deviationForward,
  logSoftmaxBackward,
  logSoftmaxForward,
  logsumexpBackward,
  logsumexpForward,
  meanBackward,
  meanForward,
  normBackward,
  normForward,
  softmaxBackward,
  softmaxForward,
  sumBackward,
  sumForward,
  varianceBackward,
  varianceForward,
} from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { layerOp } from './layer-op.js';

/** The sum over `axis` (one, several, or all when left out), which stays with size 1 if `keepdims`. */
export const sum = layerOp('sum', sumForward, sumBackward);
/** The mean over `axis` (one, several, or all when left out), which stays with size 1 if `keepdims`. */
export const mean = layerOp('mean', meanForward, meanBackward);
/**
 * The largest value over `axis` (one, several, or all when left out), which stays with size 1 if `keepdims`. Equal ones
 * share the gradient evenly; that of `max` along an axis goes to the first.
 */
export const amax = layerOp('amax', amaxForward, amaxBackward);
/**
 * The smallest value over `axis` (one, several, or all when left out), which stays with size 1 if `keepdims`. Equal
 * ones share the gradient evenly; that of `min` along an axis goes to the first.
 */
export const amin = layerOp('amin', aminForward, aminBackward);

/**
 * The norm `(Σ |x|^p)^(1/p)` over `axis` (one, several, or all when left out), which stays with size 1 if `keepdims`.
 * `p` is 2 by default; `Infinity` is the largest magnitude, 0 the number of values that are not 0.
 */
export const norm = layerOp('norm', normForward, normBackward);

const VARIANCE_OPTIONS = {
  /** Whether to divide by one less than the number of values, as PyTorch does. Default true. */
  unbiased: option<boolean>(true, FLAG),
  /** Whether the axes stay, with size 1. Default false. */
  keepdims: option<boolean>(false, FLAG),
};

/** Options of `F.var` and `F.std`. */
export interface VarianceOptions extends OptionsOf<typeof VARIANCE_OPTIONS> {}

const varianceOf = layerOp('var', varianceForward, varianceBackward);
const deviationOf = layerOp('std', deviationForward, deviationBackward);

/** The variance over `axis` (one, several, or all when left out); unbiased, that of one value is NaN. */
function variance(x: TensorLike, axis?: Axes, options: VarianceOptions = {}): Tensor {
  const { unbiased, keepdims } = settingsOf('var', VARIANCE_OPTIONS, options);
  return varianceOf(x, axis, keepdims, unbiased ? 1 : 0);
}

export { variance as var };

/** The standard deviation over `axis`: the root of the variance, with gradient 0 where it is 0. */
export function std(x: TensorLike, axis?: Axes, options: VarianceOptions = {}): Tensor {
  const { unbiased, keepdims } = settingsOf('std', VARIANCE_OPTIONS, options);
  return deviationOf(x, axis, keepdims, unbiased ? 1 : 0);
}

/** `log softmax(x)` along `axis` (default the last), without overflow. */
export const logSoftmax = layerOp('logSoftmax', logSoftmaxForward, logSoftmaxBackward);

/** `log Σ e^x` over `axis` (one, several, or all when left out), without overflow: a smooth maximum. */
export const logsumexp = layerOp('logsumexp', logsumexpForward, logsumexpBackward);

/** `softmax(x)` along `axis` (default the last), without overflow. */
export const softmax = layerOp('softmax', softmaxForward, softmaxBackward);
