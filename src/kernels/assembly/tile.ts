import { EDGE_TILES, EDGE_TILE_BYTES, TILE_ROWS, TILE_ROW_BYTES } from "../wasm/protocol";
import { thread } from "./job";
import { copyRun, lanes, madd, splatAt, VECTOR } from "./simd";

// Products of a panel of A by a panel of B (packing.ts): a tile of 6 rows by 2 vectors, or what is needed of it at an
// edge. Each sum adds its K products in order, so that the parts of a tile have the bits of the whole.

/**
 * 6 rows by 2 vectors of out, K products each. 12 accumulators, 2 vectors of B and one splat of A are just what V8
 * keeps in its 16 registers: 4×12 spills and 4×8 leaves the multipliers idle. 55 GFLOP/s of float32 on one core of a
 * Xeon at about 3 GHz, Node 20, against 28 without the fused multiply-add.
 *
 * The sums start from what is at `c0` if `load`, else from the six values at `bias`, one a row, or from zero.
 */
export function tile<T>(k: i32, a: usize, b: usize, c0: usize, ld: usize, load: bool, bias: usize): void {
  const c1 = c0 + ld;
  const c2 = c1 + ld;
  const c3 = c2 + ld;
  const c4 = c3 + ld;
  const c5 = c4 + ld;
  let v00 = v128.splat<T>(0), v01 = v00;
  let v10 = v00, v11 = v00;
  let v20 = v00, v21 = v00;
  let v30 = v00, v31 = v00;
  let v40 = v00, v41 = v00;
  let v50 = v00, v51 = v00;
  if (load) {
    v00 = v128.load(c0), v01 = v128.load(c0, 16);
    v10 = v128.load(c1), v11 = v128.load(c1, 16);
    v20 = v128.load(c2), v21 = v128.load(c2, 16);
    v30 = v128.load(c3), v31 = v128.load(c3, 16);
    v40 = v128.load(c4), v41 = v128.load(c4, 16);
    v50 = v128.load(c5), v51 = v128.load(c5, 16);
  } else if (bias) {
    v00 = splatAt<T>(bias), v01 = v00;
    v10 = splatAt<T>(bias, sizeof<T>()), v11 = v10;
    v20 = splatAt<T>(bias, 2 * sizeof<T>()), v21 = v20;
    v30 = splatAt<T>(bias, 3 * sizeof<T>()), v31 = v30;
    v40 = splatAt<T>(bias, 4 * sizeof<T>()), v41 = v40;
    v50 = splatAt<T>(bias, 5 * sizeof<T>()), v51 = v50;
  }
  const end = b + <usize>k * TILE_ROW_BYTES;
  while (b < end) {
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
    b += TILE_ROW_BYTES;
  }
  v128.store(c0, v00), v128.store(c0, v01, 16);
  v128.store(c1, v10), v128.store(c1, v11, 16);
  v128.store(c2, v20), v128.store(c2, v21, 16);
  v128.store(c3, v30), v128.store(c3, v31, 16);
  v128.store(c4, v40), v128.store(c4, v41, 16);
  v128.store(c5, v50), v128.store(c5, v51, 16);
}

/** The first four rows of a tile alone. */
function fourRows<T>(k: i32, a: usize, b: usize, c0: usize, ld: usize, load: bool, bias: usize): void {
  const c1 = c0 + ld;
  const c2 = c1 + ld;
  const c3 = c2 + ld;
  let v00 = v128.splat<T>(0), v01 = v00;
  let v10 = v00, v11 = v00;
  let v20 = v00, v21 = v00;
  let v30 = v00, v31 = v00;
  if (load) {
    v00 = v128.load(c0), v01 = v128.load(c0, 16);
    v10 = v128.load(c1), v11 = v128.load(c1, 16);
    v20 = v128.load(c2), v21 = v128.load(c2, 16);
    v30 = v128.load(c3), v31 = v128.load(c3, 16);
  } else if (bias) {
    v00 = splatAt<T>(bias), v01 = v00;
    v10 = splatAt<T>(bias, sizeof<T>()), v11 = v10;
    v20 = splatAt<T>(bias, 2 * sizeof<T>()), v21 = v20;
    v30 = splatAt<T>(bias, 3 * sizeof<T>()), v31 = v30;
  }
  const end = b + <usize>k * TILE_ROW_BYTES;
  while (b < end) {
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
    a += TILE_ROWS * sizeof<T>();
    b += TILE_ROW_BYTES;
  }
  v128.store(c0, v00), v128.store(c0, v01, 16);
  v128.store(c1, v10), v128.store(c1, v11, 16);
  v128.store(c2, v20), v128.store(c2, v21, 16);
  v128.store(c3, v30), v128.store(c3, v31, 16);
}

/** The first two rows alone: as long as four, whose sums wait for each other as little. See {@link twoRowsTwice}. */
function twoRows<T>(k: i32, a: usize, b: usize, c0: usize, ld: usize, load: bool, bias: usize): void {
  const c1 = c0 + ld;
  let v00 = v128.splat<T>(0), v01 = v00;
  let v10 = v00, v11 = v00;
  if (load) {
    v00 = v128.load(c0), v01 = v128.load(c0, 16);
    v10 = v128.load(c1), v11 = v128.load(c1, 16);
  } else if (bias) {
    v00 = splatAt<T>(bias), v01 = v00;
    v10 = splatAt<T>(bias, sizeof<T>()), v11 = v10;
  }
  const end = b + <usize>k * TILE_ROW_BYTES;
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, VECTOR);
    let s = splatAt<T>(a);
    v00 = madd<T>(s, b0, v00), v01 = madd<T>(s, b1, v01);
    s = splatAt<T>(a, sizeof<T>());
    v10 = madd<T>(s, b0, v10), v11 = madd<T>(s, b1, v11);
    a += TILE_ROWS * sizeof<T>();
    b += TILE_ROW_BYTES;
  }
  v128.store(c0, v00), v128.store(c0, v01, 16);
  v128.store(c1, v10), v128.store(c1, v11, 16);
}

/**
 * The first two rows of two tiles: of those that panels of B make which lie `panel` bytes apart, `next` bytes apart.
 */
export function twoRowsTwice<T>(k: i32, a: usize, b: usize, panel: usize, c: usize, ld: usize, next: usize): void {
  let v00 = v128.splat<T>(0), v01 = v00, v02 = v00, v03 = v00;
  let v10 = v00, v11 = v00, v12 = v00, v13 = v00;
  const end = b + <usize>k * TILE_ROW_BYTES;
  let second = b + panel;
  while (b < end) {
    const b0 = v128.load(b), b1 = v128.load(b, VECTOR);
    const b2 = v128.load(second), b3 = v128.load(second, VECTOR);
    let s = splatAt<T>(a);
    v00 = madd<T>(s, b0, v00), v01 = madd<T>(s, b1, v01), v02 = madd<T>(s, b2, v02), v03 = madd<T>(s, b3, v03);
    s = splatAt<T>(a, sizeof<T>());
    v10 = madd<T>(s, b0, v10), v11 = madd<T>(s, b1, v11), v12 = madd<T>(s, b2, v12), v13 = madd<T>(s, b3, v13);
    a += TILE_ROWS * sizeof<T>();
    b += TILE_ROW_BYTES;
    second += TILE_ROW_BYTES;
  }
  v128.store(c, v00), v128.store(c, v01, 16);
  v128.store(c + next, v02), v128.store(c + next, v03, 16);
  c += ld;
  v128.store(c, v10), v128.store(c, v11, 16);
  v128.store(c + next, v12), v128.store(c + next, v13, 16);
}

/** The first vector of columns of a tile alone. */
function narrow<T>(k: i32, a: usize, b: usize, c: usize, ld: usize, load: bool, bias: usize): void {
  let v0 = v128.splat<T>(0), v1 = v0, v2 = v0, v3 = v0, v4 = v0, v5 = v0;
  const c1 = c + ld;
  const c2 = c1 + ld;
  const c3 = c2 + ld;
  const c4 = c3 + ld;
  const c5 = c4 + ld;
  if (load) {
    v0 = v128.load(c), v1 = v128.load(c1), v2 = v128.load(c2);
    v3 = v128.load(c3), v4 = v128.load(c4), v5 = v128.load(c5);
  } else if (bias) {
    v0 = splatAt<T>(bias), v1 = splatAt<T>(bias, sizeof<T>()), v2 = splatAt<T>(bias, 2 * sizeof<T>());
    v3 = splatAt<T>(bias, 3 * sizeof<T>()), v4 = splatAt<T>(bias, 4 * sizeof<T>()),
    v5 = splatAt<T>(bias, 5 * sizeof<T>());
  }
  const end = b + <usize>k * TILE_ROW_BYTES;
  while (b < end) {
    const column = v128.load(b);
    v0 = madd<T>(splatAt<T>(a), column, v0);
    v1 = madd<T>(splatAt<T>(a, sizeof<T>()), column, v1);
    v2 = madd<T>(splatAt<T>(a, 2 * sizeof<T>()), column, v2);
    v3 = madd<T>(splatAt<T>(a, 3 * sizeof<T>()), column, v3);
    v4 = madd<T>(splatAt<T>(a, 4 * sizeof<T>()), column, v4);
    v5 = madd<T>(splatAt<T>(a, 5 * sizeof<T>()), column, v5);
    a += TILE_ROWS * sizeof<T>();
    b += TILE_ROW_BYTES;
  }
  v128.store(c, v0), v128.store(c1, v1), v128.store(c2, v2);
  v128.store(c3, v3), v128.store(c4, v4), v128.store(c5, v5);
}

/**
 * What holds the first `height` rows and `width` columns of a tile, in the least time: more may be written than that.
 */
export function cover<T>(
  k: i32, a: usize, b: usize, to: usize, ld: usize, load: bool, bias: usize, height: i32, width: i32,
): void {
  if (height <= 2) twoRows<T>(k, a, b, to, ld, load, bias);
  else if (width <= lanes<T>()) narrow<T>(k, a, b, to, ld, load, bias);
  else if (height <= 4) fourRows<T>(k, a, b, to, ld, load, bias);
  else tile<T>(k, a, b, to, ld, load, bias);
}

/** This thread's buffer for a tile. */
// @ts-ignore: decorator
@inline export function tileBuffer(): usize {
  return <usize>EDGE_TILES + thread * EDGE_TILE_BYTES;
}

/** A tile that `out` has only part of: computed in this thread's buffer, as much as is needed, and the part copied. */
export function edge<T>(
  k: i32, a: usize, b: usize, to: usize, ld: usize, load: bool, bias: usize, height: i32, width: i32,
): void {
  const buffer = tileBuffer();
  if (load) {
    for (let i: usize = 0; i < <usize>height; i++) copyRun<T>(buffer + i * <usize>TILE_ROW_BYTES, to + i * ld, width);
  }
  cover<T>(k, a, b, buffer, TILE_ROW_BYTES, load, bias, height, width);
  for (let i: usize = 0; i < <usize>height; i++) copyRun<T>(to + i * ld, buffer + i * <usize>TILE_ROW_BYTES, width);
}
