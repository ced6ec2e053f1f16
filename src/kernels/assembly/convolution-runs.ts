import { TILE_ROWS, TILE_ROW_BYTES } from "../wasm/protocol";
import { reluRun } from "./convolution";
import { C, F, HH, OH, OW, ownScratch, WW } from "./image";
import { integer, pointer } from "./job";
import { laidOutBytes, layOut, writeRuns } from "./runs";
import { madd, splatAt, VECTOR } from "./simd";

// Convolution by runs of a laid-out image (runs.ts): filters times pixels, as a product's tile.

/** Bytes of the pixels of a tile of one filter: eight vectors. No image has fewer. */
// @ts-ignore: decorator
@inline const ROW_BYTES: i32 = 128;

/**
 * out = b + the convolution, then max(0, ·) if asked. One item is an image. Integers: 0 x, 1 filters in panels of 6, 2
 * b or 0, 3 out, 25 relu.
 *
 * The tiles are called from two places each, so that the compiler leaves them functions of their own: with another loop
 * around it V8 keeps their sums in memory, and takes twice the time.
 */
export function convRunsForward<T>(n: i32): void {
  const K = C() * HH() * WW();
  const length = OH() * OW() * <i32>sizeof<T>();
  const image = ownScratch();
  const runs = image + laidOutBytes<T>();
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
  if (integer(25)) reluRun<T>(first, F() * OH() * OW());
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
