import { PRODUCT_DEPTH, TILE_ROWS, TILE_ROW_BYTES } from "../wasm/protocol";
import { integer, pointer, thread } from "./job";
import { packPanelsA, packPanelsB, tileColumns } from "./packing";
import { edge, tile } from "./tile";

// out (M, N) = A (M, K) · B (K, N), after Goto and van de Geijn 2008: A is packed into panels of 6 rows and B into
// panels of 2 vectors of columns, each panel contiguous along K, and the product is computed in tiles of 6 rows by 2
// vectors.
//
// A tile starts from what `out` holds and adds the K products in order, so how K is cut into blocks changes no bit;
// only shares of a deep product, whose number the sizes alone decide, are sums of their own.

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
 * One rectangle of the product: some panels of A by some of B. Integers: 0 and 1 packed A and B, 2 out, 3 to 5 M, N and
 * K, 6 values from a row of out to the next, 7 and 8 panels of A and of B, 9 whether to add to what `out` holds.
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
 * The product where A has few panels: an item packs its own panels of B, a block of K at a time, and multiplies all of
 * A with them while they are in the second-level cache. Integers: 0 packed A, 1 B as it lies, 2 out, 3 to 5 M, N and K,
 * 6 values from a row of out to the next, 7 panels of B to an item, 8 whether B lies along them, 9 whether to add to
 * what `out` holds, 10 values from a row of B to the next, 11 and 12 the scratch and its bytes for each thread.
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

/**
 * The same where B has few panels: an item packs its own panels of A. Integers: 0 A as it lies, 1 packed B, else with A
 * for B.
 */
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

/**
 * A product that is deep beside its output: one item computes the share of it that a part of K makes, to sums of its
 * own, and packs both operands for that a block at a time, so that their rows are read as they lie. Integers: 0 and 1 A
 * and B as they lie, 2 sums, 3 to 5 M, N and K, 6 shares, 7 depth of a block, 8 and 9 whether A and B lie along their
 * panels, 10 and 11 values from a row of A and of B to the next, 12 and 13 the scratch and its bytes for each thread.
 */
export function productShare<T>(item: i32): void {
  const M = integer(3), N = integer(4), K = integer(5);
  const alongA = integer(8) != 0, alongB = integer(9) != 0;
  const rowA = <usize>integer(10) * sizeof<T>(), rowB = <usize>integer(11) * sizeof<T>();
  const aPanels = (M + TILE_ROWS - 1) / TILE_ROWS, bPanels = (N + tileColumns<T>() - 1) / tileColumns<T>();
  const out = pointer(2) + <usize>(item * M * N) * sizeof<T>();
  const a = pointer(12) + thread * <usize>integer(13);
  const b = a + <usize>(aPanels * integer(7)) * (TILE_ROWS * sizeof<T>());
  const first = <i32>(<i64>K * item / integer(6)), end = <i32>(<i64>K * (item + 1) / integer(6));
  for (let k = first; k < end; k += integer(7)) {
    const count = min(integer(7), end - k);
    packPanelsA<T>(alongA, pointer(0) + <usize>k * (alongA ? rowA : sizeof<T>()), a, M, count, rowA, 0, aPanels);
    packPanelsB<T>(alongB, pointer(1) + <usize>k * (alongB ? rowB : sizeof<T>()), b, N, count, rowB, 0, bPanels);
    for (let j = 0; j < bPanels; j++) {
      const bAt = b + <usize>(j * count) * TILE_ROW_BYTES;
      for (let i = 0; i < aPanels; i++) {
        const aAt = a + <usize>(i * count) * (TILE_ROWS * sizeof<T>());
        multiplyPanels<T>(count, aAt, bAt, out, <usize>N * sizeof<T>(), k > first, i, j, M, N);
      }
    }
  }
}
