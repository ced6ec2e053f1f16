import { argumentError, checkFlag, checkOptions, describe, tuple } from '../arrays/index.js';
import type { AvgPoolShape, PoolShape } from '../kernels/index.js';
import { type Pair, type PerAxis, perAxis } from './conv-shape.js';

/** Window, stride and padding of a pooling. */
export interface PoolParam {
  /** Height of a window, in pixels. */
  poolHeight: number;
  /** Width of a window, in pixels. */
  poolWidth: number;
  /** Pixels between neighbouring windows. Default: the window's size. */
  stride?: PerAxis;
  /** Padding around the image on each side, in pixels; at most half the window. Default 0. */
  pad?: PerAxis;
  /** Whether a last window that is cut off counts, if it begins in the image or the padding before. Default false. */
  ceilMode?: boolean;
}

/** Window, stride, padding and dilation of a max pooling. */
export interface MaxPoolParam extends PoolParam {
  /** Pixels from one place of a window to the next. Default 1. */
  dilation?: PerAxis;
}

/** Window, stride and padding of an average pooling, and what its sums are divided by. */
export interface AvgPoolParam extends PoolParam {
  /** Whether a mean counts the zeros of the padding. Default true. */
  countIncludePad?: boolean;
  /** What the sum of each window is divided by; null: the number of its places that count. Default null. */
  divisorOverride?: number | null;
}

const COMMON = ['poolHeight', 'poolWidth', 'stride', 'pad', 'ceilMode'];
const MAX_NAMES = [...COMMON, 'dilation'];
const AVG_NAMES = [...COMMON, 'countIncludePad', 'divisorOverride'];
const NONE: Pair = [0, 0];
const ADJACENT: Pair = [1, 1];

/**
 * The sizes of a max pooling, whose output is 1 + floor((H + 2·pad − dilation·(poolHeight − 1) − 1) / stride) pixels
 * high, and as wide likewise.
 *
 * @throws {TypeError | RangeError} if an option is unknown, or out of its range.
 */
export function maxPoolShape(fn: string, x: readonly number[], param: MaxPoolParam): PoolShape {
  checkOptions(fn, param, MAX_NAMES);
  const dilation = param.dilation === undefined ? ADJACENT : perAxis(fn, 'dilation', param.dilation, 1);
  return poolShape(fn, x, param, dilation, true, null);
}

/** The sizes of an average pooling, as those of a max pooling. @throws {TypeError | RangeError} likewise. */
export function avgPoolShape(fn: string, x: readonly number[], param: AvgPoolParam): AvgPoolShape {
  checkOptions(fn, param, AVG_NAMES);
  const { countIncludePad = true, divisorOverride: divisor = null } = param;
  checkFlag(fn, 'countIncludePad', countIncludePad);
  if (!isDivisor(divisor)) {
    const expected = 'a whole number ≥ 1, or null';
    throw argumentError(RangeError, { fn, arg: 'divisorOverride', found: `is ${describe(divisor)}`, expected });
  }
  return poolShape(fn, x, param, ADJACENT, countIncludePad, divisor);
}

function isDivisor(divisor: number | null): boolean {
  return divisor === null || (Number.isSafeInteger(divisor) && divisor >= 1);
}

function poolShape(
  fn: string,
  [N, C, H, W]: readonly number[],
  param: PoolParam,
  [dilationH, dilationW]: Pair,
  countIncludePad: boolean,
  divisor: number | null,
): AvgPoolShape {
  const { poolHeight, poolWidth, ceilMode = false } = param;
  checkFlag(fn, 'ceilMode', ceilMode);
  const [padH, padW] = param.pad === undefined ? NONE : perAxis(fn, 'pad', param.pad, 0);
  const { stride } = param;
  const [strideH, strideW] = stride === undefined ? [poolHeight, poolWidth] : perAxis(fn, 'stride', stride, 1);
  const plain = padH + padW === 0 && dilationH * dilationW === 1 && !ceilMode;
  checkWindow(fn, 'poolHeight', poolHeight, mostOf(H, strideH, padH, dilationH, ceilMode), plain);
  checkWindow(fn, 'poolWidth', poolWidth, mostOf(W, strideW, padW, dilationW, ceilMode), plain);
  if (2 * padH > poolHeight || 2 * padW > poolWidth) {
    const expected = `at most half the window, ${tuple([Math.floor(poolHeight / 2), Math.floor(poolWidth / 2)])}`;
    throw argumentError(RangeError, { fn, arg: 'pad', found: `is ${describe(param.pad)}`, expected });
  }
  const OH = windowsOn(H, poolHeight, strideH, padH, dilationH, ceilMode);
  const OW = windowsOn(W, poolWidth, strideW, padW, dilationW, ceilMode);
  return {
    planes: N * C,
    H,
    W,
    poolHeight,
    poolWidth,
    strideH,
    strideW,
    padH,
    padW,
    dilationH,
    dilationW,
    OH,
    OW,
    countIncludePad,
    divisor,
  };
}

/** The size of the largest window that an axis has room for. */
function mostOf(length: number, stride: number, pad: number, dilation: number, ceilMode: boolean): number {
  // A stride that is the window's size by default may be no number yet.
  const beyond = ceilMode && Number.isSafeInteger(stride) ? stride - 1 : 0;
  return Math.floor((length + 2 * pad + beyond - 1) / dilation) + 1;
}

function checkWindow(fn: string, arg: string, size: number, most: number, plain: boolean): void {
  if (Number.isInteger(size) && size >= 1 && size <= most) return;
  const what = plain ? "the image's" : 'the most that the padded image holds';
  const expected = `a whole number from 1 to ${most}, ${what}`;
  throw argumentError(RangeError, { fn, arg, found: `is ${describe(size)}`, expected });
}

/**
 * The number of windows on an axis, as PyTorch counts them: in `ceilMode` with a last one that is cut off, if it begins
 * before the image's end.
 */
function windowsOn(
  length: number,
  size: number,
  stride: number,
  pad: number,
  dilation: number,
  ceilMode: boolean,
): number {
  const room = length + 2 * pad - dilation * (size - 1) - 1;
  if (!ceilMode) return Math.floor(room / stride) + 1;
  const count = Math.ceil(room / stride) + 1;
  return (count - 1) * stride >= length + pad ? count - 1 : count;
}

/** Whether sizes are those of a pooling, not numbers from elsewhere. */
export function isPoolShape(s: PoolShape): boolean {
  return (
    isWindows(s.H, s.poolHeight, s.strideH, s.padH, s.dilationH, s.OH) &&
    isWindows(s.W, s.poolWidth, s.strideW, s.padW, s.dilationW, s.OW)
  );
}

/** Whether sizes are those of an average pooling, not numbers from elsewhere. */
export function isAvgPoolShape(s: AvgPoolShape): boolean {
  return typeof s.countIncludePad === 'boolean' && isDivisor(s.divisor) && isPoolShape(s);
}

/** Whether there are `count` windows on an axis of `length` pixels, with or without one that is cut off. */
function isWindows(
  length: number,
  size: number,
  stride: number,
  pad: number,
  dilation: number,
  count: number,
): boolean {
  if (!Number.isInteger(size) || !Number.isInteger(stride) || !Number.isInteger(pad)) return false;
  if (!Number.isInteger(dilation) || dilation < 1 || size < 1 || stride < 1 || pad < 0 || 2 * pad > size) return false;
  if (count < 1) return false;
  return [false, true].some((ceilMode) => count === windowsOn(length, size, stride, pad, dilation, ceilMode));
}
