import { expOfHalves } from "./exp";
import { constant, madd } from "./simd";

// The normal distribution Φ(x) = ½·(1 + erf(x/√2)) by its lower tail, for a ≥ 0:
//
//   Φ(−a) = e^(−a²/2) · R(a),   R(a) = ½·erfcx(a/√2) = ½·e^(a²/2)·erfc(a/√2)
//
// All that falls fast is in the power. R goes from ½ to 1/(a·√(2π)), and 1/R(a) = √(2π)·a + W(a), where W falls
// smoothly from 2 to 0: a quotient N/D of polynomials gives it everywhere. Their coefficients are all positive, so that
// nothing cancels, and where a is large and rounding adds up in D, it is the same factor above and below:
//
//   R = D / (√(2π)·a·D + N)
//
// N and D are the best of their degrees, found by scripts/golden/normal-tail.py: with them the relative error of R is
// below 8e-10 for float32 and 5e-18 for float64. Both are times 1.75, so that near 0 they lie below a power of two,
// where rounding costs less than above it.

/** Coefficients from the highest power down. */
const N32 = memory.data<f32>([
  0.010966886517669871414, 0.13111162879020453015, 0.72958655795685738711, 2.2078729256231831086, 3.5,
]);
const D32 = memory.data<f32>([
  0.0043747384096317673141, 0.052327118304101300642, 0.29934631346841696109, 0.99145109646569680976,
  1.9009382919717606918, 1.75,
]);
const N64 = memory.data<f64>([
  2.5172640525534288892e-6, 0.00007551994643529060626, 0.001113602861904282577, 0.010468811395214855788,
  0.068768930802000637516, 0.32695431586000656531, 1.1281213953176864214, 2.7443485652276528064,
  4.3339523981137501091, 3.5,
]);
const D64 = memory.data<f64>([
  1.0042430615790029558e-6, 0.000030128099631313280971, 0.00044627175263313518388, 0.0042367076219853115117,
  0.028317337560182990158, 0.13860797267066989018, 0.50230280527281031445, 1.3318964211949845282,
  2.4829729071543697001, 2.9639779579539851127, 1.75,
]);

/** Other constants by their places in the tables. */
const enum At { FARTHEST, ROOT }

const TABLE32 = memory.data<f32>([15, 2.506628274631000502]);
const TABLE64 = memory.data<f64>([39, 2.506628274631000502]);

// @ts-ignore: decorator
@inline function at<T>(place: usize): v128 {
  return constant<T>(sizeof<T>() == 8 ? TABLE64 : TABLE32, place);
}

/** Beyond this distance from 0 the tail and the density are 0, times the distance too. */
// @ts-ignore: decorator
@inline export function farthest<T>(): v128 {
  return at<T>(At.FARTHEST);
}

/** e^(−a²/2) for 0 ≤ a ≤ farthest, to within 2 units in the last place. */
// @ts-ignore: decorator
@inline export function bell<T>(a: v128): v128 {
  // Half as many bits, so that the square is exact; the rest of a² is (a − short)·(a + short).
  const short = v128.and(a, sizeof<T>() == 8 ? i64x2.splat(-1 << 27) : i32x4.splat(-1 << 12));
  return expOfHalves<T>(v128.mul<T>(short, short), v128.mul<T>(v128.sub<T>(a, short), v128.add<T>(a, short)));
}

/** R(a) for 0 ≤ a ≤ farthest; ½ at 0. */
// @ts-ignore: decorator
@inline export function tailRatio<T>(a: v128): v128 {
  const d = denominator<T>(a);
  return v128.div<T>(d, madd<T>(at<T>(At.ROOT), v128.mul<T>(a, d), numerator<T>(a)));
}

/** a·R(a) for 0 ≤ a ≤ farthest, with one rounding less. */
// @ts-ignore: decorator
@inline export function scaledTailRatio<T>(a: v128): v128 {
  const ad = v128.mul<T>(a, denominator<T>(a));
  return v128.div<T>(ad, madd<T>(at<T>(At.ROOT), ad, numerator<T>(a)));
}

// @ts-ignore: decorator
@inline function numerator<T>(a: v128): v128 {
  if (sizeof<T>() == 8) return horner9<T>(a, N64);
  return horner4<T>(a, N32);
}

// @ts-ignore: decorator
@inline function denominator<T>(a: v128): v128 {
  if (sizeof<T>() == 8) return madd<T>(horner9<T>(a, D64), a, constant<T>(D64, 10));
  return madd<T>(horner4<T>(a, D32), a, constant<T>(D32, 5));
}

/** A polynomial of degree 4. */
// @ts-ignore: decorator
@inline function horner4<T>(a: v128, table: usize): v128 {
  let p = constant<T>(table, 0);
  p = madd<T>(p, a, constant<T>(table, 1));
  p = madd<T>(p, a, constant<T>(table, 2));
  p = madd<T>(p, a, constant<T>(table, 3));
  return madd<T>(p, a, constant<T>(table, 4));
}

/** A polynomial of degree 9. */
// @ts-ignore: decorator
@inline function horner9<T>(a: v128, table: usize): v128 {
  let p = horner4<T>(a, table);
  p = madd<T>(p, a, constant<T>(table, 5));
  p = madd<T>(p, a, constant<T>(table, 6));
  p = madd<T>(p, a, constant<T>(table, 7));
  p = madd<T>(p, a, constant<T>(table, 8));
  return madd<T>(p, a, constant<T>(table, 9));
}
