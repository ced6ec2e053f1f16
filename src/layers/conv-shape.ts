import {
  argumentError,
  checkedIn,
  checkOptions,
  describe,
  type OptionsOf,
  option,
  type Range,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import type { ConvShape, PoolShape } from '../kernels/index.js';

/** One number for both axes, or [vertical, horizontal]. */
export type PerAxis = number | Pair;

/** A size of each axis of an image. */
export type Pair = readonly [vertical: number, horizontal: number];

function pairs(least: number): Range {
  return {
    allows: (value) => {
      const sizes: readonly unknown[] = Array.isArray(value) && value.length === 2 ? value : [value];
      return sizes.every((n) => Number.isSafeInteger(n) && (n as number) >= least);
    },
    expected: `a whole number ≥ ${least}, or [vertical, horizontal] of such`,
    Kind: RangeError,
  };
}

const CONV_OPTIONS = {
  /** Pixels between neighbouring windows. Default 1. */
  stride: option<PerAxis>(1, pairs(1)),
  /** Zeros around the image on each side, in pixels. Default 0. */
  pad: option<PerAxis>(0, pairs(0)),
};

/** Stride and padding of a convolution. */
export interface ConvParam extends OptionsOf<typeof CONV_OPTIONS> {}

/** Window and stride of a pooling. */
export interface PoolParam {
  /** Height of a window, in pixels. */
  poolHeight: number;
  /** Width of a window, in pixels. */
  poolWidth: number;
  /** Pixels between neighbouring windows. Default: the window's size. */
  stride?: PerAxis;
}

/**
 * The sizes of a convolution, whose output is 1 + floor((H + 2·pad − HH) / stride) pixels high, and as wide likewise.
 *
 * @throws {RangeError} if a stride or pad is not a whole number in its range.
 * @throws {ShapeError} if the filters do not fit into the padded images.
 */
export function convShape(fn: string, x: readonly number[], w: readonly number[], param: ConvParam): ConvShape {
  const { stride, pad } = settingsOf(fn, CONV_OPTIONS, param);
  const [strideH, strideW] = bothOf(stride);
  const [padH, padW] = bothOf(pad);
  const [N, C, H, W] = x;
  const [F, , HH, WW] = w;
  if (HH > H + 2 * padH || WW > W + 2 * padW) {
    const padded = tuple([H + 2 * padH, W + 2 * padW]);
    throw argumentError(ShapeError, {
      fn,
      arg: 'w',
      found: `has filters of ${tuple([HH, WW])}`,
      expected: `at most ${padded}, the padded images`,
    });
  }
  const OH = Math.floor((H + 2 * padH - HH) / strideH) + 1;
  const OW = Math.floor((W + 2 * padW - WW) / strideW) + 1;
  return { N, C, H, W, F, HH, WW, strideH, strideW, padH, padW, OH, OW };
}

/**
 * The sizes of a pooling, whose output is 1 + floor((H − poolHeight) / stride) pixels high, and as wide likewise.
 *
 * @throws {RangeError} if the window or the stride is not a whole number ≥ 1, or the window larger than the image.
 */
export function poolShape(fn: string, x: readonly number[], param: PoolParam): PoolShape {
  checkOptions(fn, param, ['poolHeight', 'poolWidth', 'stride']);
  const [N, C, H, W] = x;
  const { poolHeight, poolWidth } = param;
  for (const [name, size, most] of [
    ['poolHeight', poolHeight, H],
    ['poolWidth', poolWidth, W],
  ] as const) {
    if (!Number.isInteger(size) || size < 1 || size > most) {
      const expected = `a whole number from 1 to ${most}, the image's`;
      throw argumentError(RangeError, { fn, arg: name, found: `is ${describe(size)}`, expected });
    }
  }
  const [strideH, strideW] = perAxis(fn, 'stride', param.stride ?? [poolHeight, poolWidth], 1);
  const OH = Math.floor((H - poolHeight) / strideH) + 1;
  const OW = Math.floor((W - poolWidth) / strideW) + 1;
  return { planes: N * C, H, W, poolHeight, poolWidth, strideH, strideW, OH, OW };
}

/** Whether sizes are those of a convolution, not numbers from elsewhere. */
export function isConvShape({ H, W, HH, WW, strideH, strideW, padH, padW, OH, OW }: ConvShape): boolean {
  return isWindows(H, HH, strideH, padH, OH) && isWindows(W, WW, strideW, padW, OW);
}

/** Whether sizes are those of a pooling, not numbers from elsewhere. */
export function isPoolShape({ H, W, poolHeight, poolWidth, strideH, strideW, OH, OW }: PoolShape): boolean {
  return isWindows(H, poolHeight, strideH, 0, OH) && isWindows(W, poolWidth, strideW, 0, OW);
}

/** Whether `count` windows of `size` pixels fit on an axis of `length` pixels. */
function isWindows(length: number, size: number, stride: number, pad: number, count: number): boolean {
  if (!Number.isInteger(size) || !Number.isInteger(stride) || !Number.isInteger(pad)) return false;
  if (size < 1 || stride < 1 || pad < 0 || size > length + 2 * pad) return false;
  return count === Math.floor((length + 2 * pad - size) / stride) + 1;
}

/** Both axes of an argument. @throws {RangeError} if they are not whole numbers ≥ `least`. */
export function perAxis(fn: string, arg: string, value: PerAxis, least: number): Pair {
  return bothOf(checkedIn(fn, arg, value, pairs(least)));
}

function bothOf(value: PerAxis): Pair {
  return typeof value === 'number' ? [value, value] : [value[0], value[1]];
}
