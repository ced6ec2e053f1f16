import { checkOptions, describe, dtypeOf, full, type Labels, type NDArray } from '../../arrays/index.js';
import { mulForward, softmaxLoss, svmLoss } from '../../layers/index.js';
import { op, type TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { add, mul } from './arithmetic.js';
import { logSoftmax, mean } from './reductions.js';

type Loss = typeof softmaxLoss;

/** The operation of a loss that is computed together with its gradient. */
function lossOp(name: string, lossOf: Loss): (x: TensorLike, y: Labels) => Tensor {
  return op(
    (x: NDArray, y: Labels): [NDArray, NDArray] => {
      const { loss, dx } = lossOf(x, y);
      return [full([], loss, dtypeOf(x)), dx];
    },
    (dout, dx) => mulForward(dout, dx)[0],
    { name },
  );
}

const softmax = lossOp('crossEntropy', softmaxLoss);

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Share of the target that is spread evenly over all classes, in [0, 1]. Default 0. */
  labelSmoothing?: number;
}

/**
 * Softmax cross-entropy, the mean over the batch: `−log softmax(x[n])[y[n]]`; with label smoothing ε,
 * `(1 − ε)` times that and `ε` times the mean of `−log softmax(x[n])` over the classes.
 *
 * @param x - Scores, shape (N, C).
 * @param y - Labels in [0, C), N of them.
 * @returns Shape ().
 * @throws {ShapeError} if `x` is not (N, C) or `y` not of length N.
 * @throws {RangeError} if a label is not an integer in [0, C), or `labelSmoothing` out of range.
 * @see Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision, section 7
 */
export function crossEntropy(x: TensorLike, y: Labels, options: CrossEntropyOptions = {}): Tensor {
  checkOptions('crossEntropy', options, ['labelSmoothing']);
  const { labelSmoothing = 0 } = options;
  if (!(typeof labelSmoothing === 'number' && labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new RangeError(`crossEntropy: labelSmoothing is ${describe(labelSmoothing)}, expected a number from 0 to 1`);
  }
  const loss = softmax(x, y);
  if (labelSmoothing === 0) return loss;
  return add(mul(loss, 1 - labelSmoothing), mul(mean(logSoftmax(x)), -labelSmoothing));
}

/** Multiclass SVM (hinge) loss with margin 1, the mean over the batch. @param x - Scores (N, C). @param y - Labels. */
export const hingeLoss = lossOp('hingeLoss', svmLoss);
