import { isNDArray, type OptionsOf, oneOf, option, type Range } from '../../arrays/index.js';
import { BETA, DELTA, IGNORE_INDEX, LABEL_SMOOTHING, LOG_TARGET } from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import { Tensor } from '../tensor.js';

// The options of the losses of F, which are those of the modules of nn too.

export const REDUCTION = {
  /** `'mean'`, `'sum'`, or `'none'` for the loss of each example or value. Default `'mean'`. */
  reduction: option<'mean' | 'sum' | 'none'>('mean', oneOf('mean', 'sum', 'none')),
};

/** What a loss of many values returns. */
export interface ReductionOptions extends OptionsOf<typeof REDUCTION> {}

const ARRAY: Range = {
  allows: (value) => value === undefined || value instanceof Tensor || isNDArray(value),
  expected: 'a tensor or an array, see array(values)',
  Kind: TypeError,
};

const FACTOR: Range = {
  allows: (value) => ARRAY.allows(value) || (typeof value === 'number' && Number.isFinite(value)),
  expected: 'a number, a tensor or an array, see array(values)',
  Kind: TypeError,
};

export const BINARY_CROSS_ENTROPY = {
  ...REDUCTION,
  /** What the loss is multiplied by: a number, or an array or a tensor that is a constant. Default: 1. */
  weight: option<TensorLike | number | undefined>(undefined, FACTOR),
};

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions extends OptionsOf<typeof BINARY_CROSS_ENTROPY> {}

export const BINARY_CROSS_ENTROPY_WITH_LOGITS = {
  ...BINARY_CROSS_ENTROPY,
  /**
   * The weight of the part of `y` beside that of `1 − y`: a number, or an array or a tensor that is a constant.
   * Default: 1.
   */
  posWeight: option<TensorLike | number | undefined>(undefined, FACTOR),
};

/** Options of {@link binaryCrossEntropyWithLogits}. */
export interface BinaryCrossEntropyWithLogitsOptions extends OptionsOf<typeof BINARY_CROSS_ENTROPY_WITH_LOGITS> {}

export const NLL = {
  ...REDUCTION,
  /** What the losses of each class are multiplied by, shape (C,); a constant. Default: 1. */
  weight: option<TensorLike | undefined>(undefined, ARRAY),
  ...IGNORE_INDEX,
};

/** Options of {@link nllLoss}. */
export interface NllLossOptions extends OptionsOf<typeof NLL> {}

export const CROSS_ENTROPY = { ...NLL, ...LABEL_SMOOTHING };

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends OptionsOf<typeof CROSS_ENTROPY> {}

export const SMOOTH_L1 = { ...REDUCTION, ...BETA };

/** Options of {@link smoothL1Loss}. */
export interface SmoothL1LossOptions extends OptionsOf<typeof SMOOTH_L1> {}

export const HUBER = { ...REDUCTION, ...DELTA };

/** Options of {@link huberLoss}. */
export interface HuberLossOptions extends OptionsOf<typeof HUBER> {}

export const KL_DIV = {
  /**
   * `'mean'` over all values, `'batchmean'`: the sum by the length of the first axis, `'sum'`, or `'none'` for the
   * values. Default `'mean'`.
   */
  reduction: option<'mean' | 'batchmean' | 'sum' | 'none'>('mean', oneOf('mean', 'batchmean', 'sum', 'none')),
  ...LOG_TARGET,
};

/** Options of {@link klDiv}. */
export interface KlDivOptions extends OptionsOf<typeof KL_DIV> {}
