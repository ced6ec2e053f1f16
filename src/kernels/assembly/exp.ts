import { constant, madd, nmadd } from "./simd";

// e^x = 2^n · e^r with n = nearest(x / ln 2), so |r| ≤ ½ ln 2. The powers of r come from the Taylor series, whose first
// omitted term is below half a unit in the last place.
//
// n is made an integer by adding a number so large that it has no fractions: the low bits of the sum are those of n
// plus the low bits of the number. These are the bias of the exponent, once or twice, so that shifting the low bits to
// the place of the exponent gives a power of two.

/** The constants by their places in the tables, and the series from 1/2! on. */
const enum At { LOWEST, PER_LN2, TWICE_BIASED, BIASED, LN2, LN2_LOW, LOWEST_OF_EXPM1, ONE, SERIES }

/** ln 2 is in two parts, the first with trailing zeros, so that n times it is exact. */
const TABLE32 = memory.data<f32>([
  -104, 1.4426950408889634, 12583166, 12583039, 0.693359375, -2.12194440054690583e-4, -18, 1,
  0.5, 0.16666666666666667, 0.041666666666666667, 0.0083333333333333333, 0.0013888888888888889, 0.00019841269841269841,
]);
const TABLE64 = memory.data<f64>([
  -746, 1.4426950408889634, 6755399441057790, 6755399441056767, 6.93147180369123816490e-1,
  1.90821492927058770002e-10, -40, 1,
  0.5, 0.16666666666666667, 0.041666666666666667, 0.0083333333333333333, 0.0013888888888888889, 0.00019841269841269841,
  0.000024801587301587302, 2.7557319223985891e-6, 2.7557319223985891e-7, 2.5052108385441719e-8, 2.0876756987868099e-9,
  1.6059043836821615e-10,
]);

// @ts-ignore: decorator
@inline function at<T>(place: usize): v128 {
  return constant<T>(sizeof<T>() == 8 ? TABLE64 : TABLE32, place);
}

/**
 * e^x for x ≤ 0, to within 2 units in the last place, also where the result is below the smallest normal number. NaN
 * stays NaN; lanes of a positive x hold anything.
 */
// @ts-ignore: decorator
@inline export function exp<T>(x: v128): v128 {
  // Below this the result is 0 whatever x is. NaN passes.
  const t = v128.pmax<T>(x, at<T>(At.LOWEST));
  const sum = madd<T>(t, at<T>(At.PER_LN2), at<T>(At.TWICE_BIASED));
  const n = v128.sub<T>(sum, at<T>(At.TWICE_BIASED));
  const r = nmadd<T>(n, at<T>(At.LN2_LOW), nmadd<T>(n, at<T>(At.LN2), t));
  return scale<T>(power<T>(r), sum);
}

/** The constants of {@link expOfHalves} by their places in the tables, and the series from 1/(2!·2²) on. */
const enum Half { PER_LN2, LN2, LN2_LOW, MINUS_HALF, SERIES }

/** Those of the tables above: the first times −½, twice ln 2, and the series times the powers of −½. */
const HALVES32 = memory.data<f32>([
  -0.7213475204444817, 1.38671875, -4.24388880109381166e-4, -0.5,
  0.125, -0.020833333333333333, 0.0026041666666666667, -0.00026041666666666667, 0.000021701388888888889,
  -1.5500992063492064e-6,
]);
const HALVES64 = memory.data<f64>([
  -0.7213475204444817, 1.38629436073824763298, 3.81642985854117540004e-10, -0.5,
  0.125, -0.020833333333333333, 0.0026041666666666667, -0.00026041666666666667, 0.000021701388888888889,
  -1.5500992063492064e-6, 9.6881200396825397e-8, -5.3822889109347443e-9, 2.6911444554673721e-10,
  -1.2232474797578964e-11, 5.0968644989912351e-13, -1.9603324996120135e-14,
]);

// @ts-ignore: decorator
@inline function half<T>(place: usize): v128 {
  return constant<T>(sizeof<T>() == 8 ? HALVES64 : HALVES32, place);
}

/** Two neighbouring terms of the series. */
// @ts-ignore: decorator
@inline function pairOfHalves<T>(r: v128, place: usize): v128 {
  return madd<T>(half<T>(<usize>Half.SERIES + place + 1), r, half<T>(<usize>Half.SERIES + place));
}

/**
 * e^(−(x + low)/2) where `low` is small beside x ≥ 0: a square that is rounded to one number loses as many units in the
 * last place of its power as half its own size. The halves are in the constants. Not for arguments of more than twice
 * those whose result is 0.
 */
// @ts-ignore: decorator
@inline export function expOfHalves<T>(x: v128, low: v128): v128 {
  const sum = madd<T>(v128.add<T>(x, low), half<T>(Half.PER_LN2), at<T>(At.TWICE_BIASED));
  const n = v128.sub<T>(sum, at<T>(At.TWICE_BIASED));
  // x + n·(twice the long part of ln 2) is exact.
  const r = madd<T>(n, half<T>(Half.LN2_LOW), v128.add<T>(madd<T>(n, half<T>(Half.LN2), x), low));
  // In powers of r², of which fewer wait for each other.
  const square = v128.mul<T>(r, r);
  let p = pairOfHalves<T>(r, 4);
  if (sizeof<T>() == 8) {
    p = madd<T>(pairOfHalves<T>(r, 10), square, pairOfHalves<T>(r, 8));
    p = madd<T>(madd<T>(p, square, pairOfHalves<T>(r, 6)), square, pairOfHalves<T>(r, 4));
  }
  p = madd<T>(madd<T>(p, square, pairOfHalves<T>(r, 2)), square, pairOfHalves<T>(r, 0));
  return scale<T>(madd<T>(madd<T>(p, r, half<T>(Half.MINUS_HALF)), r, at<T>(At.ONE)), sum);
}

/**
 * e^x − 1 for x ≤ 0, to within 2 units in the last place, also where e^x is next to 1. NaN stays NaN; lanes of a
 * positive x hold anything.
 */
// @ts-ignore: decorator
@inline export function expm1<T>(x: v128): v128 {
  // Below this the result is −1 whatever x is.
  const t = v128.pmax<T>(x, at<T>(At.LOWEST_OF_EXPM1));
  const sum = madd<T>(t, at<T>(At.PER_LN2), at<T>(At.BIASED));
  const n = v128.sub<T>(sum, at<T>(At.BIASED));
  const r = nmadd<T>(n, at<T>(At.LN2_LOW), nmadd<T>(n, at<T>(At.LN2), t));
  // 2^n·e^r − 1 = 2^n·(e^r − 1) + (2^n − 1), where 2^n is 1 for the small x and the second difference is exact.
  const p = madd<T>(v128.mul<T>(r, r), powerTail<T>(r), r);
  const whole = powerOfTwo<T>(sum);
  return madd<T>(whole, p, v128.sub<T>(whole, at<T>(At.ONE)));
}

/** e^r. */
// @ts-ignore: decorator
@inline function power<T>(r: v128): v128 {
  const one = at<T>(At.ONE);
  return madd<T>(madd<T>(powerTail<T>(r), r, one), r, one);
}

/** (e^r − 1 − r) / r². */
// @ts-ignore: decorator
@inline function powerTail<T>(r: v128): v128 {
  let p: v128;
  if (sizeof<T>() == 8) {
    p = at<T>(At.SERIES + 11);
    p = madd<T>(p, r, at<T>(At.SERIES + 10));
    p = madd<T>(p, r, at<T>(At.SERIES + 9));
    p = madd<T>(p, r, at<T>(At.SERIES + 8));
    p = madd<T>(p, r, at<T>(At.SERIES + 7));
    p = madd<T>(p, r, at<T>(At.SERIES + 6));
    p = madd<T>(p, r, at<T>(At.SERIES + 5));
  } else {
    p = at<T>(At.SERIES + 5);
  }
  p = madd<T>(p, r, at<T>(At.SERIES + 4));
  p = madd<T>(p, r, at<T>(At.SERIES + 3));
  p = madd<T>(p, r, at<T>(At.SERIES + 2));
  p = madd<T>(p, r, at<T>(At.SERIES + 1));
  return madd<T>(p, r, at<T>(At.SERIES));
}

/** p · 2^n from a twice biased sum. In two halves, so that results below the smallest normal number come out right. */
// @ts-ignore: decorator
@inline function scale<T>(p: v128, sum: v128): v128 {
  const half = i32x4.shr_s(sum, 1);
  return v128.mul<T>(v128.mul<T>(p, powerOfTwo<T>(half)), powerOfTwo<T>(i32x4.sub(sum, half)));
}

/** 2^n, a normal number, from a biased sum; all but its low bits are shifted out. */
// @ts-ignore: decorator
@inline function powerOfTwo<T>(sum: v128): v128 {
  return sizeof<T>() == 8 ? i64x2.shl(sum, 52) : i32x4.shl(sum, 23);
}
