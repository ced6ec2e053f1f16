import { TILE_ROWS, TILE_ROW_BYTES } from "../wasm/protocol";
import { reluRun } from "./convolution";
import { tile } from "./gemm";
import { boundOf, C, F, H, HH, OH, OW, ownScratch, padH, padW, strideH, strideW, W, WW } from "./image";
import { integer, pointer } from "./job";
import { evenLanes, fillRun, lanes, loadPart, madd, splatAt, storePart, sumLanes, VECTOR } from "./simd";

// Convolution of few taps, K = C·HH·WW, at any stride: an image is laid out so that what a tap meets at all pixels is one
// run of P = OH·OW values. Rows of the image are cut to the pixels' columns once for each kw; a tap (c, kh, kw) then reads
// the rows kh, kh + strideH, … of (c, kw), which lie one after another. So nothing is packed for a tile or transposed, and
// runs of pixels need no edge at the end of a row. Integers beside those of image.ts: 19 rows of a run's plane.

/** Bytes of the laid-out image. */
// @ts-ignore: decorator
@inline function planesBytes<T>(): usize {
  return <usize>(C() * min(strideH(), HH()) * WW() * integer(19) * OW()) * sizeof<T>();
}

/** Lays image `n` out at `to`: [c][kh mod strideH][kw][row][OW]. Writes up to a vector beyond the last. */
function layOut<T>(n: i32, to: usize): void {
  const rows = integer(19), phases = min(strideH(), HH());
  for (let c = 0; c < C(); c++) {
    for (let r = 0; r < phases; r++) {
      for (let kw = 0; kw < WW(); kw++) {
        layOutPlane<T>(n * C() + c, r, kw, to);
        to += <usize>(rows * OW()) * sizeof<T>();
      }
    }
  }
}

/**
 * One plane of {@link layOut}. Rows are read as if there were pixels beside the image where there is padding, and written one
 * after another, each maybe beyond its end; what does not belong there is overwritten.
 */
function layOutPlane<T>(channel: i32, r: i32, kw: i32, to: usize): void {
  const width = OW(), step = strideW(), rows = integer(19);
  const runBytes = <usize>width * sizeof<T>();
  const rowBytes = <usize>(strideH() * W()) * sizeof<T>();
  // The rows from `top` on, before `bottom`, and of these the columns from `left` on, before `right`, lie in the image.
  const top = min(rows, boundOf(r, 0, strideH(), padH()));
  const bottom = max(top, min(rows, boundOf(r, H(), strideH(), padH())));
  const left = min(width, boundOf(kw, 0, step, padW()));
  const right = max(left, min(width, boundOf(kw, W(), step, padW())));
  const first = to + <usize>top * runBytes, end = to + <usize>bottom * runBytes;
  const vectors = (width + lanes<T>() - 1) / lanes<T>();
  // What is read, in values from the first image on.
  const begin = (channel * H() + top * strideH() + r - padH()) * W() + kw - padW();
  const stop = begin + (bottom - top - 1) * strideH() * W() + vectors * lanes<T>() * step;
  const row = pointer(0) + <usize>(begin * <i32>sizeof<T>());

  fillRun<T>(to, 0, top * width);
  if (step > 2 || begin < 0 || stop > integer(6) * C() * H() * W()) {
    takeSingly<T>(row, rowBytes, first, end, left, right);
  } else if (step == 1) {
    takeAll<T>(row, rowBytes, first, end, vectors);
  } else {
    takeEven<T>(row, rowBytes, first, end, vectors);
  }
  for (let ow = 0; ow < width; ow++) {
    if (ow == left) ow = right;
    if (ow < width) for (let at = first; at < end; at += runBytes) store<T>(at + <usize>ow * sizeof<T>(), <T>0);
  }
  fillRun<T>(end, 0, (rows - bottom) * width);
}

/** Rows of every value, `rowBytes` after another. */
function takeAll<T>(row: usize, rowBytes: usize, to: usize, end: usize, vectors: i32): void {
  const runBytes = <usize>OW() * sizeof<T>();
  for (; to < end; to += runBytes) {
    const rowEnd = row + <usize>vectors * VECTOR;
    let at = to;
    for (let from = row; from < rowEnd; from += VECTOR) {
      v128.store(at, v128.load(from));
      at += VECTOR;
    }
    row += rowBytes;
  }
}

/** Rows of every second value. */
function takeEven<T>(row: usize, rowBytes: usize, to: usize, end: usize, vectors: i32): void {
  const runBytes = <usize>OW() * sizeof<T>();
  for (; to < end; to += runBytes) {
    const rowEnd = row + <usize>vectors * 2 * VECTOR;
    let at = to;
    for (let from = row; from < rowEnd; from += 2 * VECTOR) {
      v128.store(at, evenLanes<T>(v128.load(from), v128.load(from, VECTOR)));
      at += VECTOR;
    }
    row += rowBytes;
  }
}

/** Rows of the columns from `left` on, before `right`, at any stride. */
function takeSingly<T>(row: usize, rowBytes: usize, to: usize, end: usize, left: i32, right: i32): void {
  const runBytes = <usize>OW() * sizeof<T>(), step = <usize>strideW() * sizeof<T>();
  for (; to < end; to += runBytes) {
    for (let ow = left; ow < right; ow++) store<T>(to + <usize>ow * sizeof<T>(), load<T>(row + <usize>ow * step));
    row += rowBytes;
  }
}

/** Writes for each k = (c, kh, kw) where its run begins in the image that is laid out at `image`. */
function writeRuns<T>(image: usize, to: usize): void {
  const phases = min(strideH(), HH());
  for (let c = 0; c < C(); c++) {
    for (let kh = 0; kh < HH(); kh++) {
      for (let kw = 0; kw < WW(); kw++) {
        const plane = (c * phases + kh % strideH()) * WW() + kw;
        store<u32>(to, <u32>(image + <usize>((plane * integer(19) + kh / strideH()) * OW()) * sizeof<T>()));
        to += 4;
      }
    }
  }
}

/** Bytes of the pixels of a tile of one filter: eight vectors. No image has fewer. */
// @ts-ignore: decorator
@inline const ROW_BYTES: i32 = 128;

/**
 * out = b + the convolution, then max(0, ·) if asked. One item is an image. Integers: 0 x, 1 filters in panels of 6, 2 b or
 * 0, 3 out, 20 relu.
 *
 * The tiles are called from two places each, so that the compiler leaves them functions of their own: with another loop around
 * it V8 keeps their sums in memory, and takes twice the time.
 */
export function convRunsForward<T>(n: i32): void {
  const K = C() * HH() * WW();
  const length = OH() * OW() * <i32>sizeof<T>();
  const image = ownScratch();
  const runs = image + ((planesBytes<T>() + VECTOR + 15) & ~15);
  const end = runs + (<usize>K << 2);
  const first = pointer(3) + <usize>(n * F() * length);
  writeRuns<T>(image, runs);
  layOut<T>(n, image);

  // The last tile begins early enough to end with the pixels, and computes some once more.
  const whole = F() / TILE_ROWS * TILE_ROWS, rest = F() - whole;
  let at = 0;
  for (; at + TILE_ROW_BYTES <= length; at += TILE_ROW_BYTES) pixels<T>(runs, end, at, first, length, whole);
  if (at < length) pixels<T>(runs, end, length - TILE_ROW_BYTES, first, length, whole);
  const a = pointer(1) + <usize>(whole * K) * sizeof<T>();
  for (let i: usize = 0; i < <usize>rest; i++) {
    const bias = pointer(2) ? pointer(2) + (<usize>whole + i) * sizeof<T>() : 0;
    const to = first + (<usize>whole + i) * <usize>length;
    for (at = 0; at + ROW_BYTES <= length; at += ROW_BYTES) rowTile<T>(a + i * sizeof<T>(), runs, end, at, to, bias);
    if (at < length) rowTile<T>(a + i * sizeof<T>(), runs, end, length - ROW_BYTES, to, bias);
  }
  if (integer(20)) reluRun<T>(first, F() * OH() * OW());
}

/** All whole panels of filters by two vectors of pixels. */
// @ts-ignore: decorator
@inline function pixels<T>(runs: usize, end: usize, at: usize, to: usize, length: i32, whole: i32): void {
  let a = pointer(1), bias = pointer(2);
  to += at;
  for (let f = 0; f < whole; f += TILE_ROWS) {
    runsTile<T>(a, runs, end, at, to, <usize>length, bias);
    a += (end - runs) / 4 * (TILE_ROWS * sizeof<T>());
    if (bias) bias += TILE_ROWS * sizeof<T>();
    to += <usize>(TILE_ROWS * length);
  }
}

/** A panel of filters by two vectors of pixels: a product's tile, but that the pixels are read where they lie. */
function runsTile<T>(a: usize, runs: usize, end: usize, at: usize, c0: usize, ld: usize, bias: usize): void {
  let v00 = v128.splat<T>(0), v01 = v00;
  let v10 = v00, v11 = v00;
  let v20 = v00, v21 = v00;
  let v30 = v00, v31 = v00;
  let v40 = v00, v41 = v00;
  let v50 = v00, v51 = v00;
  if (bias) {
    v00 = splatAt<T>(bias), v01 = v00;
    v10 = splatAt<T>(bias, sizeof<T>()), v11 = v10;
    v20 = splatAt<T>(bias, 2 * sizeof<T>()), v21 = v20;
    v30 = splatAt<T>(bias, 3 * sizeof<T>()), v31 = v30;
    v40 = splatAt<T>(bias, 4 * sizeof<T>()), v41 = v40;
    v50 = splatAt<T>(bias, 5 * sizeof<T>()), v51 = v50;
  }
  while (runs < end) {
    const b = <usize>load<u32>(runs) + at;
    const b0 = v128.load(b);
    const b1 = v128.load(b, VECTOR);
    let s = splatAt<T>(a);
    v00 = madd<T>(s, b0, v00), v01 = madd<T>(s, b1, v01);
    s = splatAt<T>(a, sizeof<T>());
    v10 = madd<T>(s, b0, v10), v11 = madd<T>(s, b1, v11);
    s = splatAt<T>(a, 2 * sizeof<T>());
    v20 = madd<T>(s, b0, v20), v21 = madd<T>(s, b1, v21);
    s = splatAt<T>(a, 3 * sizeof<T>());
    v30 = madd<T>(s, b0, v30), v31 = madd<T>(s, b1, v31);
    s = splatAt<T>(a, 4 * sizeof<T>());
    v40 = madd<T>(s, b0, v40), v41 = madd<T>(s, b1, v41);
    s = splatAt<T>(a, 5 * sizeof<T>());
    v50 = madd<T>(s, b0, v50), v51 = madd<T>(s, b1, v51);
    a += TILE_ROWS * sizeof<T>();
    runs += 4;
  }
  v128.store(c0, v00), v128.store(c0, v01, 16);
  c0 += ld;
  v128.store(c0, v10), v128.store(c0, v11, 16);
  c0 += ld;
  v128.store(c0, v20), v128.store(c0, v21, 16);
  c0 += ld;
  v128.store(c0, v30), v128.store(c0, v31, 16);
  c0 += ld;
  v128.store(c0, v40), v128.store(c0, v41, 16);
  c0 += ld;
  v128.store(c0, v50), v128.store(c0, v51, 16);
}

/** One filter of a panel by eight vectors of pixels: for the filters that do not fill a panel. */
function rowTile<T>(a: usize, runs: usize, end: usize, at: usize, to: usize, bias: usize): void {
  let v0 = bias ? splatAt<T>(bias) : v128.splat<T>(0), v1 = v0, v2 = v0, v3 = v0, v4 = v0, v5 = v0, v6 = v0, v7 = v0;
  while (runs < end) {
    const b = <usize>load<u32>(runs) + at;
    const s = splatAt<T>(a);
    v0 = madd<T>(s, v128.load(b), v0), v1 = madd<T>(s, v128.load(b, 16), v1);
    v2 = madd<T>(s, v128.load(b, 32), v2), v3 = madd<T>(s, v128.load(b, 48), v3);
    v4 = madd<T>(s, v128.load(b, 64), v4), v5 = madd<T>(s, v128.load(b, 80), v5);
    v6 = madd<T>(s, v128.load(b, 96), v6), v7 = madd<T>(s, v128.load(b, 112), v7);
    a += TILE_ROWS * sizeof<T>();
    runs += 4;
  }
  to += at;
  v128.store(to, v0), v128.store(to, v1, 16), v128.store(to, v2, 32), v128.store(to, v3, 48);
  v128.store(to, v4, 64), v128.store(to, v5, 80), v128.store(to, v6, 96), v128.store(to, v7, 112);
}

/** Filters of a tile of the gradient of the filters, and its taps. */
// @ts-ignore: decorator
@inline const SIDE: i32 = 3;

/**
 * The gradient with respect to the filters, summed over a share of the images. One item is a share, and writes its own
 * (F, K) sum: how many shares there are does not depend on the threads. A sum is kept as a vector of sums over every second
 * or fourth pixel until all images are done. Integers: 0 x, 1 dout, 3 sums, 20 shares.
 */
export function convRunsBackwardWeights<T>(item: i32): void {
  const N = integer(6), shares = integer(20);
  const K = C() * HH() * WW();
  const P = OH() * OW();
  const image = ownScratch();
  const runs = image + ((planesBytes<T>() + VECTOR + 15) & ~15);
  const K3 = (K + SIDE - 1) / SIDE * SIDE;
  const sums = runs + ((<usize>K3 * 4 + 15) & ~15);
  const ld = <usize>K3 * VECTOR;
  writeRuns<T>(image, runs);
  // Taps beyond the last are the last once more, and not written.
  for (let k = K; k < K3; k++) store<u32>(runs + (<usize>k << 2), load<u32>(runs + (<usize>(K - 1) << 2)));

  const first = (N * item) / shares;
  const end = (N * (item + 1)) / shares;
  memory.fill(sums, 0, <usize>F() * ld);
  for (let n = first; n < end; n++) {
    layOut<T>(n, image);
    let dout = pointer(1) + <usize>(n * F() * P) * sizeof<T>();
    let to = sums;
    let f = 0;
    for (; f + SIDE <= F(); f += SIDE) {
      for (let k = 0; k < K3; k += SIDE) squareTile<T>(P, dout, runs + (<usize>k << 2), to + <usize>k * VECTOR, ld);
      dout += <usize>(SIDE * P) * sizeof<T>();
      to += <usize>SIDE * ld;
    }
    for (; f < F(); f++) {
      let k = 0;
      for (; k + 3 * SIDE <= K3; k += 3 * SIDE) wideTile<T>(P, dout, runs + (<usize>k << 2), to + <usize>k * VECTOR);
      for (; k < K3; k += SIDE) flatTile<T>(P, dout, runs + (<usize>k << 2), to + <usize>k * VECTOR);
      dout += <usize>P * sizeof<T>();
      to += ld;
    }
  }
  let to = pointer(3) + <usize>(item * F() * K) * sizeof<T>();
  for (let f = 0; f < F(); f++) {
    for (let k = 0; k < K; k++) {
      store<T>(to, sumLanes<T>(v128.load(sums + <usize>f * ld + <usize>k * VECTOR)));
      to += sizeof<T>();
    }
  }
}

/** sums += dout · runᵀ for three filters by three taps, P pixels each. */
function squareTile<T>(P: i32, dout: usize, runs: usize, to: usize, ld: usize): void {
  const bytes = <usize>P * sizeof<T>();
  let a0 = dout, a1 = a0 + bytes, a2 = a1 + bytes;
  let b0 = <usize>load<u32>(runs), b1 = <usize>load<u32>(runs, 4), b2 = <usize>load<u32>(runs, 8);
  const to1 = to + ld, to2 = to1 + ld;
  let v00 = v128.load(to), v01 = v128.load(to, 16), v02 = v128.load(to, 32);
  let v10 = v128.load(to1), v11 = v128.load(to1, 16), v12 = v128.load(to1, 32);
  let v20 = v128.load(to2), v21 = v128.load(to2, 16), v22 = v128.load(to2, 32);
  const end = a0 + (bytes & ~15);
  while (a0 < end) {
    const x0 = v128.load(b0), x1 = v128.load(b1), x2 = v128.load(b2);
    let d = v128.load(a0);
    v00 = madd<T>(d, x0, v00), v01 = madd<T>(d, x1, v01), v02 = madd<T>(d, x2, v02);
    d = v128.load(a1);
    v10 = madd<T>(d, x0, v10), v11 = madd<T>(d, x1, v11), v12 = madd<T>(d, x2, v12);
    d = v128.load(a2);
    v20 = madd<T>(d, x0, v20), v21 = madd<T>(d, x1, v21), v22 = madd<T>(d, x2, v22);
    a0 += VECTOR, a1 += VECTOR, a2 += VECTOR;
    b0 += VECTOR, b1 += VECTOR, b2 += VECTOR;
  }
  const rest = P & (lanes<T>() - 1);
  if (rest) {
    const x0 = loadPart<T>(b0, rest), x1 = loadPart<T>(b1, rest), x2 = loadPart<T>(b2, rest);
    let d = loadPart<T>(a0, rest);
    v00 = madd<T>(d, x0, v00), v01 = madd<T>(d, x1, v01), v02 = madd<T>(d, x2, v02);
    d = loadPart<T>(a1, rest);
    v10 = madd<T>(d, x0, v10), v11 = madd<T>(d, x1, v11), v12 = madd<T>(d, x2, v12);
    d = loadPart<T>(a2, rest);
    v20 = madd<T>(d, x0, v20), v21 = madd<T>(d, x1, v21), v22 = madd<T>(d, x2, v22);
  }
  v128.store(to, v00), v128.store(to, v01, 16), v128.store(to, v02, 32);
  v128.store(to1, v10), v128.store(to1, v11, 16), v128.store(to1, v12, 32);
  v128.store(to2, v20), v128.store(to2, v21, 16), v128.store(to2, v22, 32);
}

/** sums += dout · runᵀ for one filter by nine taps. */
function wideTile<T>(P: i32, dout: usize, runs: usize, to: usize): void {
  const whole = <usize>P * sizeof<T>() & ~15;
  const b0 = <usize>load<u32>(runs), b1 = <usize>load<u32>(runs, 4), b2 = <usize>load<u32>(runs, 8);
  const b3 = <usize>load<u32>(runs, 12), b4 = <usize>load<u32>(runs, 16), b5 = <usize>load<u32>(runs, 20);
  const b6 = <usize>load<u32>(runs, 24), b7 = <usize>load<u32>(runs, 28), b8 = <usize>load<u32>(runs, 32);
  let v0 = v128.load(to), v1 = v128.load(to, 16), v2 = v128.load(to, 32);
  let v3 = v128.load(to, 48), v4 = v128.load(to, 64), v5 = v128.load(to, 80);
  let v6 = v128.load(to, 96), v7 = v128.load(to, 112), v8 = v128.load(to, 128);
  for (let at: usize = 0; at < whole; at += VECTOR) {
    const d = v128.load(dout + at);
    v0 = madd<T>(d, v128.load(b0 + at), v0), v1 = madd<T>(d, v128.load(b1 + at), v1);
    v2 = madd<T>(d, v128.load(b2 + at), v2), v3 = madd<T>(d, v128.load(b3 + at), v3);
    v4 = madd<T>(d, v128.load(b4 + at), v4), v5 = madd<T>(d, v128.load(b5 + at), v5);
    v6 = madd<T>(d, v128.load(b6 + at), v6), v7 = madd<T>(d, v128.load(b7 + at), v7);
    v8 = madd<T>(d, v128.load(b8 + at), v8);
  }
  const rest = P & (lanes<T>() - 1);
  if (rest) {
    const d = loadPart<T>(dout + whole, rest);
    v0 = madd<T>(d, loadPart<T>(b0 + whole, rest), v0), v1 = madd<T>(d, loadPart<T>(b1 + whole, rest), v1);
    v2 = madd<T>(d, loadPart<T>(b2 + whole, rest), v2), v3 = madd<T>(d, loadPart<T>(b3 + whole, rest), v3);
    v4 = madd<T>(d, loadPart<T>(b4 + whole, rest), v4), v5 = madd<T>(d, loadPart<T>(b5 + whole, rest), v5);
    v6 = madd<T>(d, loadPart<T>(b6 + whole, rest), v6), v7 = madd<T>(d, loadPart<T>(b7 + whole, rest), v7);
    v8 = madd<T>(d, loadPart<T>(b8 + whole, rest), v8);
  }
  v128.store(to, v0), v128.store(to, v1, 16), v128.store(to, v2, 32);
  v128.store(to, v3, 48), v128.store(to, v4, 64), v128.store(to, v5, 80);
  v128.store(to, v6, 96), v128.store(to, v7, 112), v128.store(to, v8, 128);
}

/** sums += dout · runᵀ for one filter by three taps. */
function flatTile<T>(P: i32, dout: usize, runs: usize, to: usize): void {
  const whole = <usize>P * sizeof<T>() & ~15;
  const b0 = <usize>load<u32>(runs), b1 = <usize>load<u32>(runs, 4), b2 = <usize>load<u32>(runs, 8);
  let v0 = v128.load(to), v1 = v128.load(to, 16), v2 = v128.load(to, 32);
  for (let at: usize = 0; at < whole; at += VECTOR) {
    const d = v128.load(dout + at);
    v0 = madd<T>(d, v128.load(b0 + at), v0);
    v1 = madd<T>(d, v128.load(b1 + at), v1);
    v2 = madd<T>(d, v128.load(b2 + at), v2);
  }
  const rest = P & (lanes<T>() - 1);
  if (rest) {
    const d = loadPart<T>(dout + whole, rest);
    v0 = madd<T>(d, loadPart<T>(b0 + whole, rest), v0);
    v1 = madd<T>(d, loadPart<T>(b1 + whole, rest), v1);
    v2 = madd<T>(d, loadPart<T>(b2 + whole, rest), v2);
  }
  v128.store(to, v0), v128.store(to, v1, 16), v128.store(to, v2, 32);
}
