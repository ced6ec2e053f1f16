import { CHUNK } from "../wasm/protocol";
import { integer, numberSplat, pointer } from "./job";
import { lanes, loadPart, loadUpTo, rectified, select, storePart, storeUpTo, VECTOR, where } from "./simd";

/** Rows of an (N, M) array that one item covers: about {@link CHUNK} values. */
// @ts-ignore: decorator
@inline export function rowsPerItem(M: i32): i32 {
  return max(1, CHUNK / M);
}

/** out[n, m] += b[m], then max(0, ·) where `relu`. One item is a block of rows. */
// @ts-ignore: decorator
@inline function addRowOf<T>(item: i32, relu: bool): void {
  const b = pointer(0);
  const out = pointer(1);
  const N = integer(2);
  const M = integer(3);

  const end = min(N, (item + 1) * rowsPerItem(M));
  for (let n = item * rowsPerItem(M); n < end; n++) {
    const row = out + <usize>n * M * sizeof<T>();
    let m = 0;
    for (; m + lanes<T>() <= M; m += lanes<T>()) {
      const at = <usize>m * sizeof<T>();
      const sum = v128.add<T>(v128.load(row + at), v128.load(b + at));
      v128.store(row + at, relu ? rectified<T>(sum) : sum);
    }
    if (m < M) {
      const at = <usize>m * sizeof<T>();
      const sum = v128.add<T>(loadPart<T>(row + at, M - m), loadPart<T>(b + at, M - m));
      storePart<T>(row + at, relu ? rectified<T>(sum) : sum, M - m);
    }
  }
}

export function addRow<T>(item: i32): void {
  addRowOf<T>(item, false);
}

export function addRowRelu<T>(item: i32): void {
  addRowOf<T>(item, true);
}

/** out = max(0, x). NaN stays NaN. */
export function relu<T>(item: i32): void {
  const x = pointer(0);
  const out = pointer(1);

  let at = <usize>item * CHUNK * sizeof<T>();
  const rest = min(CHUNK, integer(2) - item * CHUNK);
  const end = at + <usize>(rest & -lanes<T>()) * sizeof<T>();
  for (; at < end; at += VECTOR) v128.store(out + at, rectified<T>(v128.load(x + at)));
  const part = rest & (lanes<T>() - 1);
  if (part) storePart<T>(out + at, rectified<T>(loadPart<T>(x + at, part)), part);
}

/** dx = dout where x > 0, else 0. */
export function reluBackward<T>(item: i32): void {
  const dout = pointer(0);
  const x = pointer(1);
  const dx = pointer(2);
  const zero = v128.splat<T>(0);

  let at = <usize>item * CHUNK * sizeof<T>();
  const rest = min(CHUNK, integer(3) - item * CHUNK);
  const end = at + <usize>(rest & -lanes<T>()) * sizeof<T>();
  for (; at < end; at += VECTOR) {
    v128.store(dx + at, where(v128.gt<T>(v128.load(x + at), zero), v128.load(dout + at)));
  }
  const part = rest & (lanes<T>() - 1);
  if (part) {
    storePart<T>(dx + at, where(v128.gt<T>(loadPart<T>(x + at, part), zero), loadPart<T>(dout + at, part)), part);
  }
}

/** Stores what passes a ReLU of a vector, and returns it. */
// @ts-ignore: decorator
@inline function pass<T>(x: usize, dout: usize, dx: usize): v128 {
  const d = where(v128.gt<T>(v128.load(x), v128.splat<T>(0)), v128.load(dout));
  v128.store(dx, d);
  return d;
}

/** dx = dout where x > 0, else 0, and the sums of dx over its rows. One item is a stripe of columns. */
export function reluBackwardSumRows<T>(item: i32): void {
  const dout = pointer(0);
  const x = pointer(1);
  const dx = pointer(2);
  const sums = pointer(3);
  const N = integer(4);
  const M = integer(5);
  const zero = v128.splat<T>(0);
  const stripe = integer(6);
  const stride = <usize>M * sizeof<T>();

  const end = min(M, (item + 1) * stripe);
  let m = item * stripe;
  // Four vectors at a time: a row is far from the next, and its cache line is read once so.
  for (; m + 4 * lanes<T>() <= end; m += 4 * lanes<T>()) {
    let at = <usize>m * sizeof<T>();
    const to = sums + at;
    let a = zero, b = zero, c = zero, d = zero;
    for (let n = 0; n < N; n++) {
      a = v128.add<T>(a, pass<T>(x + at, dout + at, dx + at));
      b = v128.add<T>(b, pass<T>(x + at + VECTOR, dout + at + VECTOR, dx + at + VECTOR));
      c = v128.add<T>(c, pass<T>(x + at + 2 * VECTOR, dout + at + 2 * VECTOR, dx + at + 2 * VECTOR));
      d = v128.add<T>(d, pass<T>(x + at + 3 * VECTOR, dout + at + 3 * VECTOR, dx + at + 3 * VECTOR));
      at += stride;
    }
    v128.store(to, a), v128.store(to, b, VECTOR), v128.store(to, c, 2 * VECTOR), v128.store(to, d, 3 * VECTOR);
  }
  for (; m + lanes<T>() <= end; m += lanes<T>()) {
    let at = <usize>m * sizeof<T>();
    const to = sums + at;
    let sum = zero;
    for (let n = 0; n < N; n++) {
      sum = v128.add<T>(sum, pass<T>(x + at, dout + at, dx + at));
      at += stride;
    }
    v128.store(to, sum);
  }
  if (m < end) {
    const part = end - m;
    let at = <usize>m * sizeof<T>();
    const to = sums + at;
    let sum = zero;
    for (let n = 0; n < N; n++) {
      const d = where(v128.gt<T>(loadPart<T>(x + at, part), zero), loadPart<T>(dout + at, part));
      storePart<T>(dx + at, d, part);
      sum = v128.add<T>(sum, d);
      at += stride;
    }
    storePart<T>(to, sum, part);
  }
}

/** out = x where x > 0, else α·x. Numbers: α. */
export function leakyRelu<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  const zero = v128.splat<T>(0), alpha = numberSplat<T>(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    storeUpTo<T>(out + at, select(v128.gt<T>(v, zero), v, v128.mul<T>(alpha, v)), end - i);
  }
}

/** dx = dout where x > 0, else α·dout. Numbers: α. */
export function leakyReluBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  const zero = v128.splat<T>(0), alpha = numberSplat<T>(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const d = loadUpTo<T>(dout + at, end - i);
    storeUpTo<T>(dx + at, select(v128.gt<T>(loadUpTo<T>(x + at, end - i), zero), d, v128.mul<T>(alpha, d)), end - i);
  }
}
