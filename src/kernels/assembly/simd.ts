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

/** c − a · b. */
// @ts-ignore: decorator
@inline export function nmadd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_nmadd<T>(a, b, c);
  return v128.sub<T>(c, v128.mul<T>(a, b));
}

/** The value at `ptr` in every lane. */
// @ts-ignore: decorator
@inline export function splatAt<T>(ptr: usize, offset: usize = 0): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(ptr + offset);
  return v128.load64_splat(ptr + offset);
}

/**
 * Value number `place` of a table in memory in every lane. V8 builds a vector constant anew wherever it stands, in
 * three instructions; a load that spreads a number to all lanes is one. With it a sigmoid takes 0.9 ns in place of 1.5
 * (Node 20).
 */
// @ts-ignore: decorator
@inline export function constant<T>(table: usize, place: usize): v128 {
  return splatAt<T>(table, place * sizeof<T>());
}

/** The first `count` values at `ptr`, fewer than a vector holds; the other lanes are zero. */
export function loadPart<T>(ptr: usize, count: i32): v128 {
  let v = v128.splat<T>(0);
  if (sizeof<T>() == 8) return v128.load64_zero(ptr);
  if (count == 1) return v128.load32_zero(ptr);
  v = v128.load64_zero(ptr);
  if (count == 3) v = v128.load_lane<f32>(ptr, v, 2, 8);
  return v;
}

/** Stores the first `count` lanes at `ptr`, fewer than a vector holds. */
export function storePart<T>(ptr: usize, v: v128, count: i32): void {
  if (sizeof<T>() == 8) {
    v128.store_lane<f64>(ptr, v, 0);
  } else if (count == 1) {
    v128.store_lane<f32>(ptr, v, 0);
  } else {
    v128.store_lane<f64>(ptr, v, 0);
    if (count == 3) v128.store_lane<f32>(ptr, v, 2, 8);
  }
}

/** As many of the values at `ptr` as a vector holds, where `count` is that many or more; else the first `count`. */
// @ts-ignore: decorator
@inline export function loadUpTo<T>(ptr: usize, count: i32): v128 {
  return count >= lanes<T>() ? v128.load(ptr) : loadPart<T>(ptr, count);
}

/** Stores all lanes at `ptr`, or the first `count` where there are fewer. */
// @ts-ignore: decorator
@inline export function storeUpTo<T>(ptr: usize, v: v128, count: i32): void {
  if (count >= lanes<T>()) v128.store(ptr, v);
  else storePart<T>(ptr, v, count);
}

/** A vector of ones in all bits. */
const ONES = memory.data<u64>([-1, -1]);

/** The first `count` lanes of `v`, fewer than it has; the others are zero. */
// @ts-ignore: decorator
@inline export function firstLanes<T>(v: v128, count: i32): v128 {
  return v128.and(v, loadPart<T>(ONES, count));
}

/** Lanes 0, 2, … of two neighbouring vectors. */
// @ts-ignore: decorator
@inline export function evenLanes<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 4) return v128.shuffle<f32>(a, b, 0, 2, 4, 6);
  return v128.shuffle<f64>(a, b, 0, 2);
}

/** Lanes 1, 3, … of two neighbouring vectors. */
// @ts-ignore: decorator
@inline export function oddLanes<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 4) return v128.shuffle<f32>(a, b, 1, 3, 5, 7);
  return v128.shuffle<f64>(a, b, 1, 3);
}

/**
 * Copies a short run of values. The engine's own copy costs a call, 30 ns or so: more than a row of an image takes
 * here.
 */
// @ts-ignore: decorator
@inline export function copyRun<T>(to: usize, from: usize, length: i32): void {
  for (let i = 0; i < length; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    storeUpTo<T>(to + at, loadUpTo<T>(from + at, length - i), length - i);
  }
}

/** Fills a short run with one value. */
// @ts-ignore: decorator
@inline export function fillRun<T>(to: usize, value: T, length: i32): void {
  const v = v128.splat<T>(value);
  for (let i = 0; i < length; i += lanes<T>()) storeUpTo<T>(to + <usize>i * sizeof<T>(), v, length - i);
}

/** The sum of a float64 vector's lanes. */
// @ts-ignore: decorator
@inline export function sumOfPair(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** The sum of a vector's lanes, always in the same order. */
// @ts-ignore: decorator
@inline export function sumLanes<T>(v: v128): T {
  if (sizeof<T>() == 8) return <T>sumOfPair(v);
  const even = f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 2);
  const odd = f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 3);
  return <T>(even + odd);
}

/** sum + v, the lanes of v added in float64. */
// @ts-ignore: decorator
@inline export function addWide<T>(sum: v128, v: v128): v128 {
  if (sizeof<T>() == 8) return f64x2.add(sum, v);
  const high = v128.shuffle<f32>(v, v, 2, 3, 0, 1);
  // One addition waits for `sum`, not two.
  return f64x2.add(sum, f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(high)));
}

/**
 * max(0, v); NaN stays NaN, and −0 is −0. One instruction, where `v128.max`, which sorts zeros and NaN out, is nine:
 * batch normalization with a ReLU took 0.75 ms with that and takes 0.50 (64 × 32 × 32 × 32, one core of a Zen 5, Node
 * 20).
 */
// @ts-ignore: decorator
@inline export function rectified<T>(v: v128): v128 {
  return v128.pmax<T>(v, v128.splat<T>(0));
}

/**
 * The larger of two values, lane by lane: `a` where they are equal, which tells one zero from the other, and NaN where
 * either is. Every value after another, so the first of the largest is found.
 */
// @ts-ignore: decorator
@inline export function larger<T>(a: v128, b: v128): v128 {
  // pmax keeps `a` unless it is less, a NaN too; where `b` is none, all ones make a NaN of whatever it kept.
  return v128.or(v128.pmax<T>(a, b), v128.ne<T>(b, b));
}

/** The same of two values. */
// @ts-ignore: decorator
@inline export function largerOf<T>(a: T, b: T): T {
  return b > a || b != b ? b : a;
}

/**
 * What of the gradient `d` passes a ReLU whose input, or output, is `x`: all where x > 0 or is NaN, which says nothing
 * else.
 */
// @ts-ignore: decorator
@inline export function passing<T>(x: v128, d: v128): v128 {
  return v128.andnot(d, v128.le<T>(x, v128.splat<T>(0)));
}

/** The lanes of `a` where `condition` is all ones, zero elsewhere. */
// @ts-ignore: decorator
@inline export function where(condition: v128, a: v128): v128 {
  return v128.and(condition, a);
}

/** The lanes of `a` where `condition` is all ones, those of `b` elsewhere. */
// @ts-ignore: decorator
@inline export function select(condition: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, condition);
}
