import { constant, madd, select } from "./simd";

// ln u = k·ln 2 + ln(1 + g) with u = 2^k · (1 + g) and 1 + g between √½ and √2. With s = g / (2 + g) the series
// ln(1 + g) = 2·(s + s³/3 + s⁵/5 + …) is g − ½g² + s·(½g² + R), where R is a polynomial in s². Coefficients as in
// FreeBSD's e_log.c and e_logf.c; the result is within 2 units in the last place.

/** The constants by their places in the tables; the polynomial begins with its highest power. */
const enum At { ONE, TWO, HALF, ROOT_HALF, LOWEST, HIGHEST, LN2, LN2_LOW, NORMAL, RAISE, RAISED, MAGIC, SERIES }

/** ln 2 is in two parts, the first with trailing zeros, so that k times it is exact. */
const TABLE32 = memory.data<f32>([
  1, 2, 0.5, 0.7071067811865476, -0.29289321881345254, 0.41421356237309503, 6.9313812256e-1, 9.0580006145e-6,
  1.1754943508222875e-38, 33554432, 25, 0,
  0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693,
]);
const TABLE64 = memory.data<f64>([
  1, 2, 0.5, 0.7071067811865476, -0.29289321881345254, 0.41421356237309503, 6.93147180369123816490e-1,
  1.90821492927058770002e-10, 2.2250738585072014e-308, 18014398509481984, 54, 6755399441055744,
  1.479819860511658591e-1, 1.531383769920937332e-1, 1.818357216161805012e-1, 2.222219843214978396e-1,
  2.857142874366239149e-1, 3.999999999940941908e-1, 6.666666666666735130e-1,
]);

// @ts-ignore: decorator
@inline function at<T>(place: usize): v128 {
  return constant<T>(sizeof<T>() == 8 ? TABLE64 : TABLE32, place);
}

/** ln u; −∞ of 0, NaN below 0 and of NaN, also where u is below the smallest normal number. */
// @ts-ignore: decorator
@inline export function log<T>(u: v128): v128 {
  const isSmall = v128.lt<T>(u, at<T>(At.NORMAL));
  const v = select(isSmall, v128.mul<T>(u, at<T>(At.RAISE)), u);
  const k = exponent<T>(v);
  const g = v128.sub<T>(mantissa<T>(v), at<T>(At.ONE));
  const raised = v128.and(isSmall, at<T>(At.RAISED));
  const finite = v128.lt<T>(u, v128.splat<T>(<T>Infinity));
  return atTheEnds<T>(u, select(finite, logOf<T>(v128.sub<T>(k, raised), g), u));
}

/** ln(1 + f) for f ≤ 1, exact to the last digits near 0 too; −∞ of −1, NaN below and of NaN. */
// @ts-ignore: decorator
@inline export function log1p<T>(f: v128): v128 {
  const u = v128.add<T>(f, at<T>(At.ONE));
  const isNear = v128.and(v128.gt<T>(f, at<T>(At.LOWEST)), v128.lt<T>(f, at<T>(At.HIGHEST)));
  // Next to 0 the digits of f that 1 + f rounds off count; elsewhere ln(1 + f) is no smaller than they are.
  const g = select(isNear, f, v128.sub<T>(mantissa<T>(u), at<T>(At.ONE)));
  const k = v128.andnot(exponent<T>(u), isNear);
  return atTheEnds<T>(u, logOf<T>(k, g));
}

/** k·ln 2 + ln(1 + g). */
// @ts-ignore: decorator
@inline function logOf<T>(k: v128, g: v128): v128 {
  const s = v128.div<T>(g, v128.add<T>(at<T>(At.TWO), g));
  const z = v128.mul<T>(s, s);
  const square = v128.mul<T>(v128.mul<T>(at<T>(At.HALF), g), g);
  const tail = madd<T>(s, madd<T>(z, series<T>(z), square), v128.mul<T>(k, at<T>(At.LN2_LOW)));
  // g − ½g² + …, and the largest term last.
  return madd<T>(k, at<T>(At.LN2), v128.sub<T>(g, v128.sub<T>(square, tail)));
}

/** R / s². */
// @ts-ignore: decorator
@inline function series<T>(z: v128): v128 {
  let p = at<T>(At.SERIES);
  p = madd<T>(p, z, at<T>(At.SERIES + 1));
  p = madd<T>(p, z, at<T>(At.SERIES + 2));
  p = madd<T>(p, z, at<T>(At.SERIES + 3));
  if (sizeof<T>() == 8) {
    p = madd<T>(p, z, at<T>(At.SERIES + 4));
    p = madd<T>(p, z, at<T>(At.SERIES + 5));
    p = madd<T>(p, z, at<T>(At.SERIES + 6));
  }
  return p;
}

/** `result` where u > 0, −∞ where it is 0, NaN below and where u is NaN. */
// @ts-ignore: decorator
@inline function atTheEnds<T>(u: v128, result: v128): v128 {
  const zero = v128.splat<T>(0);
  const end = select(v128.eq<T>(u, zero), v128.splat<T>(<T>-Infinity), v128.splat<T>(<T>NaN));
  return select(v128.gt<T>(u, zero), result, end);
}

/** The bits of v less those of √½: the upper ones are the exponent k. */
// @ts-ignore: decorator
@inline function fromRoot<T>(v: v128): v128 {
  return sizeof<T>() == 8 ? i64x2.sub(v, at<T>(At.ROOT_HALF)) : i32x4.sub(v, at<T>(At.ROOT_HALF));
}

/** k as a number, for a normal v. */
// @ts-ignore: decorator
@inline function exponent<T>(v: v128): v128 {
  if (sizeof<T>() == 4) return f32x4.convert_i32x4_s(i32x4.shr_s(fromRoot<T>(v), 23));
  // There is no conversion of 64-bit integers. The low bits of a number without fractions are an integer.
  const magic = at<T>(At.MAGIC);
  return v128.sub<T>(i64x2.add(i64x2.shr_s(fromRoot<T>(v), 52), magic), magic);
}

/** v / 2^k. */
// @ts-ignore: decorator
@inline function mantissa<T>(v: v128): v128 {
  if (sizeof<T>() == 8) return i64x2.sub(v, i64x2.shl(i64x2.shr_s(fromRoot<T>(v), 52), 52));
  return i32x4.sub(v, i32x4.shl(i32x4.shr_s(fromRoot<T>(v), 23), 23));
}
