// Sums of columns. One sum that goes through all rows in float32 loses more the longer it is: of a million times 0.1
// it makes 100,958. So a few rows are added up in T, and those sums in float64: a vector of them in two, of its low
// and its high lanes. Float64 itself needs no more than one, and its high lanes are nothing.

import { VECTOR } from "./simd";

/**
 * Rows that are added up in T: of terms of one sign the sum is then off by 15 · 2⁻²⁴ of itself at most, a millionth,
 * and widening it costs a third of an addition to each row.
 */
// @ts-ignore: decorator
@inline export const ROWS_AT_A_TIME: i32 = 16;

/** Where the rows from `n` on that are added up in T end. */
// @ts-ignore: decorator
@inline export function rowsEnd(n: i32, N: i32): i32 {
  return min(N, n + ROWS_AT_A_TIME);
}

/** low + the low lanes of `part`, in float64. */
// @ts-ignore: decorator
@inline export function addLow<T>(low: v128, part: v128): v128 {
  return f64x2.add(low, sizeof<T>() == 8 ? part : f64x2.promote_low_f32x4(part));
}

/** high + the high lanes of `part`, in float64. */
// @ts-ignore: decorator
@inline export function addHigh<T>(high: v128, part: v128): v128 {
  if (sizeof<T>() == 8) return high;
  return f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(part, part, 2, 3, 0, 1)));
}

/** The sums, rounded to a vector of T. */
// @ts-ignore: decorator
@inline export function rounded<T>(low: v128, high: v128): v128 {
  if (sizeof<T>() == 8) return low;
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** Adds `part` to the float64 sums at `to`, one of each lane. */
// @ts-ignore: decorator
@inline export function addToSums<T>(to: usize, part: v128): void {
  v128.store(to, addLow<T>(v128.load(to), part));
  if (sizeof<T>() == 4) v128.store(to, addHigh<T>(v128.load(to, VECTOR), part), VECTOR);
}

/** Those sums, rounded to a vector of T. */
// @ts-ignore: decorator
@inline export function roundedAt<T>(from: usize): v128 {
  return rounded<T>(v128.load(from), sizeof<T>() == 4 ? v128.load(from, VECTOR) : v128.load(from));
}
