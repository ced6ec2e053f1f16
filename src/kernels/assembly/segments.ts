import { addWide, lanes, loadPart, madd, passing, storePart, sumOfPair, VECTOR } from "./simd";

// What the normalizations do with a run of neighbouring values that share their statistics: the pixels of a channel,
// the features of a row. Sums are taken in float64 and always in the same order, but for four vectors at a time, which
// are added up among themselves first: of float32 each costs four instructions to widen and add, as much as all else
// that is done with it. Loops go over whole vectors without a test in them, so what varies is told by constants of the
// call.

/** Bytes of four vectors, which are read at a time. */
// @ts-ignore: decorator
@inline const STRETCH: usize = 4 * VECTOR;

/** Byte offset of the end of the whole stretches, and of the whole vectors, of `length` values. */
// @ts-ignore: decorator
@inline function stretchesEnd<T>(length: i32): usize {
  return (<usize>length * sizeof<T>()) & ~(STRETCH - 1);
}

// @ts-ignore: decorator
@inline function vectorsEnd<T>(length: i32): usize {
  return (<usize>length * sizeof<T>()) & ~(VECTOR - 1);
}

/** Σ of the lanes of four vectors and of `sum`. */
// @ts-ignore: decorator
@inline function addFour<T>(sum: v128, a: v128, b: v128, c: v128, d: v128): v128 {
  return addWide<T>(sum, v128.add<T>(v128.add<T>(a, b), v128.add<T>(c, d)));
}

/** A vector of x − shift. */
// @ts-ignore: decorator
@inline function centred<T>(x: usize, shift: v128): v128 {
  return v128.sub<T>(v128.load(x), shift);
}

// Values far apart, those beyond 1e19 of float32, have squares that T cannot hold; then the sums are taken again, in
// float64 from the first difference on. So a row of [1, 2, 3, 4]·1e25 is normalized as any other.

/** Σ (x − shift), value by value in float64. */
function sumShiftedWide<T>(x: usize, length: i32, shift: T): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < length; i++, x += sizeof<T>()) sum += <f64>load<T>(x) - <f64>shift;
  return sum;
}

/** Σ (x − mean)², value by value in float64. */
function sumSquaredDistanceWide<T>(x: usize, length: i32, mean: T): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < length; i++, x += sizeof<T>()) {
    const d = <f64>load<T>(x) - <f64>mean;
    sum += d * d;
  }
  return sum;
}

/** Whether float32 was too narrow for a sum. */
// @ts-ignore: decorator
@inline function isTooLarge<T>(sum: f64): bool {
  return sizeof<T>() == 4 && !isFinite<f64>(sum);
}

/** Σ (x − shift) */
export function sumShifted<T>(x: usize, length: i32, shift: T): f64 {
  const from = x;
  const s = v128.splat<T>(shift);
  const stretches = x + stretchesEnd<T>(length), vectors = x + vectorsEnd<T>(length);
  const end = x + <usize>length * sizeof<T>();
  let sum = f64x2.splat(0);
  for (; x < stretches; x += STRETCH) {
    sum = addFour<T>(
      sum, centred<T>(x, s), centred<T>(x + VECTOR, s), centred<T>(x + 2 * VECTOR, s), centred<T>(x + 3 * VECTOR, s),
    );
  }
  for (; x < vectors; x += VECTOR) sum = addWide<T>(sum, centred<T>(x, s));
  let total = sumOfPair(sum);
  for (; x < end; x += sizeof<T>()) total += <f64>(load<T>(x) - shift);
  return isTooLarge<T>(total) ? sumShiftedWide<T>(from, length, shift) : total;
}

// @ts-ignore: decorator
@inline function square<T>(v: v128): v128 {
  return v128.mul<T>(v, v);
}

/** Σ (x − mean)² */
export function sumSquaredDistance<T>(x: usize, length: i32, mean: T): f64 {
  const from = x;
  const mu = v128.splat<T>(mean);
  const stretches = x + stretchesEnd<T>(length), vectors = x + vectorsEnd<T>(length);
  const end = x + <usize>length * sizeof<T>();
  let sum = f64x2.splat(0);
  for (; x < stretches; x += STRETCH) {
    sum = addFour<T>(
      sum, square<T>(centred<T>(x, mu)), square<T>(centred<T>(x + VECTOR, mu)),
      square<T>(centred<T>(x + 2 * VECTOR, mu)), square<T>(centred<T>(x + 3 * VECTOR, mu)),
    );
  }
  for (; x < vectors; x += VECTOR) sum = addWide<T>(sum, square<T>(centred<T>(x, mu)));
  let total = sumOfPair(sum);
  for (; x < end; x += sizeof<T>()) {
    const d = load<T>(x) - mean;
    total += <f64>(d * d);
  }
  return isTooLarge<T>(total) ? sumSquaredDistanceWide<T>(from, length, mean) : total;
}

/** The sums of {@link sumMoments}. */
export let sumOfD: f64 = 0;
export let sumOfSquares: f64 = 0;

/** Σ d and Σ d², where d = x − shift. */
export function sumMoments<T>(x: usize, length: i32, shift: T): void {
  const from = x;
  const s = v128.splat<T>(shift);
  const stretches = x + stretchesEnd<T>(length), vectors = x + vectorsEnd<T>(length);
  let first = f64x2.splat(0), second = f64x2.splat(0);
  for (; x < stretches; x += STRETCH) {
    const a = centred<T>(x, s), b = centred<T>(x + VECTOR, s);
    const c = centred<T>(x + 2 * VECTOR, s), d = centred<T>(x + 3 * VECTOR, s);
    first = addFour<T>(first, a, b, c, d);
    second = addFour<T>(second, square<T>(a), square<T>(b), square<T>(c), square<T>(d));
  }
  for (; x < vectors; x += VECTOR) {
    const d = centred<T>(x, s);
    first = addWide<T>(first, d);
    second = addWide<T>(second, square<T>(d));
  }
  sumOfD = sumOfPair(first);
  sumOfSquares = sumOfPair(second);
  for (let i = length & -lanes<T>(); i < length; i++, x += sizeof<T>()) {
    const d = load<T>(x) - shift;
    sumOfD += <f64>d;
    sumOfSquares += <f64>(d * d);
  }
  if (isTooLarge<T>(sumOfSquares)) {
    sumOfD = sumShiftedWide<T>(from, length, shift);
    sumOfSquares = sumSquaredDistanceWide<T>(from, length, shift);
  }
}

/** out = (x − mean)·scale + offset, then max(0, ·) if asked. */
export function scaleSegment<T>(x: usize, out: usize, length: i32, mean: T, scale: T, offset: T, relu: i32): void {
  const mu = v128.splat<T>(mean), a = v128.splat<T>(scale), b = v128.splat<T>(offset);
  // max(−∞, ·) changes nothing, and a test in the loop would cost more.
  const least = v128.splat<T>(relu ? <T>0 : -<T>Infinity);
  const vectors = vectorsEnd<T>(length);
  let at: usize = 0;
  for (const pairs = vectors & ~(2 * VECTOR - 1); at < pairs; at += 2 * VECTOR) {
    const first = x + at, to = out + at;
    v128.store(to, v128.pmax<T>(madd<T>(centred<T>(first, mu), a, b), least));
    v128.store(to, v128.pmax<T>(madd<T>(centred<T>(first + VECTOR, mu), a, b), least), VECTOR);
  }
  if (at < vectors) {
    v128.store(out + at, v128.pmax<T>(madd<T>(centred<T>(x + at, mu), a, b), least));
    at += VECTOR;
  }
  const rest = length & (lanes<T>() - 1);
  if (rest) {
    storePart<T>(out + at, v128.pmax<T>(madd<T>(v128.sub<T>(loadPart<T>(x + at, rest), mu), a, b), least), rest);
  }
}

/** dout, or what of it passes a ReLU whose output is `y`. */
// @ts-ignore: decorator
@inline function upstream<T>(dout: usize, y: usize, masked: bool): v128 {
  const g = v128.load(dout);
  return masked ? passing<T>(v128.load(y), g) : g;
}

/** The same for fewer values than a vector holds; the other lanes are zero. */
// @ts-ignore: decorator
@inline function upstreamPart<T>(dout: usize, y: usize, count: i32): v128 {
  const g = loadPart<T>(dout, count);
  return y ? passing<T>(loadPart<T>(y, count), g) : g;
}

/** dx = what of dout passes a ReLU whose output is `y`, and returns the sum of that. */
export function maskSegment<T>(dout: usize, y: usize, dx: usize, length: i32): f64 {
  const stretches = stretchesEnd<T>(length), vectors = vectorsEnd<T>(length);
  let sum = f64x2.splat(0);
  let at: usize = 0;
  for (; at < stretches; at += STRETCH) {
    const dAt = dout + at, yAt = y + at, to = dx + at;
    const a = upstream<T>(dAt, yAt, true), b = upstream<T>(dAt + VECTOR, yAt + VECTOR, true);
    const c = upstream<T>(dAt + 2 * VECTOR, yAt + 2 * VECTOR, true);
    const d = upstream<T>(dAt + 3 * VECTOR, yAt + 3 * VECTOR, true);
    v128.store(to, a), v128.store(to, b, VECTOR), v128.store(to, c, 2 * VECTOR), v128.store(to, d, 3 * VECTOR);
    sum = addFour<T>(sum, a, b, c, d);
  }
  for (; at < vectors; at += VECTOR) {
    const g = upstream<T>(dout + at, y + at, true);
    v128.store(dx + at, g);
    sum = addWide<T>(sum, g);
  }
  const rest = length & (lanes<T>() - 1);
  if (rest) {
    const g = upstreamPart<T>(dout + at, y + at, rest);
    storePart<T>(dx + at, g, rest);
    sum = addWide<T>(sum, g);
  }
  return sumOfPair(sum);
}

/** The sums of {@link sumGradients}. */
export let sumOfG: f64 = 0;
export let sumOfGTimesCentred: f64 = 0;

/** Σ g and Σ g·(x − mean), where g is dout. */
export function sumGradients<T>(dout: usize, x: usize, length: i32, mean: T): void {
  sumGradientsOf<T>(dout, x, 0, 0, length, mean, false);
}

/** The same where g is what of dout passes a ReLU whose output is `y`; leaves g at `to`. */
export function sumMaskedGradients<T>(dout: usize, x: usize, y: usize, to: usize, length: i32, mean: T): void {
  sumGradientsOf<T>(dout, x, y, to, length, mean, true);
}

// @ts-ignore: decorator
@inline function sumGradientsOf<T>(
  dout: usize, x: usize, y: usize, to: usize, length: i32, mean: T, masked: bool,
): void {
  const mu = v128.splat<T>(mean);
  const stretches = stretchesEnd<T>(length), vectors = vectorsEnd<T>(length);
  let first = f64x2.splat(0), second = f64x2.splat(0);
  let at: usize = 0;
  for (; at < stretches; at += STRETCH) {
    const dAt = dout + at, yAt = masked ? y + at : 0, xAt = x + at;
    const a = upstream<T>(dAt, yAt, masked), b = upstream<T>(dAt + VECTOR, yAt + VECTOR, masked);
    const c = upstream<T>(dAt + 2 * VECTOR, yAt + 2 * VECTOR, masked);
    const d = upstream<T>(dAt + 3 * VECTOR, yAt + 3 * VECTOR, masked);
    if (masked) {
      const g = to + at;
      v128.store(g, a), v128.store(g, b, VECTOR), v128.store(g, c, 2 * VECTOR), v128.store(g, d, 3 * VECTOR);
    }
    first = addFour<T>(first, a, b, c, d);
    second = addFour<T>(
      second, v128.mul<T>(a, centred<T>(xAt, mu)), v128.mul<T>(b, centred<T>(xAt + VECTOR, mu)),
      v128.mul<T>(c, centred<T>(xAt + 2 * VECTOR, mu)), v128.mul<T>(d, centred<T>(xAt + 3 * VECTOR, mu)),
    );
  }
  for (; at < vectors; at += VECTOR) {
    const g = upstream<T>(dout + at, masked ? y + at : 0, masked);
    if (masked) v128.store(to + at, g);
    first = addWide<T>(first, g);
    second = addWide<T>(second, v128.mul<T>(g, centred<T>(x + at, mu)));
  }
  const rest = length & (lanes<T>() - 1);
  if (rest) {
    const g = upstreamPart<T>(dout + at, masked ? y + at : 0, rest);
    if (masked) storePart<T>(to + at, g, rest);
    first = addWide<T>(first, g);
    second = addWide<T>(second, v128.mul<T>(g, v128.sub<T>(loadPart<T>(x + at, rest), mu)));
  }
  sumOfG = sumOfPair(first);
  sumOfGTimesCentred = sumOfPair(second);
}

/** dx = scale·g + level + slope·(x − mean). */
export function gradientSegment<T>(
  g: usize, x: usize, dx: usize, length: i32, mean: T, scale: f64, level: f64, slope: f64,
): void {
  // The slope goes by the inverse of the variance. Beyond about 1e15 of x it is no normal number of float32, though
  // its product is.
  if (sizeof<T>() == 4 && slope != 0 && Math.abs(slope) < 1.2e-38) {
    for (let i = 0; i < length; i++, g += sizeof<T>(), x += sizeof<T>(), dx += sizeof<T>()) {
      store<T>(dx, <T>(scale * <f64>load<T>(g) + level + slope * (<f64>load<T>(x) - <f64>mean)));
    }
    return;
  }
  const mu = v128.splat<T>(mean), a = v128.splat<T>(<T>scale), b = v128.splat<T>(<T>level), c = v128.splat<T>(<T>slope);
  const vectors = vectorsEnd<T>(length);
  let at: usize = 0;
  for (const pairs = vectors & ~(2 * VECTOR - 1); at < pairs; at += 2 * VECTOR) {
    const from = g + at, xAt = x + at, to = dx + at;
    v128.store(to, madd<T>(a, v128.load(from), madd<T>(c, centred<T>(xAt, mu), b)));
    v128.store(to, madd<T>(a, v128.load(from, VECTOR), madd<T>(c, centred<T>(xAt + VECTOR, mu), b)), VECTOR);
  }
  if (at < vectors) {
    v128.store(dx + at, madd<T>(a, v128.load(g + at), madd<T>(c, centred<T>(x + at, mu), b)));
    at += VECTOR;
  }
  const rest = length & (lanes<T>() - 1);
  if (rest) {
    const distance = v128.sub<T>(loadPart<T>(x + at, rest), mu);
    storePart<T>(dx + at, madd<T>(a, loadPart<T>(g + at, rest), madd<T>(c, distance, b)), rest);
  }
}

/** dx = scale·g: where the statistics do not depend on x, x has no say in dx. */
export function scaledGradientSegment<T>(g: usize, dx: usize, length: i32, scale: T): void {
  const a = v128.splat<T>(scale);
  const vectors = vectorsEnd<T>(length);
  let at: usize = 0;
  for (; at < vectors; at += VECTOR) v128.store(dx + at, v128.mul<T>(a, v128.load(g + at)));
  const rest = length & (lanes<T>() - 1);
  if (rest) storePart<T>(dx + at, v128.mul<T>(a, loadPart<T>(g + at, rest)), rest);
}
