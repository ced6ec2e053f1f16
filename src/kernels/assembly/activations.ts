import { CHUNK } from "../wasm/protocol";
import { addHigh, addLow, rounded, rowsEnd } from "./columns";
import { integer, numberSplat, pointer } from "./job";
import {
  lanes, loadPart, loadUpTo, madd, passing, rectified, select, splatAt, storePart, storeUpTo, VECTOR, where,
} from "./simd";

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

/** out[n, m] = factors[n]·x[n, m]. One item is a block of rows. */
export function scaleRows<T>(item: i32): void {
  const x = pointer(0), factors = pointer(1), out = pointer(2), N = integer(3), M = integer(4);
  const end = min(N, (item + 1) * rowsPerItem(M));
  for (let n = item * rowsPerItem(M); n < end; n++) {
    const factor = splatAt<T>(factors + <usize>n * sizeof<T>());
    const row = <usize>n * M * sizeof<T>();
    for (let m = 0; m < M; m += lanes<T>()) {
      const at = row + <usize>m * sizeof<T>();
      storeUpTo<T>(out + at, v128.mul<T>(factor, loadUpTo<T>(x + at, M - m)), M - m);
    }
  }
}

/** out = max(0, x). NaN stays NaN, and −0 is −0. */
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

/** dx = dout where x > 0 or is NaN, else 0. */
export function reluBackward<T>(item: i32): void {
  const dout = pointer(0);
  const x = pointer(1);
  const dx = pointer(2);

  let at = <usize>item * CHUNK * sizeof<T>();
  const rest = min(CHUNK, integer(3) - item * CHUNK);
  const end = at + <usize>(rest & -lanes<T>()) * sizeof<T>();
  for (; at < end; at += VECTOR) v128.store(dx + at, passing<T>(v128.load(x + at), v128.load(dout + at)));
  const part = rest & (lanes<T>() - 1);
  if (part) storePart<T>(dx + at, passing<T>(loadPart<T>(x + at, part), loadPart<T>(dout + at, part)), part);
}

/** Stores what passes a ReLU of a vector, and returns it. */
// @ts-ignore: decorator
@inline function pass<T>(x: usize, dout: usize, dx: usize): v128 {
  const d = passing<T>(v128.load(x), v128.load(dout));
  v128.store(dx, d);
  return d;
}

/** dx = dout where x > 0 or is NaN, else 0, and the sums of dx over its rows. One item is a stripe of columns. */
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
    let aLow = zero, bLow = zero, cLow = zero, dLow = zero;
    let aHigh = zero, bHigh = zero, cHigh = zero, dHigh = zero;
    for (let n = 0; n < N;) {
      let a = zero, b = zero, c = zero, d = zero;
      for (const stop = rowsEnd(n, N); n < stop; n++) {
        a = v128.add<T>(a, pass<T>(x + at, dout + at, dx + at));
        b = v128.add<T>(b, pass<T>(x + at + VECTOR, dout + at + VECTOR, dx + at + VECTOR));
        c = v128.add<T>(c, pass<T>(x + at + 2 * VECTOR, dout + at + 2 * VECTOR, dx + at + 2 * VECTOR));
        d = v128.add<T>(d, pass<T>(x + at + 3 * VECTOR, dout + at + 3 * VECTOR, dx + at + 3 * VECTOR));
        at += stride;
      }
      aLow = addLow<T>(aLow, a), aHigh = addHigh<T>(aHigh, a), bLow = addLow<T>(bLow, b), bHigh = addHigh<T>(bHigh, b);
      cLow = addLow<T>(cLow, c), cHigh = addHigh<T>(cHigh, c), dLow = addLow<T>(dLow, d), dHigh = addHigh<T>(dHigh, d);
    }
    v128.store(to, rounded<T>(aLow, aHigh)), v128.store(to, rounded<T>(bLow, bHigh), VECTOR);
    v128.store(to, rounded<T>(cLow, cHigh), 2 * VECTOR), v128.store(to, rounded<T>(dLow, dHigh), 3 * VECTOR);
  }
  for (; m < end; m += lanes<T>()) {
    let at = <usize>m * sizeof<T>();
    const to = sums + at;
    let low = zero, high = zero;
    for (let n = 0; n < N;) {
      let sum = zero;
      for (const stop = rowsEnd(n, N); n < stop; n++) {
        const d = passing<T>(loadUpTo<T>(x + at, end - m), loadUpTo<T>(dout + at, end - m));
        storeUpTo<T>(dx + at, d, end - m);
        sum = v128.add<T>(sum, d);
        at += stride;
      }
      low = addLow<T>(low, sum), high = addHigh<T>(high, sum);
    }
    storeUpTo<T>(to, rounded<T>(low, high), end - m);
  }
}

/** out = min(max(0, x), 6). NaN stays NaN, and −0 is −0. */
export function relu6<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  const six = v128.splat<T>(6);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    storeUpTo<T>(out + at, v128.pmin<T>(rectified<T>(loadUpTo<T>(x + at, end - i)), six), end - i);
  }
}

/** dx = dout where 0 < x < 6 or x is NaN, else 0. */
export function relu6Backward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  const six = v128.splat<T>(6);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    const d = passing<T>(v, loadUpTo<T>(dout + at, end - i));
    storeUpTo<T>(dx + at, v128.andnot(d, v128.ge<T>(v, six)), end - i);
  }
}

/** out = x·min(max(0, x + 3), 6) / 6; −0 at −∞. */
export function hardswish<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  const three = v128.splat<T>(3), minusThree = v128.splat<T>(-3);
  const six = v128.splat<T>(6), sixth = v128.splat<T>(<T>(1.0 / 6.0));
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = v128.pmax<T>(loadUpTo<T>(x + at, end - i), minusThree);
    const share = v128.mul<T>(v128.pmin<T>(v128.add<T>(v, three), six), sixth);
    storeUpTo<T>(out + at, v128.mul<T>(v, share), end - i);
  }
}

/** dx = 0 where x < −3, dout where x ≥ 3, else dout·(x / 3 + ½). */
export function hardswishBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  const three = v128.splat<T>(3), minusThree = v128.splat<T>(-3);
  const half = v128.splat<T>(0.5), third = v128.splat<T>(<T>(1.0 / 3.0));
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    const d = loadUpTo<T>(dout + at, end - i);
    const bent = v128.mul<T>(d, madd<T>(v, third, half));
    const slope = select(v128.ge<T>(v, three), d, bent);
    storeUpTo<T>(dx + at, v128.andnot(slope, v128.lt<T>(v, minusThree)), end - i);
  }
}

/** out = min(max(0, x + 3), 6) / 6. */
export function hardsigmoid<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  const three = v128.splat<T>(3), six = v128.splat<T>(6), sixth = v128.splat<T>(<T>(1.0 / 6.0));
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = rectified<T>(v128.add<T>(loadUpTo<T>(x + at, end - i), three));
    storeUpTo<T>(out + at, v128.mul<T>(v128.pmin<T>(v, six), sixth), end - i);
  }
}

/** dx = dout / 6 where −3 < x < 3, else 0. */
export function hardsigmoidBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  const three = v128.splat<T>(3), sixth = v128.splat<T>(<T>(1.0 / 6.0));
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const inside = v128.lt<T>(v128.abs<T>(loadUpTo<T>(x + at, end - i)), three);
    storeUpTo<T>(dx + at, where(inside, v128.mul<T>(loadUpTo<T>(dout + at, end - i), sixth)), end - i);
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
