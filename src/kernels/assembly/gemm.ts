import { EDGE_TILES, EDGE_TILE_BYTES, TILE_ROWS, TILE_ROW_BYTES } from "../wasm/protocol";
import { integer, pointer } from "./job";
import { copyRun, lanes, loadPart, madd, splatAt, storePart, VECTOR } from "./simd";

// out (M, N) = A (M, K) · B (K, N), after Goto and van de Geijn 2008: A is packed into panels of 6 rows and B into panels
// of 2 vectors of columns, each panel contiguous along K, and the product is computed in tiles of 6 rows by 2 vectors.
//
// A tile starts from what `out` holds and adds the K products in order, so how K is cut into blocks changes no bit.

/** Depth to which a panel of B (16 KB) stays in the first-level cache while it meets several panels of A. */
// @ts-ignore: decorator
@inline const K_BLOCK_BYTES: i32 = 512 * 32;

/** This thread's number, which chooses its edge tile and its share of a kernel's scratch. */
export let thread: usize = 0;

export function setThread(index: i32): void {
  thread = index;
}

// @ts-ignore: decorator
@inline export function tileColumns<T>(): i32 {
  return TILE_ROW_BYTES / sizeof<T>();
}

/**
 * Packs panels of neighbouring values out of rows: source (K, extent), row stride `ld` values, to [panel][k][width], zeros
 * beyond the extent. `width` is that of the panels of A or of B. One item is `group` neighbouring panels.
 */
// @ts-ignore: decorator
@inline function packAlongOf<T>(item: i32, width: i32): void {
  const source = pointer(0);
  const packed = pointer(1);
  const extent = integer(2);
  const K = integer(3);
  const ld = <usize>integer(4) * sizeof<T>();
  const group = integer(5);

  const step = <usize>width * sizeof<T>();
  const panelBytes = <usize>K * step;
  const first = item * group;
  const whole = min(first + group, extent / width);
  const end = min(first + group, (extent + width - 1) / width);
  let row = source + <usize>first * step;
  let to = packed + <usize>first * panelBytes;
  for (let k = 0; k < K; k++) {
    let from = row;
    let at = to;
    for (let panel = first; panel < whole; panel++) {
      v128.store(at, v128.load(from));
      if (step == 24) {
        store<u64>(at, load<u64>(from, 16), 16);
      } else {
        v128.store(at, v128.load(from, 16), 16);
        if (step == 48) v128.store(at, v128.load(from, 32), 32);
      }
      from += step;
      at += panelBytes;
    }
    row += ld;
    to += step;
  }
  if (whole < end) packRest<T>(source + <usize>whole * step, packed + <usize>whole * panelBytes, extent - whole * width, width);
}

/** The last panel of {@link packAlongOf}, which the extent fills in part. */
function packRest<T>(from: usize, to: usize, filled: i32, width: i32): void {
  const K = integer(3);
  const ld = <usize>integer(4) * sizeof<T>();
  const step = <usize>width * sizeof<T>();
  const vectors = filled / lanes<T>();
  const part = filled % lanes<T>();
  memory.fill(to, 0, <usize>K * step);
  for (let k = 0; k < K; k++) {
    for (let i = 0; i < vectors; i++) v128.store(to + <usize>i * VECTOR, v128.load(from + <usize>i * VECTOR));
    if (part) {
      const at = <usize>vectors * VECTOR;
      storePart<T>(to + at, loadPart<T>(from + at, part), part);
    }
    from += ld;
    to += step;
  }
}

/** Packs panels of A from rows that run along them. */
export function packAlongA<T>(item: i32): void {
  packAlongOf<T>(item, TILE_ROWS);
}

/** Packs panels of B from rows that run along them. */
export function packAlongB<T>(item: i32): void {
  packAlongOf<T>(item, tileColumns<T>());
}

/**
 * Packs panels of rows: source (extent, K), row stride `ld` values, to [panel][k][width], zeros beyond the extent. One
 * item is `group` neighbouring panels. Rows are interleaved two at a time.
 */
// @ts-ignore: decorator
@inline function packAcrossOf<T>(item: i32, width: i32): void {
  const source = pointer(0);
  const packed = pointer(1);
  const extent = integer(2);
  const K = integer(3);
  const ld = <usize>integer(4) * sizeof<T>();
  const group = integer(5);

  const step = <usize>width * sizeof<T>();
  const panelBytes = <usize>K * step;
  const end = min((item + 1) * group, (extent + width - 1) / width);
  for (let panel = item * group; panel < end; panel++) {
    for (let k0 = 0; k0 < K; k0 += 256) {
      const k1 = min(K, k0 + 256);
      for (let i = 0; i < width; i += 2) {
        const row = panel * width + i;
        const from = source + <usize>row * ld;
        const to = packed + <usize>panel * panelBytes + <usize>i * sizeof<T>();
        if (row + 1 < extent) {
          interleave<T>(from, from + ld, to, k0, k1, step);
        } else {
          for (let k = k0; k < k1; k++) {
            const pair = to + <usize>k * step;
            store<T>(pair, row < extent ? load<T>(from + <usize>k * sizeof<T>()) : <T>0);
            store<T>(pair, <T>0, sizeof<T>());
          }
        }
      }
    }
  }
}

/** Packs panels of A from rows that run across them. */
export function packAcrossA<T>(item: i32): void {
  packAcrossOf<T>(item, TILE_ROWS);
}

/** Packs panels of B from rows that run across them. */
export function packAcrossB<T>(item: i32): void {
  packAcrossOf<T>(item, tileColumns<T>());
}

/** to[k · stride] = (a[k], b[k]) for k0 ≤ k < k1. */
export function interleave<T>(a: usize, b: usize, to: usize, k0: i32, k1: i32, stride: usize): void {
  let k = k0;
  to += <usize>k0 * stride;
  for (; k + lanes<T>() <= k1; k += lanes<T>()) {
    const x = v128.load(a + <usize>k * sizeof<T>());
    const y = v128.load(b + <usize>k * sizeof<T>());
    if (sizeof<T>() == 4) {
      const low = v128.shuffle<f32>(x, y, 0, 4, 1, 5);
      const high = v128.shuffle<f32>(x, y, 2, 6, 3, 7);
      v128.store_lane<f64>(to, low, 0);
      v128.store_lane<f64>(to + stride, low, 1);
      v128.store_lane<f64>(to + 2 * stride, high, 0);
      v128.store_lane<f64>(to + 3 * stride, high, 1);
    } else {
      v128.store(to, v128.shuffle<f64>(x, y, 0, 2));
      v128.store(to + stride, v128.shuffle<f64>(x, y, 1, 3));
    }
    to += <usize>lanes<T>() * stride;
  }
  for (; k < k1; k++) {
    store<T>(to, load<T>(a + <usize>k * sizeof<T>()));
    store<T>(to, load<T>(b + <usize>k * sizeof<T>()), sizeof<T>());
    to += stride;
  }
}

/** One rectangle of the product: `aPanels` panels of A by `bPanels` panels of B. */
export function product<T>(item: i32): void {
  const a = pointer(0);
  const b = pointer(1);
  const out = pointer(2);
  const M = integer(3);
  const N = integer(4);
  const K = integer(5);
  const ld = <usize>integer(6) * sizeof<T>();
  const aPanels = integer(7);
  const bPanels = integer(8);
  const accumulate = integer(9) != 0;

  const columns = tileColumns<T>();
  const across = ((N + columns - 1) / columns + bPanels - 1) / bPanels;
  const firstA = (item / across) * aPanels;
  const firstB = (item % across) * bPanels;
  const endA = min(firstA + aPanels, (M + TILE_ROWS - 1) / TILE_ROWS);
  const endB = min(firstB + bPanels, (N + columns - 1) / columns);
  const depth = K_BLOCK_BYTES / TILE_ROW_BYTES;
  for (let k = 0; k < K; k += depth) {
    const count = min(depth, K - k);
    const load = accumulate || k > 0;
    for (let j = firstB; j < endB; j++) {
      const bAt = b + (<usize>j * K + k) * TILE_ROW_BYTES;
      const width = min(columns, N - j * columns);
      for (let i = firstA; i < endA; i++) {
        const aAt = a + (<usize>i * K + k) * (TILE_ROWS * sizeof<T>());
        const to = out + <usize>(i * TILE_ROWS) * ld + <usize>j * TILE_ROW_BYTES;
        const height = min(TILE_ROWS, M - i * TILE_ROWS);
        if (height == TILE_ROWS && width == columns) tile<T>(count, aAt, bAt, to, ld, load, 0);
        else edge<T>(count, aAt, bAt, to, ld, load, 0, height, width);
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
