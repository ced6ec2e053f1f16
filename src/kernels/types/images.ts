import type { Floats } from '../../arrays/index.js';
import type { ChannelShape } from './normalization.js';

/**
 * The sizes of a convolution: images (N, C, H, W), filters (F, C / groups, HH, WW), output (N, F, OH, OW). `padH` and
 * `padW` are the zeros above and left of the images; below and right of them are as many as the windows reach.
 */
export interface ConvShape {
  readonly N: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
  readonly F: number;
  readonly HH: number;
  readonly WW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padH: number;
  readonly padW: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly groups: number;
  readonly OH: number;
  readonly OW: number;
}

/** What a convolution reads and writes. */
export interface ConvOperands {
  readonly x: Floats;
  readonly w: Floats;
  readonly b: Floats;
  readonly out: Floats;
  readonly shape: ConvShape;
  readonly relu: boolean;
}

/** Convolutions (cross-correlations, with zeros around the images). */
export interface ConvolutionKernels {
  /**
   * out[n, f, i, j] = b[f] + Σ x[n, c₀ + c, i·strideH + kh·dilationH − padH, j·strideW + kw·dilationW − padW] ·
   * w[f, c, kh, kw], where c₀ is the first channel of the group of f; then a ReLU if `relu` says so.
   */
  convForward(operands: ConvOperands): void;
  /** The gradient with respect to the images. */
  convBackwardInput(dout: Floats, w: Floats, dx: Floats, shape: ConvShape): void;
  /** The gradient with respect to the filters, and unless `db` is null that with respect to the biases. */
  convBackwardWeights(dout: Floats, x: Floats, dw: Floats, db: Floats | null, shape: ConvShape): void;
  /** out[c] = Σ x[n, c, s] over n and s. */
  sumChannels(x: Floats, out: Floats, shape: ChannelShape): void;
}

/**
 * The sizes of a pooling: planes of (H, W) to planes of (OH, OW). Place (h, w) of window (i, j) is pixel (i · strideH +
 * h · dilationH − padH, j · strideW + w · dilationW − padW), if the image has that; the last windows may reach beyond
 * the padding, and begin before it.
 */
export interface PoolShape {
  /** N · C. */
  readonly planes: number;
  readonly H: number;
  readonly W: number;
  readonly poolHeight: number;
  readonly poolWidth: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padH: number;
  readonly padW: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly OH: number;
  readonly OW: number;
}

/** The sizes of an average pooling, whose dilation is 1, and what sums are divided by. */
export interface AvgPoolShape extends PoolShape {
  /** Whether a window counts its places in the padding, zeros, too: not those beyond the padding. */
  readonly countIncludePad: boolean;
  /** In place of the number of places, if it is not null. */
  readonly divisor: number | null;
}

/** Pooling. */
export interface PoolingKernels {
  /** The largest value of each window; NaN is larger than any number, and −∞ is what a window without pixels has. */
  maxPool(x: Floats, out: Floats, shape: PoolShape): void;
  /** Each window's gradient goes to its first largest value in row-major order. */
  maxPoolBackward(dout: Floats, x: Floats, dx: Floats, shape: PoolShape): void;
  /** The mean of each window. */
  avgPool(x: Floats, out: Floats, shape: AvgPoolShape): void;
  avgPoolBackward(dout: Floats, dx: Floats, shape: AvgPoolShape): void;
}

/** Planes of (H, W), and the rows and columns that each of OH and of OW windows covers. */
export interface AdaptivePoolShape {
  /** N · C. */
  readonly planes: number;
  readonly H: number;
  readonly W: number;
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
}

/** The first pixel of a part of an axis, and the one after its last. */
export type Span = readonly [start: number, end: number];

/** Pooling by windows of different sizes. */
export interface AdaptivePoolingKernels {
  /** The mean of each window. */
  adaptiveAvgPool(x: Floats, out: Floats, shape: AdaptivePoolShape): void;
  adaptiveAvgPoolBackward(dout: Floats, dx: Floats, shape: AdaptivePoolShape): void;
  /** The largest value of each window; NaN is larger than any number. */
  adaptiveMaxPool(x: Floats, out: Floats, shape: AdaptivePoolShape): void;
  /** Each window's gradient goes to its first largest value in row-major order. */
  adaptiveMaxPoolBackward(dout: Floats, x: Floats, dx: Floats, shape: AdaptivePoolShape): void;
}

/** What a padding puts where. */
export interface PadShape {
  /** The sizes of the input. */
  readonly sizes: readonly number[];
  /** For each axis of the output, the index of the input that each of its values comes from; −1 for none. */
  readonly sources: readonly Int32Array[];
}

/** Padding. */
export interface PaddingKernels {
  /** out = the values of x where they are put, `value` where none is. */
  pad(x: Floats, out: Floats, shape: PadShape, value: number): void;
  /** dx = the sums of dout over all places that a value is put to. */
  padBackward(dout: Floats, dx: Floats, shape: PadShape): void;
}
