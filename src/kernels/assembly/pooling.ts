import { addHigh, addLow, rounded, ROWS_AT_A_TIME } from "./columns";
import { integer, number, pointer } from "./job";
import { addWide, evenLanes, lanes, larger, largerOf, oddLanes, select, sumOfPair, VECTOR, where } from "./simd";

// Pooling of planes: (N·C) of H × W to OH × OW. One item is a plane. Integers: 3 and 4 H and W, 5 and 6 the window, 7
// and 8 the strides, 9 and 10 OH and OW.
//
// Windows are taken a vector at a time where they lie one or two columns apart, so that what a place of each holds is
// one vector or every second value of two. Others, and those at the end of a row, are taken singly.

// @ts-ignore: decorator
@inline export function poolH(): i32 { return integer(5); }
// @ts-ignore: decorator
@inline export function poolW(): i32 { return integer(6); }
// @ts-ignore: decorator
@inline export function strideH(): i32 { return integer(7); }
// @ts-ignore: decorator
@inline export function strideW(): i32 { return integer(8); }

/** Whether this is the pooling that nets are made of: windows of 2 × 2 that do not overlap. */
// @ts-ignore: decorator
@inline function isHalving(): bool {
  return poolH() == 2 && poolW() == 2 && strideH() == 2 && strideW() == 2;
}

/** How many windows of a row may be taken in vectors: none reads or writes a value beyond the row. */
function reach(W: i32, OW: i32): i32 {
  if (strideW() > 2) return 0;
  return strideW() == 1 ? OW : min(OW, max(0, (W - poolW() + 1) / 2));
}

/** How many of them are taken in whole vectors, none twice. */
function inVectors<T>(W: i32, OW: i32): i32 {
  return reach(W, OW) & ~(lanes<T>() - 1);
}

/** What a place of a vector of windows holds. */
// @ts-ignore: decorator
@inline export function take<T>(at: usize, adjacent: bool): v128 {
  return adjacent ? v128.load(at) : evenLanes<T>(v128.load(at), v128.load(at, VECTOR));
}

/** Adds to what a place of a vector of windows holds. */
// @ts-ignore: decorator
@inline export function addTo<T>(at: usize, v: v128, adjacent: bool): void {
  if (adjacent) {
    v128.store(at, v128.add<T>(v128.load(at), v));
  } else {
    const zero = v128.splat<T>(0);
    const low = sizeof<T>() == 4 ? v128.shuffle<f32>(v, zero, 0, 4, 1, 5) : v128.shuffle<f64>(v, zero, 0, 2);
    const high = sizeof<T>() == 4 ? v128.shuffle<f32>(v, zero, 2, 6, 3, 7) : v128.shuffle<f64>(v, zero, 1, 3);
    v128.store(at, v128.add<T>(v128.load(at), low));
    v128.store(at, v128.add<T>(v128.load(at, VECTOR), high), VECTOR);
  }
}

/** out = the first largest value of each window in row-major order; NaN wins. Integers: 0 x, 1 out. */
export function maxPool<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  const x = pointer(0) + <usize>plane * H * W * sizeof<T>();
  let out = pointer(1) + <usize>plane * OH * OW * sizeof<T>();
  const row = <usize>W * sizeof<T>();
  const halving = isHalving(), vectors = inVectors<T>(W, OW), end = reach(W, OW);
  for (let oh = 0; oh < OH; oh++) {
    const top = x + <usize>(oh * strideH()) * row;
    let ow = 0;
    if (halving) {
      for (; ow + lanes<T>() <= OW; ow += lanes<T>()) {
        const at = top + <usize>(2 * ow) * sizeof<T>();
        const largest = larger<T>(largestOfPairs<T>(at), largestOfPairs<T>(at + row));
        v128.store(out + <usize>ow * sizeof<T>(), largest);
      }
    } else {
      for (; ow < vectors; ow += lanes<T>()) {
        v128.store(out + <usize>ow * sizeof<T>(), largestOf<T>(top + <usize>(ow * strideW()) * sizeof<T>(), row));
      }
      if (ow < end && end >= lanes<T>()) {
        // The last vector begins where it ends with the row: some windows are taken twice.
        ow = end - lanes<T>();
        v128.store(out + <usize>ow * sizeof<T>(), largestOf<T>(top + <usize>(ow * strideW()) * sizeof<T>(), row));
        ow = end;
      }
    }
    for (; ow < OW; ow++) {
      const window = top + <usize>(ow * strideW()) * sizeof<T>();
      let largest = load<T>(window);
      for (let h = 0; h < poolH(); h++) {
        for (let w = 0; w < poolW(); w++) {
          largest = largerOf<T>(largest, load<T>(window + <usize>h * row + <usize>w * sizeof<T>()));
        }
      }
      store<T>(out + <usize>ow * sizeof<T>(), largest);
    }
    out += <usize>OW * sizeof<T>();
  }
}

/** The larger of each of a vector of neighbouring pairs. */
// @ts-ignore: decorator
@inline function largestOfPairs<T>(at: usize): v128 {
  const a = v128.load(at), b = v128.load(at, VECTOR);
  return larger<T>(evenLanes<T>(a, b), oddLanes<T>(a, b));
}

/** The largest values of a vector of windows: of each row, then of the rows, so that fewer wait for each other. */
function largestOf<T>(window: usize, row: usize): v128 {
  const adjacent = strideW() == 1;
  let largest = take<T>(window, adjacent);
  for (const end = window + <usize>poolH() * row; window < end; window += row) {
    let ofRow = take<T>(window, adjacent);
    const stop = window + <usize>poolW() * sizeof<T>();
    for (let at = window + sizeof<T>(); at < stop; at += sizeof<T>()) ofRow = larger<T>(ofRow, take<T>(at, adjacent));
    largest = larger<T>(largest, ofRow);
  }
  return largest;
}

/** dx: each window's gradient goes to its first largest value in row-major order. Integers: 0 dout, 1 x, 2 dx. */
export function maxPoolBackward<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  let dout = pointer(0) + <usize>plane * OH * OW * sizeof<T>();
  const x = pointer(1) + <usize>plane * H * W * sizeof<T>();
  const dx = pointer(2) + <usize>plane * H * W * sizeof<T>();
  const row = <usize>W * sizeof<T>();
  const halving = isHalving(), vectors = inVectors<T>(W, OW), end = reach(W, OW);
  // Vectors of halved windows write all their values; the rest is added up.
  if (!halving || H & 1 || W & 1 || OW & (lanes<T>() - 1)) memory.fill(dx, 0, <usize>H * row);
  for (let oh = 0; oh < OH; oh++) {
    const top = <usize>(oh * strideH()) * row;
    let ow = 0;
    if (halving) {
      for (; ow + lanes<T>() <= OW; ow += lanes<T>()) {
        const at = top + <usize>(2 * ow) * sizeof<T>();
        halfBackward<T>(x + at, x + at + row, dx + at, dx + at + row, dout + <usize>ow * sizeof<T>());
      }
    } else {
      for (; ow < vectors; ow += lanes<T>()) {
        const begin = top + <usize>(ow * strideW()) * sizeof<T>();
        const places = placesOfLargest<T>(x + begin, row);
        for (let lane = 0; lane < lanes<T>(); lane++) {
          addAt<T>(dx + begin + <usize>(lane * strideW()) * sizeof<T>() + place<T>(places, lane), dout, ow + lane);
        }
      }
      if (ow < end && end >= lanes<T>()) {
        // The last vector begins where it ends with the row: the first of its windows have been taken before.
        const from = end - lanes<T>(), begin = top + <usize>(from * strideW()) * sizeof<T>();
        const places = placesOfLargest<T>(x + begin, row);
        for (let lane = ow - from; lane < lanes<T>(); lane++) {
          addAt<T>(dx + begin + <usize>(lane * strideW()) * sizeof<T>() + place<T>(places, lane), dout, from + lane);
        }
        ow = end;
      }
    }
    for (; ow < OW; ow++) {
      const begin = top + <usize>(ow * strideW()) * sizeof<T>();
      let best = begin;
      let largest = load<T>(x + begin);
      for (let h = 0; h < poolH(); h++) {
        for (let w = 0; w < poolW(); w++) {
          const at = begin + <usize>h * row + <usize>w * sizeof<T>();
          const value = load<T>(x + at);
          if (value > largest || (value != value && largest == largest)) {
            largest = value;
            best = at;
          }
        }
      }
      addAt<T>(dx + best, dout, ow);
    }
    dout += <usize>OW * sizeof<T>();
  }
}

/** Adds the gradient of a window to what is at `to`. */
// @ts-ignore: decorator
@inline export function addAt<T>(to: usize, dout: usize, window: i32): void {
  store<T>(to, load<T>(to) + load<T>(dout + <usize>window * sizeof<T>()));
}

/** For each of a vector of windows how far from its beginning its first largest value lies, in bytes, as integers. */
function placesOfLargest<T>(window: usize, row: usize): v128 {
  const adjacent = strideW() == 1;
  let largest = take<T>(window, adjacent), places = v128.splat<T>(0);
  for (let h = 0; h < poolH(); h++) {
    for (let w = 0; w < poolW(); w++) {
      const distance = <usize>h * row + <usize>w * sizeof<T>();
      const v = take<T>(window + distance, adjacent);
      // A number that is larger, or the first that is none.
      const none = v128.andnot(v128.ne<T>(v, v), v128.ne<T>(largest, largest));
      const better = v128.or(v128.gt<T>(v, largest), none);
      largest = select(better, v, largest);
      const at = sizeof<T>() == 4 ? i32x4.splat(<i32>distance) : i64x2.splat(<i64>distance);
      places = select(better, at, places);
    }
  }
  return places;
}

/** Lane number `lane` of what {@link placesOfLargest} returns. */
// @ts-ignore: decorator
@inline export function place<T>(places: v128, lane: i32): usize {
  if (sizeof<T>() == 8) return <usize>(lane == 0 ? i64x2.extract_lane(places, 0) : i64x2.extract_lane(places, 1));
  if (lane < 2) return lane == 0 ? i32x4.extract_lane(places, 0) : i32x4.extract_lane(places, 1);
  return lane == 2 ? i32x4.extract_lane(places, 2) : i32x4.extract_lane(places, 3);
}

/** A vector of windows of 2 × 2: the gradient goes to the first largest of the four values. */
// @ts-ignore: decorator
@inline function halfBackward<T>(top: usize, bottom: usize, dTop: usize, dBottom: usize, dout: usize): void {
  const t0 = v128.load(top), t1 = v128.load(top, 16), b0 = v128.load(bottom), b1 = v128.load(bottom, 16);
  const a = evenLanes<T>(t0, t1), b = oddLanes<T>(t0, t1), c = evenLanes<T>(b0, b1), d = oddLanes<T>(b0, b1);
  // A sum of numbers and NaN is NaN. Infinities may make it so, too: then the slow way gives the same.
  const sum = v128.add<T>(v128.add<T>(t0, t1), v128.add<T>(b0, b1));
  if (v128.any_true(v128.ne<T>(sum, sum))) {
    halfBackwardOfNaN<T>(a, b, c, d, dTop, dBottom, dout);
    return;
  }
  const g = v128.load(dout);
  const isLower = v128.gt<T>(v128.pmax<T>(c, d), v128.pmax<T>(a, b));
  const upper = v128.andnot(g, isLower), lower = v128.and(g, isLower);
  const isB = v128.gt<T>(b, a), isD = v128.gt<T>(d, c);
  putPairs<T>(dTop, v128.andnot(upper, isB), v128.and(upper, isB));
  putPairs<T>(dBottom, v128.andnot(lower, isD), v128.and(lower, isD));
}

/** The same where there may be NaN: the first one is the largest then. */
function halfBackwardOfNaN<T>(
  a: v128, b: v128, c: v128, d: v128, dTop: usize, dBottom: usize, dout: usize,
): void {
  const g = v128.load(dout);
  const largest = larger<T>(larger<T>(a, b), larger<T>(c, d));
  // Not equal means smaller, or that the largest is NaN: then the first NaN is it.
  const isA = v128.or(v128.eq<T>(a, largest), v128.ne<T>(a, a));
  const isB = v128.andnot(v128.or(v128.eq<T>(b, largest), v128.ne<T>(b, b)), isA);
  const notYet = v128.or(isA, isB);
  const isC = v128.andnot(v128.or(v128.eq<T>(c, largest), v128.ne<T>(c, c)), notYet);
  const isD = v128.not(v128.or(notYet, isC));
  putPairs<T>(dTop, where(isA, g), where(isB, g));
  putPairs<T>(dBottom, where(isC, g), where(isD, g));
}

/** Stores the lanes of `a` and `b` by turns. */
// @ts-ignore: decorator
@inline function putPairs<T>(to: usize, a: v128, b: v128): void {
  if (sizeof<T>() == 4) {
    v128.store(to, v128.shuffle<f32>(a, b, 0, 4, 1, 5));
    v128.store(to, v128.shuffle<f32>(a, b, 2, 6, 3, 7), VECTOR);
  } else {
    v128.store(to, v128.shuffle<f64>(a, b, 0, 2));
    v128.store(to, v128.shuffle<f64>(a, b, 1, 3), VECTOR);
  }
}

/** out = the mean of each window. Integers: 0 x, 1 out. Numbers: 1 / the window's area. */
export function avgPool<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  const x = pointer(0) + <usize>plane * H * W * sizeof<T>();
  let out = pointer(1) + <usize>plane * OH * OW * sizeof<T>();
  const row = <usize>W * sizeof<T>(), vectors = inVectors<T>(W, OW);
  for (let oh = 0; oh < OH; oh++) {
    const top = x + <usize>(oh * strideH()) * row;
    let ow = 0;
    for (; ow < vectors; ow += lanes<T>()) {
      const sums = sumsOf<T>(top + <usize>(ow * strideW()) * sizeof<T>(), row);
      v128.store(out + <usize>ow * sizeof<T>(), v128.mul<T>(sums, v128.splat<T>(number<T>(0))));
    }
    for (; ow < OW; ow++) {
      const sum = sumOf<T>(top + <usize>(ow * strideW()) * sizeof<T>(), row);
      store<T>(out + <usize>ow * sizeof<T>(), <T>(sum * number<f64>(0)));
    }
    out += <usize>OW * sizeof<T>();
  }
}

/** The sums of a vector of windows: of each row, then of the rows. */
function sumsOf<T>(window: usize, row: usize): v128 {
  if (poolH() * poolW() > ROWS_AT_A_TIME) return longSumsOf<T>(window, row);
  const adjacent = strideW() == 1;
  let sums = v128.splat<T>(0);
  for (const end = window + <usize>poolH() * row; window < end; window += row) {
    let sum = take<T>(window, adjacent);
    const stop = window + <usize>poolW() * sizeof<T>();
    for (let at = window + sizeof<T>(); at < stop; at += sizeof<T>()) sum = v128.add<T>(sum, take<T>(at, adjacent));
    sums = v128.add<T>(sums, sum);
  }
  return sums;
}

/** The same of windows so large that one sum in float32 would lose much: as columns.ts adds up rows. */
function longSumsOf<T>(window: usize, row: usize): v128 {
  const adjacent = strideW() == 1;
  let low = v128.splat<T>(0), high = low;
  for (const end = window + <usize>poolH() * row; window < end; window += row) {
    const stop = window + <usize>poolW() * sizeof<T>();
    for (let at = window; at < stop;) {
      let sum = v128.splat<T>(0);
      for (const next = min(stop, at + ROWS_AT_A_TIME * sizeof<T>()); at < next; at += sizeof<T>()) {
        sum = v128.add<T>(sum, take<T>(at, adjacent));
      }
      low = addLow<T>(low, sum), high = addHigh<T>(high, sum);
    }
  }
  return rounded<T>(low, high);
}

/** The sum of one window, its rows taken in vectors: those of a window that covers an image are long. */
function sumOf<T>(window: usize, row: usize): f64 {
  let wide = f64x2.splat(0), sum: f64 = 0;
  for (let h = 0; h < poolH(); h++) {
    let w = 0;
    for (; w + lanes<T>() <= poolW(); w += lanes<T>()) {
      wide = addWide<T>(wide, v128.load(window + <usize>w * sizeof<T>()));
    }
    for (; w < poolW(); w++) sum += <f64>load<T>(window + <usize>w * sizeof<T>());
    window += row;
  }
  return sum + sumOfPair(wide);
}

/** dx: each window's gradient is shared evenly. Integers: 0 dout, 2 dx. Numbers: 1 / the window's area. */
export function avgPoolBackward<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  let dout = pointer(0) + <usize>plane * OH * OW * sizeof<T>();
  const dx = pointer(2) + <usize>plane * H * W * sizeof<T>();
  const row = <usize>W * sizeof<T>(), vectors = inVectors<T>(W, OW);
  memory.fill(dx, 0, <usize>H * row);
  for (let oh = 0; oh < OH; oh++) {
    const top = dx + <usize>(oh * strideH()) * row;
    let ow = 0;
    for (; ow < vectors; ow += lanes<T>()) {
      const shares = v128.mul<T>(v128.load(dout + <usize>ow * sizeof<T>()), v128.splat<T>(number<T>(0)));
      addShares<T>(top + <usize>(ow * strideW()) * sizeof<T>(), row, shares);
    }
    for (; ow < OW; ow++) {
      const share = <T>(<f64>load<T>(dout + <usize>ow * sizeof<T>()) * number<f64>(0));
      addShare<T>(top + <usize>(ow * strideW()) * sizeof<T>(), row, share);
    }
    dout += <usize>OW * sizeof<T>();
  }
}

/** Adds to all places of a vector of windows what belongs to each. */
function addShares<T>(window: usize, row: usize, shares: v128): void {
  const adjacent = strideW() == 1;
  for (const end = window + <usize>poolH() * row; window < end; window += row) {
    const stop = window + <usize>poolW() * sizeof<T>();
    for (let at = window; at < stop; at += sizeof<T>()) addTo<T>(at, shares, adjacent);
  }
}

/** Adds the same to all places of one window, its rows taken in vectors. */
function addShare<T>(window: usize, row: usize, share: T): void {
  const shares = v128.splat<T>(share);
  for (let h = 0; h < poolH(); h++) {
    let w = 0;
    for (; w + lanes<T>() <= poolW(); w += lanes<T>()) {
      const at = window + <usize>w * sizeof<T>();
      v128.store(at, v128.add<T>(v128.load(at), shares));
    }
    for (; w < poolW(); w++) {
      const at = window + <usize>w * sizeof<T>();
      store<T>(at, load<T>(at) + share);
    }
    window += row;
  }
}
