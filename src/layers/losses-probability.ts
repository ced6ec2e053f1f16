import {
  ANY,
  argumentError,
  FLAG,
  hostValues,
  type NDArray,
  type OptionsOf,
  oneOf,
  operand,
  option,
  settingsOf,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import {
  checkAlike,
  type ElementwiseSettings,
  elementwiseParts,
  type LossAndGrad,
  type LossParts,
  MEAN_OR_SUM,
  pairOf,
  type Reduction,
  stretched,
  WEIGHT,
} from './loss-parts.js';

// Losses of probabilities, element by element. Their values and slopes are kernels.

const BCE = { ...MEAN_OR_SUM, ...WEIGHT };

/** Options of {@link bceLoss}. */
export interface BceLossOptions extends OptionsOf<typeof BCE> {}

/**
 * Binary cross-entropy of probabilities: the mean of `−(y·ln x + (1 − y)·ln(1 − x))`, times `weight`.
 *
 * Its gradient is `(x − y) / (x·(1 − x)) / size`. Logarithms below −100 count as −100, and x·(1 − x) as 1e-12 at least,
 * so that a wrong certainty has a finite loss and gradient. {@link bceWithLogitsLoss} loses no digits.
 *
 * @param x - Probabilities, any shape.
 * @param y - Targets in [0, 1], of the same shape.
 * @param options - `weight`: a shape that broadcasts to that of `x`.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if the shapes differ: only `weight` is broadcast.
 * @throws {RangeError} if a value of `x` is not in [0, 1].
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function bceLoss(x: NDArray, y: NDArray, options: BceLossOptions = {}): LossAndGrad {
  return pairOf(bceParts('bceLoss', x, y, settingsOf('bceLoss', BCE, options), false));
}

/** The parts of {@link bceLoss}. */
export function bceParts(
  fn: string,
  x: NDArray,
  y: NDArray,
  settings: ElementwiseSettings,
  needsTarget: boolean,
): LossParts {
  checkAlike(fn, x, y);
  let sum = 0;
  const parts = elementwiseParts(fn, x, y, settings, needsTarget, (operands) => {
    sum = kernels().bceLoss(operands);
    return sum;
  });
  // The logarithm of what is no probability is NaN, so only then one is searched for.
  if (Number.isNaN(sum)) checkProbabilities(fn, x);
  return parts;
}

/** @throws {RangeError} naming a number outside of [0, 1]. */
function checkProbabilities(fn: string, x: NDArray): void {
  const at = hostValues(x).findIndex((p: number) => p < 0 || p > 1);
  if (at < 0) return;
  throw argumentError(RangeError, {
    fn,
    arg: 'x',
    found: `has a value of ${hostValues(x)[at]}`,
    expected: 'probabilities in [0, 1]',
    wayOut: 'for logits take binaryCrossEntropyWithLogits or bceWithLogitsLoss',
  });
}

export const POS_WEIGHT = {
  /** The weight of the part of `y` beside that of `1 − y`; a shape that broadcasts to that of x. Default: 1. */
  posWeight: option<NDArray | undefined>(undefined, ANY),
};

const BCE_WITH_LOGITS = { ...BCE, ...POS_WEIGHT };

/** Options of {@link bceWithLogitsLoss}. */
export interface BceWithLogitsLossOptions extends OptionsOf<typeof BCE_WITH_LOGITS> {}

/**
 * Binary cross-entropy of logits: the mean of `−(posWeight·y·ln σ(x) + (1 − y)·ln(1 − σ(x)))`, times `weight`, where
 * `σ(x) = 1 / (1 + e^−x)`. Without weights it is computed as `max(x, 0) − x·y + ln(1 + e^−|x|)`, which no logit
 * overflows.
 *
 * Its gradient is `(σ(x) − y) / size`; with weights, `weight·(1 − y − (1 + (posWeight − 1)·y)·σ(−x)) / size`.
 *
 * @param x - Logits, any shape.
 * @param y - Targets in [0, 1], of the same shape.
 * @param options - `weight` and `posWeight`: shapes that broadcast to that of `x`.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if the shapes differ: only the weights are broadcast.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function bceWithLogitsLoss(x: NDArray, y: NDArray, options: BceWithLogitsLossOptions = {}): LossAndGrad {
  const fn = 'bceWithLogitsLoss';
  return pairOf(bceWithLogitsParts(fn, x, y, settingsOf(fn, BCE_WITH_LOGITS, options), false));
}

/** The parts of {@link bceWithLogitsLoss}. */
export function bceWithLogitsParts(
  fn: string,
  x: NDArray,
  y: NDArray,
  settings: ElementwiseSettings & { readonly posWeight: NDArray | undefined },
  needsTarget: boolean,
): LossParts {
  checkAlike(fn, x, y);
  const { posWeight } = settings;
  const positive = posWeight === undefined ? null : operand(stretched(fn, 'posWeight', posWeight, x));
  return elementwiseParts(fn, x, y, settings, needsTarget, (operands) =>
    kernels().bceWithLogitsLoss({ ...operands, positive }),
  );
}

export const LOG_TARGET = {
  /** Whether `y` holds logarithms of probabilities, as `x` does. Default false. */
  logTarget: option(false, FLAG),
};

const KL_DIV = {
  /**
   * `'mean'` over all values, their `'sum'`, or `'batchmean'`: the sum by the length of the first axis. Default
   * `'mean'`.
   */
  reduction: option<'mean' | 'sum' | 'batchmean'>('mean', oneOf('mean', 'sum', 'batchmean')),
  ...LOG_TARGET,
};

/** Options of {@link klDivLoss}. */
export interface KlDivLossOptions extends OptionsOf<typeof KL_DIV> {}

/**
 * Divergence of Kullback and Leibler: the mean of `y·(ln y − x)`, or with `logTarget` of `e^y·(y − x)`, over all
 * values. The divergence of the distributions is `'batchmean'`.
 *
 * Its gradient is `−y / size`, or `−e^y / size`. Where a probability is 0, so is the loss.
 *
 * @param x - Logarithms of probabilities, any shape.
 * @param y - Target probabilities, or their logarithms, of the same shape.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function klDivLoss(x: NDArray, y: NDArray, options: KlDivLossOptions = {}): LossAndGrad {
  return pairOf(klDivParts('klDivLoss', x, y, settingsOf('klDivLoss', KL_DIV, options), false));
}

/** The parts of {@link klDivLoss}. */
export function klDivParts(
  fn: string,
  x: NDArray,
  y: NDArray,
  settings: { readonly reduction: Reduction; readonly logTarget: boolean },
  needsTarget: boolean,
): LossParts {
  checkAlike(fn, x, y);
  const kernel = settings.logTarget ? kernels().klLogLoss : kernels().klLoss;
  return elementwiseParts(fn, x, y, settings, needsTarget, kernel);
}
