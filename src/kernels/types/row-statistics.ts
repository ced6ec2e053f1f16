import type { Floats } from '../../arrays/index.js';

/** Logarithms of sums of powers, along rows of `length` values. */
export interface LogsumexpKernels {
  /** out[n] = ln Σ e^x over row n. No x overflows. */
  logsumexp(x: Floats, out: Floats, length: number): void;
  /** dx = dout[n] · e^(x − out[n]); 0 for a row of −∞. */
  logsumexpBackward(operands: LogsumexpGradientOperands): void;
}

export interface LogsumexpGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly out: Floats;
  readonly dx: Floats;
  readonly length: number;
}

/** Statistics and sums whose float64 value is rounded once. */
export interface StatisticsKernels {
  /** out = keep · running + gain · sample: running statistics of a batch normalization. */
  blend(operands: BlendOperands): void;
  /** The weights and biases of a layer and the batch normalization behind it in one; see layers/batchnorm-fold.ts. */
  foldBatchnorm(operands: FoldOperands): void;
  /** out[n, m] = Σ_k x[n, k, m]. */
  sumMiddle(x: Floats, out: Floats, N: number, K: number, M: number): void;
}

export interface BlendOperands {
  readonly running: Floats;
  readonly sample: Floats;
  readonly out: Floats;
  readonly keep: number;
  readonly gain: number;
}

/** `w` and `foldedW` are (F, length), the others (F,); no `b` and no `beta` are zeros, no `gamma` ones. */
export interface FoldOperands {
  readonly w: Floats;
  readonly b: Floats | null;
  readonly gamma: Floats | null;
  readonly beta: Floats | null;
  readonly mean: Floats;
  readonly variance: Floats;
  readonly epsilon: number;
  readonly foldedW: Floats;
  readonly foldedB: Floats;
}

/** Moments, norms and extremes of rows of `length` values, and their gradients. */
export interface MomentKernels {
  /** out[n] = Σ (x − mean)² / (length − correction) over row n; NaN for no values, and for a divisor of 0. */
  variance(x: Floats, out: Floats, length: number, correction: number): void;
  /** dx = dout[n] · 2 · (x − mean) / (length − correction). */
  varianceBackward(operands: VarianceGradientOperands): void;
  /** dvariance = dout / (2 · out), 0 where out = 0: from the gradient of a standard deviation to that of a variance. */
  deviationBackward(dout: Floats, out: Floats, dvariance: Floats): void;
  /** out[n] = (Σ |x|^p)^(1/p) over row n; the number of values that are not 0 for p = 0, the largest |x| for p = ∞. */
  norm(x: Floats, out: Floats, length: number, p: number): void;
  /** dx = dout[n] · sign(x) · |x|^(p − 1) · out[n]^(1 − p), 0 where out[n] = 0; PyTorch's subgradients for p ≤ 1, ∞. */
  normBackward(operands: NormGradientOperands): void;
  /** out[n] = the smallest value of row n; NaN is the smallest. */
  minima(x: Floats, out: Floats, length: number): void;
  /** dx = dout[n] / k at the k values of row n that are equal to out[n], or are NaN as it is; 0 elsewhere. */
  extremeBackward(operands: RowGradientOperands): void;
}

/** The gradient of a function of rows that is computed from its output `out`, one value a row. */
export interface RowGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly out: Floats;
  readonly dx: Floats;
  readonly length: number;
}

export interface NormGradientOperands extends RowGradientOperands {
  readonly p: number;
}

export interface VarianceGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly dx: Floats;
  readonly length: number;
  readonly correction: number;
}
