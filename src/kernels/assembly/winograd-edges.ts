import { constant, madd, nmadd, rectified, VECTOR } from "./simd";
import { storeHalves, WHOLE } from "./winograd-lanes";

// Tiles at the edges of an image that has only three rows or columns of their 4 × 4 outputs. F(3, 3) needs five of the
// six points of F(4, 3), all but −2, so that its products are among those of the same transformed filters: 30 or 25 in
// place of 36. The rows of G at the points that both have differ by a factor, p + 2 at the point p, by which Bᵀ is
// multiplied here in place of G. Values keep the places ξ that they have among 6 × 6; those at −2 are left out. `rows`
// and `columns` are the outputs down and across a tile, 3 or 4.

// @ts-ignore: decorator
@inline const INPUTS: usize = 6;

/** The place of the point −2 along an axis. */
// @ts-ignore: decorator
@inline export const LEFT_OUT = 4;

const TABLE = memory.data<f32>([2, 3, 4, 5, 8]);
const enum At { TWO, THREE, FOUR, FIVE, EIGHT }

// @ts-ignore: decorator
@inline function at(place: usize): v128 {
  return constant<f32>(TABLE, place);
}

/** to = Bᵀ d along one axis, for so many outputs. */
// @ts-ignore: decorator
@inline function transformInput(
  d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, outputs: i32, to: usize, step: usize,
): void {
  const two = at(At.TWO), four = at(At.FOUR);
  if (outputs == 4) {
    const five = at(At.FIVE);
    v128.store(to, madd<f32>(four, d0, nmadd<f32>(five, d2, d4)));
    const even = nmadd<f32>(four, d2, d4), odd = nmadd<f32>(four, d1, d3);
    v128.store(to + step, f32x4.add(even, odd));
    v128.store(to + 2 * step, f32x4.sub(even, odd));
    const sum = f32x4.sub(d4, d2), difference = f32x4.sub(d3, d1);
    v128.store(to + 3 * step, madd<f32>(two, difference, sum));
    v128.store(to + 4 * step, nmadd<f32>(two, difference, sum));
    v128.store(to + 5 * step, madd<f32>(four, d1, nmadd<f32>(five, d3, d5)));
    return;
  }
  const three = at(At.THREE);
  const outer = f32x4.sub(d0, d2), inner = f32x4.sub(d3, d1);
  v128.store(to, madd<f32>(four, outer, f32x4.add(inner, inner)));
  v128.store(to + step, f32x4.mul(three, f32x4.sub(f32x4.sub(d3, d2), f32x4.add(d1, d1))));
  v128.store(to + 2 * step, madd<f32>(two, d1, nmadd<f32>(three, d2, d3)));
  v128.store(to + 3 * step, f32x4.mul(four, inner));
  v128.store(to + 5 * step, nmadd<f32>(two, inner, f32x4.sub(d4, d2)));
}

/** V = Bᵀ d B of the values at each of four places, whose rows are `rowBytes` apart, to `to` + ξ·`step`. */
export function inputEdges(
  a: usize, b: usize, c: usize, d: usize, rowBytes: usize, work: usize, to: usize, step: usize, rows: i32, columns: i32,
): void {
  const height = <usize>rows + 2;
  for (let i: usize = 0; i < height; i++) {
    const x = v128.load(a), y = v128.load(b), z = v128.load(c), w = v128.load(d);
    const xy = v128.shuffle<f32>(x, y, 0, 4, 1, 5), zw = v128.shuffle<f32>(z, w, 0, 4, 1, 5);
    const xyHigh = v128.shuffle<f32>(x, y, 2, 6, 3, 7), zwHigh = v128.shuffle<f32>(z, w, 2, 6, 3, 7);
    const first = v128.load_lane<f64>(b, v128.load64_zero(a, VECTOR), 1, VECTOR);
    const second = v128.load_lane<f64>(d, v128.load64_zero(c, VECTOR), 1, VECTOR);
    transformInput(
      v128.shuffle<f64>(xy, zw, 0, 2), v128.shuffle<f64>(xy, zw, 1, 3),
      v128.shuffle<f64>(xyHigh, zwHigh, 0, 2), v128.shuffle<f64>(xyHigh, zwHigh, 1, 3),
      v128.shuffle<f32>(first, second, 0, 2, 4, 6), v128.shuffle<f32>(first, second, 1, 3, 5, 7),
      columns, work + i * INPUTS * VECTOR, VECTOR,
    );
    a += rowBytes;
    b += rowBytes;
    c += rowBytes;
    d += rowBytes;
  }
  for (let i: i32 = 0; i < 6; i++) {
    if (i != LEFT_OUT || columns == 4) {
      transformInput(
        v128.load(work), v128.load(work, 6 * VECTOR), v128.load(work, 12 * VECTOR), v128.load(work, 18 * VECTOR),
        v128.load(work, 24 * VECTOR), v128.load(work, 30 * VECTOR), rows, to, INPUTS * step,
      );
    }
    work += VECTOR;
    to += step;
  }
}

/**
 * Aᵀ M A of four tiles, M at `from` + ξ·`step`, with bias and ReLU, to each of four places, whose rows are `rowBytes`
 * apart.
 */
export function outputEdges(
  from: usize, step: usize, work: usize, bias: v128, relu: i32, a: usize, b: usize, c: usize, d: usize, rowBytes: usize,
  rows: i32, columns: i32,
): void {
  const two = at(At.TWO), four = at(At.FOUR), eight = at(At.EIGHT), zero = f32x4.splat(0);
  const column = INPUTS * step;
  let to = work;
  for (let i: i32 = 0; i < 6; i++) {
    if (i != LEFT_OUT || columns == 4) {
      const m1 = v128.load(from + column), m2 = v128.load(from + 2 * column), m3 = v128.load(from + 3 * column);
      const m4 = rows == 4 ? v128.load(from + 4 * column) : zero, m5 = v128.load(from + 5 * column);
      const sum = f32x4.add(m1, m2), difference = f32x4.sub(m1, m2);
      const sum2 = f32x4.add(m3, m4), difference2 = f32x4.sub(m3, m4);
      const y2 = madd<f32>(four, sum2, sum);
      v128.store(to, f32x4.add(f32x4.add(v128.load(from), sum), sum2));
      v128.store(to, madd<f32>(two, difference2, difference), 6 * VECTOR);
      v128.store(to, rows == 4 ? y2 : f32x4.add(y2, m5), 12 * VECTOR);
      if (rows == 4) v128.store(to, f32x4.add(madd<f32>(eight, difference2, difference), m5), 18 * VECTOR);
    }
    to += VECTOR;
    from += step;
  }
  for (let i = 0; i < rows; i++) {
    const m1 = v128.load(work, VECTOR), m2 = v128.load(work, 2 * VECTOR), m3 = v128.load(work, 3 * VECTOR);
    const m4 = columns == 4 ? v128.load(work, 4 * VECTOR) : zero, m5 = v128.load(work, 5 * VECTOR);
    const sum = f32x4.add(f32x4.add(m1, m2), bias), difference = f32x4.add(f32x4.sub(m1, m2), bias);
    const sum2 = f32x4.add(m3, m4), difference2 = f32x4.sub(m3, m4);
    let y0 = f32x4.add(f32x4.add(v128.load(work), sum), sum2);
    let y1 = madd<f32>(two, difference2, difference);
    let y2 = madd<f32>(four, sum2, sum);
    let y3 = f32x4.add(madd<f32>(eight, difference2, difference), m5);
    if (columns == 3) y2 = f32x4.add(y2, m5);
    if (relu) {
      y0 = rectified<f32>(y0);
      y1 = rectified<f32>(y1);
      y2 = rectified<f32>(y2);
      y3 = rectified<f32>(y3);
    }
    const low = v128.shuffle<f32>(y0, y1, 0, 4, 1, 5), lowHigh = v128.shuffle<f32>(y2, y3, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(y0, y1, 2, 6, 3, 7), highHigh = v128.shuffle<f32>(y2, y3, 2, 6, 3, 7);
    if (columns == 4) {
      v128.store(a, v128.shuffle<f64>(low, lowHigh, 0, 2));
      v128.store(b, v128.shuffle<f64>(low, lowHigh, 1, 3));
      v128.store(c, v128.shuffle<f64>(high, highHigh, 0, 2));
      v128.store(d, v128.shuffle<f64>(high, highHigh, 1, 3));
    } else {
      v128.store_lane<f64>(a, low, 0);
      v128.store_lane<f64>(b, low, 1);
      v128.store_lane<f64>(c, high, 0);
      v128.store_lane<f64>(d, high, 1);
      v128.store_lane<f32>(a, y2, 0, 8);
      v128.store_lane<f32>(b, y2, 1, 8);
      v128.store_lane<f32>(c, y2, 2, 8);
      v128.store_lane<f32>(d, y2, 3, 8);
    }
    work += INPUTS * VECTOR;
    a += rowBytes;
    b += rowBytes;
    c += rowBytes;
    d += rowBytes;
  }
}

/** to = A y along one axis, for so many outputs; the last two lanes `jump` bytes on. */
// @ts-ignore: decorator
@inline function transformGradient(
  y0: v128, y1: v128, y2: v128, y3: v128, outputs: i32, to: usize, step: usize, jump: usize,
): void {
  const two = at(At.TWO), four = at(At.FOUR);
  storeHalves(to, jump, y0);
  if (outputs == 4) {
    const even = f32x4.add(y0, y2), odd = f32x4.add(y1, y3);
    storeHalves(to + step, jump, f32x4.add(even, odd));
    storeHalves(to + 2 * step, jump, f32x4.sub(even, odd));
    const wide = madd<f32>(four, y2, y0), wideOdd = madd<f32>(four, y3, y1);
    storeHalves(to + 3 * step, jump, madd<f32>(two, wideOdd, wide));
    storeHalves(to + 4 * step, jump, nmadd<f32>(two, wideOdd, wide));
    storeHalves(to + 5 * step, jump, y3);
    return;
  }
  const even = f32x4.add(y0, y2);
  storeHalves(to + step, jump, f32x4.add(even, y1));
  storeHalves(to + 2 * step, jump, f32x4.sub(even, y1));
  storeHalves(to + 3 * step, jump, madd<f32>(two, y1, madd<f32>(four, y2, y0)));
  storeHalves(to + 5 * step, jump, y2);
}

/** A y Aᵀ of the values at four places, to `to` + ξ·`step`; the last two `jump` bytes on. */
export function gradientEdges(
  a: usize, b: usize, c: usize, d: usize, rowBytes: usize, work: usize, to: usize, step: usize, jump: usize,
  rows: i32, columns: i32,
): void {
  for (let i = 0; i < rows; i++) {
    const x = v128.load(a), y = v128.load(b), z = v128.load(c), w = v128.load(d);
    const xy = v128.shuffle<f32>(x, y, 0, 4, 1, 5), zw = v128.shuffle<f32>(z, w, 0, 4, 1, 5);
    const xyHigh = v128.shuffle<f32>(x, y, 2, 6, 3, 7), zwHigh = v128.shuffle<f32>(z, w, 2, 6, 3, 7);
    transformGradient(
      v128.shuffle<f64>(xy, zw, 0, 2), v128.shuffle<f64>(xy, zw, 1, 3),
      v128.shuffle<f64>(xyHigh, zwHigh, 0, 2), v128.shuffle<f64>(xyHigh, zwHigh, 1, 3),
      columns, work + <usize>i * VECTOR, 4 * VECTOR, WHOLE,
    );
    a += rowBytes;
    b += rowBytes;
    c += rowBytes;
    d += rowBytes;
  }
  for (let i: i32 = 0; i < 6; i++) {
    if (i != LEFT_OUT || columns == 4) {
      transformGradient(
        v128.load(work), v128.load(work, VECTOR), v128.load(work, 2 * VECTOR), v128.load(work, 3 * VECTOR), rows,
        to, INPUTS * step, jump,
      );
    }
    to += step;
    work += 4 * VECTOR;
  }
}
