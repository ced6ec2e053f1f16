import { CHUNK } from "../wasm/protocol";
import { integer, number, numberSplat, pointer } from "./job";
import { lanes, loadPart, madd, nmadd, storePart, VECTOR } from "./simd";

// The update rules, each in one pass over the weights, their gradient and the rule's state; the formulas, with their
// papers, stand in optim/. One item is a chunk of values. Arguments: the addresses of w, dw and three of state, 0 where
// there is none, the length; then the weight decay λ and the numbers that each rule names. The gradient g is dw + λ·w, and
// dw where λ is zero. All of them run at the speed of memory.

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

/** A vector, or as much of it as lies before `end`. */
// @ts-ignore: decorator
@inline function read<T>(array: usize, at: usize, end: usize): v128 {
  return at + VECTOR <= end ? v128.load(array + at) : loadPart<T>(array + at, <i32>((end - at) / sizeof<T>()));
}

// @ts-ignore: decorator
@inline function write<T>(array: usize, at: usize, end: usize, v: v128): void {
  if (at + VECTOR <= end) v128.store(array + at, v);
  else storePart<T>(array + at, v, <i32>((end - at) / sizeof<T>()));
}

/** Whether there is weight decay. */
// @ts-ignore: decorator
@inline function decays<T>(): bool {
  return number<T>(0) != 0;
}

/** g, of weights and their gradient. */
// @ts-ignore: decorator
@inline function gradient<T>(dw: usize, value: v128, at: usize, end: usize, decaying: bool, lambda: v128): v128 {
  const g = read<T>(dw, at, end);
  return decaying ? madd<T>(lambda, value, g) : g;
}

/** w −= η·g. Numbers: λ, η. */
export function sgd<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), stop = end<T>(item);
  const decaying = decays<T>(), lambda = numberSplat<T>(0), eta = numberSplat<T>(1);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    const value = read<T>(w, at, stop);
    write<T>(w, at, stop, nmadd<T>(eta, gradient<T>(dw, value, at, stop, decaying, lambda), value));
  }
}

/** v = μ·v + gain·g, w += rate·v. Numbers: λ, μ, gain, rate. */
export function sgdMomentum<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), velocity = pointer(2), stop = end<T>(item);
  const decaying = decays<T>(), lambda = numberSplat<T>(0);
  const mu = numberSplat<T>(1), gain = numberSplat<T>(2), rate = numberSplat<T>(3);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    const value = read<T>(w, at, stop);
    const g = gradient<T>(dw, value, at, stop, decaying, lambda);
    const v = madd<T>(gain, g, v128.mul<T>(mu, read<T>(velocity, at, stop)));
    write<T>(velocity, at, stop, v);
    write<T>(w, at, stop, madd<T>(rate, v, value));
  }
}

/** v = μ·v + g, w −= η·(g + μ·v). Numbers: λ, η, μ. */
export function nesterov<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), velocity = pointer(2), stop = end<T>(item);
  const decaying = decays<T>(), lambda = numberSplat<T>(0), eta = numberSplat<T>(1), mu = numberSplat<T>(2);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    const value = read<T>(w, at, stop);
    const g = gradient<T>(dw, value, at, stop, decaying, lambda);
    const v = madd<T>(mu, read<T>(velocity, at, stop), g);
    write<T>(velocity, at, stop, v);
    write<T>(w, at, stop, nmadd<T>(eta, madd<T>(mu, v, g), value));
  }
}

/**
 * cache = ρ·cache + (1 − ρ)·g², step = g / (√cache + ε), w −= η·step. Where there is a mean, mean = ρ·mean + (1 − ρ)·g and
 * mean² is taken off under the root; where there is a velocity, v = μ·v + step and w −= η·v.
 * Numbers: λ, η, ε, ρ, 1 − ρ, μ.
 */
export function rmsprop<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), cache = pointer(2), velocity = pointer(3), mean = pointer(4);
  const stop = end<T>(item);
  const decaying = decays<T>(), lambda = numberSplat<T>(0), eta = numberSplat<T>(1), epsilon = numberSplat<T>(2);
  const rho = numberSplat<T>(3), rest = numberSplat<T>(4), mu = numberSplat<T>(5), zero = v128.splat<T>(0);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    const value = read<T>(w, at, stop);
    const g = gradient<T>(dw, value, at, stop, decaying, lambda);
    const c = madd<T>(v128.mul<T>(rest, g), g, v128.mul<T>(rho, read<T>(cache, at, stop)));
    write<T>(cache, at, stop, c);
    let square = c;
    if (mean) {
      const average = madd<T>(rest, g, v128.mul<T>(rho, read<T>(mean, at, stop)));
      write<T>(mean, at, stop, average);
      // Rounding may leave less than nothing of a variance of zero.
      square = v128.max<T>(zero, nmadd<T>(average, average, c));
    }
    let step = v128.div<T>(g, v128.add<T>(v128.sqrt<T>(square), epsilon));
    if (velocity) {
      step = madd<T>(mu, read<T>(velocity, at, stop), step);
      write<T>(velocity, at, stop, step);
    }
    write<T>(w, at, stop, nmadd<T>(eta, step, value));
  }
}

/** cache += g², w −= η·g / (√cache + ε). Numbers: λ, η, ε. */
export function adagrad<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), cache = pointer(2), stop = end<T>(item);
  const decaying = decays<T>(), lambda = numberSplat<T>(0), eta = numberSplat<T>(1), epsilon = numberSplat<T>(2);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    const value = read<T>(w, at, stop);
    const g = gradient<T>(dw, value, at, stop, decaying, lambda);
    const c = madd<T>(g, g, read<T>(cache, at, stop));
    write<T>(cache, at, stop, c);
    const scaled = v128.div<T>(g, v128.add<T>(v128.sqrt<T>(c), epsilon));
    write<T>(w, at, stop, nmadd<T>(eta, scaled, value));
  }
}

/**
 * m = β₁·m + (1 − β₁)·g, v = β₂·v + (1 − β₂)·g², w −= η·m̂ / (√v̂ + ε) with m̂ = m·mScale and v̂ = v·vScale; before it
 * w −= decay·w where decay is not zero. Where there is a largest, it becomes max(largest, v) and stands for v in v̂.
 * Numbers: λ, η, ε, β₁, 1 − β₁, β₂, 1 − β₂, mScale, vScale, decay.
 */
export function adam<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), moment = pointer(2), square = pointer(3), largest = pointer(4);
  const stop = end<T>(item);
  const decaying = decays<T>(), lambda = numberSplat<T>(0), eta = numberSplat<T>(1), epsilon = numberSplat<T>(2);
  const beta1 = numberSplat<T>(3), rest1 = numberSplat<T>(4);
  const beta2 = numberSplat<T>(5), rest2 = numberSplat<T>(6);
  const mScale = numberSplat<T>(7), vScale = numberSplat<T>(8);
  const decay = numberSplat<T>(9), decoupled = number<T>(9) != 0;
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    let value = read<T>(w, at, stop);
    const g = gradient<T>(dw, value, at, stop, decaying, lambda);
    const m = madd<T>(rest1, g, v128.mul<T>(beta1, read<T>(moment, at, stop)));
    let v = madd<T>(v128.mul<T>(rest2, g), g, v128.mul<T>(beta2, read<T>(square, at, stop)));
    write<T>(moment, at, stop, m);
    write<T>(square, at, stop, v);
    if (largest) {
      v = v128.max<T>(read<T>(largest, at, stop), v);
      write<T>(largest, at, stop, v);
    }
    const root = v128.sqrt<T>(v128.mul<T>(v, vScale));
    const scaled = v128.div<T>(v128.mul<T>(m, mScale), v128.add<T>(root, epsilon));
    if (decoupled) value = nmadd<T>(decay, value, value);
    write<T>(w, at, stop, nmadd<T>(eta, scaled, value));
  }
}
