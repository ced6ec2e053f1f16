import { madd, nmadd } from "./simd";

/**
 * e^x in every lane, to within 2 units in the last place.
 *
 * x = n·ln 2 + r with |r| ≤ ½ ln 2; e^r by its Taylor series, whose first omitted term is below half a unit in the last
 * place; times 2^n by adding n to the exponent, in two halves, so that results below the smallest normal number come
 * out right. Above the largest finite result it is infinite, NaN stays NaN.
 */
export function exp<T>(x: v128): v128 {
  if (sizeof<T>() == 4) return expf(x);
  return expd(x);
}

function expf(x: v128): v128 {
  // Beyond these bounds the result is 0 or infinite whatever x is. NaN passes through max and min.
  const t = f32x4.max(f32x4.min(x, f32x4.splat(89)), f32x4.splat(-104));
  const n = f32x4.nearest(f32x4.mul(t, f32x4.splat(1.4426950408889634)));
  // ln 2 in two parts, the first with trailing zeros, so that n times it is exact.
  let r = nmadd<f32>(n, f32x4.splat(0.693359375), t);
  r = nmadd<f32>(n, f32x4.splat(-2.12194440054690583e-4), r);
  let p = f32x4.splat(1 / 5040.0);
  p = madd<f32>(p, r, f32x4.splat(1 / 720.0));
  p = madd<f32>(p, r, f32x4.splat(1 / 120.0));
  p = madd<f32>(p, r, f32x4.splat(1 / 24.0));
  p = madd<f32>(p, r, f32x4.splat(1 / 6.0));
  p = madd<f32>(p, r, f32x4.splat(0.5));
  p = madd<f32>(p, r, f32x4.splat(1));
  p = madd<f32>(p, r, f32x4.splat(1));
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo32(half)), powerOfTwo32(i32x4.sub(whole, half)));
}

// @ts-ignore: decorator
@inline function powerOfTwo32(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

function expd(x: v128): v128 {
  const t = f64x2.max(f64x2.min(x, f64x2.splat(710)), f64x2.splat(-746));
  const n = f64x2.nearest(f64x2.mul(t, f64x2.splat(1.4426950408889634)));
  let r = nmadd<f64>(n, f64x2.splat(6.93147180369123816490e-1), t);
  r = nmadd<f64>(n, f64x2.splat(1.90821492927058770002e-10), r);
  let p = f64x2.splat(1 / 6227020800.0);
  p = madd<f64>(p, r, f64x2.splat(1 / 479001600.0));
  p = madd<f64>(p, r, f64x2.splat(1 / 39916800.0));
  p = madd<f64>(p, r, f64x2.splat(1 / 3628800.0));
  p = madd<f64>(p, r, f64x2.splat(1 / 362880.0));
  p = madd<f64>(p, r, f64x2.splat(1 / 40320.0));
  p = madd<f64>(p, r, f64x2.splat(1 / 5040.0));
  p = madd<f64>(p, r, f64x2.splat(1 / 720.0));
  p = madd<f64>(p, r, f64x2.splat(1 / 120.0));
  p = madd<f64>(p, r, f64x2.splat(1 / 24.0));
  p = madd<f64>(p, r, f64x2.splat(1 / 6.0));
  p = madd<f64>(p, r, f64x2.splat(0.5));
  p = madd<f64>(p, r, f64x2.splat(1));
  p = madd<f64>(p, r, f64x2.splat(1));
  // n fits 32 bits; widen it to the exponent's place in 64.
  const whole = i32x4.trunc_sat_f64x2_s_zero(n);
  const half = i32x4.shr_s(whole, 1);
  const rest = i32x4.sub(whole, half);
  return f64x2.mul(f64x2.mul(p, powerOfTwo64(half)), powerOfTwo64(rest));
}

// @ts-ignore: decorator
@inline function powerOfTwo64(n: v128): v128 {
  return i64x2.shl(i64x2.add(i64x2.extend_low_i32x4_s(n), i64x2.splat(1023)), 52);
}
