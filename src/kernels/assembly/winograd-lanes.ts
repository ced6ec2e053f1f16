import { VECTOR } from "./simd";

// Four filters in the lanes of vectors, a tap each, and vectors of four rows of a panel of six.

/** Value number `tap` at each of four places; zeros where it is negative. */
// @ts-ignore: decorator
@inline export function gather(a: usize, b: usize, c: usize, d: usize, tap: i32): v128 {
  if (tap < 0) return f32x4.splat(0);
  const at = <usize>tap << 2;
  let v = v128.load32_zero(a + at);
  v = v128.load_lane<f32>(b + at, v, 1);
  v = v128.load_lane<f32>(c + at, v, 2);
  return v128.load_lane<f32>(d + at, v, 3);
}

/** The jump of a vector that is stored whole. */
// @ts-ignore: decorator
@inline export const WHOLE: usize = 8;

/**
 * Stores the first two lanes at `to`, the last two `jump` bytes on: a panel of rows has six to a step, so that every
 * other vector of four rows begins in one panel and ends in the next. A jump of 0 leaves the last two out.
 */
// @ts-ignore: decorator
@inline export function storeHalves(to: usize, jump: usize, v: v128): void {
  if (jump == WHOLE) {
    v128.store(to, v);
  } else {
    v128.store_lane<f64>(to + jump, v, 1);
    v128.store_lane<f64>(to, v, 0);
  }
}
