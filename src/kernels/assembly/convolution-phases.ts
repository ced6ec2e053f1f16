import {
  boundOf, C, F, H, HH, OH, OW, ownScratch, padH, padW, strideH, strideW, W, WW,
} from "./image";
import { integer, pointer } from "./job";
import { copyRun, lanes, madd, splatAt, VECTOR } from "./simd";

// The gradient of a convolution with respect to its images, gathered by phases. At strides of (s, t) the pixels (h, w)
// with the same ((h + pad) mod s, (w + pad) mod t) meet the same taps of the filters, every s-th row and t-th column of
// them, and their gradients are a convolution of dout with these at stride 1:
//
//     dx[c, i·s + r − pad, …] = Σ_f Σ_a dout[f, i − a, …] · w[f, c, r + a·s, …]
//
// So no product is made for nothing and no sum is scattered. A phase is computed in flat runs over the rows of dout,
// with what comes between two rows, and when all are done they are put together. Integers beside those of image.ts: 24
// and 25 the zero rows and columns that are needed before dout, 26 the columns with the zeros, 27 bytes of a channel of
// dout, 28 whether there are zeros, 29 bytes of a channel of a phase, 30 and 31 phases along the two axes.

/** Channels that a tile computes. */
// @ts-ignore: decorator
@inline const CHANNELS: i32 = 3;

/** Bytes of a tile's pixels: three vectors. */
// @ts-ignore: decorator
@inline const RUN_BYTES: usize = 3 * VECTOR;

/** Taps of a filter of `extent` that phase `r` meets. */
// @ts-ignore: decorator
@inline function tapsOf(r: i32, extent: i32, stride: i32): i32 {
  return r < extent ? (extent - r + stride - 1) / stride : 0;
}

/** What {@link convBackwardPhases} has to know of a phase: four integers. */
// @ts-ignore: decorator
@inline const PHASE_BYTES: usize = 16;

/**
 * Packs filters to [panel of channels][phase][f][tap][channel of 3]. With the first panel, writes for each phase where
 * its pixels' runs begin in dout and their length, both in bytes, and its number of products; and for each
 * [phase][f][tap] its place in dout. One item is a panel. Integers: 0 w, 1 packed, 2 phases, 3 places.
 */
export function packPhases<T>(panel: i32): void {
  const area = HH() * WW();
  const pitch = integer(26);
  let to = pointer(1) + <usize>(panel * CHANNELS * F() * area) * sizeof<T>();
  let phase = pointer(2), place = pointer(3);
  for (let r = 0; r < integer(30); r++) {
    const top = boundOf(r, 0, strideH(), padH());
    const rows = boundOf(r, H(), strideH(), padH()) - top;
    for (let q = 0; q < integer(31); q++) {
      const left = boundOf(q, 0, strideW(), padW());
      const columns = boundOf(q, W(), strideW(), padW()) - left;
      const taps = tapsOf(r, HH(), strideH()) * tapsOf(q, WW(), strideW());
      if (panel == 0) {
        store<i32>(phase, ((top + integer(24)) * pitch + left + integer(25)) * <i32>sizeof<T>());
        store<i32>(phase, rows > 0 && columns > 0 ? ((rows - 1) * pitch + columns) * <i32>sizeof<T>() : 0, 4);
        store<i32>(phase, F() * taps, 8);
        phase += PHASE_BYTES;
      }
      for (let f = 0; f < F(); f++) {
        for (let kh = r; kh < HH(); kh += strideH()) {
          for (let kw = q; kw < WW(); kw += strideW()) {
            if (panel == 0) {
              const back = (kh - r) / strideH() * pitch + (kw - q) / strideW();
              store<i32>(place, f * integer(27) - back * <i32>sizeof<T>());
              place += 4;
            }
            for (let i = 0; i < CHANNELS; i++) {
              const c = panel * CHANNELS + i;
              const from = pointer(0) + <usize>((f * C() + c) * area + kh * WW() + kw) * sizeof<T>();
              store<T>(to, c < C() ? load<T>(from) : <T>0);
              to += sizeof<T>();
            }
          }
        }
      }
    }
  }
}

/** One item is an image. Integers: 0 dx, 1 to 3 as {@link packPhases} writes them, 32 dout. */
export function convBackwardPhases<T>(n: i32): void {
  const planeBytes = <usize>integer(29);
  const panels = (C() + CHANNELS - 1) / CHANNELS;
  const panelBytes = <usize>(CHANNELS * F() * HH() * WW()) * sizeof<T>();
  const phaseBytes = <usize>(panels * CHANNELS) * planeBytes;
  const phases = integer(30) * integer(31);
  const dout = ownScratch();
  const planes = dout + ((<usize>(F() * integer(27)) + RUN_BYTES + 63) & ~63);
  copyDout<T>(pointer(32) + <usize>(n * F() * OH() * OW()) * sizeof<T>(), dout);

  let a = pointer(1), places = pointer(3), to = planes;
  for (let i = 0; i < phases; i++) {
    const phase = pointer(2) + <usize>i * PHASE_BYTES;
    const length = load<i32>(phase, 4), k = load<i32>(phase, 8);
    const from = dout + <usize>load<i32>(phase);
    for (let done = 0; done < length; done += <i32>RUN_BYTES) {
      // The last run begins early enough to end with the pixels, and computes some once more.
      const at = <usize>max(0, min(done, length - <i32>RUN_BYTES));
      for (let panel = 0; panel < panels; panel++) {
        const plane = to + <usize>(panel * CHANNELS) * planeBytes + at;
        phaseTile<T>(k, a + <usize>panel * panelBytes, places, from + at, plane, planeBytes);
      }
    }
    a += <usize>(k * CHANNELS) * sizeof<T>();
    places += <usize>k << 2;
    to += phaseBytes;
  }

  const pitch = <usize>integer(26) * sizeof<T>();
  for (let r = 0; r < integer(30); r++) {
    const first = boundOf(r, 0, strideH(), padH()) * strideH() + r - padH();
    for (let c = 0; c < C(); c++) {
      let from = planes + <usize>(r * integer(31)) * phaseBytes + <usize>c * planeBytes;
      for (let h = first; h < H(); h += strideH()) {
        joinPhases<T>(from, phaseBytes, pointer(0) + <usize>(((n * C() + c) * H() + h) * W()) * sizeof<T>());
        from += pitch;
      }
    }
  }
}

/** Copies the channels of an image of dout, with the zeros that are needed around them. */
function copyDout<T>(from: usize, to: usize): void {
  const pitch = <usize>integer(26) * sizeof<T>();
  // Where no zeros come between its rows, a channel is one run.
  const rows = integer(26) == OW() ? 1 : OH();
  const length = OH() * OW() / rows;
  const bytes = <usize>length * sizeof<T>();
  if (integer(28)) memory.fill(to, 0, <usize>(F() * integer(27)));
  to += <usize>integer(24) * pitch + <usize>integer(25) * sizeof<T>();
  for (let f = 0; f < F(); f++) {
    for (let oh = 0; oh < rows; oh++) {
      const row = to + <usize>oh * pitch;
      let at: usize = 0;
      for (; at + VECTOR <= bytes; at += VECTOR) v128.store(row + at, v128.load(from + at));
      copyRun<T>(row + at, from + at, (<i32>(bytes - at)) / sizeof<T>());
      from += bytes;
    }
    to += <usize>integer(27);
  }
}

/** Writes a row of dx from the rows of its phases, of which the first begins at `from`. */
function joinPhases<T>(from: usize, phaseBytes: usize, to: usize): void {
  const stride = strideW(), width = W();
  const first = padW() % stride;
  if (stride == 1) return copyRun<T>(to, from, width);
  if (stride == 2) {
    const even = from + <usize>first * phaseBytes, odd = from + <usize>(1 - first) * phaseBytes;
    return zipRun<T>(even, odd, to, width);
  }
  for (let q = 0; q < integer(31); q++) {
    let at = from + <usize>q * phaseBytes;
    for (let w = (q + stride - first) % stride; w < width; w += stride) {
      store<T>(to + <usize>w * sizeof<T>(), load<T>(at));
      at += sizeof<T>();
    }
  }
}

/** to = a[0], b[0], a[1], …, `length` values in all. */
// @ts-ignore: decorator
@inline export function zipRun<T>(a: usize, b: usize, to: usize, length: i32): void {
  let left = length;
  for (; left >= 2 * lanes<T>(); left -= 2 * lanes<T>()) {
    const x = v128.load(a), y = v128.load(b);
    if (sizeof<T>() == 4) {
      v128.store(to, v128.shuffle<f32>(x, y, 0, 4, 1, 5));
      v128.store(to, v128.shuffle<f32>(x, y, 2, 6, 3, 7), VECTOR);
    } else {
      v128.store(to, v128.shuffle<f64>(x, y, 0, 2));
      v128.store(to, v128.shuffle<f64>(x, y, 1, 3), VECTOR);
    }
    a += VECTOR;
    b += VECTOR;
    to += 2 * VECTOR;
  }
  for (; left > 0; left -= 2) {
    store<T>(to, load<T>(a));
    if (left > 1) store<T>(to, load<T>(b), sizeof<T>());
    a += sizeof<T>();
    b += sizeof<T>();
    to += 2 * sizeof<T>();
  }
}

/**
 * Three channels by three vectors of pixels, the sum of `k` products each. 9 accumulators, 3 vectors of pixels and a
 * splat leave V8 registers to spare; three channels by four vectors would not.
 */
function phaseTile<T>(k: i32, a: usize, places: usize, from: usize, to: usize, ld: usize): void {
  let v00 = v128.splat<T>(0), v01 = v00, v02 = v00;
  let v10 = v00, v11 = v00, v12 = v00;
  let v20 = v00, v21 = v00, v22 = v00;
  const end = places + (<usize>k << 2);
  while (places < end) {
    const at = from + <usize>load<u32>(places);
    const x0 = v128.load(at);
    const x1 = v128.load(at, VECTOR);
    const x2 = v128.load(at, 2 * VECTOR);
    let s = splatAt<T>(a);
    v00 = madd<T>(s, x0, v00), v01 = madd<T>(s, x1, v01), v02 = madd<T>(s, x2, v02);
    s = splatAt<T>(a, sizeof<T>());
    v10 = madd<T>(s, x0, v10), v11 = madd<T>(s, x1, v11), v12 = madd<T>(s, x2, v12);
    s = splatAt<T>(a, 2 * sizeof<T>());
    v20 = madd<T>(s, x0, v20), v21 = madd<T>(s, x1, v21), v22 = madd<T>(s, x2, v22);
    a += CHANNELS * sizeof<T>();
    places += 4;
  }
  v128.store(to, v00), v128.store(to, v01, VECTOR), v128.store(to, v02, 2 * VECTOR);
  to += ld;
  v128.store(to, v10), v128.store(to, v11, VECTOR), v128.store(to, v12, 2 * VECTOR);
  to += ld;
  v128.store(to, v20), v128.store(to, v21, VECTOR), v128.store(to, v22, 2 * VECTOR);
}
