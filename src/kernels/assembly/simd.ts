// Vectors of float32 or float64 under one name, so that every kernel is written once for both.

/** Bytes of one SIMD vector. */
// @ts-ignore: decorator
@inline export const VECTOR: usize = 16;

/** Values in one vector: 4 of float32, 2 of float64. */
// @ts-ignore: decorator
@inline export function lanes<T>(): i32 {
  return <i32>(VECTOR / sizeof<T>());
}

/** a · b + c. One fused instruction in the relaxed build, two roundings in the plain one. */
// @ts-ignore: decorator
@inline export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** The value at `ptr` in every lane. */
// @ts-ignore: decorator
@inline export function splatAt<T>(ptr: usize, offset: usize = 0): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(ptr + offset);
  return v128.load64_splat(ptr + offset);
}

/** The sum of a vector's lanes, always in the same order. */
// @ts-ignore: decorator
@inline export function sumLanes<T>(v: v128): T {
  if (sizeof<T>() == 4) {
    return <T>(
      (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 2) + (f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 3)))
    );
  }
  return <T>(f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1));
}
