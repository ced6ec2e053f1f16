import type { Floats } from '../../arrays/index.js';
import type { ChannelShape } from './normalization.js';

/** Losses of labels with their gradients. */
export interface LossKernels {
  /** Mean over rows of −log softmax(x[n])[y[n]]; dx (N, C) is its gradient. Labels are in [0, C). */
  softmaxLoss(x: Floats, y: Int32Array, dx: Floats, N: number, C: number): number;
  /** The sum over rows of Σ_{c≠y} max(0, x[n, c] − x[n, y[n]] + 1); dx (N, C) is its gradient divided by `divisor`. */
  hingeLoss(operands: HingeOperands): number;
  /**
   * The sum over (N, S) of Σ_c q[c] · (ln Σ e^x − x[c]), for scores x (N, C, S) and q[c] = weight[c]·((1 − ε)·t[c] +
   * ε/C). Here t is `target`, or 1 at the label and 0 elsewhere; where the label is negative, q is 0. A class whose q
   * is 0 may have a score of −∞. dx is the gradient times `scale`, scale·(softmax(x)·Σ q − q), and dtarget that of t.
   */
  crossEntropy(operands: CrossEntropyOperands): number;
}

/** The hinge losses of rows of scores. */
export interface HingeOperands {
  /** Scores, shape (N, C). */
  readonly x: Floats;
  /** Labels in [0, C). */
  readonly y: Int32Array;
  readonly dx: Floats;
  /** Where the losses of the rows go; null where only their sum is wanted. */
  readonly values: Floats | null;
  readonly N: number;
  readonly C: number;
  readonly divisor: number;
}

/** The cross-entropies of scores (N, C, S) and either labels or class probabilities. */
export interface CrossEntropyOperands {
  readonly x: Floats;
  /** (N, S): classes, negative where an example does not count. */
  readonly labels: Int32Array | null;
  /** Probabilities of the classes, of the shape of x. */
  readonly target: Floats | null;
  /** (C,), or null for ones. */
  readonly weight: Floats | null;
  /** ε. */
  readonly smoothing: number;
  /** (N, S): where the losses go; null where only their sum is wanted. */
  readonly values: Floats | null;
  readonly dx: Floats;
  /** Null where it is not wanted. */
  readonly dtarget: Floats | null;
  readonly scale: number;
  readonly shape: ChannelShape;
}

/** A loss of two arrays of equal size, element by element. */
export interface ElementwiseLossOperands {
  readonly x: Floats;
  readonly y: Floats;
  /** A factor for each value of the loss, or null for ones. */
  readonly weight: Floats | null;
  /** Where the values of the loss go; null where only their sum is wanted. */
  readonly values: Floats | null;
  /** The gradient with respect to x times `scale`. */
  readonly dx: Floats;
  /** The same of y; null where it is not wanted. */
  readonly dy: Floats | null;
  readonly scale: number;
}

/** The Huber loss: ½·curvature·d² where |d| < threshold, else slope·(|d| − ½·threshold), for d = x − y. */
export interface HuberOperands extends ElementwiseLossOperands {
  readonly threshold: number;
  readonly curvature: number;
  readonly slope: number;
}

/** The binary cross-entropy of logits. */
export interface LogitOperands extends ElementwiseLossOperands {
  /** The weight of y beside that of 1 − y, for each value, or null for ones. */
  readonly positive: Floats | null;
}

/** Losses of two arrays of equal size with their gradients. Each returns the sum of its values, which are weighted. */
export interface ElementwiseLossKernels {
  /** (x − y)². */
  squaredLoss(operands: ElementwiseLossOperands): number;
  /** |x − y|, whose slope is 0 where they are equal, and at NaN. */
  absoluteLoss(operands: ElementwiseLossOperands): number;
  huberLoss(operands: HuberOperands): number;
  /**
   * −(y·ln x + (1 − y)·ln(1 − x)) with logarithms of −100 at least, NaN where x is not in [0, 1]. dx is (x − y) / (x·(1
   * − x)) with a divisor of 1e-12 at least; dy is ln(1 − x) − ln x, without a bound.
   */
  bceLoss(operands: ElementwiseLossOperands): number;
  /** The same of x = 1 / (1 + e^−logit), and with `positive`: (1 − y)·x + (1 + (positive − 1)·y)·ln(1 + e^−x). */
  bceWithLogitsLoss(operands: LogitOperands): number;
  /** y·(ln y − x), 0 where y is. */
  klLoss(operands: ElementwiseLossOperands): number;
  /** e^y·(y − x), 0 where e^y is. */
  klLogLoss(operands: ElementwiseLossOperands): number;
}

/** The likelihood of labels. */
export interface LikelihoodKernels {
  /**
   * The sum over (N, S) of −weight[y]·x[n, y, s], for log-probabilities x (N, C, S) and labels y (N, S), those that are
   * negative left out. dx is the gradient times `scale`.
   */
  nllLoss(operands: LikelihoodOperands): number;
}

export interface LikelihoodOperands extends Omit<CrossEntropyOperands, 'labels' | 'target' | 'smoothing' | 'dtarget'> {
  readonly labels: Int32Array;
}
