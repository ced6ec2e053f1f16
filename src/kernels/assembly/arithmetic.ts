import { CHUNK } from "../wasm/protocol";
import { integer, numberSplat, pointer } from "./job";
import { lanes, loadPart, madd, storePart, VECTOR } from "./simd";

// @ts-ignore: decorator
@inline const ADD: i32 = 0;
// @ts-ignore: decorator
@inline const SUBTRACT: i32 = 1;
// @ts-ignore: decorator
@inline const MULTIPLY: i32 = 2;
// @ts-ignore: decorator
@inline const DIVIDE: i32 = 3;

// @ts-ignore: decorator
@inline function combined<T>(operation: i32, a: v128, b: v128): v128 {
  if (operation == ADD) return v128.add<T>(a, b);
  if (operation == SUBTRACT) return v128.sub<T>(a, b);
  if (operation == DIVIDE) return v128.div<T>(a, b);
  return v128.mul<T>(a, b);
}

/** out = a (operation) b. One item is a chunk. */
// @ts-ignore: decorator
@inline function combine<T>(operation: i32, item: i32): void {
  const a = pointer(0), b = pointer(1), out = pointer(2);
  let at = <usize>item * CHUNK * sizeof<T>();
  const rest = min(CHUNK, integer(3) - item * CHUNK);
  const end = at + <usize>(rest & -lanes<T>()) * sizeof<T>();
  for (; at < end; at += VECTOR) {
    v128.store(out + at, combined<T>(operation, v128.load(a + at), v128.load(b + at)));
  }
  const part = rest & (lanes<T>() - 1);
  if (part) storePart<T>(out + at, combined<T>(operation, loadPart<T>(a + at, part), loadPart<T>(b + at, part)), part);
}

export function add<T>(item: i32): void {
  combine<T>(ADD, item);
}

export function subtract<T>(item: i32): void {
  combine<T>(SUBTRACT, item);
}

export function multiply<T>(item: i32): void {
  combine<T>(MULTIPLY, item);
}

export function divide<T>(item: i32): void {
  combine<T>(DIVIDE, item);
}

/** out = factor · x. Numbers: factor. One item is a chunk. */
export function scale<T>(item: i32): void {
  const x = pointer(0), out = pointer(1);
  const factor = numberSplat<T>(0);
  let at = <usize>item * CHUNK * sizeof<T>();
  const rest = min(CHUNK, integer(2) - item * CHUNK);
  const end = at + <usize>(rest & -lanes<T>()) * sizeof<T>();
  for (; at < end; at += VECTOR) v128.store(out + at, v128.mul<T>(factor, v128.load(x + at)));
  const part = rest & (lanes<T>() - 1);
  if (part) storePart<T>(out + at, v128.mul<T>(factor, loadPart<T>(x + at, part)), part);
}

/** a += weight · (b − a). Numbers: weight. One item is a chunk. */
export function lerp<T>(item: i32): void {
  const a = pointer(0), b = pointer(1);
  const weight = numberSplat<T>(0);
  let at = <usize>item * CHUNK * sizeof<T>();
  const rest = min(CHUNK, integer(2) - item * CHUNK);
  const end = at + <usize>(rest & -lanes<T>()) * sizeof<T>();
  for (; at < end; at += VECTOR) v128.store(a + at, between<T>(v128.load(a + at), v128.load(b + at), weight));
  const part = rest & (lanes<T>() - 1);
  if (part) storePart<T>(a + at, between<T>(loadPart<T>(a + at, part), loadPart<T>(b + at, part), weight), part);
}

// @ts-ignore: decorator
@inline function between<T>(a: v128, b: v128, weight: v128): v128 {
  return madd<T>(weight, v128.sub<T>(b, a), a);
}
