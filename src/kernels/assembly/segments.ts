import { addWide, lanes, loadPart, loadUpTo, madd, storeUpTo, sumOfPair, VECTOR, where } from "./simd";

// What the normalizations do with a run of neighbouring values that share their statistics: the pixels of a channel, the
// features of a row. Sums are kept in float64 and always taken in the same order.

/** Σ (x − shift) */
export function sumShifted<T>(x: usize, length: i32, shift: T): f64 {
  const s = v128.splat<T>(shift);
  const whole = length & -lanes<T>();
  // Two sums at a time: one would wait for itself at every addition.
  let sum = f64x2.splat(0), other = sum;
  const end = x + <usize>whole * sizeof<T>();
  for (; x + VECTOR < end; x += 2 * VECTOR) {
    sum = addWide<T>(sum, v128.sub<T>(v128.load(x), s));
    other = addWide<T>(other, v128.sub<T>(v128.load(x, VECTOR), s));
  }
  if (x < end) {
    sum = addWide<T>(sum, v128.sub<T>(v128.load(x), s));
    x += VECTOR;
  }
  let total = sumOfPair(f64x2.add(sum, other));
  for (let i = whole; i < length; i++, x += sizeof<T>()) total += <f64>(load<T>(x) - shift);
  return total;
}

/** Σ (x − mean)² */
export function sumSquaredDistance<T>(x: usize, length: i32, mean: T): f64 {
  const mu = v128.splat<T>(mean);
  const whole = length & -lanes<T>();
  let sum = f64x2.splat(0);
  const end = x + <usize>whole * sizeof<T>();
  for (; x < end; x += VECTOR) {
    const d = v128.sub<T>(v128.load(x), mu);
    sum = addWide<T>(sum, v128.mul<T>(d, d));
  }
  let total = sumOfPair(sum);
  for (let i = whole; i < length; i++, x += sizeof<T>()) {
    const d = load<T>(x) - mean;
    total += <f64>(d * d);
  }
  return total;
}

/** out = (x − mean)·scale + offset, then max(0, ·) if asked. */
export function scaleSegment<T>(x: usize, out: usize, length: i32, mean: T, scale: T, offset: T, relu: i32): void {
  const mu = v128.splat<T>(mean), a = v128.splat<T>(scale), b = v128.splat<T>(offset), zero = v128.splat<T>(0);
  for (let i = 0; i < length; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const count = length - i;
    const v = madd<T>(v128.sub<T>(count >= lanes<T>() ? v128.load(x + at) : loadPart<T>(x + at, count), mu), a, b);
    storeUpTo<T>(out + at, relu ? v128.max<T>(v, zero) : v, count);
  }
}

/** The sums of {@link sumGradients}. */
export let sumOfG: f64 = 0;
export let sumOfGTimesCentred: f64 = 0;

/** Σ g and Σ g·(x − mean), where g is dout, or where a ReLU's output `y` follows, dout where y > 0. */
export function sumGradients<T>(dout: usize, x: usize, y: usize, length: i32, mean: T): void {
  const mu = v128.splat<T>(mean), zero = v128.splat<T>(0);
  const whole = length & -lanes<T>();
  let first = f64x2.splat(0);
  let second = f64x2.splat(0);
  for (let i = 0; i < whole; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    let g = v128.load(dout + at);
    if (y) g = where(v128.gt<T>(v128.load(y + at), zero), g);
    first = addWide<T>(first, g);
    second = addWide<T>(second, v128.mul<T>(g, v128.sub<T>(v128.load(x + at), mu)));
  }
  sumOfG = sumOfPair(first);
  sumOfGTimesCentred = sumOfPair(second);
  for (let i = whole; i < length; i++) {
    const at = <usize>i * sizeof<T>();
    if (y && !(load<T>(y + at) > <T>0)) continue;
    const g = load<T>(dout + at);
    sumOfG += <f64>g;
    sumOfGTimesCentred += <f64>(g * (load<T>(x + at) - mean));
  }
}

/** dx = scale·g + level + slope·(x − mean), with g as in {@link sumGradients}. */
export function gradientSegment<T>(
  dout: usize, x: usize, y: usize, dx: usize, length: i32, mean: T, scale: T, level: T, slope: T,
): void {
  const mu = v128.splat<T>(mean), zero = v128.splat<T>(0);
  const a = v128.splat<T>(scale), b = v128.splat<T>(level), c = v128.splat<T>(slope);
  for (let i = 0; i < length; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const count = length - i;
    const full = count >= lanes<T>();
    let g = full ? v128.load(dout + at) : loadPart<T>(dout + at, count);
    if (y) g = where(v128.gt<T>(full ? v128.load(y + at) : loadPart<T>(y + at, count), zero), g);
    const centred = v128.sub<T>(full ? v128.load(x + at) : loadPart<T>(x + at, count), mu);
    storeUpTo<T>(dx + at, madd<T>(a, g, madd<T>(c, centred, b)), count);
  }
}

/** dx = scale·g, with g as in {@link sumGradients}: where the statistics do not depend on x, x has no say in dx. */
export function scaledGradientSegment<T>(dout: usize, y: usize, dx: usize, length: i32, scale: T): void {
  const zero = v128.splat<T>(0), a = v128.splat<T>(scale);
  for (let i = 0; i < length; i += lanes<T>()) {
    const at = <usize>i * sizeof<T>();
    const count = length - i;
    let g = loadUpTo<T>(dout + at, count);
    if (y) g = where(v128.gt<T>(loadUpTo<T>(y + at, count), zero), g);
    storeUpTo<T>(dx + at, v128.mul<T>(a, g), count);
  }
}
