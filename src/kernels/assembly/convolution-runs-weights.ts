import { TILE_ROWS, TILE_ROW_BYTES, PRODUCT_DEPTH } from "../wasm/protocol";
import { C, F, HH, OH, OW, ownScratch, WW } from "./image";
import { integer, pointer } from "./job";
import { packPanelsB, tileColumns } from "./packing";
import { laidOutBytes, layOut, writeRuns } from "./runs";
import { madd, splatAt, VECTOR } from "./simd";

// The gradient of the filters by runs of a laid-out image (runs.ts): taps times filters, summed over the pixels. A tile
// is a product's, but that its six values of A, what six taps meet at a pixel, are read where they lie.

/**
 * The gradient with respect to the filters, summed over a share of the images. One item is a share, and writes its own
 * (F, K) sum: how many shares there are does not depend on the threads. Integers: 0 x, 1 dout, 3 sums, 25 shares.
 */
export function convRunsBackwardWeights<T>(item: i32): void {
  const N = integer(6), shares = integer(25);
  const K = C() * HH() * WW(), P = OH() * OW();
  const columns = tileColumns<T>();
  const panels = (F() + columns - 1) / columns;
  const K6 = (K + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
  const image = ownScratch();
  const runs = image + laidOutBytes<T>();
  const sums = runs + ((<usize>K6 * 4 + 15) & ~15);
  const ld = <usize>panels * TILE_ROW_BYTES;
  const packed = sums + <usize>K6 * ld;
  const rowBytes = <usize>P * sizeof<T>();
  writeRuns<T>(image, runs);
  // Taps beyond the last are the last once more, and not written.
  for (let k = K; k < K6; k++) store<u32>(runs + (<usize>k << 2), load<u32>(runs + (<usize>(K - 1) << 2)));

  const first = (N * item) / shares;
  const end = (N * (item + 1)) / shares;
  memory.fill(sums, 0, <usize>K6 * ld);
  for (let n = first; n < end; n++) {
    const dout = pointer(1) + <usize>(n * F()) * rowBytes;
    layOut<T>(n, image);
    for (let p = 0; p < P; p += PRODUCT_DEPTH) {
      const count = min(PRODUCT_DEPTH, P - p);
      const at = <usize>p * sizeof<T>();
      packPanelsB<T>(false, dout + at, packed, F(), count, rowBytes, 0, panels);
      for (let j: usize = 0; j < <usize>panels; j++) {
        const b = packed + j * <usize>count * TILE_ROW_BYTES;
        for (let k: usize = 0; k < <usize>K6; k += TILE_ROWS) {
          tapsTile<T>(count, runs + (k << 2), at, b, sums + k * ld + j * TILE_ROW_BYTES, ld);
        }
      }
    }
  }
  let to = pointer(3) + <usize>(item * F() * K) * sizeof<T>();
  for (let f: usize = 0; f < <usize>F(); f++) {
    for (let k: usize = 0; k < <usize>K; k++) {
      store<T>(to, load<T>(sums + k * ld + f * sizeof<T>()));
      to += sizeof<T>();
    }
  }
}

/**
 * sums += Σ over `count` pixels of what six taps meet there, from `at` bytes on in their runs, times a panel of
 * filters.
 */
function tapsTile<T>(count: i32, runs: usize, at: usize, b: usize, c0: usize, ld: usize): void {
  let a0 = <usize>load<u32>(runs) + at, a1 = <usize>load<u32>(runs, 4) + at, a2 = <usize>load<u32>(runs, 8) + at;
  let a3 = <usize>load<u32>(runs, 12) + at, a4 = <usize>load<u32>(runs, 16) + at, a5 = <usize>load<u32>(runs, 20) + at;
  const c1 = c0 + ld, c2 = c1 + ld, c3 = c2 + ld, c4 = c3 + ld, c5 = c4 + ld;
  let v00 = v128.load(c0), v01 = v128.load(c0, 16);
  let v10 = v128.load(c1), v11 = v128.load(c1, 16);
  let v20 = v128.load(c2), v21 = v128.load(c2, 16);
  let v30 = v128.load(c3), v31 = v128.load(c3, 16);
  let v40 = v128.load(c4), v41 = v128.load(c4, 16);
  let v50 = v128.load(c5), v51 = v128.load(c5, 16);
  const end = b + <usize>count * TILE_ROW_BYTES;
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, VECTOR);
    let s = splatAt<T>(a0);
    v00 = madd<T>(s, b0, v00), v01 = madd<T>(s, b1, v01);
    s = splatAt<T>(a1);
    v10 = madd<T>(s, b0, v10), v11 = madd<T>(s, b1, v11);
    s = splatAt<T>(a2);
    v20 = madd<T>(s, b0, v20), v21 = madd<T>(s, b1, v21);
    s = splatAt<T>(a3);
    v30 = madd<T>(s, b0, v30), v31 = madd<T>(s, b1, v31);
    s = splatAt<T>(a4);
    v40 = madd<T>(s, b0, v40), v41 = madd<T>(s, b1, v41);
    s = splatAt<T>(a5);
    v50 = madd<T>(s, b0, v50), v51 = madd<T>(s, b1, v51);
    a0 += sizeof<T>(), a1 += sizeof<T>(), a2 += sizeof<T>();
    a3 += sizeof<T>(), a4 += sizeof<T>(), a5 += sizeof<T>();
    b += TILE_ROW_BYTES;
  }
  v128.store(c0, v00), v128.store(c0, v01, 16);
  v128.store(c1, v10), v128.store(c1, v11, 16);
  v128.store(c2, v20), v128.store(c2, v21, 16);
  v128.store(c3, v30), v128.store(c3, v31, 16);
  v128.store(c4, v40), v128.store(c4, v41, 16);
  v128.store(c5, v50), v128.store(c5, v51, 16);
}
