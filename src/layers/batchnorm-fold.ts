import { checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';

/** Weights and biases of a layer. */
export interface FoldedBatchnorm {
  /** As `w`. */
  readonly w: NDArray;
  /** Shape (F,). */
  readonly b: NDArray;
}

/**
 * The weights and biases of a convolution, or of a fully connected layer, that by itself does what one with `w` and `b`
 * does together with the batch normalization behind it, by given statistics:
 * `gamma · (w·x + b − mean) / √(variance + eps) + beta = (w·s)·x + ((b − mean)·s + beta)` with
 * `s = gamma / √(variance + eps)`, one number for each of F outputs. Results differ by rounding.
 *
 * @param w - Weights, shape (F, …): of one output after another.
 * @param b - Biases, shape (F,), or null for zeros.
 * @param gamma - Scale of the normalization, shape (F,), or null for ones.
 * @param beta - Shift of the normalization, shape (F,), or null for zeros.
 * @param mean - Shape (F,).
 * @param variance - Shape (F,).
 * @param eps - Added to the variance.
 * @returns New arrays.
 * @throws {ShapeError} if one of the others is not (F,).
 * @throws {TypeError} if they are not all of one dtype.
 */
export function foldBatchnorm(
  w: NDArray,
  b: NDArray | null,
  gamma: NDArray | null,
  beta: NDArray | null,
  mean: NDArray,
  variance: NDArray,
  eps: number,
): FoldedBatchnorm {
  const fn = 'foldBatchnorm';
  const given = Object.entries({ b, gamma, beta, mean, variance }).filter((entry): entry is [string, NDArray] => {
    return entry[1] !== null;
  });
  const named = Object.fromEntries(given.map(([name, a]) => [name, [a, ['F']] as const]));
  const { F } = checkShapes(fn, { w: [w, ['F', '…']], ...named });
  const folded = { w: empty(w.shape, dtypeOf(w)), b: empty([F], dtypeOf(w)) };
  kernels().foldBatchnorm({
    w: operand(w),
    b: b === null ? null : operand(b),
    gamma: gamma === null ? null : operand(gamma),
    beta: beta === null ? null : operand(beta),
    mean: operand(mean),
    variance: operand(variance),
    epsilon: eps,
    foldedW: folded.w.data,
    foldedB: folded.b.data,
  });
  return folded;
}
