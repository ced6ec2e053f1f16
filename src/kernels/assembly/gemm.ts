import { EDGE_TILES, EDGE_TILE_BYTES, PRODUCT_DEPTH, TILE_ROWS, TILE_ROW_BYTES } from "../wasm/protocol";
import { integer, pointer } from "./job";
import { packPanelsA, packPanelsB, tileColumns } from "./packing";
import { copyRun, lanes, madd, splatAt, VECTOR } from "./simd";

// out (M, N) = A (M, K) · B (K, N), after Goto and van de Geijn 2008: A is packed into panels of 6 rows and B into panels
// of 2 vectors of columns, each panel contiguous along K, and the product is computed in tiles of 6 rows by 2 vectors.
//
// A tile starts from what `out` holds and adds the K products in order, so how K is cut into blocks changes no bit.

/** This thread's number, which chooses its edge tile and its share of a kernel's scratch. */
export let thread: usize = 0;

export function setThread(index: i32): void {
  thread = index;
}

/** One panel by one panel to its place in `out`: whole, or at an edge as much as there is. */
// @ts-ignore: decorator
@inline function multiplyPanels<T>(
  count: i32, a: usize, b: usize, out: usize, ld: usize, load: bool, i: i32, j: i32, M: i32, N: i32,
): void {
  const columns = tileColumns<T>();
  const to = out + <usize>(i * TILE_ROWS) * ld + <usize>j * TILE_ROW_BYTES;
  const height = min(TILE_ROWS, M - i * TILE_ROWS);
  const width = min(columns, N - j * columns);
  if (height == TILE_ROWS && width == columns) tile<T>(count, a, b, to, ld, load, 0);
  else edge<T>(count, a, b, to, ld, load, 0, height, width);
}

/**
 * One rectangle of the product: some panels of A by some of B. Integers: 0 and 1 packed A and B, 2 out, 3 to 5 M, N and K, 6
 * values from a row of out to the next, 7 and 8 panels of A and of B, 9 whether to add to what `out` holds.
 */
export function product<T>(item: i32): void {
  const a = pointer(0), b = pointer(1), out = pointer(2);
  const M = integer(3), N = integer(4), K = integer(5);
  const ld = <usize>integer(6) * sizeof<T>();
  const aPanels = integer(7), bPanels = integer(8);

  const columns = tileColumns<T>();
  const across = ((N + columns - 1) / columns + bPanels - 1) / bPanels;
  const firstA = (item / across) * aPanels;
  const firstB = (item % across) * bPanels;
  const endA = min(firstA + aPanels, (M + TILE_ROWS - 1) / TILE_ROWS);
  const endB = min(firstB + bPanels, (N + columns - 1) / columns);
  for (let k = 0; k < K; k += PRODUCT_DEPTH) {
    const count = min(PRODUCT_DEPTH, K - k);
    const load = k > 0 || integer(9) != 0;
    for (let j = firstB; j < endB; j++) {
      const bAt = b + (<usize>j * K + k) * TILE_ROW_BYTES;
      for (let i = firstA; i < endA; i++) {
        const aAt = a + (<usize>i * K + k) * (TILE_ROWS * sizeof<T>());
        multiplyPanels<T>(count, aAt, bAt, out, ld, load, i, j, M, N);
      }
    }
  }
}

/**
 * The product where A has few panels: an item packs its own panels of B, a block of K at a time, and multiplies all of A with
 * them while they are in the second-level cache. Integers: 0 packed A, 1 B as it lies, 2 out, 3 to 5 M, N and K, 6 values from a
 * row of out to the next, 7 panels of B to an item, 8 whether B lies along them, 9 whether to add to what `out` holds, 10
 * values from a row of B to the next, 11 and 12 the scratch and its bytes for each thread.
 */
export function productPackingB<T>(item: i32): void {
  const a = pointer(0), out = pointer(2);
  const M = integer(3), N = integer(4), K = integer(5);
  const ld = <usize>integer(6) * sizeof<T>(), along = integer(8) != 0;
  const sourceRow = <usize>integer(10) * sizeof<T>();
  const packed = pointer(11) + thread * <usize>integer(12);

  const columns = tileColumns<T>();
  const first = item * integer(7);
  const end = min(first + integer(7), (N + columns - 1) / columns);
  const aPanels = (M + TILE_ROWS - 1) / TILE_ROWS;
  for (let k = 0; k < K; k += PRODUCT_DEPTH) {
    const count = min(PRODUCT_DEPTH, K - k);
    const load = k > 0 || integer(9) != 0;
    const source = pointer(1) + <usize>k * (along ? sourceRow : sizeof<T>());
    packPanelsB<T>(along, source, packed, N, count, sourceRow, first, end);
    // Shallow panels all stay in the first-level cache: then rows of `out` are written as far as the item goes.
    const atATime = count <= 64 ? end - first : 1;
    for (let j0 = first; j0 < end; j0 += atATime) {
      for (let i = 0; i < aPanels; i++) {
        const aAt = a + (<usize>i * K + k) * (TILE_ROWS * sizeof<T>());
        for (let j = j0; j < j0 + atATime; j++) {
          const b = packed + <usize>((j - first) * count) * TILE_ROW_BYTES;
          multiplyPanels<T>(count, aAt, b, out, ld, load, i, j, M, N);
        }
      }
    }
  }
}

/** The same where B has few panels: an item packs its own panels of A. Integers: 0 A as it lies, 1 packed B, else with A for B. */
export function productPackingA<T>(item: i32): void {
  const b = pointer(1), out = pointer(2);
  const M = integer(3), N = integer(4), K = integer(5);
  const ld = <usize>integer(6) * sizeof<T>(), along = integer(8) != 0;
  const sourceRow = <usize>integer(10) * sizeof<T>();
  const packed = pointer(11) + thread * <usize>integer(12);

  const first = item * integer(7);
  const end = min(first + integer(7), (M + TILE_ROWS - 1) / TILE_ROWS);
  const bPanels = (N + tileColumns<T>() - 1) / tileColumns<T>();
  for (let k = 0; k < K; k += PRODUCT_DEPTH) {
    const count = min(PRODUCT_DEPTH, K - k);
    const load = k > 0 || integer(9) != 0;
    const source = pointer(0) + <usize>k * (along ? sourceRow : sizeof<T>());
    packPanelsA<T>(along, source, packed, M, count, sourceRow, first, end);
    for (let j = 0; j < bPanels; j++) {
      const bAt = b + (<usize>j * K + k) * TILE_ROW_BYTES;
      for (let i = first; i < end; i++) {
        const a = packed + <usize>((i - first) * count) * (TILE_ROWS * sizeof<T>());
        multiplyPanels<T>(count, a, bAt, out, ld, load, i, j, M, N);
      }
    }
  }
}

/** A tile that `out` has only part of: computed in this thread's buffer, as much as is needed, and the part copied. */
export function edge<T>(
  k: i32, a: usize, b: usize, to: usize, ld: usize, load: bool, bias: usize, height: i32, width: i32,
): void {
  const buffer = <usize>EDGE_TILES + thread * EDGE_TILE_BYTES;
  if (load) {
    for (let i: usize = 0; i < <usize>height; i++) copyRun<T>(buffer + i * <usize>TILE_ROW_BYTES, to + i * ld, width);
  }
  if (height <= 2) lowTile<T>(k, a, b, buffer, load, bias);
  else if (width <= lanes<T>()) narrowTile<T>(k, a, b, buffer, load, bias);
  else tile<T>(k, a, b, buffer, TILE_ROW_BYTES, load, bias);
  for (let i: usize = 0; i < <usize>height; i++) copyRun<T>(to + i * ld, buffer + i * <usize>TILE_ROW_BYTES, width);
}

/**
 * 6 rows by 2 vectors of out, K products each. 12 accumulators, 2 vectors of B and one splat of A are just what V8 keeps
 * in its 16 registers: 4×12 spills and 4×8 leaves the multipliers idle. 55 GFLOP/s of float32 on one core of a Xeon at
 * about 3 GHz, Node 20, against 28 without the fused multiply-add.
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

/** The first vector of columns of a tile alone, in an edge buffer: what an edge no wider needs, in two thirds of the time. */
function narrowTile<T>(k: i32, a: usize, b: usize, c: usize, load: bool, bias: usize): void {
  let v0 = v128.splat<T>(0);
  let v1 = v0;
  let v2 = v0;
  let v3 = v0;
  let v4 = v0;
  let v5 = v0;
  if (load) {
    v0 = v128.load(c);
    v1 = v128.load(c, 32);
    v2 = v128.load(c, 64);
    v3 = v128.load(c, 96);
    v4 = v128.load(c, 128);
    v5 = v128.load(c, 160);
  } else if (bias) {
    v0 = splatAt<T>(bias);
    v1 = splatAt<T>(bias, sizeof<T>());
    v2 = splatAt<T>(bias, 2 * sizeof<T>());
    v3 = splatAt<T>(bias, 3 * sizeof<T>());
    v4 = splatAt<T>(bias, 4 * sizeof<T>());
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
  v128.store(c, v0);
  v128.store(c, v1, 32);
  v128.store(c, v2, 64);
  v128.store(c, v3, 96);
  v128.store(c, v4, 128);
  v128.store(c, v5, 160);
}

/** The first two rows of a tile alone, in an edge buffer: what an edge no higher needs, in two thirds of the time. */
export function lowTile<T>(k: i32, a: usize, b: usize, c: usize, load: bool, bias: usize): void {
  let v00 = v128.splat<T>(0), v01 = v00;
  let v10 = v00, v11 = v00;
  if (load) {
    v00 = v128.load(c), v01 = v128.load(c, 16);
    v10 = v128.load(c, 32), v11 = v128.load(c, 48);
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
  v128.store(c, v00), v128.store(c, v01, 16);
  v128.store(c, v10, 32), v128.store(c, v11, 48);
}
