import { integer, pointer, thread } from "./job";
import { copyRun, evenLanes, fillRun, lanes, VECTOR } from "./simd";

// How a convolution sees its images: the geometry of the running job, a padded copy, and which values a pixel's window
// begins at. Integers: 4 and 5 are the scratch and its bytes for each thread, 6 to 18 N, C, H, W, HH, WW, the strides,
// the pads, OH, OW and F, 19 and 20 the dilations, 21 and 22 height and width with the padding, 23 the groups. A
// convolution in groups goes by N·groups images of the channels of one group: N, C and F are the sizes of these, and
// image n has the filters of group n mod groups.

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

// @ts-ignore: decorator
@inline export function dilationH(): i32 { return integer(19); }
// @ts-ignore: decorator
@inline export function dilationW(): i32 { return integer(20); }

/** Height and width with the padding. */
// @ts-ignore: decorator
@inline export function paddedH(): i32 { return integer(21); }
// @ts-ignore: decorator
@inline export function paddedW(): i32 { return integer(22); }

// @ts-ignore: decorator
@inline export function groups(): i32 { return integer(23); }

/** Whether windows see nothing but the image. */
// @ts-ignore: decorator
@inline function isUnpadded(): bool { return paddedH() == H() && paddedW() == W(); }

/**
 * The first i, and the one behind the last, for which i·stride + r − pad is a pixel, with `edge` 0 and the image's
 * size.
 */
// @ts-ignore: decorator
@inline export function boundOf(r: i32, edge: i32, stride: i32, pad: i32): i32 {
  return edge + pad > r ? (edge + pad - r + stride - 1) / stride : 0;
}

/** This thread's scratch. */
// @ts-ignore: decorator
@inline export function ownScratch(): usize {
  return pointer(4) + thread * <usize>integer(5);
}

/** Bytes of a padded image, rounded up to a vector; none where there is no padding. */
// @ts-ignore: decorator
@inline export function paddedBytes<T>(): usize {
  if (isUnpadded()) return 0;
  return (<usize>C() * paddedH() * paddedW() * sizeof<T>() + 15) & ~15;
}

/** Image `n` with zeros around it: a copy at `to`, or the image itself where there is no padding. */
export function padImage<T>(n: i32, to: usize): usize {
  const plane = <usize>H() * W() * sizeof<T>();
  let from = pointer(0) + <usize>n * C() * plane;
  if (isUnpadded()) return from;
  const width = W(), side = padW(), right = paddedW() - width - side;
  const border = padH() * paddedW(), bottom = (paddedH() - H() - padH()) * paddedW();
  let at = to;
  for (let c = 0; c < C(); c++) {
    fillRun<T>(at, 0, border);
    at += <usize>border * sizeof<T>();
    for (let h = 0; h < H(); h++) {
      fillRun<T>(at, 0, side);
      at += <usize>side * sizeof<T>();
      copyRun<T>(at, from, width);
      at += <usize>width * sizeof<T>();
      fillRun<T>(at, 0, right);
      at += <usize>right * sizeof<T>();
      from += <usize>width * sizeof<T>();
    }
    fillRun<T>(at, 0, bottom);
    at += <usize>bottom * sizeof<T>();
  }
  return to;
}

/** Where the window of an output pixel begins in a plane of the padded image, in values. */
// @ts-ignore: decorator
@inline export function windowAt(pixel: i32): i32 {
  const oh = pixel / OW();
  return oh * strideH() * paddedW() + (pixel - oh * OW()) * strideW();
}

/** Writes, for each k = (c, kh, kw), its place in the padded image relative to a window's beginning, in values. */
export function writeOffsets(to: usize): void {
  for (let c = 0; c < C(); c++) {
    for (let kh = 0; kh < HH(); kh++) {
      for (let kw = 0; kw < WW(); kw++) {
        store<i32>(to, (c * paddedH() + kh * dilationH()) * paddedW() + kw * dilationW());
        to += 4;
      }
    }
  }
}

/**
 * Packs the windows of a tile's width of output pixels from `pixel` on: to[k] = their values at k, two vectors.
 * `offsets` are those of {@link writeOffsets}: one flat loop over them keeps V8 from spilling. Neighbours in a row are
 * loaded as vectors at strides of 1 and 2; pixels beyond the last are packed as the last.
 */
export function packWindows<T>(image: usize, offsets: usize, K: i32, pixel: i32, to: usize): void {
  const width = 2 * lanes<T>();
  const last = OH() * OW() - 1;
  const end = offsets + (<usize>K << 2);
  const inRow = pixel % OW() + width <= OW() && pixel + width - 1 <= last;
  const first = image + <usize>windowAt(min(pixel, last)) * sizeof<T>();
  if (inRow && strideW() == 1) {
    for (let k = offsets; k < end; k += 4) {
      const at = first + <usize>load<u32>(k) * sizeof<T>();
      v128.store(to, v128.load(at));
      v128.store(to, v128.load(at, 16), 16);
      to += 2 * VECTOR;
    }
  } else if (inRow && strideW() == 2) {
    for (let k = offsets; k < end; k += 4) {
      const at = first + <usize>load<u32>(k) * sizeof<T>();
      v128.store(to, evenLanes<T>(v128.load(at), v128.load(at, 16)));
      v128.store(to, evenLanes<T>(v128.load(at, 32), v128.load(at, 48)), 16);
      to += 2 * VECTOR;
    }
  } else {
    packScattered<T>(image, offsets, end, pixel, to);
    packScattered<T>(image, offsets, end, pixel + lanes<T>(), to + VECTOR);
  }
}

/** The first of {@link packWindows}'s two vectors, each pixel loaded for itself. */
function packScattered<T>(image: usize, offsets: usize, end: usize, pixel: i32, to: usize): void {
  const last = OH() * OW() - 1;
  const p0 = image + <usize>windowAt(min(pixel, last)) * sizeof<T>();
  const p1 = image + <usize>windowAt(min(pixel + 1, last)) * sizeof<T>();
  const p2 = image + <usize>windowAt(min(pixel + 2, last)) * sizeof<T>();
  const p3 = image + <usize>windowAt(min(pixel + 3, last)) * sizeof<T>();
  for (let k = offsets; k < end; k += 4) {
    const at = <usize>load<u32>(k) * sizeof<T>();
    if (sizeof<T>() == 4) {
      let v = v128.load32_zero(p0 + at);
      v = v128.load_lane<f32>(p1 + at, v, 1);
      v = v128.load_lane<f32>(p2 + at, v, 2);
      v128.store(to, v128.load_lane<f32>(p3 + at, v, 3));
    } else {
      v128.store(to, v128.load_lane<f64>(p1 + at, v128.load64_zero(p0 + at), 1));
    }
    to += 2 * VECTOR;
  }
}
