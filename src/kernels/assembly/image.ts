import { integer, pointer } from "./job";
import { thread } from "./gemm";
import { copyRun, fillRun, lanes } from "./simd";

// How a convolution sees its images: the geometry of the running job, a padded copy, and which values a pixel's window
// begins at. Integers: 4 and 5 are the scratch and its bytes for each thread, 6 to 18 N, C, H, W, HH, WW, the strides, the
// pads, OH, OW and F.

// @ts-ignore: decorator
@inline export function C(): i32 { return integer(7); }
// @ts-ignore: decorator
@inline export function H(): i32 { return integer(8); }
// @ts-ignore: decorator
@inline export function W(): i32 { return integer(9); }
// @ts-ignore: decorator
@inline export function HH(): i32 { return integer(10); }
// @ts-ignore: decorator
@inline export function WW(): i32 { return integer(11); }
// @ts-ignore: decorator
@inline export function strideH(): i32 { return integer(12); }
// @ts-ignore: decorator
@inline export function strideW(): i32 { return integer(13); }
// @ts-ignore: decorator
@inline export function padH(): i32 { return integer(14); }
// @ts-ignore: decorator
@inline export function padW(): i32 { return integer(15); }
// @ts-ignore: decorator
@inline export function OH(): i32 { return integer(16); }
// @ts-ignore: decorator
@inline export function OW(): i32 { return integer(17); }
// @ts-ignore: decorator
@inline export function F(): i32 { return integer(18); }

/** Height and width with the padding. */
// @ts-ignore: decorator
@inline export function paddedH(): i32 { return H() + 2 * padH(); }
// @ts-ignore: decorator
@inline export function paddedW(): i32 { return W() + 2 * padW(); }

/** This thread's scratch. */
// @ts-ignore: decorator
@inline export function ownScratch(): usize {
  return pointer(4) + thread * <usize>integer(5);
}

/** Bytes of a padded image, rounded up to a vector; none where there is no padding. */
// @ts-ignore: decorator
@inline export function paddedBytes<T>(): usize {
  if (padH() == 0 && padW() == 0) return 0;
  return (<usize>C() * paddedH() * paddedW() * sizeof<T>() + 15) & ~15;
}

/** Image `n` with zeros around it: a copy at `to`, or the image itself where there is no padding. */
export function padImage<T>(n: i32, to: usize): usize {
  const plane = <usize>H() * W() * sizeof<T>();
  let from = pointer(0) + <usize>n * C() * plane;
  if (padH() == 0 && padW() == 0) return from;
  const width = W(), side = padW();
  const border = padH() * (width + 2 * side);
  let at = to;
  for (let c = 0; c < C(); c++) {
    fillRun<T>(at, 0, border);
    at += <usize>border * sizeof<T>();
    for (let h = 0; h < H(); h++) {
      fillRun<T>(at, 0, side);
      at += <usize>side * sizeof<T>();
      copyRun<T>(at, from, width);
      at += <usize>width * sizeof<T>();
      fillRun<T>(at, 0, side);
      at += <usize>side * sizeof<T>();
      from += <usize>width * sizeof<T>();
    }
    fillRun<T>(at, 0, border);
    at += <usize>border * sizeof<T>();
  }
  return to;
}

/** Where the window of an output pixel begins in a plane of the padded image, in values. */
// @ts-ignore: decorator
@inline export function windowAt(pixel: i32): i32 {
  return (pixel / OW()) * strideH() * paddedW() + (pixel % OW()) * strideW();
}

/** Writes, for each k = (c, kh, kw), its place in the padded image relative to a window's beginning, in values. */
export function writeOffsets(to: usize): void {
  for (let c = 0; c < C(); c++) {
    for (let kh = 0; kh < HH(); kh++) {
      for (let kw = 0; kw < WW(); kw++) {
        store<i32>(to, (c * paddedH() + kh) * paddedW() + kw);
        to += 4;
      }
    }
  }
}

/**
 * Packs the windows of a vector of output pixels from `pixel` on: to[k · stride] = their values at k. Neighbours in a row
 * are loaded as vectors at strides of 1 and 2; pixels beyond the last are packed as the last.
 */
export function packWindows<T>(image: usize, pixel: i32, to: usize, stride: usize): void {
  const last = OH() * OW() - 1;
  const p0 = min(pixel, last);
  const inRow = p0 % OW() + lanes<T>() <= OW() && pixel + lanes<T>() - 1 <= last;
  const o0 = <usize>windowAt(p0) * sizeof<T>();
  const o1 = <usize>windowAt(min(pixel + 1, last)) * sizeof<T>();
  const o2 = <usize>windowAt(min(pixel + 2, last)) * sizeof<T>();
  const o3 = <usize>windowAt(min(pixel + 3, last)) * sizeof<T>();
  const neighbours = inRow ? strideW() : 0;
  const width = WW();
  const rowBytes = <usize>paddedW() * sizeof<T>();
  const planeBytes = <usize>paddedH() * rowBytes;
  for (let c = 0; c < C(); c++) {
    let row = image + <usize>c * planeBytes;
    for (let kh = 0; kh < HH(); kh++) {
      let at = row;
      if (neighbours == 1) {
        for (let kw = 0; kw < width; kw++) {
          v128.store(to, v128.load(at + o0));
          at += sizeof<T>();
          to += stride;
        }
      } else if (neighbours == 2) {
        for (let kw = 0; kw < width; kw++) {
          const a = v128.load(at + o0), b = v128.load(at + o0, 16);
          if (sizeof<T>() == 4) v128.store(to, v128.shuffle<f32>(a, b, 0, 2, 4, 6));
          else v128.store(to, v128.shuffle<f64>(a, b, 0, 2));
          at += sizeof<T>();
          to += stride;
        }
      } else {
        for (let kw = 0; kw < width; kw++) {
          if (sizeof<T>() == 4) {
            let v = v128.load32_zero(at + o0);
            v = v128.load_lane<f32>(at + o1, v, 1);
            v = v128.load_lane<f32>(at + o2, v, 2);
            v128.store(to, v128.load_lane<f32>(at + o3, v, 3));
          } else {
            v128.store(to, v128.load_lane<f64>(at + o1, v128.load64_zero(at + o0), 1));
          }
          at += sizeof<T>();
          to += stride;
        }
      }
      row += rowBytes;
    }
  }
}
