import { TILE_ROWS, TILE_ROW_BYTES } from "../wasm/protocol";
import { integer, pointer } from "./job";
import { lanes, loadPart, storePart, VECTOR } from "./simd";

// Panels for the matrix product of gemm.ts: of A 6 rows each, of B two vectors of columns, [panel][k][width], zeros
// beyond the operand's extent. An operand lies along its panels where neighbours in a row go to one panel, else across
// them.

/** Columns of a panel of B. */
// @ts-ignore: decorator
@inline export function tileColumns<T>(): i32 {
  return TILE_ROW_BYTES / sizeof<T>();
}

/**
 * Packs panels `first` to before `end` out of rows (K, extent), `ld` bytes apart, that lie along them; the first to
 * `to`.
 */
// @ts-ignore: decorator
@inline function packAlong<T>(
  source: usize, to: usize, extent: i32, K: i32, ld: usize, first: i32, end: i32, width: i32,
): void {
  const step = <usize>width * sizeof<T>();
  const panelBytes = <usize>K * step;
  const whole = min(end, extent / width);
  let row = source + <usize>first * step;
  let toRow = to;
  for (let k = 0; k < K; k++) {
    let from = row;
    let at = toRow;
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
    toRow += step;
  }
  if (whole < end) {
    packRest<T>(
      source + <usize>whole * step, to + <usize>(whole - first) * panelBytes, extent - whole * width, K, ld, width,
    );
  }
}

/** The last panel of {@link packAlong}, which the extent fills in part. */
function packRest<T>(from: usize, to: usize, filled: i32, K: i32, ld: usize, width: i32): void {
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

/** The same out of rows (extent, K), `ld` bytes apart, that lie across the panels: interleaved two at a time. */
// @ts-ignore: decorator
@inline function packAcross<T>(
  source: usize, to: usize, extent: i32, K: i32, ld: usize, first: i32, end: i32, width: i32,
): void {
  const step = <usize>width * sizeof<T>();
  for (let panel = first; panel < end; panel++) {
    for (let k0 = 0; k0 < K; k0 += 256) {
      const k1 = min(K, k0 + 256);
      let i = 0;
      if (step == 32 && sizeof<T>() == 4 && (panel + 1) * width <= extent) {
        transposeEight(source + <usize>(panel * width) * ld, ld, to, k0, k1);
        i = width;
      }
      for (; i < width; i += 2) {
        const row = panel * width + i;
        const from = source + <usize>row * ld;
        const pairs = to + <usize>i * sizeof<T>();
        if (row + 1 < extent) {
          interleave<T>(from, from + ld, pairs, k0, k1, step);
        } else {
          for (let k = k0; k < k1; k++) {
            const pair = pairs + <usize>k * step;
            store<T>(pair, row < extent ? load<T>(from + <usize>k * sizeof<T>()) : <T>0);
            store<T>(pair, <T>0, sizeof<T>());
          }
        }
      }
    }
    to += <usize>K * step;
  }
}

/** to[k] = (a[k], b[k], …) for k0 ≤ k < k1, of eight rows of float32, `ld` bytes apart. */
function transposeEight(a: usize, ld: usize, to: usize, k0: i32, k1: i32): void {
  const b = a + ld;
  const c = b + ld;
  const d = c + ld;
  const e = d + ld;
  const f = e + ld;
  const g = f + ld;
  const h = g + ld;
  let at = <usize>k0 << 2;
  to += <usize>k0 << 5;
  for (const end = <usize>(k0 + ((k1 - k0) & ~3)) << 2; at < end; at += VECTOR) {
    let x = v128.load(a + at), y = v128.load(b + at), z = v128.load(c + at), w = v128.load(d + at);
    let xy = v128.shuffle<f32>(x, y, 0, 4, 1, 5), zw = v128.shuffle<f32>(z, w, 0, 4, 1, 5);
    v128.store(to, v128.shuffle<f64>(xy, zw, 0, 2));
    v128.store(to, v128.shuffle<f64>(xy, zw, 1, 3), 32);
    xy = v128.shuffle<f32>(x, y, 2, 6, 3, 7), zw = v128.shuffle<f32>(z, w, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(xy, zw, 0, 2), 64);
    v128.store(to, v128.shuffle<f64>(xy, zw, 1, 3), 96);
    x = v128.load(e + at), y = v128.load(f + at), z = v128.load(g + at), w = v128.load(h + at);
    xy = v128.shuffle<f32>(x, y, 0, 4, 1, 5), zw = v128.shuffle<f32>(z, w, 0, 4, 1, 5);
    v128.store(to, v128.shuffle<f64>(xy, zw, 0, 2), 16);
    v128.store(to, v128.shuffle<f64>(xy, zw, 1, 3), 48);
    xy = v128.shuffle<f32>(x, y, 2, 6, 3, 7), zw = v128.shuffle<f32>(z, w, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(xy, zw, 0, 2), 80);
    v128.store(to, v128.shuffle<f64>(xy, zw, 1, 3), 112);
    to += 128;
  }
  for (const end = <usize>k1 << 2; at < end; at += sizeof<f32>()) {
    store<f32>(to, load<f32>(a + at)), store<f32>(to, load<f32>(b + at), 4);
    store<f32>(to, load<f32>(c + at), 8), store<f32>(to, load<f32>(d + at), 12);
    store<f32>(to, load<f32>(e + at), 16), store<f32>(to, load<f32>(f + at), 20);
    store<f32>(to, load<f32>(g + at), 24), store<f32>(to, load<f32>(h + at), 28);
    to += TILE_ROW_BYTES;
  }
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

/** Packs panels `first` to before `end` of A: rows of six. */
export function packPanelsA<T>(
  along: bool, source: usize, to: usize, extent: i32, K: i32, ld: usize, first: i32, end: i32,
): void {
  if (along) packAlong<T>(source, to, extent, K, ld, first, end, TILE_ROWS);
  else packAcross<T>(source, to, extent, K, ld, first, end, TILE_ROWS);
}

/** Packs panels `first` to before `end` of B: two vectors of columns. */
export function packPanelsB<T>(
  along: bool, source: usize, to: usize, extent: i32, K: i32, ld: usize, first: i32, end: i32,
): void {
  if (along) packAlong<T>(source, to, extent, K, ld, first, end, tileColumns<T>());
  else packAcross<T>(source, to, extent, K, ld, first, end, tileColumns<T>());
}

/**
 * Packs an operand. One item is a group of neighbouring panels. Integers: 0 source, 1 packed, 2 extent, 3 K, 4 values
 * from a row of the source to the next, 5 panels of a group, 6 whether it lies along them.
 */
export function packA<T>(item: i32): void {
  const K = integer(3), first = item * integer(5);
  const end = min(first + integer(5), (integer(2) + TILE_ROWS - 1) / TILE_ROWS);
  const to = pointer(1) + <usize>first * K * TILE_ROWS * sizeof<T>();
  packPanelsA<T>(integer(6) != 0, pointer(0), to, integer(2), K, <usize>integer(4) * sizeof<T>(), first, end);
}

/** The same for B. */
export function packB<T>(item: i32): void {
  const K = integer(3), first = item * integer(5);
  const end = min(first + integer(5), (integer(2) + tileColumns<T>() - 1) / tileColumns<T>());
  const to = pointer(1) + <usize>first * K * TILE_ROW_BYTES;
  packPanelsB<T>(integer(6) != 0, pointer(0), to, integer(2), K, <usize>integer(4) * sizeof<T>(), first, end);
}
