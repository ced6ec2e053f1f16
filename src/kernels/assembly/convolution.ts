import { TILE_ROWS, TILE_ROW_BYTES } from "../wasm/protocol";
import {
  C, F, groups, H, HH, OH, OW, ownScratch, packWindows, padH, padImage, paddedBytes, paddedH, paddedW, padW, strideH,
  strideW, W, windowAt, writeOffsets, WW,
} from "./image";
import { integer, pointer } from "./job";
import { interleave, packPanelsA, packPanelsB, tileColumns } from "./packing";
import { maskSegment, sumShifted } from "./segments";
import { copyRun, fillRun, lanes, largerOf, rectified, VECTOR } from "./simd";
import { edge, tile } from "./tile";

// Convolution as products of the filters, (F, K) with K = C·HH·WW, and the windows of pixels, (K, P) with P = OH·OW,
// that never exist as a whole: each thread packs a few panels of windows straight from its padded image and multiplies
// them.

/** Where the panels of filters for image `n` begin, of `rows` rows and depth `k`. */
// @ts-ignore: decorator
@inline export function panelsOf<T>(n: i32, rows: i32, k: i32): usize {
  const panels = (rows + TILE_ROWS - 1) / TILE_ROWS;
  return pointer(1) + <usize>(n % groups() * panels * TILE_ROWS * k) * sizeof<T>();
}

/** One panel by one panel into `to`, whole or at an edge of the output. */
// @ts-ignore: decorator
@inline function multiply<T>(
  k: i32, a: usize, b: usize, to: usize, ld: usize, load: bool, bias: usize, height: i32, width: i32,
): void {
  if (height >= TILE_ROWS && width >= tileColumns<T>()) tile<T>(k, a, b, to, ld, load, bias);
  else edge<T>(k, a, b, to, ld, load, bias, min(height, TILE_ROWS), min(width, tileColumns<T>()));
}

/**
 * out = b + the convolution, then max(0, ·) if asked. One item is a part of the pixels of an image. Integers: 0 x,
 * 1 packed filters, 2 b or 0, 3 out, 24 parts of an image, 25 panels to pack at a time, 26 relu.
 */
export function convForward<T>(item: i32): void {
  const parts = integer(24), atATime = integer(25), relu = integer(26);
  const n = item / parts;
  const part = item % parts;
  const K = C() * HH() * WW();
  const P = OH() * OW();
  const columns = tileColumns<T>();
  const panels = (P + columns - 1) / columns;
  const end = (panels * (part + 1)) / parts;
  const image = padImage<T>(n, ownScratch());
  const offsets = ownScratch() + paddedBytes<T>();
  const packed = offsets + ((<usize>K * 4 + 15) & ~15);
  const panelBytes = <usize>K * TILE_ROW_BYTES;
  const ld = <usize>P * sizeof<T>();
  const out = pointer(3) + <usize>n * F() * ld;
  const filters = panelsOf<T>(n, F(), K);
  const biases = pointer(2) ? pointer(2) + <usize>(n % groups() * F()) * sizeof<T>() : 0;
  writeOffsets(offsets);

  for (let first = (panels * part) / parts; first < end; first += atATime) {
    const count = min(atATime, end - first);
    for (let j = 0; j < count; j++) {
      packWindows<T>(image, offsets, K, (first + j) * columns, packed + <usize>j * panelBytes);
    }
    const begin = out + <usize>first * TILE_ROW_BYTES;
    const length = min(count * columns, P - first * columns);
    for (let f = 0; f < F(); f += TILE_ROWS) {
      const a = filters + <usize>f * K * sizeof<T>();
      // Behind the last filter's bias the tile reads values that it does not store.
      const bias = biases ? biases + <usize>f * sizeof<T>() : 0;
      for (let j = 0; j < count; j++) {
        const to = begin + <usize>f * ld + <usize>j * TILE_ROW_BYTES;
        multiply<T>(K, a, packed + <usize>j * panelBytes, to, ld, false, bias, F() - f, P - (first + j) * columns);
      }
    }
    if (relu) for (let f = 0; f < F(); f++) reluRun<T>(begin + <usize>f * ld, length);
  }
}

// @ts-ignore: decorator
@inline export function reluRun<T>(at: usize, length: i32): void {
  let i = 0;
  for (; i + lanes<T>() <= length; i += lanes<T>()) {
    const p = at + <usize>i * sizeof<T>();
    v128.store(p, rectified<T>(v128.load(p)));
  }
  for (; i < length; i++) {
    const p = at + <usize>i * sizeof<T>();
    store<T>(p, largerOf<T>(load<T>(p), 0));
  }
}

/**
 * Packs filters for the gradient with respect to the images at stride 1, which is a convolution of dout with the
 * filters turned by 180° and input and output channels exchanged: rows c, depth (f, kh, kw). One item is a panel.
 * Integers: 0 w, 1 packed, 2 F, 3 C, 4 HH·WW.
 */
export function packTurned<T>(item: i32): void {
  const filters = integer(2), channels = integer(3), area = integer(4);
  let to = pointer(1) + <usize>item * TILE_ROWS * filters * area * sizeof<T>();
  for (let f = 0; f < filters; f++) {
    for (let k = area - 1; k >= 0; k--) {
      for (let i = 0; i < TILE_ROWS; i++) {
        const c = item * TILE_ROWS + i;
        const from = pointer(0) + (<usize>(f * channels + c) * area + k) * sizeof<T>();
        store<T>(to, c < channels ? load<T>(from) : <T>0);
        to += sizeof<T>();
      }
    }
  }
}

/**
 * The gradient with respect to the filters, summed over a share of the images. One item is a group of a share, and
 * writes its own (F, K) sum: how many shares there are does not depend on the threads. Integers: 0 x, 1 dout, 3 sums,
 * 24 shares.
 */
export function convBackwardWeights<T>(item: i32): void {
  const N = integer(6) / groups(), shares = integer(24);
  const share = item / groups(), group = item % groups();
  const K = C() * HH() * WW();
  const P = OH() * OW();
  const columns = tileColumns<T>();
  const own = ownScratch() + paddedBytes<T>();
  const offsets = own;
  const aPacked = own + ((<usize>K * 4 + 15) & ~15);
  const aPanels = (F() + TILE_ROWS - 1) / TILE_ROWS;
  const aBytes = <usize>P * TILE_ROWS * sizeof<T>();
  const bPacked = aPacked + <usize>aPanels * aBytes;
  const sums = pointer(3) + <usize>item * F() * K * sizeof<T>();
  const ld = <usize>K * sizeof<T>(), rowBytes = <usize>P * sizeof<T>();
  writeOffsets(offsets);

  const first = (N * share) / shares * groups() + group;
  const end = (N * (share + 1)) / shares * groups();
  for (let n = first; n < end; n += groups()) {
    const image = padImage<T>(n, ownScratch());
    packPanelsA<T>(false, pointer(1) + <usize>(n * F()) * rowBytes, aPacked, F(), P, rowBytes, 0, aPanels);
    for (let k = 0; k < K; k += columns) {
      // A window of one pixel: the channels as they lie.
      if (K == C() && P == paddedH() * paddedW()) {
        packPanelsB<T>(false, image, bPacked, K, P, rowBytes, k / columns, k / columns + 1);
      } else {
        packTaps<T>(image, offsets, k, K, bPacked);
      }
      for (let i = 0; i < aPanels; i++) {
        const to = sums + <usize>(i * TILE_ROWS) * ld + <usize>k * sizeof<T>();
        multiply<T>(P, aPacked + <usize>i * aBytes, bPacked, to, ld, n > first, 0, F() - i * TILE_ROWS, K - k);
      }
    }
  }
}

/** For the taps k, k + 1, … of a panel's columns, the values that they meet at each pixel: [p][column]. */
function packTaps<T>(image: usize, offsets: usize, k: i32, K: i32, to: usize): void {
  const runBytes = <usize>OW() * TILE_ROW_BYTES;
  const rowBytes = <usize>(strideH() * paddedW()) * sizeof<T>();
  const step = <usize>strideW() * sizeof<T>();
  for (let i = 0; i < tileColumns<T>(); i += 2) {
    // Columns beyond the last tap are not stored: any value will do.
    const tap0 = <usize>load<i32>(offsets + (<usize>min(k + i, K - 1) << 2)) * sizeof<T>();
    const tap1 = <usize>load<i32>(offsets + (<usize>min(k + i + 1, K - 1) << 2)) * sizeof<T>();
    let row = image;
    let at = to + <usize>i * sizeof<T>();
    for (let oh = 0; oh < OH(); oh++) {
      if (step == sizeof<T>()) {
        interleave<T>(row + tap0, row + tap1, at, 0, OW(), TILE_ROW_BYTES);
      } else if (step == 2 * sizeof<T>()) {
        interleaveEven<T>(row + tap0, row + tap1, at, OW());
      } else {
        let a = row + tap0, b = row + tap1, pair = at;
        for (let ow = 0; ow < OW(); ow++) {
          store<T>(pair, load<T>(a));
          store<T>(pair, load<T>(b), sizeof<T>());
          a += step;
          b += step;
          pair += TILE_ROW_BYTES;
        }
      }
      row += rowBytes;
      at += runBytes;
    }
  }
}

/** to[i · 32 bytes] = (a[2i], b[2i]) for i < count. */
function interleaveEven<T>(a: usize, b: usize, to: usize, count: i32): void {
  let i = 0;
  for (; i + lanes<T>() <= count; i += lanes<T>()) {
    if (sizeof<T>() == 4) {
      const x = v128.shuffle<f32>(v128.load(a), v128.load(a, 16), 0, 2, 4, 6);
      const y = v128.shuffle<f32>(v128.load(b), v128.load(b, 16), 0, 2, 4, 6);
      const low = v128.shuffle<f32>(x, y, 0, 4, 1, 5);
      const high = v128.shuffle<f32>(x, y, 2, 6, 3, 7);
      v128.store_lane<f64>(to, low, 0);
      v128.store_lane<f64>(to, low, 1, TILE_ROW_BYTES);
      v128.store_lane<f64>(to, high, 0, 2 * TILE_ROW_BYTES);
      v128.store_lane<f64>(to, high, 1, 3 * TILE_ROW_BYTES);
    } else {
      v128.store(to, v128.shuffle<f64>(v128.load(a), v128.load(b), 0, 2));
      v128.store(to, v128.shuffle<f64>(v128.load(a, 16), v128.load(b, 16), 0, 2), TILE_ROW_BYTES);
    }
    a += 2 * VECTOR;
    b += 2 * VECTOR;
    to += <usize>lanes<T>() * TILE_ROW_BYTES;
  }
  for (; i < count; i++) {
    store<T>(to, load<T>(a));
    store<T>(to, load<T>(b), sizeof<T>());
    a += 2 * sizeof<T>();
    b += 2 * sizeof<T>();
    to += TILE_ROW_BYTES;
  }
}

/**
 * The gradient with respect to the images at any stride: each window's gradient, filtersᵀ · dout, is added to where the
 * window lay. One item is an image. Integers: 0 dx, 1 packed filtersᵀ, 2 dout.
 */
export function convBackwardInput<T>(n: i32): void {
  const K = C() * HH() * WW();
  const P = OH() * OW();
  const columns = tileColumns<T>();
  // A vector that is added at a stride of 2 ends one value behind its last: there is room for it.
  const imageBytes = (<usize>C() * paddedH() * paddedW() * sizeof<T>() + 31) & ~15;
  const image = ownScratch();
  const offsets = image + imageBytes;
  const buffer = offsets + ((<usize>K * 4 + 15) & ~15);
  const packed = buffer + TILE_ROWS * TILE_ROW_BYTES;
  const filters = panelsOf<T>(n, K, F());
  const dout = pointer(2) + <usize>n * F() * P * sizeof<T>();
  writeOffsets(offsets);
  memory.fill(image, 0, imageBytes);

  for (let p = 0; p < P; p += columns) {
    const count = min(columns, P - p);
    for (let f = 0; f < F(); f++) {
      const to = packed + <usize>f * TILE_ROW_BYTES;
      const from = dout + (<usize>f * P + p) * sizeof<T>();
      if (count == columns) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
      } else {
        fillRun<T>(to, 0, columns);
        copyRun<T>(to, from, count);
      }
    }
    const window = <usize>windowAt(p) * sizeof<T>();
    const inRow = p % OW() + count <= OW();
    for (let k = 0; k < K; k += TILE_ROWS) {
      tile<T>(F(), filters + <usize>k * F() * sizeof<T>(), packed, buffer, TILE_ROW_BYTES, false, 0);
      const rows = min(TILE_ROWS, K - k);
      for (let i = 0; i < rows; i++) {
        const plane = image + <usize>load<i32>(offsets + (<usize>(k + i) << 2)) * sizeof<T>();
        const values = buffer + <usize>i * TILE_ROW_BYTES;
        if (inRow) addRun<T>(plane + window, values, count);
        else addScattered<T>(plane, values, p, count);
      }
    }
  }
  const row = <usize>W() * sizeof<T>();
  let to = pointer(0) + <usize>n * C() * H() * row;
  for (let c = 0; c < C(); c++) {
    for (let h = 0; h < H(); h++) {
      const at = <usize>((c * paddedH() + padH() + h) * paddedW() + padW());
      copyRun<T>(to, image + at * sizeof<T>(), W());
      to += row;
    }
  }
}

/** Adds `count` values, those of the output pixels from `pixel` on, each to where its window begins in a plane. */
function addScattered<T>(plane: usize, values: usize, pixel: i32, count: i32): void {
  for (let j = 0; j < count; j++) {
    const to = plane + <usize>windowAt(pixel + j) * sizeof<T>();
    store<T>(to, load<T>(to) + load<T>(values + <usize>j * sizeof<T>()));
  }
}

/** Adds `count` values to the beginnings of neighbouring windows, the first of which is `at`. */
function addRun<T>(at: usize, values: usize, count: i32): void {
  const step = strideW();
  let j = 0;
  const zero = v128.splat<T>(0);
  for (; step <= 2 && j + lanes<T>() <= count; j += lanes<T>()) {
    const v = v128.load(values + <usize>j * sizeof<T>());
    if (step == 1) {
      v128.store(at, v128.add<T>(v128.load(at), v));
    } else if (sizeof<T>() == 4) {
      v128.store(at, v128.add<T>(v128.load(at), v128.shuffle<f32>(v, zero, 0, 4, 1, 5)));
      v128.store(at, v128.add<T>(v128.load(at, 16), v128.shuffle<f32>(v, zero, 2, 6, 3, 7)), 16);
    } else {
      v128.store(at, v128.add<T>(v128.load(at), v128.shuffle<f64>(v, zero, 0, 2)));
      v128.store(at, v128.add<T>(v128.load(at, 16), v128.shuffle<f64>(v, zero, 1, 3)), 16);
    }
    at += <usize>(lanes<T>() * step) * sizeof<T>();
  }
  for (; j < count; j++) {
    store<T>(at, load<T>(at) + load<T>(values + <usize>j * sizeof<T>()));
    at += <usize>step * sizeof<T>();
  }
}

/**
 * dx = dout where y > 0, else 0, and sums[c] = Σ dx[n, c, s]: the gradient of a bias under a ReLU. One item is a
 * channel. Integers: 0 dout, 1 y, 2 dx, 3 sums, 4 N, 5 C, 6 S.
 */
export function reluBackwardSumChannels<T>(c: i32): void {
  const N = integer(4), channels = integer(5), S = integer(6);
  let sum: f64 = 0;
  for (let n = 0; n < N; n++) {
    const at = (<usize>n * channels + c) * S * sizeof<T>();
    sum += maskSegment<T>(pointer(0) + at, pointer(1) + at, pointer(2) + at, S);
  }
  store<T>(pointer(3) + <usize>c * sizeof<T>(), <T>sum);
}

/** out[c] = Σ x[n, c, s]. One item is a channel. Integers: 0 x, 1 out, 2 N, 3 C, 4 S. */
export function sumChannels<T>(c: i32): void {
  const N = integer(2), channels = integer(3), S = integer(4);
  let sum: f64 = 0;
  for (let n = 0; n < N; n++) sum += sumShifted<T>(pointer(0) + (<usize>n * channels + c) * S * sizeof<T>(), S, 0);
  store<T>(pointer(1) + <usize>c * sizeof<T>(), <T>sum);
}
