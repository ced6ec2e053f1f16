import type { Floats } from '../../arrays/index.js';

/** An array (N, C, S): N examples of C channels of S pixels. Dense features are channels of one pixel. */
export interface ChannelShape {
  readonly N: number;
  readonly C: number;
  readonly S: number;
}

/**
 * Softmax over the C of arrays (N, C, S), and its logarithm. No x overflows; all C are NaN where one is NaN or +∞, or
 * all are −∞.
 */
export interface SoftmaxKernels {
  /** out = e^x / Σ e^x. */
  softmax(x: Floats, out: Floats, shape: ChannelShape): void;
  /** dx = out · (dout − Σ dout · out). */
  softmaxBackward(dout: Floats, out: Floats, dx: Floats, shape: ChannelShape): void;
  /** out = x − ln Σ e^x. */
  logSoftmax(x: Floats, out: Floats, shape: ChannelShape): void;
  /** dx = dout − e^out · Σ dout. */
  logSoftmaxBackward(dout: Floats, out: Floats, dx: Floats, shape: ChannelShape): void;
}

/**
 * Normalizations. Variances are biased. Where a ReLU follows, `relu` applies it in the same pass, and the backward
 * kernels take its output `y` (else null) to know where it let the gradient through. Where a GELU follows a batch
 * normalization, `gelu` applies it, and the backward kernels take the shift `beta`, to compute its argument again from
 * x.
 */
export interface NormalizationKernels {
  /** For each channel, mean and variance over N and S; out = γ·(x − mean)/√(variance + ε) + β. */
  batchnorm(operands: BatchnormOperands): void;
  /** The same with given mean and variance. */
  normalize(operands: BatchnormOperands): void;
  /** Gradients of {@link batchnorm}, dx by the simplified formula. dx does not overlap x or y. */
  batchnormBackward(operands: BatchnormGradientOperands): void;
  /** The same for S = 1 and without a ReLU or GELU, node by node through the computation graph. */
  batchnormBackwardGraph(operands: Omit<BatchnormGradientOperands, 'y' | 'beta'>): void;
  /** Gradients of {@link normalize}: mean and variance do not depend on x. */
  normalizeBackward(operands: BatchnormGradientOperands): void;

  /** For each of N rows, mean and inverse = 1/√(variance + ε) over D; out = γ·(x − mean)·inverse + β. */
  layernorm(operands: LayernormOperands): void;
  layernormBackward(operands: LayernormGradientOperands): void;

  /** For each example and each of G groups of neighbouring channels; mean and inverse are (N, G), γ and β (C,). */
  groupnorm(operands: GroupnormOperands): void;
  groupnormBackward(operands: GroupnormGradientOperands): void;
}

/** What every normalization reads and writes. */
interface NormalizationOperands {
  readonly x: Floats;
  readonly gamma: Floats;
  readonly beta: Floats;
  readonly out: Floats;
  readonly mean: Floats;
  readonly epsilon: number;
}

/** What the gradients of every normalization are computed from, and where they go. */
interface NormalizationGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly mean: Floats;
  readonly gamma: Floats;
  readonly dx: Floats;
  readonly dgamma: Floats;
  readonly dbeta: Floats;
}

/** `mean` and `variance`, one value a channel, are written by `batchnorm` and read by `normalize`. */
export interface BatchnormOperands extends NormalizationOperands {
  readonly variance: Floats;
  readonly shape: ChannelShape;
  readonly relu: boolean;
  /** Not with `relu`. Default false. */
  readonly gelu?: boolean;
}

export interface BatchnormGradientOperands extends NormalizationGradientOperands {
  readonly y: Floats | null;
  /** Not with `y`. Default null. */
  readonly beta?: Floats | null;
  readonly variance: Floats;
  readonly shape: ChannelShape;
  readonly epsilon: number;
}

/** `x` is (N, D). */
export interface LayernormOperands extends NormalizationOperands {
  readonly inverse: Floats;
  readonly N: number;
  readonly D: number;
  readonly relu: boolean;
}

export interface LayernormGradientOperands extends NormalizationGradientOperands {
  readonly y: Floats | null;
  readonly inverse: Floats;
  readonly N: number;
  readonly D: number;
}

export interface GroupnormOperands extends NormalizationOperands {
  readonly inverse: Floats;
  readonly shape: ChannelShape;
  readonly G: number;
}

export interface GroupnormGradientOperands extends NormalizationGradientOperands {
  readonly inverse: Floats;
  readonly shape: ChannelShape;
  readonly G: number;
}
