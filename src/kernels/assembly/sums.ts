import { CHUNK } from "../wasm/protocol";
import { rowsPerItem } from "./activations";
import { addHigh, addLow, rounded, rowsEnd } from "./columns";
import { integer, numberSplat, pointer } from "./job";
import { addWide, lanes, loadPart, loadUpTo, madd, storePart, storeUpTo, sumOfPair, VECTOR } from "./simd";

/** out[m] = Σ_n x[n, m]. One item is a stripe of columns, and each column is summed in the order of its rows. */
export function sumRows<T>(item: i32): void {
  const x = pointer(0);
  const out = pointer(1);
  const N = integer(2);
  const M = integer(3);
  const stripe = integer(4);
  const stride = <usize>M * sizeof<T>();
  const zero = v128.splat<T>(0);

  const end = min(M, (item + 1) * stripe);
  let m = item * stripe;
  // Four vectors at a time: a row is far from the next, and its cache line is read once so.
  for (; m + 4 * lanes<T>() <= end; m += 4 * lanes<T>()) {
    let at = x + <usize>m * sizeof<T>();
    let aLow = zero, bLow = zero, cLow = zero, dLow = zero;
    let aHigh = zero, bHigh = zero, cHigh = zero, dHigh = zero;
    for (let n = 0; n < N;) {
      let a = zero, b = zero, c = zero, d = zero;
      for (const stop = rowsEnd(n, N); n < stop; n++) {
        a = v128.add<T>(a, v128.load(at)), b = v128.add<T>(b, v128.load(at, VECTOR));
        c = v128.add<T>(c, v128.load(at, 2 * VECTOR)), d = v128.add<T>(d, v128.load(at, 3 * VECTOR));
        at += stride;
      }
      aLow = addLow<T>(aLow, a), aHigh = addHigh<T>(aHigh, a), bLow = addLow<T>(bLow, b), bHigh = addHigh<T>(bHigh, b);
      cLow = addLow<T>(cLow, c), cHigh = addHigh<T>(cHigh, c), dLow = addLow<T>(dLow, d), dHigh = addHigh<T>(dHigh, d);
    }
    const to = out + <usize>m * sizeof<T>();
    v128.store(to, rounded<T>(aLow, aHigh)), v128.store(to, rounded<T>(bLow, bHigh), VECTOR);
    v128.store(to, rounded<T>(cLow, cHigh), 2 * VECTOR), v128.store(to, rounded<T>(dLow, dHigh), 3 * VECTOR);
  }
  for (; m < end; m += lanes<T>()) {
    let at = x + <usize>m * sizeof<T>();
    let low = zero, high = zero;
    for (let n = 0; n < N;) {
      let sum = zero;
      for (const stop = rowsEnd(n, N); n < stop; n++) {
        sum = v128.add<T>(sum, loadUpTo<T>(at, end - m));
        at += stride;
      }
      low = addLow<T>(low, sum), high = addHigh<T>(high, sum);
    }
    storeUpTo<T>(out + <usize>m * sizeof<T>(), rounded<T>(low, high), end - m);
  }
}

/** out[n] = Σ_m x[n, m]. One item is a block of rows. */
export function sumColumns<T>(item: i32): void {
  const x = pointer(0);
  const out = pointer(1);
  const N = integer(2);
  const M = integer(3);

  const end = min(N, (item + 1) * rowsPerItem(M));
  for (let n = item * rowsPerItem(M); n < end; n++) {
    const row = x + <usize>n * M * sizeof<T>();
    let sum = f64x2.splat(0);
    let m = 0;
    for (; m + lanes<T>() <= M; m += lanes<T>()) sum = addWide<T>(sum, v128.load(row + <usize>m * sizeof<T>()));
    if (m < M) sum = addWide<T>(sum, loadPart<T>(row + <usize>m * sizeof<T>(), M - m));
    store<T>(out + <usize>n * sizeof<T>(), <T>sumOfPair(sum));
  }
}

/** partial[item] = Σ x² over the item's chunk, summed in float64. */
export function sumSquares<T>(item: i32): void {
  const x = pointer(0);
  const partial = pointer(1);

  let at = x + <usize>item * CHUNK * sizeof<T>();
  const rest = min(CHUNK, integer(2) - item * CHUNK);
  const end = at + <usize>(rest & -lanes<T>()) * sizeof<T>();
  // Four sums, so that an addition does not wait for the one before: one sum reads 9 GB/s of float32, four read 30.
  let a = f64x2.splat(0), b = a, c = a, d = a;
  for (const pairs = end - (<usize>(end - at) & (2 * VECTOR - 1)); at < pairs; at += 2 * VECTOR) {
    const v = v128.load(at), w = v128.load(at, VECTOR);
    a = addLowSquares<T>(a, v), b = addHighSquares<T>(b, v);
    c = addLowSquares<T>(c, w), d = addHighSquares<T>(d, w);
  }
  if (at < end) {
    const v = v128.load(at);
    a = addLowSquares<T>(a, v), b = addHighSquares<T>(b, v);
    at += VECTOR;
  }
  const part = rest & (lanes<T>() - 1);
  if (part) {
    const v = loadPart<T>(at, part);
    c = addLowSquares<T>(c, v), d = addHighSquares<T>(d, v);
  }
  store<f64>(partial + (<usize>item << 3), sumOfPair(f64x2.add(f64x2.add(a, b), f64x2.add(c, d))));
}

/**
 * sum + v² of the lower half of v's lanes, or of both float64, squared and added in float64: the square of a float32 is
 * exact there.
 */
// @ts-ignore: decorator
@inline function addLowSquares<T>(sum: v128, v: v128): v128 {
  const wide = sizeof<T>() == 8 ? v : f64x2.promote_low_f32x4(v);
  return madd<f64>(wide, wide, sum);
}

/** The same of the upper half, of which float64 has none. */
// @ts-ignore: decorator
@inline function addHighSquares<T>(sum: v128, v: v128): v128 {
  if (sizeof<T>() == 8) return sum;
  const wide = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return madd<f64>(wide, wide, sum);
}

/** sum + a·b, likewise in float64. */
// @ts-ignore: decorator
@inline export function addProducts<T>(sum: v128, a: v128, b: v128): v128 {
  if (sizeof<T>() == 8) return madd<f64>(a, b, sum);
  const low = madd<f64>(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b), sum);
  const aHigh = f64x2.promote_low_f32x4(v128.shuffle<f32>(a, a, 2, 3, 0, 1));
  const bHigh = f64x2.promote_low_f32x4(v128.shuffle<f32>(b, b, 2, 3, 0, 1));
  return madd<f64>(aHigh, bHigh, low);
}

/**
 * dw += reg · w, and partial[item] = Σ w² over the item's chunk: the penalty ½·reg·Σw² and its gradient in one pass.
 */
export function addL2Gradient<T>(item: i32): void {
  const w = pointer(0);
  const dw = pointer(1);
  const partial = pointer(2);
  const reg = numberSplat<T>(0);

  let at = <usize>item * CHUNK * sizeof<T>();
  const rest = min(CHUNK, integer(3) - item * CHUNK);
  const end = at + <usize>(rest & -lanes<T>()) * sizeof<T>();
  let low = f64x2.splat(0), high = low;
  for (; at < end; at += VECTOR) {
    const v = v128.load(w + at);
    low = addLowSquares<T>(low, v), high = addHighSquares<T>(high, v);
    v128.store(dw + at, madd<T>(reg, v, v128.load(dw + at)));
  }
  const part = rest & (lanes<T>() - 1);
  if (part) {
    const v = loadPart<T>(w + at, part);
    low = addLowSquares<T>(low, v), high = addHighSquares<T>(high, v);
    storePart<T>(dw + at, madd<T>(reg, v, loadPart<T>(dw + at, part)), part);
  }
  store<f64>(partial + (<usize>item << 3), sumOfPair(f64x2.add(low, high)));
}

/** out[i, :] = source[indices[i], :], rows of D values. One item is a block of rows. */
export function gatherRows<T>(item: i32): void {
  const source = pointer(0);
  const indices = pointer(1);
  const out = pointer(2);
  const count = integer(3);
  const bytes = <usize>integer(4) * sizeof<T>();

  const rows = rowsPerItem(integer(4));
  const end = min(count, (item + 1) * rows);
  for (let i = item * rows; i < end; i++) {
    memory.copy(out + <usize>i * bytes, source + <usize>load<i32>(indices + (<usize>i << 2)) * bytes, bytes);
  }
}
