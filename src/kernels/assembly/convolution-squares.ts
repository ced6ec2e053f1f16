import { C, F, HH, OH, OW, ownScratch, WW } from "./image";
import { integer, pointer } from "./job";
import { laidOutBytes, layOut, writeRuns } from "./runs";
import { lanes, loadPart, madd, sumLanes, VECTOR } from "./simd";

// The gradient of the filters by runs of a laid-out image (runs.ts) where they have few taps: nothing is packed, and
// each sum is kept as a vector of sums over every second or fourth pixel, for three filters by three taps at a time.

/** Filters of a tile of the gradient of the filters, and its taps. */
// @ts-ignore: decorator
@inline const SIDE: i32 = 3;

/**
 * The gradient with respect to the filters, summed over a share of the images. One item is a share, and writes its own
 * (F, K) sum: how many shares there are does not depend on the threads. A sum is kept as a vector of sums over every
 * second or fourth pixel until all images are done. Integers: 0 x, 1 dout, 3 sums, 25 shares.
 */
export function convSquaresBackwardWeights<T>(item: i32): void {
  const N = integer(6), shares = integer(25);
  const K = C() * HH() * WW();
  const P = OH() * OW();
  const image = ownScratch();
  const runs = image + laidOutBytes<T>();
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
