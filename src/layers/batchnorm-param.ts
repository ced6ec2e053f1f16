import {
  argumentError,
  checkedIn,
  checkOptions,
  checkShapes,
  dtypeOf,
  FLAG,
  FRACTION,
  heap,
  type NDArray,
  type OptionsOf,
  oneOf,
  operand,
  option,
  POSITIVE,
  type Settings,
  ShapeError,
  tuple,
  withStorage,
  zeros,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';

/** The options of every normalization. */
export const NORMALIZATION_OPTIONS = {
  /** Added to the variance, > 0. Default 1e-5. */
  eps: option(1e-5, POSITIVE),
};

/** The options of a batch normalization. */
export const BATCHNORM_OPTIONS = {
  ...NORMALIZATION_OPTIONS,
  /** Share of the running statistics that is kept, in [0, 1]. Default 0.9. PyTorch's momentum is the complement. */
  momentum: option(0.9, FRACTION),
  /** Whether the running variance takes the unbiased variance of a batch, as PyTorch's does. Default false. */
  unbiased: option(false, FLAG),
};

/** How a batch normalization runs, and what it remembers from batch to batch. */
export interface BatchnormParam extends OptionsOf<typeof BATCHNORM_OPTIONS> {
  /** `'train'` normalizes by the batch and updates the running statistics; `'test'` normalizes by those. */
  mode: 'train' | 'test';
  /** State: running mean, one value a feature or channel. Starts at zero; a new array at every training pass. */
  runningMean?: NDArray;
  /** State: running variance, one value a feature or channel. Starts at zero; a new array at every training pass. */
  runningVar?: NDArray;
}

/** A checked {@link BatchnormParam}. */
export interface CheckedBatchnormParam extends Settings<typeof BATCHNORM_OPTIONS> {
  readonly training: boolean;
  readonly runningMean: NDArray;
  readonly runningVar: NDArray;
}

const MODE = oneOf('train', 'test');
const NAMES = ['mode', 'eps', 'momentum', 'unbiased', 'runningMean', 'runningVar'];

/**
 * @param like - What the running statistics must agree with: gamma, of C values.
 * @param x - What is normalized, or what it is computed from: with at least one example in training.
 * @throws {TypeError | RangeError | ShapeError} naming what does not fit.
 */
export function checkBatchnormParam(
  fn: string,
  param: BatchnormParam,
  like: NDArray,
  x: NDArray,
): CheckedBatchnormParam {
  checkOptions(fn, param, NAMES);
  const { eps: epsilon, momentum: share, unbiased: isUnbiased } = BATCHNORM_OPTIONS;
  const { mode, eps = epsilon.byDefault, momentum = share.byDefault, unbiased = isUnbiased.byDefault } = param;
  const training = checkedIn(fn, 'mode', mode, MODE) === 'train';
  checkedIn(fn, 'eps', eps, epsilon.range);
  checkedIn(fn, 'momentum', momentum, share.range);
  checkedIn(fn, 'unbiased', unbiased, isUnbiased.range);
  if (training && x.shape[0] === 0) {
    const [found, expected] = [`has shape ${tuple(x.shape)}`, 'at least one value per channel in training'];
    throw argumentError(ShapeError, { fn, arg: 'x', found, expected });
  }
  const { runningMean = startOf(like), runningVar = startOf(like) } = param;
  const { shape } = like;
  checkShapes(fn, { gamma: [like, shape], runningMean: [runningMean, shape], runningVar: [runningVar, shape] });
  return { training, eps, momentum, unbiased, runningMean, runningVar };
}

function startOf(like: NDArray): NDArray {
  return withStorage(heap, () => zeros(like.shape, dtypeOf(like)));
}

/**
 * `momentum · running + (1 − momentum) · scale · sample`, in a new array: one that was taken from `bnParam` before
 * stays as it is. On the heap, so that it outlives a workspace.
 */
export function blend(running: NDArray, sample: NDArray, momentum: number, scale = 1): NDArray {
  const next = startOf(running);
  kernels().blend({
    running: operand(running),
    sample: operand(sample),
    out: next.data,
    keep: momentum,
    gain: (1 - momentum) * scale,
  });
  return next;
}
