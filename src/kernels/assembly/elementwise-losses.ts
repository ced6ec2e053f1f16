import { CHUNK } from "../wasm/protocol";
import { exp } from "./exp";
import { integer, number, numberSplat, pointer } from "./job";
import { log, log1p } from "./log";
import {
  addWide, constant, firstLanes, lanes, loadUpTo, madd, select, storeUpTo, sumOfPair, where,
} from "./simd";

// Losses of two arrays of one size. One item is a chunk of values, and leaves their sum in float64. Arguments: the
// addresses of x, y, the weights, the values, dx, dy (0 for one that there is none of) and of the sums, then the
// length; first of the numbers the factor of both gradients.

/** Constants by their places in the tables; the last is 1e-12 as a float32, which PyTorch has. */
const enum At { ONE, SIGN, LOWEST_LOG, SMALLEST_VARIANCE }

const TABLE32 = memory.data<f32>([1, -0.0, -100, 9.999999960041972e-13]);
const TABLE64 = memory.data<f64>([1, -0.0, -100, 9.999999960041972e-13]);

// @ts-ignore: decorator
@inline function held<T>(place: usize): v128 {
  return constant<T>(sizeof<T>() == 8 ? TABLE64 : TABLE32, place);
}

// @ts-ignore: decorator
@inline function endOf(item: i32): i32 {
  return min(integer(7), (item + 1) * CHUNK);
}

/**
 * Weighs a vector of values and slopes, stores them, and returns `sum` with the values added. Lanes beyond the end are
 * left out.
 */
// @ts-ignore: decorator
@inline function put<T>(sum: v128, i: i32, end: i32, value: v128, slope: v128, slopeOfY: v128): v128 {
  const weights = pointer(2), values = pointer(3), dx = pointer(4), dy = pointer(5);
  const at = <usize>i * sizeof<T>();
  const count = end - i;
  let factor = numberSplat<T>(0);
  let v = value;
  if (weights) {
    const weight = loadUpTo<T>(weights + at, count);
    v = v128.mul<T>(v, weight);
    factor = v128.mul<T>(factor, weight);
  }
  if (values) storeUpTo<T>(values + at, v, count);
  storeUpTo<T>(dx + at, v128.mul<T>(slope, factor), count);
  if (dy) storeUpTo<T>(dy + at, v128.mul<T>(slopeOfY, factor), count);
  if (count < lanes<T>()) v = firstLanes<T>(v, count);
  return addWide<T>(sum, v);
}

// @ts-ignore: decorator
@inline function leave(item: i32, sum: v128): void {
  store<f64>(pointer(6) + (<usize>item << 3), sumOfPair(sum));
}

/** (x − y)². */
export function squaredLoss<T>(item: i32): void {
  const x = pointer(0), y = pointer(1), end = endOf(item);
  let sum = f64x2.splat(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const d = v128.sub<T>(loadUpTo<T>(x + at, end - i), loadUpTo<T>(y + at, end - i));
    const slope = v128.add<T>(d, d);
    sum = put<T>(sum, i, end, v128.mul<T>(d, d), slope, v128.neg<T>(slope));
  }
  leave(item, sum);
}

/** |x − y|, and the sign of x − y. */
export function absoluteLoss<T>(item: i32): void {
  const x = pointer(0), y = pointer(1), end = endOf(item);
  const one = held<T>(At.ONE), sign = held<T>(At.SIGN), zero = v128.splat<T>(0);
  let sum = f64x2.splat(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const d = v128.sub<T>(loadUpTo<T>(x + at, end - i), loadUpTo<T>(y + at, end - i));
    const slope = where(v128.or(v128.lt<T>(d, zero), v128.gt<T>(d, zero)), select(sign, d, one));
    sum = put<T>(sum, i, end, v128.abs<T>(d), slope, v128.neg<T>(slope));
  }
  leave(item, sum);
}

/** ½·curvature·d² of d = x − y where |d| < threshold, else slope·(|d| − ½·threshold). Numbers 1 to 3: these three. */
export function huberLoss<T>(item: i32): void {
  const x = pointer(0), y = pointer(1), end = endOf(item);
  const threshold = numberSplat<T>(1), half = v128.splat<T>(number<T>(1) / <T>2);
  const curvature = numberSplat<T>(2), halfCurvature = v128.splat<T>(number<T>(2) / <T>2);
  const steepest = numberSplat<T>(3), lowest = v128.neg<T>(steepest);
  let sum = f64x2.splat(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const d = v128.sub<T>(loadUpTo<T>(x + at, end - i), loadUpTo<T>(y + at, end - i));
    const z = v128.abs<T>(d);
    const inner = v128.mul<T>(v128.mul<T>(halfCurvature, z), z);
    const outer = v128.mul<T>(steepest, v128.sub<T>(z, half));
    // In this order NaN stays NaN.
    const slope = v128.pmin<T>(v128.pmax<T>(v128.mul<T>(curvature, d), lowest), steepest);
    sum = put<T>(sum, i, end, select(v128.lt<T>(z, threshold), inner, outer), slope, v128.neg<T>(slope));
  }
  leave(item, sum);
}

/** −(y·ln x + (1 − y)·ln(1 − x)), where both logarithms are −100 at least. */
export function bceLoss<T>(item: i32): void {
  const x = pointer(0), y = pointer(1), end = endOf(item);
  const one = held<T>(At.ONE), lowest = held<T>(At.LOWEST_LOG), smallest = held<T>(At.SMALLEST_VARIANCE);
  let sum = f64x2.splat(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const p = loadUpTo<T>(x + at, end - i);
    const t = loadUpTo<T>(y + at, end - i);
    const yes = log<T>(p), no = log1p<T>(v128.neg<T>(p));
    // In this order NaN stays NaN.
    const yesBounded = v128.pmax<T>(yes, lowest), noBounded = v128.pmax<T>(no, lowest);
    const rest = v128.sub<T>(t, one);
    const value = v128.sub<T>(v128.mul<T>(rest, noBounded), v128.mul<T>(t, yesBounded));
    const variance = v128.pmax<T>(v128.mul<T>(v128.sub<T>(one, p), p), smallest);
    sum = put<T>(sum, i, end, value, v128.div<T>(v128.sub<T>(p, t), variance), v128.sub<T>(no, yes));
  }
  leave(item, sum);
}

/**
 * (1 − y)·x + (1 + (w − 1)·y)·ln(1 + e^−x) with the weight w of positive examples, 1 where there are none (argument 8).
 */
export function bceWithLogitsLoss<T>(item: i32): void {
  const x = pointer(0), y = pointer(1), positive = pointer(8), end = endOf(item);
  const one = held<T>(At.ONE), sign = held<T>(At.SIGN), zero = v128.splat<T>(0);
  let sum = f64x2.splat(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const v = loadUpTo<T>(x + at, end - i);
    const t = loadUpTo<T>(y + at, end - i);
    const more = positive ? v128.sub<T>(loadUpTo<T>(positive + at, end - i), one) : zero;
    const weight = madd<T>(more, t, one);
    const rest = v128.sub<T>(one, t);
    // With e = e^−|x| ≤ 1 nothing overflows: ln(1 + e^−x) is max(−x, 0) + ln(1 + e), and its slope −e/(1 + e) for x ≥
    // 0, e/(1 + e) − 1 below.
    const e = exp<T>(v128.or(v, sign));
    const linear = v128.pmax<T>(v128.neg<T>(v), zero), tail = log1p<T>(e);
    const share = v128.mul<T>(weight, v128.div<T>(e, v128.add<T>(one, e)));
    const slope = select(v128.ge<T>(v, zero), v128.sub<T>(rest, share), v128.add<T>(v128.sub<T>(rest, weight), share));
    // The large terms cancel exactly before the small one is added.
    const value = madd<T>(weight, tail, madd<T>(weight, linear, v128.mul<T>(rest, v)));
    const slopeOfY = v128.sub<T>(v128.mul<T>(more, v128.add<T>(linear, tail)), v);
    sum = put<T>(sum, i, end, value, slope, slopeOfY);
  }
  leave(item, sum);
}

/** y·(ln y − x), 0 where y is. */
export function klLoss<T>(item: i32): void {
  const x = pointer(0), y = pointer(1), end = endOf(item);
  const one = held<T>(At.ONE), zero = v128.splat<T>(0);
  let sum = f64x2.splat(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const t = loadUpTo<T>(y + at, end - i);
    const d = v128.sub<T>(log<T>(t), loadUpTo<T>(x + at, end - i));
    const value = where(v128.ne<T>(t, zero), v128.mul<T>(t, d));
    sum = put<T>(sum, i, end, value, v128.neg<T>(t), v128.add<T>(d, one));
  }
  leave(item, sum);
}

/** e^y·(y − x), 0 where e^y is. */
export function klLogLoss<T>(item: i32): void {
  const x = pointer(0), y = pointer(1), end = endOf(item);
  const one = held<T>(At.ONE), sign = held<T>(At.SIGN), zero = v128.splat<T>(0);
  let sum = f64x2.splat(0);
  for (let i = item * CHUNK; i < end; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const t = loadUpTo<T>(y + at, end - i);
    const below = exp<T>(v128.or(t, sign));
    const p = select(v128.gt<T>(t, zero), v128.div<T>(one, below), below);
    const value = where(v128.ne<T>(p, zero), v128.mul<T>(p, v128.sub<T>(t, loadUpTo<T>(x + at, end - i))));
    sum = put<T>(sum, i, end, value, v128.neg<T>(p), v128.add<T>(value, p));
  }
  leave(item, sum);
}
