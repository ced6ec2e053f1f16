import { checkLabels, checkShapes, dtypeOf, empty, type Labels, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';

/** A loss and its gradient. */
export interface LossAndGrad {
  /** The mean over the batch. */
  readonly loss: number;
  /** Its gradient with respect to the scores, shape (N, C). */
  readonly dx: NDArray;
}

/**
 * Softmax (cross-entropy) loss: the mean over the batch of `−log p[n, y[n]]`, where `p[n] = e^{x[n]} / Σ_c e^{x[n,
 * c]}`.
 *
 * Its gradient is `(p − onehot(y)) / N`. Each row is shifted by its maximum before the powers, so that scores of any
 * size neither overflow nor lose the loss.
 *
 * @param x - Scores, shape (N, C).
 * @param y - Labels in [0, C), N of them.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if `x` is not (N, C) or `y` not of length N.
 * @throws {RangeError} if a label is not an integer in [0, C).
 * @see https://cs231n.github.io/linear-classify/#softmax
 */
export function softmaxLoss(x: NDArray, y: Labels): LossAndGrad {
  const { N, C } = checkShapes('softmaxLoss', { x: [x, ['N', 'C']] });
  const labels = checkLabels('softmaxLoss', 'y', y, N, C);
  const dx = empty([N, C], dtypeOf(x));
  const loss = kernels().softmaxLoss(operand(x), labels, dx.data, N, C);
  return { loss, dx };
}

/**
 * Multiclass SVM (hinge) loss: the mean over the batch of `Σ_{c ≠ y[n]} max(0, x[n, c] − x[n, y[n]] + 1)`.
 *
 * Its gradient has 1/N for every margin above zero and, in the right class, minus their sum; a margin of just zero has
 * none.
 *
 * @param x - Scores, shape (N, C).
 * @param y - Labels in [0, C), N of them.
 * @returns The loss and its gradient, a new array.
 * @throws {ShapeError} if `x` is not (N, C) or `y` not of length N.
 * @throws {RangeError} if a label is not an integer in [0, C).
 * @see https://cs231n.github.io/linear-classify/#svm
 */
export function svmLoss(x: NDArray, y: Labels): LossAndGrad {
  const { N, C } = checkShapes('svmLoss', { x: [x, ['N', 'C']] });
  const labels = checkLabels('svmLoss', 'y', y, N, C);
  const dx = empty([N, C], dtypeOf(x));
  const given = { x: operand(x), y: labels, dx: dx.data, values: null };
  const loss = kernels().hingeLoss({ ...given, N, C, divisor: N }) / N;
  return { loss, dx };
}
