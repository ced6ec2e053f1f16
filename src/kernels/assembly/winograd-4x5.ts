import { constant, madd, nmadd, rectified, VECTOR } from "./simd";
import { gather, storeHalves, WHOLE } from "./winograd-lanes";
import { tapOf } from "./winograd-tiles";

// F(4×4, 5×5): 4 × 4 outputs from 8 × 8 inputs in 64 products in place of 400, at the points 0, ±1, ±2, ±1/2 and ∞.
// With 3/2 or 3/4 for 1/2 the error is five to twenty times as large. Each function works on four tiles, or four
// channels of one, in the lanes of its vectors: along one axis to `work`, then along the other.

/** Inputs along an axis of a tile. */
// @ts-ignore: decorator
@inline const INPUTS: usize = 8;

/** Taps along an axis of a filter. */
// @ts-ignore: decorator
@inline const TAPS: usize = 5;

const TABLE = memory.data<f32>([
  0.125, 0.25, 0.5, 1.25, 2, 4, 4.25, 5, 5.25, 8, 16, -0.2222222222222222, 0.011111111111111112, 0.04444444444444444,
]);
const enum At {
  EIGHTH, QUARTER, HALF, FIVE_QUARTERS,
  TWO, FOUR, NEAR, FIVE, OUTER, EIGHT, SIXTEEN, ONE_SCALE, TWO_SCALE, HALF_SCALE,
}

// @ts-ignore: decorator
@inline function at(place: usize): v128 {
  return constant<f32>(TABLE, place);
}

/** to = Bᵀ d along one axis. */
// @ts-ignore: decorator
@inline function transformInput(
  d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, d6: v128, d7: v128, to: usize, step: usize,
): void {
  v128.store(to, madd<f32>(at(At.OUTER), f32x4.sub(d4, d2), f32x4.sub(d0, d6)));
  v128.store(to + 7 * step, madd<f32>(at(At.OUTER), f32x4.sub(d3, d5), f32x4.sub(d7, d1)));
  let even = nmadd<f32>(at(At.NEAR), d4, f32x4.add(d2, d6)), odd = nmadd<f32>(at(At.NEAR), d3, f32x4.add(d1, d5));
  v128.store(to + step, f32x4.add(even, odd));
  v128.store(to + 2 * step, f32x4.sub(even, odd));
  even = madd<f32>(at(At.QUARTER), d2, nmadd<f32>(at(At.FIVE_QUARTERS), d4, d6));
  odd = madd<f32>(at(At.QUARTER), d1, nmadd<f32>(at(At.FIVE_QUARTERS), d3, d5));
  v128.store(to + 3 * step, madd<f32>(at(At.TWO), odd, even));
  v128.store(to + 4 * step, nmadd<f32>(at(At.TWO), odd, even));
  even = madd<f32>(at(At.FOUR), d2, nmadd<f32>(at(At.FIVE), d4, d6));
  odd = madd<f32>(at(At.FOUR), d1, nmadd<f32>(at(At.FIVE), d3, d5));
  v128.store(to + 5 * step, madd<f32>(at(At.HALF), odd, even));
  v128.store(to + 6 * step, nmadd<f32>(at(At.HALF), odd, even));
}

/** V = Bᵀ d B of the 8 × 8 values at each of four places, whose rows are `rowBytes` apart, to `to` + ξ·`step`. */
export function inputTiles4x5(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  rowBytes: usize,
  work: usize,
  to: usize,
  step: usize,
): void {
  let row = work;
  for (let i: usize = 0; i < INPUTS; i++) {
    const x = v128.load(a), y = v128.load(b), z = v128.load(c), w = v128.load(d);
    const xy = v128.shuffle<f32>(x, y, 0, 4, 1, 5), zw = v128.shuffle<f32>(z, w, 0, 4, 1, 5);
    const xyHigh = v128.shuffle<f32>(x, y, 2, 6, 3, 7), zwHigh = v128.shuffle<f32>(z, w, 2, 6, 3, 7);
    const x2 = v128.load(a, VECTOR), y2 = v128.load(b, VECTOR), z2 = v128.load(c, VECTOR), w2 = v128.load(d, VECTOR);
    const xy2 = v128.shuffle<f32>(x2, y2, 0, 4, 1, 5), zw2 = v128.shuffle<f32>(z2, w2, 0, 4, 1, 5);
    const xy2High = v128.shuffle<f32>(x2, y2, 2, 6, 3, 7), zw2High = v128.shuffle<f32>(z2, w2, 2, 6, 3, 7);
    transformInput(
      v128.shuffle<f64>(xy, zw, 0, 2), v128.shuffle<f64>(xy, zw, 1, 3),
      v128.shuffle<f64>(xyHigh, zwHigh, 0, 2), v128.shuffle<f64>(xyHigh, zwHigh, 1, 3),
      v128.shuffle<f64>(xy2, zw2, 0, 2), v128.shuffle<f64>(xy2, zw2, 1, 3),
      v128.shuffle<f64>(xy2High, zw2High, 0, 2), v128.shuffle<f64>(xy2High, zw2High, 1, 3), row, VECTOR,
    );
    row += INPUTS * VECTOR;
    a += rowBytes;
    b += rowBytes;
    c += rowBytes;
    d += rowBytes;
  }
  for (let i: usize = 0; i < INPUTS; i++) {
    transformInput(
      v128.load(work), v128.load(work, 8 * VECTOR), v128.load(work, 16 * VECTOR), v128.load(work, 24 * VECTOR),
      v128.load(work, 32 * VECTOR), v128.load(work, 40 * VECTOR), v128.load(work, 48 * VECTOR), v128.load(work,
      56 * VECTOR),
      to, INPUTS * step,
    );
    work += VECTOR;
    to += step;
  }
}

/**
 * Aᵀ M A of four tiles, M at `from` + ξ·`step`, with bias and ReLU, as 4 × 4 values to each of four places, whose rows
 * are `rowBytes` apart.
 */
export function outputTiles4x5(
  from: usize, step: usize, work: usize, bias: v128, relu: i32, a: usize, b: usize, c: usize, d: usize, rowBytes: usize,
): void {
  const column = INPUTS * step;
  let to = work;
  for (let i: usize = 0; i < INPUTS; i++) {
    let m = v128.load(from + column), n = v128.load(from + 2 * column);
    const sum = f32x4.add(m, n), difference = f32x4.sub(m, n);
    m = v128.load(from + 3 * column), n = v128.load(from + 4 * column);
    const sum2 = f32x4.add(m, n), difference2 = f32x4.sub(m, n);
    m = v128.load(from + 5 * column), n = v128.load(from + 6 * column);
    const sum3 = f32x4.add(m, n), difference3 = f32x4.sub(m, n);
    v128.store(to, f32x4.add(f32x4.add(v128.load(from), sum), f32x4.add(sum2, sum3)));
    v128.store(to, madd<f32>(at(At.TWO), difference2, madd<f32>(at(At.HALF), difference3, difference)), 8 * VECTOR);
    v128.store(to, madd<f32>(at(At.FOUR), sum2, madd<f32>(at(At.QUARTER), sum3, sum)), 16 * VECTOR);
    const cubes = madd<f32>(at(At.EIGHT), difference2, madd<f32>(at(At.EIGHTH), difference3, difference));
    v128.store(to, f32x4.add(cubes, v128.load(from + 7 * column)), 24 * VECTOR);
    to += VECTOR;
    from += step;
  }
  for (let i = 0; i < 4; i++) {
    let m = v128.load(work, VECTOR), n = v128.load(work, 2 * VECTOR);
    const sum = f32x4.add(f32x4.add(m, n), bias), difference = f32x4.add(f32x4.sub(m, n), bias);
    m = v128.load(work, 3 * VECTOR), n = v128.load(work, 4 * VECTOR);
    const sum2 = f32x4.add(m, n), difference2 = f32x4.sub(m, n);
    m = v128.load(work, 5 * VECTOR), n = v128.load(work, 6 * VECTOR);
    const sum3 = f32x4.add(m, n), difference3 = f32x4.sub(m, n);
    let y0 = f32x4.add(f32x4.add(v128.load(work), sum), f32x4.add(sum2, sum3));
    let y1 = madd<f32>(at(At.TWO), difference2, madd<f32>(at(At.HALF), difference3, difference));
    let y2 = madd<f32>(at(At.FOUR), sum2, madd<f32>(at(At.QUARTER), sum3, sum));
    let y3 = madd<f32>(at(At.EIGHT), difference2, madd<f32>(at(At.EIGHTH), difference3, difference));
    y3 = f32x4.add(y3, v128.load(work, 7 * VECTOR));
    if (relu) {
      y0 = rectified<f32>(y0);
      y1 = rectified<f32>(y1);
      y2 = rectified<f32>(y2);
      y3 = rectified<f32>(y3);
    }
    const low = v128.shuffle<f32>(y0, y1, 0, 4, 1, 5), lowHigh = v128.shuffle<f32>(y2, y3, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(y0, y1, 2, 6, 3, 7), highHigh = v128.shuffle<f32>(y2, y3, 2, 6, 3, 7);
    v128.store(a, v128.shuffle<f64>(low, lowHigh, 0, 2));
    v128.store(b, v128.shuffle<f64>(low, lowHigh, 1, 3));
    v128.store(c, v128.shuffle<f64>(high, highHigh, 0, 2));
    v128.store(d, v128.shuffle<f64>(high, highHigh, 1, 3));
    work += INPUTS * VECTOR;
    a += rowBytes;
    b += rowBytes;
    c += rowBytes;
    d += rowBytes;
  }
}

/** to = G g along one axis. */
// @ts-ignore: decorator
@inline function transformFilter(g0: v128, g1: v128, g2: v128, g3: v128, g4: v128, to: usize, step: usize): void {
  v128.store(to, g0);
  let even = f32x4.add(f32x4.add(g0, g2), g4), odd = f32x4.add(g1, g3);
  v128.store(to + step, f32x4.mul(at(At.ONE_SCALE), f32x4.add(even, odd)));
  v128.store(to + 2 * step, f32x4.mul(at(At.ONE_SCALE), f32x4.sub(even, odd)));
  even = madd<f32>(at(At.SIXTEEN), g4, madd<f32>(at(At.FOUR), g2, g0)), odd = madd<f32>(at(At.FOUR), g3, g1);
  v128.store(to + 3 * step, f32x4.mul(at(At.TWO_SCALE), madd<f32>(at(At.TWO), odd, even)));
  v128.store(to + 4 * step, f32x4.mul(at(At.TWO_SCALE), nmadd<f32>(at(At.TWO), odd, even)));
  even = madd<f32>(at(At.SIXTEEN), g0, madd<f32>(at(At.FOUR), g2, g4)), odd = madd<f32>(at(At.FOUR), g1, g3);
  v128.store(to + 5 * step, f32x4.mul(at(At.HALF_SCALE), madd<f32>(at(At.TWO), odd, even)));
  v128.store(to + 6 * step, f32x4.mul(at(At.HALF_SCALE), nmadd<f32>(at(At.TWO), odd, even)));
  v128.store(to + 7 * step, g4);
}

/**
 * U = G g Gᵀ of piece `piece` of the filters at four places, turned by 180° if asked, to `to` + ξ·`step`; the last two
 * `jump` bytes on.
 */
export function filters4x5(
  a: usize, b: usize, c: usize, d: usize, piece: i32, turned: i32, work: usize, to: usize, step: usize, jump: usize,
): void {
  const column = work + TAPS * INPUTS * VECTOR;
  for (let i = 0; i < <i32>TAPS; i++) {
    transformFilter(
      gather(a, b, c, d, tapOf(piece, 0, i, turned)), gather(a, b, c, d, tapOf(piece, 1, i, turned)),
      gather(a, b, c, d, tapOf(piece, 2, i, turned)), gather(a, b, c, d, tapOf(piece, 3, i, turned)),
      gather(a, b, c, d, tapOf(piece, 4, i, turned)), work + <usize>i * VECTOR, TAPS * VECTOR,
    );
  }
  for (let i: usize = 0; i < INPUTS; i++) {
    transformFilter(
      v128.load(work), v128.load(work, VECTOR), v128.load(work, 2 * VECTOR), v128.load(work, 3 * VECTOR),
      v128.load(work, 4 * VECTOR), column, VECTOR,
    );
    for (let j: usize = 0; j < INPUTS; j++) {
      storeHalves(to, jump, v128.load(column + j * VECTOR));
      to += step;
    }
    work += TAPS * VECTOR;
  }
}

/** to = A y along one axis, the last two lanes `jump` bytes on. */
// @ts-ignore: decorator
@inline function transformGradient(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize, jump: usize): void {
  storeHalves(to, jump, y0);
  let even = f32x4.add(y0, y2), odd = f32x4.add(y1, y3);
  storeHalves(to + step, jump, f32x4.add(even, odd));
  storeHalves(to + 2 * step, jump, f32x4.sub(even, odd));
  even = madd<f32>(at(At.FOUR), y2, y0), odd = madd<f32>(at(At.FOUR), y3, y1);
  storeHalves(to + 3 * step, jump, madd<f32>(at(At.TWO), odd, even));
  storeHalves(to + 4 * step, jump, nmadd<f32>(at(At.TWO), odd, even));
  even = madd<f32>(at(At.QUARTER), y2, y0), odd = madd<f32>(at(At.QUARTER), y3, y1);
  storeHalves(to + 5 * step, jump, madd<f32>(at(At.HALF), odd, even));
  storeHalves(to + 6 * step, jump, nmadd<f32>(at(At.HALF), odd, even));
  storeHalves(to + 7 * step, jump, y3);
}

/** A y Aᵀ of the 4 × 4 values at four places, to `to` + ξ·`step`; the last two `jump` bytes on. */
export function gradientTiles4x5(
  a: usize, b: usize, c: usize, d: usize, rowBytes: usize, work: usize, to: usize, step: usize, jump: usize,
): void {
  for (let i: usize = 0; i < 4; i++) {
    const x = v128.load(a), y = v128.load(b), z = v128.load(c), w = v128.load(d);
    const xy = v128.shuffle<f32>(x, y, 0, 4, 1, 5), zw = v128.shuffle<f32>(z, w, 0, 4, 1, 5);
    const xyHigh = v128.shuffle<f32>(x, y, 2, 6, 3, 7), zwHigh = v128.shuffle<f32>(z, w, 2, 6, 3, 7);
    transformGradient(
      v128.shuffle<f64>(xy, zw, 0, 2), v128.shuffle<f64>(xy, zw, 1, 3),
      v128.shuffle<f64>(xyHigh, zwHigh, 0, 2), v128.shuffle<f64>(xyHigh, zwHigh, 1, 3),
      work + i * VECTOR, 4 * VECTOR, WHOLE,
    );
    a += rowBytes;
    b += rowBytes;
    c += rowBytes;
    d += rowBytes;
  }
  // Eight values along the columns for each of the eight along the rows: those of one ξ lie INPUTS steps apart.
  for (let i: usize = 0; i < INPUTS; i++) {
    transformGradient(
      v128.load(work), v128.load(work, VECTOR), v128.load(work, 2 * VECTOR), v128.load(work, 3 * VECTOR),
      to, INPUTS * step, jump,
    );
    to += step;
    work += 4 * VECTOR;
  }
}

/** to = Gᵀ u along one axis. */
// @ts-ignore: decorator
@inline function transformWeights(from: usize, step: usize, to: usize, toStep: usize): void {
  let u = v128.load(from + step), v = v128.load(from + 2 * step);
  const one = f32x4.mul(at(At.ONE_SCALE), f32x4.add(u, v)), oneOdd = f32x4.mul(at(At.ONE_SCALE), f32x4.sub(u, v));
  u = v128.load(from + 3 * step), v = v128.load(from + 4 * step);
  const two = f32x4.mul(at(At.TWO_SCALE), f32x4.add(u, v)), twoOdd = f32x4.mul(at(At.TWO_SCALE), f32x4.sub(u, v));
  u = v128.load(from + 5 * step), v = v128.load(from + 6 * step);
  const half = f32x4.mul(at(At.HALF_SCALE), f32x4.add(u, v)), halfOdd = f32x4.mul(at(At.HALF_SCALE), f32x4.sub(u, v));
  v128.store(to, madd<f32>(at(At.SIXTEEN), half, f32x4.add(f32x4.add(v128.load(from), one), two)));
  v128.store(to + toStep, madd<f32>(at(At.EIGHT), halfOdd, madd<f32>(at(At.TWO), twoOdd, oneOdd)));
  v128.store(to + 2 * toStep, madd<f32>(at(At.FOUR), half, madd<f32>(at(At.FOUR), two, one)));
  v128.store(to + 3 * toStep, madd<f32>(at(At.TWO), halfOdd, madd<f32>(at(At.EIGHT), twoOdd, oneOdd)));
  const near = f32x4.add(madd<f32>(at(At.SIXTEEN), two, one), half);
  v128.store(to + 4 * toStep, f32x4.add(near, v128.load(from + 7 * step)));
}

/** Gᵀ u G of four filters in the lanes of the vectors at `from` + ξ·`step`, as 25 vectors to `work`. */
export function weights4x5(from: usize, step: usize, work: usize): void {
  const half = work + TAPS * TAPS * VECTOR;
  for (let i: usize = 0; i < INPUTS; i++) {
    transformWeights(from + i * step, INPUTS * step, half + i * VECTOR, INPUTS * VECTOR);
  }
  for (let i: usize = 0; i < TAPS; i++) {
    transformWeights(half + i * INPUTS * VECTOR, VECTOR, work + TAPS * i * VECTOR, VECTOR);
  }
}
