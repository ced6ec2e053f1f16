import { argumentError, checkOptions, describe, dtypeOf, type NDArray, zeros } from '../../arrays/index.js';
import {
  adaptiveAvgPoolBackward,
  adaptiveAvgPoolForward,
  avgPoolBackward,
  avgPoolForward,
  type ConvParam,
  convBackward,
  convForward,
  convReluBackward,
  convReluForward,
  maxPoolBackward,
  maxPoolForward,
  type Padding,
  type PerAxis,
} from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { arrayArg, layerOp } from './layer-op.js';

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
 * @param x - Images, shape (N, C, H, W).
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
  return conv(x, weight, bias ?? noBias('conv2d', weight), convParam('conv2d', options));
}

/** {@link conv2d}, then a ReLU, in one pass. */
export function conv2dRelu(
  x: TensorLike,
  weight: TensorLike,
  bias: TensorLike | null = null,
  options: Conv2dOptions = {},
): Tensor {
  return convRelu(x, weight, bias ?? noBias('conv2dRelu', weight), convParam('conv2dRelu', options));
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

/** The stride of a pooling. */
export interface Pool2dOptions {
  /** Pixels between neighbouring windows. Default: the window's size. */
  stride?: PerAxis;
}

const WINDOW = { poolHeight: 'kernelSize', poolWidth: 'kernelSize' };
const maxPool = layerOp('maxPool2d', maxPoolForward, maxPoolBackward, WINDOW);
const avgPool = layerOp('avgPool2d', avgPoolForward, avgPoolBackward, WINDOW);

/**
 * The largest value of each window of `kernelSize` pixels; the gradient goes to the first of equal ones.
 *
 * @param x - Images, shape (N, C, H, W).
 * @returns Shape (N, C, 1 + floor((H − kernelSize) / stride), 1 + floor((W − kernelSize) / stride)).
 * @throws {RangeError} if the window is larger than the image, or a number is out of range.
 */
export function maxPool2d(x: TensorLike, kernelSize: PerAxis, options: Pool2dOptions = {}): Tensor {
  return maxPool(x, poolParam('maxPool2d', kernelSize, options));
}

/** The mean of each window; else as {@link maxPool2d}. */
export function avgPool2d(x: TensorLike, kernelSize: PerAxis, options: Pool2dOptions = {}): Tensor {
  return avgPool(x, poolParam('avgPool2d', kernelSize, options));
}

function poolParam(fn: string, kernelSize: PerAxis, options: Pool2dOptions) {
  checkOptions(fn, options, ['stride']);
  const both = Array.isArray(kernelSize) ? kernelSize : [kernelSize, kernelSize];
  if (both.length !== 2) {
    const found = `is ${describe(kernelSize)}`;
    throw argumentError(RangeError, { fn, arg: 'kernelSize', found, expected: 'a number, or [vertical, horizontal]' });
  }
  const [poolHeight, poolWidth] = both;
  return options.stride === undefined ? { poolHeight, poolWidth } : { poolHeight, poolWidth, stride: options.stride };
}

/**
 * Averages over windows that divide the image into `outputSize` parts, as PyTorch's: part i of n starts at
 * floor(i · H / n) and ends at ceil((i + 1) · H / n).
 * `x` is of shape (N, C, H, W), `outputSize` a number, or [vertical, horizontal].
 *
 * @returns Shape (N, C, outputSize, outputSize).
 */
export const adaptiveAvgPool2d = layerOp('adaptiveAvgPool2d', adaptiveAvgPoolForward, adaptiveAvgPoolBackward);
