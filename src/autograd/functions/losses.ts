import {
  checkLike,
  dtypeOf,
  FRACTION,
  full,
  type Labels,
  type NDArray,
  type OptionsOf,
  option,
  settingsOf,
} from '../../arrays/index.js';
import { svmLoss as layerSvmLoss, mulForward, softmaxLoss } from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import { Tensor } from '../tensor.js';
import { add, mul, sub } from './arithmetic.js';
import { arrayArg, layerOp } from './layer-op.js';
import { logSoftmax, mean } from './reductions.js';

type Loss = typeof softmaxLoss;

/** The operation of a loss that is computed together with its gradient. */
function lossOp(name: string, lossOf: Loss): (x: TensorLike, y: Labels | Tensor) => Tensor {
  const apply = layerOp(
    name,
    // Labels have no gradient, also where they are an array: `op` would take a bare one for an operand.
    (x: NDArray, { y }: { readonly y: Labels }): [NDArray, NDArray] => {
      const { loss, dx } = lossOf(x, y);
      return [full([], loss, dtypeOf(x)), dx];
    },
    (dout, dx) => mulForward(dout, dx)[0],
  );
  return (x, y) => apply(x, { y: y instanceof Tensor ? y.data : y });
}

const softmax = lossOp('crossEntropy', softmaxLoss);

const CROSS_ENTROPY_OPTIONS = {
  /** Share of the target that is spread evenly over all classes, in [0, 1]. Default 0. */
  labelSmoothing: option(0, FRACTION),
};

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends OptionsOf<typeof CROSS_ENTROPY_OPTIONS> {}

/**
 * Softmax cross-entropy, the mean over the batch: `−log softmax(x[n])[y[n]]`; with label smoothing ε,
 * `(1 − ε)` times that and `ε` times the mean of `−log softmax(x[n])` over the classes.
 *
 * @param x - Scores, shape (N, C).
 * @param y - Labels in [0, C), N of them: a list, a typed array, an array or a tensor. They get no gradient.
 * @returns Shape ().
 * @throws {ShapeError} if `x` is not (N, C) or `y` not of length N.
 * @throws {RangeError} if a label is not an integer in [0, C), or `labelSmoothing` out of range.
 * @see Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision, section 7
 */
export function crossEntropy(x: TensorLike, y: Labels | Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { labelSmoothing } = settingsOf('crossEntropy', CROSS_ENTROPY_OPTIONS, options);
  const loss = softmax(x, y);
  if (labelSmoothing === 0) return loss;
  return add(mul(loss, 1 - labelSmoothing), mul(mean(logSoftmax(x)), -labelSmoothing));
}

const hinge = lossOp('svmLoss', layerSvmLoss);

/**
 * Multiclass SVM (hinge) loss, the mean over the batch: the sum over the wrong classes of what a score lacks to a
 * margin of 1. PyTorch's `multi_margin_loss` is this by the number of classes.
 *
 * @param x - Scores, shape (N, C).
 * @param y - Labels in [0, C), N of them: a list, a typed array, an array or a tensor. They get no gradient.
 * @returns Shape ().
 * @throws {ShapeError} if `x` is not (N, C) or `y` not of length N.
 * @throws {RangeError} if a label is not an integer in [0, C).
 */
export function svmLoss(x: TensorLike, y: Labels | Tensor): Tensor {
  return hinge(x, y);
}

/**
 * The mean of the squared differences of `x` and `target`.
 *
 * @param x - Any shape.
 * @param target - Of the same shape.
 * @returns Shape ().
 * @throws {ShapeError} if the shapes differ: they are not broadcast.
 */
export function mseLoss(x: TensorLike, target: TensorLike): Tensor {
  const [values, wanted] = [arrayArg('mseLoss', 'x', x), arrayArg('mseLoss', 'target', target)];
  checkLike('mseLoss', 'target', wanted, 'x', values);
  const difference = sub(x, target);
  return mean(mul(difference, difference));
}
