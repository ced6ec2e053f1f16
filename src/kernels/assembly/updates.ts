import { CHUNK } from "../wasm/protocol";
import { integer, number, numberSplat, pointer } from "./job";
import { larger, madd, nmadd, rectified, VECTOR } from "./simd";

// The update rules, each in one pass over the weights, their gradient and the rule's state; the formulas, with their
// papers, stand in optim/. One item is a chunk of values. Arguments: the addresses of w, dw and three of state, 0 where
// there is none, the length; then the weight decay λ and the numbers that each rule names. The gradient g is dw + λ·w,
// and dw where λ is zero. Whole vectors go through a loop without calls, in which the numbers stay in registers; the
// values that do not fill one go singly through a copy of it. All of them run at the speed of memory.

/** Byte offset of the item's first value. */
// @ts-ignore: decorator
@inline function first<T>(item: i32): usize {
  return <usize>item * CHUNK * sizeof<T>();
}

/** Byte offset of the end of the item's values. */
// @ts-ignore: decorator
@inline function end<T>(item: i32): usize {
  return <usize>min((item + 1) * CHUNK, integer(5)) * sizeof<T>();
}

/** Byte offset of the end of the item's whole vectors. */
// @ts-ignore: decorator
@inline function edge<T>(item: i32): usize {
  return end<T>(item) & ~(VECTOR - 1);
}

/** Bytes of a whole vector, or of one value. */
// @ts-ignore: decorator
@inline function width<T>(whole: bool): usize {
  return whole ? VECTOR : sizeof<T>();
}

/** A whole vector, or one value. */
// @ts-ignore: decorator
@inline function read<T>(array: usize, at: usize, whole: bool): v128 {
  if (whole) return v128.load(array + at);
  return sizeof<T>() == 4 ? v128.load32_zero(array + at) : v128.load64_zero(array + at);
}

// @ts-ignore: decorator
@inline function write<T>(array: usize, at: usize, whole: bool, v: v128): void {
  if (whole) v128.store(array + at, v);
  else v128.store_lane<T>(array + at, v, 0);
}

/** Whether number `index` says that there is something to do. */
// @ts-ignore: decorator
@inline function has(index: usize): bool {
  return number<f64>(index) != 0;
}

/** The vector of g. */
// @ts-ignore: decorator
@inline function gradient<T>(w: usize, dw: usize, at: usize, whole: bool, decaying: bool, lambda: v128): v128 {
  const g = read<T>(dw, at, whole);
  return decaying ? madd<T>(lambda, read<T>(w, at, whole), g) : g;
}

/** w −= η·g. Numbers: λ, η. */
export function sgd<T>(item: i32): void {
  sgdOf<T>(first<T>(item), edge<T>(item), true, has(0));
  sgdOf<T>(edge<T>(item), end<T>(item), false, has(0));
}

// @ts-ignore: decorator
@inline function sgdOf<T>(at: usize, stop: usize, whole: bool, decaying: bool): void {
  const w = pointer(0), dw = pointer(1);
  const lambda = numberSplat<T>(0), eta = numberSplat<T>(1);
  for (; at < stop; at += width<T>(whole)) {
    const g = gradient<T>(w, dw, at, whole, decaying, lambda);
    write<T>(w, at, whole, nmadd<T>(eta, g, read<T>(w, at, whole)));
  }
}

/** v = μ·v − η·dw, w += v. Numbers: 0, η, μ. */
export function sgdMomentum<T>(item: i32): void {
  sgdMomentumOf<T>(first<T>(item), edge<T>(item), true);
  sgdMomentumOf<T>(edge<T>(item), end<T>(item), false);
}

// @ts-ignore: decorator
@inline function sgdMomentumOf<T>(at: usize, stop: usize, whole: bool): void {
  const w = pointer(0), dw = pointer(1), velocity = pointer(2);
  const eta = numberSplat<T>(1), mu = numberSplat<T>(2);
  for (; at < stop; at += width<T>(whole)) {
    const v = nmadd<T>(eta, read<T>(dw, at, whole), v128.mul<T>(mu, read<T>(velocity, at, whole)));
    write<T>(velocity, at, whole, v);
    write<T>(w, at, whole, v128.add<T>(read<T>(w, at, whole), v));
  }
}

/** v = μ·v + (1 − dampening)·g, w −= η·v. Numbers: λ, η, μ, 1 − dampening. */
export function dampedMomentum<T>(item: i32): void {
  dampedMomentumOf<T>(first<T>(item), edge<T>(item), true, has(0));
  dampedMomentumOf<T>(edge<T>(item), end<T>(item), false, has(0));
}

// @ts-ignore: decorator
@inline function dampedMomentumOf<T>(at: usize, stop: usize, whole: bool, decaying: bool): void {
  const w = pointer(0), dw = pointer(1), velocity = pointer(2);
  const lambda = numberSplat<T>(0), eta = numberSplat<T>(1), mu = numberSplat<T>(2), rest = numberSplat<T>(3);
  for (; at < stop; at += width<T>(whole)) {
    const g = gradient<T>(w, dw, at, whole, decaying, lambda);
    const v = madd<T>(rest, g, v128.mul<T>(mu, read<T>(velocity, at, whole)));
    write<T>(velocity, at, whole, v);
    write<T>(w, at, whole, nmadd<T>(eta, v, read<T>(w, at, whole)));
  }
}

/** v = μ·v + g, w −= η·(g + μ·v). Numbers: λ, η, μ. */
export function nesterov<T>(item: i32): void {
  nesterovOf<T>(first<T>(item), edge<T>(item), true, has(0));
  nesterovOf<T>(edge<T>(item), end<T>(item), false, has(0));
}

// @ts-ignore: decorator
@inline function nesterovOf<T>(at: usize, stop: usize, whole: bool, decaying: bool): void {
  const w = pointer(0), dw = pointer(1), velocity = pointer(2);
  const lambda = numberSplat<T>(0), eta = numberSplat<T>(1), mu = numberSplat<T>(2);
  for (; at < stop; at += width<T>(whole)) {
    const g = gradient<T>(w, dw, at, whole, decaying, lambda);
    const v = madd<T>(mu, read<T>(velocity, at, whole), g);
    write<T>(velocity, at, whole, v);
    write<T>(w, at, whole, nmadd<T>(eta, madd<T>(mu, v, g), read<T>(w, at, whole)));
  }
}

/**
 * cache = ρ·cache + (1 − ρ)·g², step = g / (√cache + ε), w −= η·step. Where there is a mean, mean = ρ·mean + (1 − ρ)·g
 * and mean² is taken off under the root; where there is a velocity, v = μ·v + step and w −= η·v.
 * Numbers: λ, η, ε, ρ, 1 − ρ, μ.
 */
export function rmsprop<T>(item: i32): void {
  const velocity = pointer(3), mean = pointer(4);
  rmspropOf<T>(first<T>(item), edge<T>(item), true, has(0), velocity, mean);
  rmspropOf<T>(edge<T>(item), end<T>(item), false, has(0), velocity, mean);
}

// @ts-ignore: decorator
@inline function rmspropOf<T>(at: usize, stop: usize, whole: bool, decaying: bool, velocity: usize, mean: usize): void {
  const w = pointer(0), dw = pointer(1), cache = pointer(2);
  const lambda = numberSplat<T>(0), eta = numberSplat<T>(1), epsilon = numberSplat<T>(2);
  const rho = numberSplat<T>(3), rest = numberSplat<T>(4), mu = numberSplat<T>(5);
  for (; at < stop; at += width<T>(whole)) {
    const g = gradient<T>(w, dw, at, whole, decaying, lambda);
    let c = madd<T>(v128.mul<T>(rest, g), g, v128.mul<T>(rho, read<T>(cache, at, whole)));
    write<T>(cache, at, whole, c);
    if (mean) {
      const average = madd<T>(rest, g, v128.mul<T>(rho, read<T>(mean, at, whole)));
      write<T>(mean, at, whole, average);
      // Rounding may leave less than nothing of a variance of zero.
      c = rectified<T>(nmadd<T>(average, average, c));
    }
    let step = v128.div<T>(g, v128.add<T>(v128.sqrt<T>(c), epsilon));
    if (velocity) {
      step = madd<T>(mu, read<T>(velocity, at, whole), step);
      write<T>(velocity, at, whole, step);
    }
    write<T>(w, at, whole, nmadd<T>(eta, step, read<T>(w, at, whole)));
  }
}

/** cache += g², w −= η·g / (√cache + ε). Numbers: λ, η, ε. */
export function adagrad<T>(item: i32): void {
  adagradOf<T>(first<T>(item), edge<T>(item), true, has(0));
  adagradOf<T>(edge<T>(item), end<T>(item), false, has(0));
}

// @ts-ignore: decorator
@inline function adagradOf<T>(at: usize, stop: usize, whole: bool, decaying: bool): void {
  const w = pointer(0), dw = pointer(1), cache = pointer(2);
  const lambda = numberSplat<T>(0), eta = numberSplat<T>(1), epsilon = numberSplat<T>(2);
  for (; at < stop; at += width<T>(whole)) {
    const g = gradient<T>(w, dw, at, whole, decaying, lambda);
    const c = madd<T>(g, g, read<T>(cache, at, whole));
    write<T>(cache, at, whole, c);
    const scaled = v128.div<T>(g, v128.add<T>(v128.sqrt<T>(c), epsilon));
    write<T>(w, at, whole, nmadd<T>(eta, scaled, read<T>(w, at, whole)));
  }
}

/**
 * m = β₁·m + (1 − β₁)·g, v = β₂·v + (1 − β₂)·g², w −= η·m̂ / (√v̂ + ε) with m̂ = m·mScale and v̂ = v·vScale; before it
 * w −= decay·w. Where there is a largest, it becomes max(largest, v) and stands for v in v̂.
 * Numbers: λ, η, ε, β₁, 1 − β₁, β₂, 1 − β₂, mScale, vScale, decay.
 */
export function adam<T>(item: i32): void {
  const largest = pointer(4);
  if (has(9)) adamOf<T>(first<T>(item), edge<T>(item), true, has(0), true, largest);
  else adamOf<T>(first<T>(item), edge<T>(item), true, has(0), false, largest);
  adamOf<T>(edge<T>(item), end<T>(item), false, has(0), has(9), largest);
}

// @ts-ignore: decorator
@inline function adamOf<T>(at: usize, stop: usize, whole: bool, decaying: bool, decoupled: bool, largest: usize): void {
  const w = pointer(0), dw = pointer(1), moment = pointer(2), square = pointer(3);
  const lambda = numberSplat<T>(0), eta = numberSplat<T>(1), epsilon = numberSplat<T>(2);
  const beta1 = numberSplat<T>(3), rest1 = numberSplat<T>(4);
  const beta2 = numberSplat<T>(5), rest2 = numberSplat<T>(6);
  const mScale = numberSplat<T>(7), vScale = numberSplat<T>(8), decay = numberSplat<T>(9);
  for (; at < stop; at += width<T>(whole)) {
    const g = gradient<T>(w, dw, at, whole, decaying, lambda);
    const m = madd<T>(rest1, g, v128.mul<T>(beta1, read<T>(moment, at, whole)));
    let v = madd<T>(v128.mul<T>(rest2, g), g, v128.mul<T>(beta2, read<T>(square, at, whole)));
    write<T>(moment, at, whole, m);
    write<T>(square, at, whole, v);
    if (largest) {
      v = larger<T>(read<T>(largest, at, whole), v);
      write<T>(largest, at, whole, v);
    }
    const root = v128.sqrt<T>(v128.mul<T>(v, vScale));
    const scaled = v128.div<T>(v128.mul<T>(m, mScale), v128.add<T>(root, epsilon));
    let value = read<T>(w, at, whole);
    if (decoupled) value = nmadd<T>(decay, value, value);
    write<T>(w, at, whole, nmadd<T>(eta, scaled, value));
  }
}
