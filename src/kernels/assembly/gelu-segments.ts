import { geluOf, geluSlope } from "./gelu";
import { addWide, lanes, loadPart, madd, storePart, sumOfPair, VECTOR } from "./simd";

// What segments.ts does with the pixels of a channel, where a GELU follows the normalization. Its argument
// z = (x − mean)·scale + offset costs two instructions, so the backward pass computes it again from x.

/** out = GELU(z). */
export function scaleGeluSegment<T>(x: usize, out: usize, length: i32, mean: T, scale: T, offset: T): void {
  const mu = v128.splat<T>(mean), a = v128.splat<T>(scale), b = v128.splat<T>(offset);
  const vectors = (<usize>length * sizeof<T>()) & ~(VECTOR - 1);
  let at: usize = 0;
  for (; at < vectors; at += VECTOR) {
    v128.store(out + at, geluOf<T>(madd<T>(v128.sub<T>(v128.load(x + at), mu), a, b)));
  }
  const rest = length & (lanes<T>() - 1);
  if (rest) storePart<T>(out + at, geluOf<T>(madd<T>(v128.sub<T>(loadPart<T>(x + at, rest), mu), a, b)), rest);
}

/** The sums of {@link sumGeluGradients}. */
export let sumOfSlopes: f64 = 0;
export let sumOfSlopesTimesCentred: f64 = 0;

/** Σ g and Σ g·(x − mean), where g = dout·GELU′(z); leaves g at `to`. */
export function sumGeluGradients<T>(
  dout: usize, x: usize, to: usize, length: i32, mean: T, scale: T, offset: T,
): void {
  const mu = v128.splat<T>(mean), a = v128.splat<T>(scale), b = v128.splat<T>(offset);
  const vectors = (<usize>length * sizeof<T>()) & ~(VECTOR - 1);
  let first = f64x2.splat(0), second = f64x2.splat(0);
  let at: usize = 0;
  for (; at < vectors; at += VECTOR) {
    const centred = v128.sub<T>(v128.load(x + at), mu);
    const g = v128.mul<T>(v128.load(dout + at), geluSlope<T>(madd<T>(centred, a, b)));
    v128.store(to + at, g);
    first = addWide<T>(first, g);
    second = addWide<T>(second, v128.mul<T>(g, centred));
  }
  const rest = length & (lanes<T>() - 1);
  if (rest) {
    // The lanes of dout beyond the end are zero, and so g is there.
    const centred = v128.sub<T>(loadPart<T>(x + at, rest), mu);
    const g = v128.mul<T>(loadPart<T>(dout + at, rest), geluSlope<T>(madd<T>(centred, a, b)));
    storePart<T>(to + at, g, rest);
    first = addWide<T>(first, g);
    second = addWide<T>(second, v128.mul<T>(g, centred));
  }
  sumOfSlopes = sumOfPair(first);
  sumOfSlopesTimesCentred = sumOfPair(second);
}
