import { ROWS_AT_A_TIME } from "./columns";
import { integer, number, pointer } from "./job";
import {
  addAt, addTo, place, poolH, poolW, strideH, strideW, take,
} from "./pooling";
import { lanes, larger, largerOf, select, VECTOR } from "./simd";

// Pooling by windows that reach beyond the image, or whose places lie apart: those of pooling.ts with padding, with
// dilation, or with a last window that is cut off. Integers beside those of pooling.ts: 11 and 12 the pads, 13 and 14
// the dilations, 15 whether a mean counts the padding. Numbers: 0 what a sum is divided by, 0 for the window's size.
//
// The rows that a window has in the image are the same for all windows of a row of the output. So windows are taken a
// vector at a time, as in pooling.ts, but for those that reach beyond the image at the left or the right.

// @ts-ignore: decorator
@inline function padH(): i32 { return integer(11); }
// @ts-ignore: decorator
@inline function padW(): i32 { return integer(12); }
// @ts-ignore: decorator
@inline function dilationH(): i32 { return integer(13); }
// @ts-ignore: decorator
@inline function dilationW(): i32 { return integer(14); }
// @ts-ignore: decorator
@inline function countsPadding(): bool { return integer(15) != 0; }

/** How many steps of `dilation` lead from 0 to `distance` or beyond; a division takes as long as three pixels. */
// @ts-ignore: decorator
@inline function stepsTo(distance: i32, dilation: i32): i32 {
  return dilation == 1 ? distance : (distance + dilation - 1) / dilation;
}

/** The first place of a window that begins at `start` which is not before the axis. */
// @ts-ignore: decorator
@inline function firstOn(start: i32, dilation: i32): i32 {
  return start < 0 ? stepsTo(-start, dilation) : 0;
}

/** The place after its last that is on an axis of `length`, from {@link firstOn} on. */
// @ts-ignore: decorator
@inline function endOn(start: i32, size: i32, dilation: i32, length: i32): i32 {
  return min(size, max(0, stepsTo(length - start, dilation)));
}

/** The first window of a row that begins in the image. */
// @ts-ignore: decorator
@inline function firstInside(): i32 {
  return min(integer(10), (padW() + strideW() - 1) / strideW());
}

/**
 * The window after the last that is taken in vectors, from {@link firstInside} on. None writes a value beyond the row;
 * those that are only read may read one: the memory does not end with an array.
 */
// @ts-ignore: decorator
@inline function endInside(first: i32, writes: bool): i32 {
  const beyond = writes ? strideW() : 1;
  const room = integer(4) - beyond + padW() - (poolW() - 1) * dilationW();
  return strideW() > 2 || room < 0 ? first : max(first, min(integer(10), room / strideW() + 1));
}

/** out = the first largest value of each window in row-major order; NaN wins. Integers: 0 x, 1 out. */
export function maxPoolPadded<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  const x = pointer(0) + <usize>plane * H * W * sizeof<T>();
  let out = pointer(1) + <usize>plane * OH * OW * sizeof<T>();
  const row = <usize>W * sizeof<T>(), step = <usize>dilationH() * row;
  const first = firstInside(), end = endInside(first, false);
  for (let oh = 0; oh < OH; oh++) {
    const top = oh * strideH() - padH();
    const h0 = firstOn(top, dilationH()), rows = endOn(top, poolH(), dilationH(), H) - h0;
    const begin = x + <usize>(top + h0 * dilationH()) * row;
    let ow = 0;
    for (; ow < first; ow++) store<T>(out + <usize>ow * sizeof<T>(), largestAt<T>(begin, ow, rows, step));
    for (; ow + lanes<T>() <= end; ow += lanes<T>()) {
      const window = begin + <usize>((ow * strideW() - padW()) * sizeof<T>());
      v128.store(out + <usize>ow * sizeof<T>(), largestOf<T>(window, rows, step));
    }
    if (ow < end && end - first >= lanes<T>()) {
      // The last vector begins where it ends with the row: some windows are taken twice.
      ow = end - lanes<T>();
      const window = begin + <usize>((ow * strideW() - padW()) * sizeof<T>());
      v128.store(out + <usize>ow * sizeof<T>(), largestOf<T>(window, rows, step));
      ow = end;
    }
    for (; ow < OW; ow++) store<T>(out + <usize>ow * sizeof<T>(), largestAt<T>(begin, ow, rows, step));
    out += <usize>OW * sizeof<T>();
  }
}

/** The largest values of a vector of windows of `rows` rows: of each row, then of the rows. */
function largestOf<T>(window: usize, rows: i32, step: usize): v128 {
  const adjacent = strideW() == 1, apart = <usize>dilationW() * sizeof<T>();
  let largest = v128.splat<T>(<T>-Infinity);
  for (const end = window + <usize>rows * step; window < end; window += step) {
    let ofRow = take<T>(window, adjacent);
    const stop = window + <usize>poolW() * apart;
    for (let at = window + apart; at < stop; at += apart) ofRow = larger<T>(ofRow, take<T>(at, adjacent));
    largest = larger<T>(largest, ofRow);
  }
  return largest;
}

/** The largest value of window `ow` whose rows begin at `begin`; −∞ where it has no pixel. */
function largestAt<T>(begin: usize, ow: i32, rows: i32, step: usize): T {
  const left = ow * strideW() - padW();
  const w0 = firstOn(left, dilationW()), w1 = endOn(left, poolW(), dilationW(), integer(4));
  let largest = <T>-Infinity;
  for (let h = 0; h < rows; h++) {
    for (let w = w0; w < w1; w++) {
      largest = largerOf<T>(largest, load<T>(begin + <usize>((left + w * dilationW()) * sizeof<T>())));
    }
    begin += step;
  }
  return largest;
}

/** dx: each window's gradient goes to its first largest value in row-major order. Integers: 0 dout, 1 x, 2 dx. */
export function maxPoolPaddedBackward<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  let dout = pointer(0) + <usize>plane * OH * OW * sizeof<T>();
  const x = pointer(1) + <usize>plane * H * W * sizeof<T>();
  const dx = pointer(2) + <usize>plane * H * W * sizeof<T>();
  const row = <usize>W * sizeof<T>(), step = <usize>dilationH() * row;
  const first = firstInside(), end = endInside(first, false);
  memory.fill(dx, 0, <usize>H * row);
  for (let oh = 0; oh < OH; oh++) {
    const top = oh * strideH() - padH();
    const h0 = firstOn(top, dilationH()), rows = endOn(top, poolH(), dilationH(), H) - h0;
    const begin = <usize>(top + h0 * dilationH()) * row;
    let ow = 0;
    for (; ow < first; ow++) addToLargest<T>(x, dx, begin, dout, ow, rows, step);
    // A window without rows has no pixel, and its gradient goes nowhere.
    for (; ow + lanes<T>() <= end && rows > 0; ow += lanes<T>()) {
      const window = begin + <usize>((ow * strideW() - padW()) * sizeof<T>());
      const places = placesOfLargest<T>(x + window, rows, step);
      for (let lane = 0; lane < lanes<T>(); lane++) {
        addAt<T>(dx + window + <usize>(lane * strideW()) * sizeof<T>() + place<T>(places, lane), dout, ow + lane);
      }
    }
    if (ow < end && end - first >= lanes<T>() && rows > 0) {
      // The last vector begins where it ends with the row: the first of its windows have been taken before.
      const from = end - lanes<T>();
      const window = begin + <usize>((from * strideW() - padW()) * sizeof<T>());
      const places = placesOfLargest<T>(x + window, rows, step);
      for (let lane = ow - from; lane < lanes<T>(); lane++) {
        addAt<T>(dx + window + <usize>(lane * strideW()) * sizeof<T>() + place<T>(places, lane), dout, from + lane);
      }
      ow = end;
    }
    for (; ow < OW; ow++) addToLargest<T>(x, dx, begin, dout, ow, rows, step);
    dout += <usize>OW * sizeof<T>();
  }
}

/** For each of a vector of windows how far from its beginning its first largest value lies, in bytes, as integers. */
function placesOfLargest<T>(window: usize, rows: i32, step: usize): v128 {
  const adjacent = strideW() == 1, apart = <usize>dilationW() * sizeof<T>();
  let largest = take<T>(window, adjacent), places = v128.splat<T>(0);
  for (let h = 0; h < rows; h++) {
    for (let w = 0; w < poolW(); w++) {
      const distance = <usize>h * step + <usize>w * apart;
      const v = take<T>(window + distance, adjacent);
      // A number that is larger, or the first that is none.
      const none = v128.andnot(v128.ne<T>(v, v), v128.ne<T>(largest, largest));
      const better = v128.or(v128.gt<T>(v, largest), none);
      largest = select(better, v, largest);
      const at = sizeof<T>() == 4 ? i32x4.splat(<i32>distance) : i64x2.splat(<i64>distance);
      places = select(better, at, places);
    }
  }
  return places;
}

/** Adds the gradient of window `ow` to its first largest value, if it has any. */
function addToLargest<T>(x: usize, dx: usize, begin: usize, dout: usize, ow: i32, rows: i32, step: usize): void {
  const left = ow * strideW() - padW();
  const w0 = firstOn(left, dilationW()), w1 = endOn(left, poolW(), dilationW(), integer(4));
  if (rows <= 0 || w0 >= w1) return;
  let best = begin + <usize>((left + w0 * dilationW()) * sizeof<T>());
  let largest = load<T>(x + best);
  for (let h = 0; h < rows; h++) {
    for (let w = w0; w < w1; w++) {
      const at = begin + <usize>((left + w * dilationW()) * sizeof<T>());
      const value = load<T>(x + at);
      if (value > largest || (value != value && largest == largest)) {
        largest = value;
        best = at;
      }
    }
    begin += step;
  }
  addAt<T>(dx + best, dout, ow);
}

/** The places on an axis that a mean counts: those on the axis, or with the padding on both of its sides. */
// @ts-ignore: decorator
@inline function counted(start: i32, size: i32, inside: i32, length: i32, pad: i32): i32 {
  return countsPadding() ? min(start + size, length + pad) - start : inside;
}

/** 1 / what the sum of a window is divided by, which counts `rows` rows and `columns` columns. */
// @ts-ignore: decorator
@inline function shareOf(rows: i32, columns: i32): f64 {
  const divisor = number<f64>(0);
  return 1 / (divisor != 0 ? divisor : <f64>rows * <f64>columns);
}

/** Whether the sum of a window is short enough for a vector of float32. */
// @ts-ignore: decorator
@inline function isShort(): bool {
  return poolH() * poolW() <= ROWS_AT_A_TIME;
}

/** out = the mean of each window. Integers: 0 x, 1 out. */
export function avgPoolPadded<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  const x = pointer(0) + <usize>plane * H * W * sizeof<T>();
  let out = pointer(1) + <usize>plane * OH * OW * sizeof<T>();
  const row = <usize>W * sizeof<T>();
  const first = firstInside(), end = isShort() ? endInside(first, false) : first;
  for (let oh = 0; oh < OH; oh++) {
    const top = oh * strideH() - padH();
    const h0 = firstOn(top, 1), rows = endOn(top, poolH(), 1, H) - h0;
    const height = counted(top, poolH(), rows, H, padH());
    const begin = x + <usize>(top + h0) * row;
    const shares = v128.splat<T>(<T>shareOf(height, poolW()));
    let ow = 0;
    for (; ow < first; ow++) store<T>(out + <usize>ow * sizeof<T>(), meanAt<T>(begin, ow, rows, row, height));
    for (; ow + lanes<T>() <= end; ow += lanes<T>()) {
      const window = begin + <usize>((ow * strideW() - padW()) * sizeof<T>());
      v128.store(out + <usize>ow * sizeof<T>(), v128.mul<T>(sumsOf<T>(window, rows, row), shares));
    }
    for (; ow < OW; ow++) store<T>(out + <usize>ow * sizeof<T>(), meanAt<T>(begin, ow, rows, row, height));
    out += <usize>OW * sizeof<T>();
  }
}

/** The sums of a vector of windows of `rows` rows: of each row, then of the rows. */
function sumsOf<T>(window: usize, rows: i32, row: usize): v128 {
  const adjacent = strideW() == 1;
  let sums = v128.splat<T>(0);
  for (const end = window + <usize>rows * row; window < end; window += row) {
    let sum = take<T>(window, adjacent);
    const stop = window + <usize>poolW() * sizeof<T>();
    for (let at = window + sizeof<T>(); at < stop; at += sizeof<T>()) sum = v128.add<T>(sum, take<T>(at, adjacent));
    sums = v128.add<T>(sums, sum);
  }
  return sums;
}

/** The mean of window `ow` whose rows begin at `begin`, of which it counts `height`. */
function meanAt<T>(begin: usize, ow: i32, rows: i32, row: usize, height: i32): T {
  const left = ow * strideW() - padW();
  const w0 = firstOn(left, 1), w1 = endOn(left, poolW(), 1, integer(4));
  let sum: f64 = 0;
  for (let h = 0; h < rows; h++) {
    for (let w = w0; w < w1; w++) sum += <f64>load<T>(begin + <usize>((left + w) * sizeof<T>()));
    begin += row;
  }
  return <T>(sum * shareOf(height, counted(left, poolW(), w1 - w0, integer(4), padW())));
}

/** dx: each window's gradient is shared evenly by its pixels. Integers: 0 dout, 2 dx. */
export function avgPoolPaddedBackward<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  let dout = pointer(0) + <usize>plane * OH * OW * sizeof<T>();
  const dx = pointer(2) + <usize>plane * H * W * sizeof<T>();
  const row = <usize>W * sizeof<T>();
  const first = firstInside(), end = endInside(first, true);
  memory.fill(dx, 0, <usize>H * row);
  for (let oh = 0; oh < OH; oh++) {
    const top = oh * strideH() - padH();
    const h0 = firstOn(top, 1), rows = endOn(top, poolH(), 1, H) - h0;
    const height = counted(top, poolH(), rows, H, padH());
    const begin = dx + <usize>(top + h0) * row;
    const shares = v128.splat<T>(<T>shareOf(height, poolW()));
    let ow = 0;
    for (; ow < first; ow++) addShare<T>(begin, dout, ow, rows, row, height);
    for (; ow + lanes<T>() <= end; ow += lanes<T>()) {
      const window = begin + <usize>((ow * strideW() - padW()) * sizeof<T>());
      addShares<T>(window, rows, row, v128.mul<T>(v128.load(dout + <usize>ow * sizeof<T>()), shares));
    }
    for (; ow < OW; ow++) addShare<T>(begin, dout, ow, rows, row, height);
    dout += <usize>OW * sizeof<T>();
  }
}

/** Adds to all places of a vector of windows what belongs to each. */
function addShares<T>(window: usize, rows: i32, row: usize, shares: v128): void {
  const adjacent = strideW() == 1;
  for (const end = window + <usize>rows * row; window < end; window += row) {
    const stop = window + <usize>poolW() * sizeof<T>();
    for (let at = window; at < stop; at += sizeof<T>()) addTo<T>(at, shares, adjacent);
  }
}

/** Adds its share to each pixel of window `ow`. */
function addShare<T>(begin: usize, dout: usize, ow: i32, rows: i32, row: usize, height: i32): void {
  const left = ow * strideW() - padW();
  const w0 = firstOn(left, 1), w1 = endOn(left, poolW(), 1, integer(4));
  const factor = shareOf(height, counted(left, poolW(), w1 - w0, integer(4), padW()));
  const share = <T>(<f64>load<T>(dout + <usize>ow * sizeof<T>()) * factor);
  for (let h = 0; h < rows; h++) {
    for (let w = w0; w < w1; w++) {
      const at = begin + <usize>((left + w) * sizeof<T>());
      store<T>(at, load<T>(at) + share);
    }
    begin += row;
  }
}
