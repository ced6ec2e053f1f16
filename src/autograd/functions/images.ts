import { argumentError, checkOptions, describe, dtypeOf, type NDArray, zeros } from '../../arrays/index.js';
import {
  adaptiveAvgPoolBackward,
  adaptiveAvgPoolForward,
  adaptiveMaxPoolBackward,
  adaptiveMaxPoolForward,
  avgPoolBackward,
  avgPoolForward,
  type ConvParam,
  convBackward,
  convForward,
  convReluBackward,
  convReluForward,
  maxPoolBackward,
  maxPoolForward,
  type OutputSize,
  type Padding,
  type Pair,
  type PerAxis,
} from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { arrayArg, layerOp } from './layer-op.js';
import { asBatch, likeGiven } from './unbatched.js';

/** Stride, padding, dilation and groups of {@link conv2d}. */
export interface Conv2dOptions {
  /** Pixels between neighbouring windows. Default 1. */
  stride?: PerAxis;
  /**
   * Zeros around the image on each side, in pixels; `'same'`: as many as keep the size of the image, at stride 1, an
   * odd one below and right; `'valid'`: none. Default 0.
   */
  padding?: Padding;
  /** Pixels from one tap of a filter to the next. Default 1. */
  dilation?: PerAxis;
  /** Parts that channels and filters are divided into; the filters of a part see its channels only. Default 1. */
  groups?: number;
}

const TERMS = { w: 'weight', b: 'bias', pad: 'padding' };
const conv = layerOp('conv2d', convForward, convBackward, TERMS);
const convRelu = layerOp('conv2dRelu', convReluForward, convReluBackward, TERMS);

/**
 * Convolution (cross-correlation, as PyTorch's).
 *
 * @param x - Images, shape (N, C, H, W) or (C, H, W).
 * @param weight - Filters, shape (F, C / groups, HH, WW).
 * @param bias - Shape (F,), or null for none.
 * @returns Shape (N, F, OH, OW) with OH = 1 + floor((H + 2·padding − dilation·(HH − 1) − 1) / stride), and OW likewise.
 * @throws {ShapeError} if the channels disagree, or the filters are larger than the padded images.
 * @throws {RangeError} if a number is out of range, `groups` does not divide C and F, or the padding is `'same'` and
 *   the stride is not 1.
 */
export function conv2d(
  x: TensorLike,
  weight: TensorLike,
  bias: TensorLike | null = null,
  options: Conv2dOptions = {},
): Tensor {
  const images = asBatch('conv2d', x);
  return likeGiven(x, conv(images, weight, bias ?? noBias('conv2d', weight), convParam('conv2d', options)));
}

/** {@link conv2d}, then a ReLU, in one pass. */
export function conv2dRelu(
  x: TensorLike,
  weight: TensorLike,
  bias: TensorLike | null = null,
  options: Conv2dOptions = {},
): Tensor {
  const images = asBatch('conv2dRelu', x);
  return likeGiven(x, convRelu(images, weight, bias ?? noBias('conv2dRelu', weight), convParam('conv2dRelu', options)));
}

function convParam(fn: string, options: Conv2dOptions): ConvParam {
  checkOptions(fn, options, ['stride', 'padding', 'dilation', 'groups']);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  return { stride, pad: padding, dilation, groups };
}

function noBias(fn: string, weight: TensorLike): NDArray {
  const filters = arrayArg(fn, 'weight', weight);
  return zeros([filters.shape[0]], dtypeOf(filters));
}

/** Stride and padding of a pooling. */
export interface Pool2dOptions {
  /** Pixels between neighbouring windows. Default: the window's size. */
  stride?: PerAxis;
  /** Padding around the image on each side, in pixels; at most half the window. Default 0. */
  padding?: PerAxis;
  /** Whether a last window that is cut off counts, if it begins in the image or the padding before. Default false. */
  ceilMode?: boolean;
}

/** Stride, padding and dilation of {@link maxPool2d}. */
export interface MaxPool2dOptions extends Pool2dOptions {
  /** Pixels from one place of a window to the next. Default 1. */
  dilation?: PerAxis;
}

/** Stride and padding of {@link avgPool2d}, and what its sums are divided by. */
export interface AvgPool2dOptions extends Pool2dOptions {
  /** Whether a mean counts the zeros of the padding. Default true. */
  countIncludePad?: boolean;
  /** What the sum of each window is divided by; null: the number of its places that count. Default null. */
  divisorOverride?: number | null;
}

const WINDOW = { poolHeight: 'kernelSize', poolWidth: 'kernelSize', pad: 'padding' };
const maxPool = layerOp('maxPool2d', maxPoolForward, maxPoolBackward, WINDOW);
const avgPool = layerOp('avgPool2d', avgPoolForward, avgPoolBackward, WINDOW);

/**
 * The largest value of each window of `kernelSize` pixels; the gradient goes to the first of equal ones. The padding is
 * −∞.
 *
 * @param x - Images, shape (N, C, H, W) or (C, H, W).
 * @returns Shape (N, C, OH, OW) or (C, OH, OW), where OH is 1 + floor((H + 2·padding − dilation·(kernelSize − 1) − 1) /
 *   stride), rounded up in `ceilMode`, unless the last window would begin beyond the image; OW likewise.
 * @throws {RangeError} if the window is larger than the padded image, or a number is out of range.
 */
export function maxPool2d(x: TensorLike, kernelSize: PerAxis, options: MaxPool2dOptions = {}): Tensor {
  const fn = 'maxPool2d';
  checkOptions(fn, options, ['stride', 'padding', 'dilation', 'ceilMode']);
  const [poolHeight, poolWidth] = windowOf(fn, kernelSize);
  const { stride, padding: pad, dilation, ceilMode } = options;
  return likeGiven(x, maxPool(asBatch(fn, x), { poolHeight, poolWidth, stride, pad, dilation, ceilMode }));
}

/**
 * The mean of each window, in which the padding counts as zeros unless `countIncludePad` is false; else as
 * {@link maxPool2d}.
 */
export function avgPool2d(x: TensorLike, kernelSize: PerAxis, options: AvgPool2dOptions = {}): Tensor {
  const fn = 'avgPool2d';
  checkOptions(fn, options, ['stride', 'padding', 'ceilMode', 'countIncludePad', 'divisorOverride']);
  const [poolHeight, poolWidth] = windowOf(fn, kernelSize);
  const { stride, padding: pad, ceilMode, countIncludePad, divisorOverride } = options;
  const param = { poolHeight, poolWidth, stride, pad, ceilMode, countIncludePad, divisorOverride };
  return likeGiven(x, avgPool(asBatch(fn, x), param));
}

function windowOf(fn: string, kernelSize: PerAxis): Pair {
  const both = Array.isArray(kernelSize) ? kernelSize : [kernelSize, kernelSize];
  if (both.length === 2) return both as unknown as Pair;
  const found = `is ${describe(kernelSize)}`;
  throw argumentError(RangeError, { fn, arg: 'kernelSize', found, expected: 'a number, or [vertical, horizontal]' });
}

const adaptiveAvgPool = layerOp('adaptiveAvgPool2d', adaptiveAvgPoolForward, adaptiveAvgPoolBackward);
const adaptiveMaxPool = layerOp('adaptiveMaxPool2d', adaptiveMaxPoolForward, adaptiveMaxPoolBackward);

/**
 * Averages over windows that divide the image into `outputSize` parts, as PyTorch's: part i of n starts at
 * floor(i · H / n) and ends at ceil((i + 1) · H / n).
 *
 * @param x - Images, shape (N, C, H, W) or (C, H, W).
 * @param outputSize - A number, or [vertical, horizontal], in which null is the size of the image.
 * @returns Shape (N, C, *outputSize) or (C, *outputSize).
 * @throws {RangeError} if a size is not a whole number ≥ 1.
 */
export function adaptiveAvgPool2d(x: TensorLike, outputSize: OutputSize): Tensor {
  return likeGiven(x, adaptiveAvgPool(asBatch('adaptiveAvgPool2d', x), outputSize));
}

/**
 * The largest value of each part of an image; the gradient goes to the first of equal ones. Else as
 * {@link adaptiveAvgPool2d}.
 */
export function adaptiveMaxPool2d(x: TensorLike, outputSize: OutputSize): Tensor {
  return likeGiven(x, adaptiveMaxPool(asBatch('adaptiveMaxPool2d', x), outputSize));
}
