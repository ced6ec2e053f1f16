import { AMOUNT, type NDArray, type OptionsOf, option, POSITIVE, settingsOf } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import {
  checkAlike,
  elementwiseParts,
  type LossAndGrad,
  type LossOptions,
  type LossParts,
  MEAN_OR_SUM,
  pairOf,
  type Reduction,
} from './loss-parts.js';

// Losses of numbers, in the difference of prediction and target. Their values and slopes are kernels.

/** Of a loss without options of its own. */
interface Reduced {
  readonly reduction: Reduction;
}

/**
 * Squared error: the mean of `(x − y)²`.
 *
 * Its gradient is `2·(x − y) / size`.
 *
 * @param x - Predictions, any shape.
 * @param y - Targets, of the same shape.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function mseLoss(x: NDArray, y: NDArray, options: LossOptions = {}): LossAndGrad {
  return pairOf(mseParts('mseLoss', x, y, settingsOf('mseLoss', MEAN_OR_SUM, options), false));
}

/** The parts of {@link mseLoss}. */
export function mseParts(fn: string, x: NDArray, y: NDArray, settings: Reduced, needsTarget: boolean): LossParts {
  checkAlike(fn, x, y);
  return elementwiseParts(fn, x, y, settings, needsTarget, kernels().squaredLoss);
}

/**
 * Absolute error: the mean of `|x − y|`.
 *
 * Its gradient is `sign(x − y) / size`, 0 where both are equal.
 *
 * @param x - Predictions, any shape.
 * @param y - Targets, of the same shape.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 */
export function l1Loss(x: NDArray, y: NDArray, options: LossOptions = {}): LossAndGrad {
  return pairOf(l1Parts('l1Loss', x, y, settingsOf('l1Loss', MEAN_OR_SUM, options), false));
}

/** The parts of {@link l1Loss}. */
export function l1Parts(fn: string, x: NDArray, y: NDArray, settings: Reduced, needsTarget: boolean): LossParts {
  checkAlike(fn, x, y);
  return elementwiseParts(fn, x, y, settings, needsTarget, kernels().absoluteLoss);
}

export const BETA = {
  /** Where the parabola ends and the line begins; 0 is the absolute error. Default 1. */
  beta: option(1, AMOUNT),
};

const SMOOTH_L1 = { ...MEAN_OR_SUM, ...BETA };

/** Options of {@link smoothL1Loss}. */
export interface SmoothL1LossOptions extends OptionsOf<typeof SMOOTH_L1> {}

/**
 * Smooth absolute error: the mean of `½·d²/beta` where |d| < beta, else of `|d| − ½·beta`, with `d = x − y`.
 *
 * Its gradient is `d / beta` bounded to ±1, divided by the size.
 *
 * @param x - Predictions, any shape.
 * @param y - Targets, of the same shape.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 * @see Girshick 2015, Fast R-CNN, equation 3
 */
export function smoothL1Loss(x: NDArray, y: NDArray, options: SmoothL1LossOptions = {}): LossAndGrad {
  return pairOf(smoothL1Parts('smoothL1Loss', x, y, settingsOf('smoothL1Loss', SMOOTH_L1, options), false));
}

/** The parts of {@link smoothL1Loss}. */
export function smoothL1Parts(
  fn: string,
  x: NDArray,
  y: NDArray,
  settings: Reduced & { readonly beta: number },
  needsTarget: boolean,
): LossParts {
  const { beta } = settings;
  if (beta === 0) return l1Parts(fn, x, y, settings, needsTarget);
  checkAlike(fn, x, y);
  return elementwiseParts(fn, x, y, settings, needsTarget, (operands) =>
    kernels().huberLoss({ ...operands, threshold: beta, curvature: 1 / beta, slope: 1 }),
  );
}

export const DELTA = {
  /** Where the parabola ends and the line begins. Default 1. */
  delta: option(1, POSITIVE),
};

const HUBER = { ...MEAN_OR_SUM, ...DELTA };

/** Options of {@link huberLoss}. */
export interface HuberLossOptions extends OptionsOf<typeof HUBER> {}

/**
 * Huber's loss: the mean of `½·d²` where |d| < delta, else of `delta·(|d| − ½·delta)`, with `d = x − y`.
 *
 * Its gradient is `d` bounded to ±delta, divided by the size.
 *
 * @param x - Predictions, any shape.
 * @param y - Targets, of the same shape.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 * @throws {TypeError | RangeError} if an option is unknown or out of range.
 * @see Huber 1964, Robust Estimation of a Location Parameter
 */
export function huberLoss(x: NDArray, y: NDArray, options: HuberLossOptions = {}): LossAndGrad {
  return pairOf(huberParts('huberLoss', x, y, settingsOf('huberLoss', HUBER, options), false));
}

/** The parts of {@link huberLoss}. */
export function huberParts(
  fn: string,
  x: NDArray,
  y: NDArray,
  settings: Reduced & { readonly delta: number },
  needsTarget: boolean,
): LossParts {
  const { delta } = settings;
  checkAlike(fn, x, y);
  return elementwiseParts(fn, x, y, settings, needsTarget, (operands) =>
    kernels().huberLoss({ ...operands, threshold: delta, curvature: 1, slope: delta }),
  );
}
