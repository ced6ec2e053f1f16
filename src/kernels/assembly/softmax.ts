import { rowsPerItem } from "./activations";
import { addHigh, addLow, rounded } from "./columns";
import { exp } from "./exp";
import { integer, pointer } from "./job";
import { log as logOf } from "./log";
import { addWide, lanes, loadPart, loadUpTo, storePart, storeUpTo, sumOfPair } from "./simd";

// Softmax over the C of (N, C, S). With S = 1 the C values are a row, whose item is a block of rows; else lanes hold
// neighbouring pixels, and an item is a stripe of pixels of one example. Sums are in float64.

/** Where the stripe of an item lies: its example, its first pixel, and the end of it. */
// @ts-ignore: decorator
@inline function example(item: i32, S: i32, stripe: i32): i32 {
  return item / stripesOf(S, stripe);
}

// @ts-ignore: decorator
@inline function firstPixel(item: i32, S: i32, stripe: i32): i32 {
  return (item % stripesOf(S, stripe)) * stripe;
}

// @ts-ignore: decorator
@inline function stripesOf(S: i32, stripe: i32): i32 {
  return (S + stripe - 1) / stripe;
}

/** The largest of a row, or anything where there is NaN, since the sum of the powers will be NaN. */
// @ts-ignore: decorator
@inline function largestOfRow<T>(row: usize, C: i32): T {
  let largest = load<T>(row);
  if (C > lanes<T>()) {
    let v = v128.load(row);
    for (let c = lanes<T>(); c + lanes<T>() <= C; c += lanes<T>()) {
      v = v128.pmax<T>(v, v128.load(row + <usize>c * sizeof<T>()));
    }
    // The last ones, some of which have been seen.
    v = v128.pmax<T>(v, v128.load(row + <usize>(C - lanes<T>()) * sizeof<T>()));
    largest = v128.extract_lane<T>(v, 0);
    largest = greater<T>(largest, v128.extract_lane<T>(v, 1));
    if (sizeof<T>() == 8) return largest;
    largest = greater<T>(largest, v128.extract_lane<T>(v, 2));
    return greater<T>(largest, v128.extract_lane<T>(v, 3));
  }
  for (let c: usize = 1; c < <usize>C; c++) largest = greater<T>(largest, load<T>(row + c * sizeof<T>()));
  return largest;
}

/** The greater of two numbers; not `max`, whose care for zeros and NaN takes nine instructions. */
// @ts-ignore: decorator
@inline function greater<T>(a: T, b: T): T {
  return b > a ? b : a;
}

export function softmaxRows<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), N = integer(2), C = integer(3);
  const whole = C & -lanes<T>(), part = C - whole;
  const end = min(N, (item + 1) * rowsPerItem(C));
  for (let n = item * rowsPerItem(C); n < end; n++) {
    const row = x + <usize>n * C * sizeof<T>(), to = out + <usize>n * C * sizeof<T>();
    const shift = v128.splat<T>(largestOfRow<T>(row, C));
    let sums = f64x2.splat(0);
    for (let c = 0; c < whole; c += lanes<T>()) {
      const at = <usize>c * sizeof<T>();
      const e = exp<T>(v128.sub<T>(v128.load(row + at), shift));
      v128.store(to + at, e);
      sums = addWide<T>(sums, e);
    }
    let sum = sumOfPair(sums);
    if (part) {
      const at = <usize>whole * sizeof<T>();
      storePart<T>(to + at, exp<T>(v128.sub<T>(loadPart<T>(row + at, part), shift)), part);
      for (let c: usize = 0; c < <usize>part; c++) sum += <f64>load<T>(to + at + c * sizeof<T>());
    }
    const scale = v128.splat<T>(<T>(1 / sum));
    for (let c = 0; c < C; c += lanes<T>()) {
      const at = to + <usize>c * sizeof<T>();
      storeUpTo<T>(at, v128.mul<T>(loadUpTo<T>(at, C - c), scale), C - c);
    }
  }
}

export function logSoftmaxRows<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), N = integer(2), C = integer(3);
  const whole = C & -lanes<T>(), part = C - whole;
  const end = min(N, (item + 1) * rowsPerItem(C));
  for (let n = item * rowsPerItem(C); n < end; n++) {
    const row = x + <usize>n * C * sizeof<T>(), to = out + <usize>n * C * sizeof<T>();
    const shift = v128.splat<T>(largestOfRow<T>(row, C));
    let sums = f64x2.splat(0);
    for (let c = 0; c < whole; c += lanes<T>()) {
      sums = addWide<T>(sums, exp<T>(v128.sub<T>(v128.load(row + <usize>c * sizeof<T>()), shift)));
    }
    let sum = sumOfPair(sums);
    if (part) {
      const at = <usize>whole * sizeof<T>();
      storePart<T>(to + at, exp<T>(v128.sub<T>(loadPart<T>(row + at, part), shift)), part);
      for (let c: usize = 0; c < <usize>part; c++) sum += <f64>load<T>(to + at + c * sizeof<T>());
    }
    const log = v128.splat<T>(<T>Math.log(sum));
    for (let c = 0; c < C; c += lanes<T>()) {
      const at = <usize>c * sizeof<T>();
      const v = v128.sub<T>(v128.sub<T>(loadUpTo<T>(row + at, C - c), shift), log);
      storeUpTo<T>(to + at, v, C - c);
    }
  }
}

export function softmaxRowsBackward<T>(item: i32): void {
  const dout = pointer(0), out = pointer(1), dx = pointer(2), N = integer(3), C = integer(4);
  const end = min(N, (item + 1) * rowsPerItem(C));
  for (let n = item * rowsPerItem(C); n < end; n++) {
    const from = <usize>n * C * sizeof<T>();
    let sums = f64x2.splat(0);
    for (let c = 0; c < C; c += lanes<T>()) {
      const at = from + <usize>c * sizeof<T>();
      sums = addWide<T>(sums, v128.mul<T>(loadUpTo<T>(dout + at, C - c), loadUpTo<T>(out + at, C - c)));
    }
    const sum = v128.splat<T>(<T>sumOfPair(sums));
    for (let c = 0; c < C; c += lanes<T>()) {
      const at = from + <usize>c * sizeof<T>();
      const d = v128.sub<T>(loadUpTo<T>(dout + at, C - c), sum);
      storeUpTo<T>(dx + at, v128.mul<T>(loadUpTo<T>(out + at, C - c), d), C - c);
    }
  }
}

export function logSoftmaxRowsBackward<T>(item: i32): void {
  const dout = pointer(0), out = pointer(1), dx = pointer(2), N = integer(3), C = integer(4);
  const end = min(N, (item + 1) * rowsPerItem(C));
  for (let n = item * rowsPerItem(C); n < end; n++) {
    const from = <usize>n * C * sizeof<T>();
    let sums = f64x2.splat(0);
    for (let c = 0; c < C; c += lanes<T>()) {
      sums = addWide<T>(sums, loadUpTo<T>(dout + from + <usize>c * sizeof<T>(), C - c));
    }
    const sum = v128.splat<T>(<T>sumOfPair(sums));
    for (let c = 0; c < C; c += lanes<T>()) {
      const at = from + <usize>c * sizeof<T>();
      const share = v128.mul<T>(exp<T>(loadUpTo<T>(out + at, C - c)), sum);
      storeUpTo<T>(dx + at, v128.sub<T>(loadUpTo<T>(dout + at, C - c), share), C - c);
    }
  }
}

/** The largest of the C values of each lane's pixel, or anything where there is NaN. */
// @ts-ignore: decorator
@inline function largestOfPixels<T>(x: usize, C: i32, stride: usize, rest: i32): v128 {
  let largest = loadUpTo<T>(x, rest);
  for (let c: usize = 1; c < <usize>C; c++) largest = v128.pmax<T>(largest, loadUpTo<T>(x + c * stride, rest));
  return largest;
}

export function softmaxPixels<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), C = integer(2), S = integer(3), stripe = integer(4);
  const stride = <usize>S * sizeof<T>();
  const base = <usize>example(item, S, stripe) * C * stride;
  let s = firstPixel(item, S, stripe);
  for (const end = min(S, s + stripe); s < end; s += lanes<T>()) {
    const from = base + <usize>s * sizeof<T>();
    const shift = largestOfPixels<T>(x + from, C, stride, end - s);
    let low = f64x2.splat(0), high = f64x2.splat(0);
    for (let c: usize = 0; c < <usize>C; c++) {
      const at = from + c * stride;
      const e = exp<T>(v128.sub<T>(loadUpTo<T>(x + at, end - s), shift));
      storeUpTo<T>(out + at, e, end - s);
      low = addLow<T>(low, e), high = addHigh<T>(high, e);
    }
    const one = f64x2.splat(1);
    const scale = rounded<T>(f64x2.div(one, low), f64x2.div(one, high));
    for (let c: usize = 0; c < <usize>C; c++) {
      const at = out + from + c * stride;
      storeUpTo<T>(at, v128.mul<T>(loadUpTo<T>(at, end - s), scale), end - s);
    }
  }
}

export function logSoftmaxPixels<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), C = integer(2), S = integer(3), stripe = integer(4);
  const stride = <usize>S * sizeof<T>();
  const base = <usize>example(item, S, stripe) * C * stride;
  let s = firstPixel(item, S, stripe);
  for (const end = min(S, s + stripe); s < end; s += lanes<T>()) {
    const from = base + <usize>s * sizeof<T>();
    const shift = largestOfPixels<T>(x + from, C, stride, end - s);
    let low = f64x2.splat(0), high = f64x2.splat(0);
    for (let c: usize = 0; c < <usize>C; c++) {
      const e = exp<T>(v128.sub<T>(loadUpTo<T>(x + from + c * stride, end - s), shift));
      low = addLow<T>(low, e), high = addHigh<T>(high, e);
    }
    const log = rounded<T>(logOf<f64>(low), sizeof<T>() == 8 ? high : logOf<f64>(high));
    for (let c: usize = 0; c < <usize>C; c++) {
      const at = from + c * stride;
      const v = v128.sub<T>(v128.sub<T>(loadUpTo<T>(x + at, end - s), shift), log);
      storeUpTo<T>(out + at, v, end - s);
    }
  }
}

export function softmaxPixelsBackward<T>(item: i32): void {
  const dout = pointer(0), out = pointer(1), dx = pointer(2), C = integer(3), S = integer(4), stripe = integer(5);
  const stride = <usize>S * sizeof<T>();
  const base = <usize>example(item, S, stripe) * C * stride;
  let s = firstPixel(item, S, stripe);
  for (const end = min(S, s + stripe); s < end; s += lanes<T>()) {
    const from = base + <usize>s * sizeof<T>();
    let low = f64x2.splat(0), high = f64x2.splat(0);
    for (let c: usize = 0; c < <usize>C; c++) {
      const at = from + c * stride;
      const product = v128.mul<T>(loadUpTo<T>(dout + at, end - s), loadUpTo<T>(out + at, end - s));
      low = addLow<T>(low, product), high = addHigh<T>(high, product);
    }
    const sum = rounded<T>(low, high);
    for (let c: usize = 0; c < <usize>C; c++) {
      const at = from + c * stride;
      const d = v128.sub<T>(loadUpTo<T>(dout + at, end - s), sum);
      storeUpTo<T>(dx + at, v128.mul<T>(loadUpTo<T>(out + at, end - s), d), end - s);
    }
  }
}

export function logSoftmaxPixelsBackward<T>(item: i32): void {
  const dout = pointer(0), out = pointer(1), dx = pointer(2), C = integer(3), S = integer(4), stripe = integer(5);
  const stride = <usize>S * sizeof<T>();
  const base = <usize>example(item, S, stripe) * C * stride;
  let s = firstPixel(item, S, stripe);
  for (const end = min(S, s + stripe); s < end; s += lanes<T>()) {
    const from = base + <usize>s * sizeof<T>();
    let low = f64x2.splat(0), high = f64x2.splat(0);
    for (let c: usize = 0; c < <usize>C; c++) {
      const d = loadUpTo<T>(dout + from + c * stride, end - s);
      low = addLow<T>(low, d), high = addHigh<T>(high, d);
    }
    const sum = rounded<T>(low, high);
    for (let c: usize = 0; c < <usize>C; c++) {
      const at = from + c * stride;
      const share = v128.mul<T>(exp<T>(loadUpTo<T>(out + at, end - s)), sum);
      storeUpTo<T>(dx + at, v128.sub<T>(loadUpTo<T>(dout + at, end - s), share), end - s);
    }
  }
}
