import {
  argumentError,
  checkFlag,
  checkOptions,
  checkShapes,
  describe,
  dtypeOf,
  heap,
  hostRoom,
  hostValues,
  type NDArray,
  withStorage,
  zeros,
} from '../arrays/index.js';

/** How a batch normalization runs, and what it remembers from batch to batch. */
export interface BatchnormParam {
  /** `'train'` normalizes by the batch and updates the running statistics; `'test'` normalizes by those. */
  mode: 'train' | 'test';
  /** Added to the variance, > 0. Default 1e-5. */
  eps?: number;
  /** Share of the running statistics that is kept, in [0, 1]. Default 0.9. PyTorch's momentum is the complement. */
  momentum?: number;
  /** Whether the running variance takes the unbiased variance of a batch, as PyTorch's does. Default false. */
  unbiased?: boolean;
  /** State: running mean, one value a feature or channel. Starts at zero; a new array at every training pass. */
  runningMean?: NDArray;
  /** State: running variance, one value a feature or channel. Starts at zero; a new array at every training pass. */
  runningVar?: NDArray;
}

/** A checked {@link BatchnormParam}. */
export interface CheckedBatchnormParam {
  readonly training: boolean;
  readonly eps: number;
  readonly momentum: number;
  readonly unbiased: boolean;
  readonly runningMean: NDArray;
  readonly runningVar: NDArray;
}

const NAMES = ['mode', 'eps', 'momentum', 'unbiased', 'runningMean', 'runningVar'];

/**
 * @param like - What the running statistics must agree with: gamma, of C values.
 * @throws {TypeError | RangeError | ShapeError} naming what does not fit.
 */
export function checkBatchnormParam(fn: string, param: BatchnormParam, like: NDArray): CheckedBatchnormParam {
  checkOptions(fn, param, NAMES);
  const { mode, momentum = 0.9, eps = 1e-5, unbiased = false } = param;
  if (mode !== 'train' && mode !== 'test') {
    throw argumentError(RangeError, { fn, arg: 'mode', found: `is ${describe(mode)}`, expected: "'train' or 'test'" });
  }
  checkEps(fn, eps);
  if (!(typeof momentum === 'number' && momentum >= 0 && momentum <= 1)) {
    throw argumentError(RangeError, {
      fn,
      arg: 'momentum',
      found: `is ${describe(momentum)}`,
      expected: 'a number from 0 to 1',
    });
  }
  checkFlag(fn, 'unbiased', unbiased);
  const start = (): NDArray => withStorage(heap, () => zeros(like.shape, dtypeOf(like)));
  const { runningMean = start(), runningVar = start() } = param;
  const shape = like.shape;
  checkShapes(fn, { gamma: [like, shape], runningMean: [runningMean, shape], runningVar: [runningVar, shape] });
  return { training: mode === 'train', eps, momentum, unbiased, runningMean, runningVar };
}

/** @throws {RangeError} if `eps` is not a number > 0. */
export function checkEps(fn: string, eps: unknown): void {
  if (!(typeof eps === 'number' && eps > 0 && Number.isFinite(eps))) {
    throw argumentError(RangeError, { fn, arg: 'eps', found: `is ${describe(eps)}`, expected: 'a number > 0' });
  }
}

/**
 * `momentum · running + (1 − momentum) · scale · sample`, in a new array: one that was taken from `bnParam` before stays as
 * it is. On the heap, so that it outlives a workspace.
 */
export function blend(running: NDArray, sample: NDArray, momentum: number, scale = 1): NDArray {
  const next = withStorage(heap, () => zeros(running.shape, dtypeOf(running)));
  const [old, now, room] = [hostValues(running), hostValues(sample), hostRoom(next)];
  for (let i = 0; i < now.length; i++) room[i] = momentum * old[i] + (1 - momentum) * scale * now[i];
  return next;
}
