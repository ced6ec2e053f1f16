import {
  argumentError,
  checkedIn,
  count,
  type OptionsOf,
  option,
  type Range,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import type { ConvShape } from '../kernels/index.js';

/** One number for both axes, or [vertical, horizontal]. */
export type PerAxis = number | Pair;

/** A size of each axis of an image. */
export type Pair = readonly [vertical: number, horizontal: number];

/**
 * Zeros around an image, in pixels; or `'same'`: as many as make the output as large as the image, at stride 1, an odd
 * one below and right, as PyTorch's; or `'valid'`: none.
 */
export type Padding = PerAxis | 'same' | 'valid';

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

const PIXELS = pairs(0);

/** What {@link Padding} may be. */
export const PADDING: Range = {
  allows: (value) => value === 'same' || value === 'valid' || PIXELS.allows(value),
  expected: "a whole number ≥ 0, [vertical, horizontal] of such, 'same' or 'valid'",
  Kind: RangeError,
};

const CONV_OPTIONS = {
  /** Pixels between neighbouring windows. Default 1. */
  stride: option<PerAxis>(1, pairs(1)),
  /**
   * Zeros around the image on each side, in pixels; `'same'`: as many as keep the size of the image, at stride 1;
   * `'valid'`: none. Default 0.
   */
  pad: option<Padding>(0, PADDING),
  /** Pixels from one tap of a filter to the next. Default 1. */
  dilation: option<PerAxis>(1, pairs(1)),
  /**
   * Parts that channels and filters are divided into; the filters of a part see its channels only. As many as channels
   * make a depthwise convolution. Default 1.
   */
  groups: option(1, count(1)),
};

/** Stride, padding, dilation and groups of a convolution. */
export interface ConvParam extends OptionsOf<typeof CONV_OPTIONS> {}

/**
 * The sizes of a convolution, whose output is 1 + floor((H + 2·pad − dilation·(HH − 1) − 1) / stride) pixels high, and
 * as wide likewise.
 *
 * @throws {RangeError} if a number is out of its range, groups do not divide the channels and the filters, or the pad
 *   is `'same'` at another stride than 1.
 * @throws {ShapeError} if the filters do not have the channels of a group, or do not fit into the padded images.
 */
export function convShape(fn: string, x: readonly number[], w: readonly number[], param: ConvParam): ConvShape {
  const { stride, pad, dilation, groups } = settingsOf(fn, CONV_OPTIONS, param);
  const [strideH, strideW] = bothOf(stride);
  const [dilationH, dilationW] = bothOf(dilation);
  const [N, C, H, W] = x;
  const [F, , HH, WW] = w;
  checkGroups(fn, groups, [`${C}, the channels`, C], [`${F}, the filters`, F]);
  if (w[1] !== C / groups) {
    const expected = `(F, C/groups=${C / groups}, HH, WW)`;
    throw argumentError(ShapeError, { fn, arg: 'w', found: `has shape ${tuple(w)}`, expected });
  }
  const extent: Pair = [dilationH * (HH - 1) + 1, dilationW * (WW - 1) + 1];
  if (pad === 'same') checkSame(fn, 'pad', [strideH, strideW]);
  // Zeros above and left, and below and right: one more where the pad is 'same' and the filter's extent is even.
  const [padH, padW] = leadingZeros(pad, extent);
  const [paddedH, paddedW] = pad === 'same' ? [H + extent[0] - 1, W + extent[1] - 1] : [H + 2 * padH, W + 2 * padW];
  if (extent[0] > paddedH || extent[1] > paddedW) {
    const dilated = dilationH > 1 || dilationW > 1 ? `, dilated to ${tuple(extent)}` : '';
    throw argumentError(ShapeError, {
      fn,
      arg: 'w',
      found: `has filters of ${tuple([HH, WW])}${dilated}`,
      expected: `at most ${tuple([paddedH, paddedW])}, the padded images`,
    });
  }
  const OH = Math.floor((paddedH - extent[0]) / strideH) + 1;
  const OW = Math.floor((paddedW - extent[1]) / strideW) + 1;
  return { N, C, H, W, F, HH, WW, strideH, strideW, padH, padW, dilationH, dilationW, groups, OH, OW };
}

/** @throws {RangeError} if `groups` does not divide one of the counts, which have their descriptions before them. */
export function checkGroups(fn: string, groups: number, ...counts: readonly [what: string, count: number][]): void {
  for (const [what, count] of counts) {
    if (count % groups === 0) continue;
    throw argumentError(RangeError, { fn, arg: 'groups', found: `is ${groups}`, expected: `a divisor of ${what}` });
  }
}

/** @throws {RangeError} if a stride is not 1, as the padding `'same'` needs it. */
export function checkSame(fn: string, arg: string, stride: Pair): void {
  if (stride[0] === 1 && stride[1] === 1) return;
  throw argumentError(RangeError, {
    fn,
    arg,
    found: `is 'same' at stride ${stride[0] === stride[1] ? stride[0] : tuple(stride)}`,
    expected: 'stride 1',
    wayOut: 'give the padding in pixels',
  });
}

/** The zeros above and left of an image, for filters that span `extent` pixels. */
function leadingZeros(pad: Padding, extent: Pair): Pair {
  if (pad === 'valid') return [0, 0];
  if (pad !== 'same') return bothOf(pad);
  return [Math.floor((extent[0] - 1) / 2), Math.floor((extent[1] - 1) / 2)];
}

/** Whether sizes are those of a convolution, not numbers from elsewhere. */
export function isConvShape(s: ConvShape): boolean {
  const { C, H, W, F, HH, WW, strideH, strideW, padH, padW, dilationH, dilationW, groups, OH, OW } = s;
  if (!(isCount(dilationH) && isCount(dilationW) && isCount(groups))) return false;
  if (!(isCount(HH) && isCount(WW)) || C % groups !== 0 || F % groups !== 0) return false;
  const [extentH, extentW] = [dilationH * (HH - 1) + 1, dilationW * (WW - 1) + 1];
  const same = strideH === 1 && strideW === 1 && isSame(H, extentH, padH, OH) && isSame(W, extentW, padW, OW);
  return same || (isWindows(H, extentH, strideH, padH, OH) && isWindows(W, extentW, strideW, padW, OW));
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

/** Whether `count` windows of `size` pixels fit on an axis of `length` pixels. */
function isWindows(length: number, size: number, stride: number, pad: number, count: number): boolean {
  if (!Number.isInteger(size) || !Number.isInteger(stride) || !Number.isInteger(pad)) return false;
  if (size < 1 || stride < 1 || pad < 0 || size > length + 2 * pad) return false;
  return count === Math.floor((length + 2 * pad - size) / stride) + 1;
}

/** Whether there is a window to every pixel of an axis, as with the padding `'same'`. */
function isSame(length: number, size: number, pad: number, count: number): boolean {
  return count === length && pad === Math.floor((size - 1) / 2);
}

/** Both axes of an argument. @throws {RangeError} if they are not whole numbers ≥ `least`. */
export function perAxis(fn: string, arg: string, value: PerAxis, least: number): Pair {
  return bothOf(checkedIn(fn, arg, value, pairs(least)));
}

function bothOf(value: PerAxis): Pair {
  return typeof value === 'number' ? [value, value] : [value[0], value[1]];
}
