import { CHUNK } from "../wasm/protocol";
import { integer, numberSplat, pointer } from "./job";
import { lanes, loadPart, madd, nmadd, storePart, VECTOR } from "./simd";

// The update rules, each in one pass over the weights, their gradient and the rule's state; the formulas, with their
// papers, stand in optim/. One item is a chunk of values. Arguments: the addresses of w, dw and two of state, the
// length; then the numbers that each rule names. All of them run at the speed of memory.

/** Byte offset of the item's first value. */
// @ts-ignore: decorator
@inline function first<T>(item: i32): usize {
  return <usize>item * CHUNK * sizeof<T>();
}

/** Byte offset of the end of the item's values. */
// @ts-ignore: decorator
@inline function end<T>(item: i32): usize {
  return <usize>min((item + 1) * CHUNK, integer(4)) * sizeof<T>();
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

/** w −= η·dw. Numbers: η. */
export function sgd<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), stop = end<T>(item);
  const eta = numberSplat<T>(0);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    write<T>(w, at, stop, nmadd<T>(eta, read<T>(dw, at, stop), read<T>(w, at, stop)));
  }
}

/** v = μ·v − η·dw, w += v. Numbers: η, μ. */
export function sgdMomentum<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), velocity = pointer(2), stop = end<T>(item);
  const eta = numberSplat<T>(0), mu = numberSplat<T>(1);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    const v = nmadd<T>(eta, read<T>(dw, at, stop), v128.mul<T>(mu, read<T>(velocity, at, stop)));
    write<T>(velocity, at, stop, v);
    write<T>(w, at, stop, v128.add<T>(read<T>(w, at, stop), v));
  }
}

/** v = μ·v + dw, w −= η·(dw + μ·v). Numbers: η, μ. */
export function nesterov<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), velocity = pointer(2), stop = end<T>(item);
  const eta = numberSplat<T>(0), mu = numberSplat<T>(1);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    const g = read<T>(dw, at, stop);
    const v = madd<T>(mu, read<T>(velocity, at, stop), g);
    write<T>(velocity, at, stop, v);
    write<T>(w, at, stop, nmadd<T>(eta, madd<T>(mu, v, g), read<T>(w, at, stop)));
  }
}

/** cache = ρ·cache + (1 − ρ)·dw², w −= η·dw / (√cache + ε). Numbers: η, ε, ρ, 1 − ρ. */
export function rmsprop<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), cache = pointer(2), stop = end<T>(item);
  const eta = numberSplat<T>(0), epsilon = numberSplat<T>(1), rho = numberSplat<T>(2), rest = numberSplat<T>(3);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    const g = read<T>(dw, at, stop);
    const c = madd<T>(v128.mul<T>(rest, g), g, v128.mul<T>(rho, read<T>(cache, at, stop)));
    write<T>(cache, at, stop, c);
    const scaled = v128.div<T>(g, v128.add<T>(v128.sqrt<T>(c), epsilon));
    write<T>(w, at, stop, nmadd<T>(eta, scaled, read<T>(w, at, stop)));
  }
}

/** cache += dw², w −= η·dw / (√cache + ε). Numbers: η, ε. */
export function adagrad<T>(item: i32): void {
  const w = pointer(0), dw = pointer(1), cache = pointer(2), stop = end<T>(item);
  const eta = numberSplat<T>(0), epsilon = numberSplat<T>(1);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    const g = read<T>(dw, at, stop);
    const c = madd<T>(g, g, read<T>(cache, at, stop));
    write<T>(cache, at, stop, c);
    const scaled = v128.div<T>(g, v128.add<T>(v128.sqrt<T>(c), epsilon));
    write<T>(w, at, stop, nmadd<T>(eta, scaled, read<T>(w, at, stop)));
  }
}

/**
 * m = β₁·m + (1 − β₁)·dw, v = β₂·v + (1 − β₂)·dw², w −= η·m̂ / (√v̂ + ε) with m̂ = m·mScale and v̂ = v·vScale; before it
 * w −= decay·w where `decoupled`. Numbers: η, ε, β₁, 1 − β₁, β₂, 1 − β₂, mScale, vScale, decay.
 */
// @ts-ignore: decorator
@inline function adamOf<T>(item: i32, decoupled: bool): void {
  const w = pointer(0), dw = pointer(1), moment = pointer(2), square = pointer(3), stop = end<T>(item);
  const eta = numberSplat<T>(0), epsilon = numberSplat<T>(1);
  const beta1 = numberSplat<T>(2), rest1 = numberSplat<T>(3);
  const beta2 = numberSplat<T>(4), rest2 = numberSplat<T>(5);
  const mScale = numberSplat<T>(6), vScale = numberSplat<T>(7), decay = numberSplat<T>(8);
  for (let at = first<T>(item); at < stop; at += VECTOR) {
    const g = read<T>(dw, at, stop);
    const m = madd<T>(rest1, g, v128.mul<T>(beta1, read<T>(moment, at, stop)));
    const v = madd<T>(v128.mul<T>(rest2, g), g, v128.mul<T>(beta2, read<T>(square, at, stop)));
    write<T>(moment, at, stop, m);
    write<T>(square, at, stop, v);
    const root = v128.sqrt<T>(v128.mul<T>(v, vScale));
    const scaled = v128.div<T>(v128.mul<T>(m, mScale), v128.add<T>(root, epsilon));
    let value = read<T>(w, at, stop);
    if (decoupled) value = nmadd<T>(decay, value, value);
    write<T>(w, at, stop, nmadd<T>(eta, scaled, value));
  }
}

export function adam<T>(item: i32): void {
  adamOf<T>(item, false);
}

export function adamw<T>(item: i32): void {
  adamOf<T>(item, true);
}
