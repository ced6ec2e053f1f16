import { CHUNK } from "../wasm/protocol";
import { exp, expm1 } from "./exp";
import { geluOf, geluSlope } from "./gelu";
import { integer, numberSplat, pointer } from "./job";
import { log1p } from "./log";
import { constant, lanes, loadUpTo, madd, rectified, select, storeUpTo } from "./simd";

// One item is a chunk of values. Arguments: the addresses of the inputs and of the output, then the length.

/** Constants by their places in the tables. */
const enum At { ONE, MINUS_TWO, SIGN, HALF, FARTHEST, LINEAR, CUBIC }

/**
 * The third has no bit but the sign's, x·e^x is 0 at the fifth and below, and the last two are 2√(2/π) and 0.044715
 * times that.
 */
const TABLE32 = memory.data<f32>([1, -2, -0.0, 0.5, -1000, 1.5957691216057307118, 0.071354816272600248779]);
const TABLE64 = memory.data<f64>([1, -2, -0.0, 0.5, -1000, 1.5957691216057307118, 0.071354816272600248779]);

// @ts-ignore: decorator
@inline function held<T>(place: usize): v128 {
  return constant<T>(sizeof<T>() == 8 ? TABLE64 : TABLE32, place);
}

/** out = 1 / (1 + e^−x). */
export function sigmoid<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  const one = held<T>(At.ONE), sign = held<T>(At.SIGN), zero = v128.splat<T>(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    // With e = e^−|x| ≤ 1 nothing overflows: 1 / (1 + e) for x ≥ 0, e / (1 + e) below.
    const e = exp<T>(v128.or(v, sign));
    const above = v128.ge<T>(v, zero);
    storeUpTo<T>(out + at, v128.div<T>(select(above, one, e), v128.add<T>(one, e)), end - i);
  }
}

/** dx = dout · out · (1 − out). */
export function sigmoidBackward<T>(item: i32): void {
  const dout = pointer(0), out = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  const one = held<T>(At.ONE);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const s = loadUpTo<T>(out + at, end - i);
    const slope = v128.mul<T>(s, v128.sub<T>(one, s));
    storeUpTo<T>(dx + at, v128.mul<T>(loadUpTo<T>(dout + at, end - i), slope), end - i);
  }
}

/** out = tanh x. */
export function tanh<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  const minusTwo = held<T>(At.MINUS_TWO), sign = held<T>(At.SIGN);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    // tanh |x| = (1 − e^−2|x|) / (1 + e^−2|x|), exact to the last digits near 0 too with m = e^−2|x| − 1.
    const m = expm1<T>(v128.mul<T>(v128.abs<T>(v), minusTwo));
    const magnitude = v128.div<T>(m, v128.sub<T>(m, minusTwo));
    storeUpTo<T>(out + at, select(sign, v, magnitude), end - i);
  }
}

/** dx = dout · (1 − out²). */
export function tanhBackward<T>(item: i32): void {
  const dout = pointer(0), out = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  const one = held<T>(At.ONE);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const t = loadUpTo<T>(out + at, end - i);
    // 1 − out² in a form whose differences are exact where out is next to ±1.
    const slope = v128.mul<T>(v128.sub<T>(one, t), v128.add<T>(one, t));
    storeUpTo<T>(dx + at, v128.mul<T>(loadUpTo<T>(dout + at, end - i), slope), end - i);
  }
}

/** out = x where x > 0, else α·(e^x − 1). Numbers: α. */
export function elu<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  const zero = v128.splat<T>(0), alpha = numberSplat<T>(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    const below = v128.mul<T>(alpha, expm1<T>(v));
    storeUpTo<T>(out + at, select(v128.gt<T>(v, zero), v, below), end - i);
  }
}

/** dx = dout where x > 0, else dout·α·e^x. Numbers: α. */
export function eluBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  const zero = v128.splat<T>(0), alpha = numberSplat<T>(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    const d = loadUpTo<T>(dout + at, end - i);
    const below = v128.mul<T>(d, v128.mul<T>(alpha, exp<T>(v)));
    storeUpTo<T>(dx + at, select(v128.gt<T>(v, zero), d, below), end - i);
  }
}

/** out = x·Φ(x). */
export function gelu<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    storeUpTo<T>(out + at, geluOf<T>(loadUpTo<T>(x + at, end - i)), end - i);
  }
}

/** dx = dout · (Φ(x) + x·φ(x)), φ the density. */
export function geluBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const slope = geluSlope<T>(loadUpTo<T>(x + at, end - i));
    storeUpTo<T>(dx + at, v128.mul<T>(loadUpTo<T>(dout + at, end - i), slope), end - i);
  }
}

/** x·σ(z), σ the sigmoid, for z of the sign of x and no nearer to 0. */
// @ts-ignore: decorator
@inline function sigmoidTimes<T>(z: v128, x: v128): v128 {
  // x / (1 + e^−z) above 0, x·e^z / (1 + e^z) below. e^(z/2) is a normal number where the product is the least one.
  const root = exp<T>(v128.mul<T>(v128.or(z, held<T>(At.SIGN)), held<T>(At.HALF)));
  const below = v128.mul<T>(v128.mul<T>(v128.pmax<T>(x, held<T>(At.FARTHEST)), root), root);
  const product = select(v128.lt<T>(x, v128.splat<T>(0)), below, x);
  return v128.div<T>(product, madd<T>(root, root, held<T>(At.ONE)));
}

/** σ(z)·(1 + rise·(1 − σ(z))), the derivative of x·σ(z) where rise = x·dz/dx, of the sign of z. */
// @ts-ignore: decorator
@inline function slopeOfProduct<T>(z: v128, rise: v128): v128 {
  const one = held<T>(At.ONE), sign = held<T>(At.SIGN);
  // With e = e^−|z|: σ is 1 / (1 + e) above 0 and e / (1 + e) below, and 1 − σ is the other.
  const root = exp<T>(v128.mul<T>(v128.or(z, sign), held<T>(At.HALF)));
  const larger = v128.div<T>(one, madd<T>(root, root, one));
  const product = v128.mul<T>(v128.abs<T>(rise), larger);
  const below = v128.mul<T>(v128.mul<T>(v128.sub<T>(one, product), root), root);
  const above = v128.add<T>(one, v128.mul<T>(v128.mul<T>(product, root), root));
  return v128.mul<T>(select(v128.lt<T>(z, v128.splat<T>(0)), below, above), larger);
}

/** out = x·σ(x). */
export function silu<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    storeUpTo<T>(out + at, sigmoidTimes<T>(v, v), end - i);
  }
}

/** dx = dout · σ(x)·(1 + x·(1 − σ(x))). */
export function siluBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  const farthest = held<T>(At.FARTHEST), limit = v128.abs<T>(farthest);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const near = v128.pmin<T>(v128.pmax<T>(loadUpTo<T>(x + at, end - i), farthest), limit);
    const slope = slopeOfProduct<T>(near, near);
    storeUpTo<T>(dx + at, v128.mul<T>(loadUpTo<T>(dout + at, end - i), slope), end - i);
  }
}

/** out = x·σ(g(x)), g(x) = x·(2√(2/π) + 2√(2/π)·0.044715·x²). */
export function geluTanh<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    const z = v128.mul<T>(v, madd<T>(v128.mul<T>(v, v), held<T>(At.CUBIC), held<T>(At.LINEAR)));
    storeUpTo<T>(out + at, sigmoidTimes<T>(z, v), end - i);
  }
}

/** dx = dout · s·(1 + x·g′(x)·(1 − s)), s = σ(g(x)). */
export function geluTanhBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  // Beyond it σ is 0 or 1; the cube stays finite.
  const limit = v128.splat<T>(30), lower = v128.splat<T>(-30);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const near = v128.pmin<T>(v128.pmax<T>(loadUpTo<T>(x + at, end - i), lower), limit);
    const cubic = v128.mul<T>(v128.mul<T>(near, near), held<T>(At.CUBIC));
    const z = v128.mul<T>(near, v128.add<T>(cubic, held<T>(At.LINEAR)));
    const rise = v128.mul<T>(near, madd<T>(cubic, v128.splat<T>(3), held<T>(At.LINEAR)));
    const slope = slopeOfProduct<T>(z, rise);
    storeUpTo<T>(dx + at, v128.mul<T>(loadUpTo<T>(dout + at, end - i), slope), end - i);
  }
}

/** out = x where β·x > threshold, else ln(1 + e^(β·x)) / β. Numbers: β, threshold, 1/β. */
export function softplus<T>(item: i32): void {
  const x = pointer(0), out = pointer(1), end = min(integer(2), (item + 1) * CHUNK);
  const beta = numberSplat<T>(0), threshold = numberSplat<T>(1), inverse = numberSplat<T>(2);
  const sign = held<T>(At.SIGN);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    const z = v128.mul<T>(beta, v);
    const sum = v128.add<T>(rectified<T>(z), log1p<T>(exp<T>(v128.or(z, sign))));
    storeUpTo<T>(out + at, select(v128.gt<T>(z, threshold), v, v128.mul<T>(sum, inverse)), end - i);
  }
}

/** dx = dout where β·x > threshold, else dout·σ(β·x). Numbers: β, threshold. */
export function softplusBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(2), end = min(integer(3), (item + 1) * CHUNK);
  const beta = numberSplat<T>(0), threshold = numberSplat<T>(1);
  const one = held<T>(At.ONE), sign = held<T>(At.SIGN), zero = v128.splat<T>(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const z = v128.mul<T>(beta, loadUpTo<T>(x + at, end - i));
    const d = loadUpTo<T>(dout + at, end - i);
    const e = exp<T>(v128.or(z, sign));
    const slope = v128.div<T>(select(v128.lt<T>(z, zero), e, one), v128.add<T>(one, e));
    storeUpTo<T>(dx + at, select(v128.gt<T>(z, threshold), d, v128.mul<T>(d, slope)), end - i);
  }
}
