import { VECTOR } from "./simd";

// Four filters of 3 × 3 in the lanes of nine vectors, and vectors of four rows of a panel of six.

/** Bytes of a filter of 3 × 3. */
// @ts-ignore: decorator
@inline export const FILTER_BYTES: usize = 36;

/** Value number `tap` at each of four places. */
// @ts-ignore: decorator
@inline export function gather(a: usize, b: usize, c: usize, d: usize, tap: usize): v128 {
  const at = tap << 2;
  let v = v128.load32_zero(a + at);
  v = v128.load_lane<f32>(b + at, v, 1);
  v = v128.load_lane<f32>(c + at, v, 2);
  return v128.load_lane<f32>(d + at, v, 3);
}

/** Writes the filters in the first `count` lanes of nine vectors, one after another. */
export function scatter(from: usize, to: usize, count: i32): void {
  for (let lane = 0; lane < count; lane++) {
    for (let tap: usize = 0; tap < 9; tap++) store<f32>(to + (tap << 2), load<f32>(from + tap * VECTOR));
    from += sizeof<f32>();
    to += FILTER_BYTES;
  }
}

/**
 * Stores the first two lanes at `to`, the last two `jump` bytes on: a panel of rows has six to a step, so that every other
 * vector of four rows begins in one panel and ends in the next. A jump of 0 leaves the last two out.
 */
// @ts-ignore: decorator
@inline export function storeHalves(to: usize, jump: usize, v: v128): void {
  if (jump == 8) {
    v128.store(to, v);
  } else {
    v128.store_lane<f64>(to + jump, v, 1);
    v128.store_lane<f64>(to, v, 0);
  }
}
