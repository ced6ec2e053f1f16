import { CHUNK } from "../wasm/protocol";
import { integer, numberSplat, pointer } from "./job";
import { lanes, loadUpTo, storeUpTo } from "./simd";

/**
 * mask = 1/p with probability p, else 0; out = x · mask. The mask is a function of the key and the place alone: `bits`
 * in reference/dropout.ts is the definition. One item is a chunk. Integers: the first place. Numbers: 1/p.
 */
export function dropout<T>(item: i32): void {
  const x = pointer(0), mask = pointer(1), out = pointer(2);
  const length = integer(3);
  const first = i32x4.splat(integer(4)), second = i32x4.splat(integer(5));
  const threshold = i32x4.splat(integer(6));
  const start = integer(7);
  const kept = numberSplat<T>(0);

  const end = min(length, (item + 1) * CHUNK);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const place = i32x4.add(i32x4.splat(start + i), i32x4(0, 1, 2, 3));
    const random = mix(i32x4.add(mix(v128.xor(place, first)), second));
    // 24 random bits against the threshold p · 2^24.
    let keep = i32x4.lt_s(i32x4.shr_u(random, 8), threshold);
    if (sizeof<T>() == 8) keep = i64x2.extend_low_i32x4_s(keep);
    const m = v128.and(keep, kept);
    storeUpTo<T>(mask + at, m, end - i);
    storeUpTo<T>(out + at, v128.mul<T>(loadUpTo<T>(x + at, end - i), m), end - i);
  }
}

// @ts-ignore: decorator
@inline function mix(bits: v128): v128 {
  bits = i32x4.mul(v128.xor(bits, i32x4.shr_u(bits, 16)), i32x4.splat(0x7feb352d));
  bits = i32x4.mul(v128.xor(bits, i32x4.shr_u(bits, 15)), i32x4.splat(<i32>0x846ca68b));
  return v128.xor(bits, i32x4.shr_u(bits, 16));
}
