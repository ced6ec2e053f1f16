import { constant, madd, nmadd, rectified, VECTOR } from "./simd";
import { gather, storeHalves, WHOLE } from "./winograd-lanes";

// F(4×4, 3×3): 4 × 4 outputs from 6 × 6 inputs in 36 products in place of 144. Lavin and Gray 2016, section 4.1, with
// its points 0, ±1, ±2 and ∞; others, such as ±1/2 or ±3/2 for ±2, change the error by less than a third. Each function
// works on four tiles, or four channels of one, in the lanes of its vectors: along one axis to `work`, then along the
// other.

/** Inputs along an axis of a tile. */
// @ts-ignore: decorator
@inline const INPUTS: usize = 6;

const TABLE = memory.data<f32>([2, 4, 5, 8, 0.25, -0.16666666666666667, 0.041666666666666667]);
const enum At { TWO, FOUR, FIVE, EIGHT, QUARTER, MINUS_SIXTH, TWENTY_FOURTH }

// @ts-ignore: decorator
@inline function at(place: usize): v128 {
  return constant<f32>(TABLE, place);
}

/** to = Bᵀ d along one axis. */
// @ts-ignore: decorator
@inline function transformInput(
  d0: v128,
  d1: v128,
  d2: v128,
  d3: v128,
  d4: v128,
  d5: v128,
  to: usize,
  step: usize,
): void {
  const two = at(At.TWO), four = at(At.FOUR), five = at(At.FIVE);
  v128.store(to, madd<f32>(four, d0, nmadd<f32>(five, d2, d4)));
  const even = nmadd<f32>(four, d2, d4), odd = nmadd<f32>(four, d1, d3);
  v128.store(to + step, f32x4.add(even, odd));
  v128.store(to + 2 * step, f32x4.sub(even, odd));
  const sum = f32x4.sub(d4, d2), difference = f32x4.sub(d3, d1);
  v128.store(to + 3 * step, madd<f32>(two, difference, sum));
  v128.store(to + 4 * step, nmadd<f32>(two, difference, sum));
  v128.store(to + 5 * step, madd<f32>(four, d1, nmadd<f32>(five, d3, d5)));
}

/**
 * V = Bᵀ d B of the 6 × 6 values at each of four places, whose rows are `rowBytes` apart, to `to` + ξ·`step`.
 */
export function inputTiles4x3(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  rowBytes: usize,
  work: usize,
  to: usize,
  step: usize,
): void {
  for (let i: usize = 0; i < INPUTS; i++) {
    const x = v128.load(a), y = v128.load(b), z = v128.load(c), w = v128.load(d);
    const xy = v128.shuffle<f32>(x, y, 0, 4, 1, 5), zw = v128.shuffle<f32>(z, w, 0, 4, 1, 5);
    const xyHigh = v128.shuffle<f32>(x, y, 2, 6, 3, 7), zwHigh = v128.shuffle<f32>(z, w, 2, 6, 3, 7);
    const first = v128.load_lane<f64>(b, v128.load64_zero(a, VECTOR), 1, VECTOR);
    const second = v128.load_lane<f64>(d, v128.load64_zero(c, VECTOR), 1, VECTOR);
    transformInput(
      v128.shuffle<f64>(xy, zw, 0, 2), v128.shuffle<f64>(xy, zw, 1, 3),
      v128.shuffle<f64>(xyHigh, zwHigh, 0, 2), v128.shuffle<f64>(xyHigh, zwHigh, 1, 3),
      v128.shuffle<f32>(first, second, 0, 2, 4, 6), v128.shuffle<f32>(first, second, 1, 3, 5, 7),
      work + i * INPUTS * VECTOR, VECTOR,
    );
    a += rowBytes;
    b += rowBytes;
    c += rowBytes;
    d += rowBytes;
  }
  for (let i: usize = 0; i < INPUTS; i++) {
    transformInput(
      v128.load(work), v128.load(work, 6 * VECTOR), v128.load(work, 12 * VECTOR), v128.load(work, 18 * VECTOR),
      v128.load(work, 24 * VECTOR), v128.load(work, 30 * VECTOR), to, INPUTS * step,
    );
    work += VECTOR;
    to += step;
  }
}

/**
 * Aᵀ M A of four tiles, M at `from` + ξ·`step`, with bias and ReLU, as 4 × 4 values to each of four places, whose rows
 * are `rowBytes` apart.
 */
export function outputTiles4x3(
  from: usize, step: usize, work: usize, bias: v128, relu: i32, a: usize, b: usize, c: usize, d: usize, rowBytes: usize,
): void {
  const two = at(At.TWO), four = at(At.FOUR), eight = at(At.EIGHT);
  const column = INPUTS * step;
  let to = work;
  for (let i: usize = 0; i < INPUTS; i++) {
    const m1 = v128.load(from + column), m2 = v128.load(from + 2 * column);
    const m3 = v128.load(from + 3 * column), m4 = v128.load(from + 4 * column);
    const sum = f32x4.add(m1, m2), difference = f32x4.sub(m1, m2);
    const sum2 = f32x4.add(m3, m4), difference2 = f32x4.sub(m3, m4);
    v128.store(to, f32x4.add(f32x4.add(v128.load(from), sum), sum2));
    v128.store(to, madd<f32>(two, difference2, difference), 6 * VECTOR);
    v128.store(to, madd<f32>(four, sum2, sum), 12 * VECTOR);
    v128.store(to, f32x4.add(madd<f32>(eight, difference2, difference), v128.load(from + 5 * column)), 18 * VECTOR);
    to += VECTOR;
    from += step;
  }
  for (let i = 0; i < 4; i++) {
    const m1 = v128.load(work, VECTOR), m2 = v128.load(work, 2 * VECTOR);
    const m3 = v128.load(work, 3 * VECTOR), m4 = v128.load(work, 4 * VECTOR);
    const sum = f32x4.add(f32x4.add(m1, m2), bias), difference = f32x4.add(f32x4.sub(m1, m2), bias);
    const sum2 = f32x4.add(m3, m4), difference2 = f32x4.sub(m3, m4);
    let y0 = f32x4.add(f32x4.add(v128.load(work), sum), sum2);
    let y1 = madd<f32>(two, difference2, difference);
    let y2 = madd<f32>(four, sum2, sum);
    let y3 = f32x4.add(madd<f32>(eight, difference2, difference), v128.load(work, 5 * VECTOR));
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
@inline function transformFilter(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  const sixth = at(At.MINUS_SIXTH), small = at(At.TWENTY_FOURTH);
  v128.store(to, f32x4.mul(at(At.QUARTER), g0));
  const outer = f32x4.add(g0, g2);
  v128.store(to + step, f32x4.mul(sixth, f32x4.add(outer, g1)));
  v128.store(to + 2 * step, f32x4.mul(sixth, f32x4.sub(outer, g1)));
  const wide = madd<f32>(at(At.FOUR), g2, g0), twice = f32x4.add(g1, g1);
  v128.store(to + 3 * step, f32x4.mul(small, f32x4.add(wide, twice)));
  v128.store(to + 4 * step, f32x4.mul(small, f32x4.sub(wide, twice)));
  v128.store(to + 5 * step, g2);
}

/**
 * U = G g Gᵀ of the filters at four places, turned by 180° if asked, to `to` + ξ·`step`; the last two `jump` bytes on.
 */
export function filters4x3(
  a: usize, b: usize, c: usize, d: usize, turned: i32, work: usize, to: usize, step: usize, jump: usize,
): void {
  const column = work + 18 * VECTOR;
  for (let i = 0; i < 3; i++) {
    transformFilter(
      gather(a, b, c, d, turned ? 8 - i : i), gather(a, b, c, d, turned ? 5 - i : 3 + i),
      gather(a, b, c, d, turned ? 2 - i : 6 + i), work + <usize>i * VECTOR, 3 * VECTOR,
    );
  }
  for (let i: usize = 0; i < INPUTS; i++) {
    transformFilter(v128.load(work), v128.load(work, VECTOR), v128.load(work, 2 * VECTOR), column, VECTOR);
    for (let j: usize = 0; j < INPUTS; j++) {
      storeHalves(to, jump, v128.load(column + j * VECTOR));
      to += step;
    }
    work += 3 * VECTOR;
  }
}

/** to = A y along one axis, the last two lanes `jump` bytes on. */
// @ts-ignore: decorator
@inline function transformGradient(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize, jump: usize): void {
  const two = at(At.TWO), four = at(At.FOUR);
  storeHalves(to, jump, y0);
  const even = f32x4.add(y0, y2), odd = f32x4.add(y1, y3);
  storeHalves(to + step, jump, f32x4.add(even, odd));
  storeHalves(to + 2 * step, jump, f32x4.sub(even, odd));
  const wide = madd<f32>(four, y2, y0), wideOdd = madd<f32>(four, y3, y1);
  storeHalves(to + 3 * step, jump, madd<f32>(two, wideOdd, wide));
  storeHalves(to + 4 * step, jump, nmadd<f32>(two, wideOdd, wide));
  storeHalves(to + 5 * step, jump, y3);
}

/** A y Aᵀ of the 4 × 4 values at four places, to `to` + ξ·`step`; the last two `jump` bytes on. */
export function gradientTiles4x3(
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
  // Six values along the columns for each of the six along the rows: those of one ξ lie INPUTS steps apart.
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
  const sixth = at(At.MINUS_SIXTH), small = at(At.TWENTY_FOURTH);
  const u1 = v128.load(from + step), u2 = v128.load(from + 2 * step);
  const u3 = v128.load(from + 3 * step), u4 = v128.load(from + 4 * step);
  const near = f32x4.mul(sixth, f32x4.add(u1, u2)), nearOdd = f32x4.mul(sixth, f32x4.sub(u1, u2));
  const far = f32x4.mul(small, f32x4.add(u3, u4)), farOdd = f32x4.mul(small, f32x4.sub(u3, u4));
  v128.store(to, f32x4.add(madd<f32>(at(At.QUARTER), v128.load(from), near), far));
  v128.store(to + toStep, madd<f32>(at(At.TWO), farOdd, nearOdd));
  v128.store(to + 2 * toStep, f32x4.add(madd<f32>(at(At.FOUR), far, near), v128.load(from + 5 * step)));
}

/** Gᵀ u G of four filters in the lanes of the vectors at `from` + ξ·`step`, as nine vectors to `work`. */
export function weights4x3(from: usize, step: usize, work: usize): void {
  const half = work + 9 * VECTOR;
  for (let i: usize = 0; i < INPUTS; i++) {
    transformWeights(from + i * step, INPUTS * step, half + i * VECTOR, INPUTS * VECTOR);
  }
  for (let i: usize = 0; i < 3; i++) {
    transformWeights(half + i * INPUTS * VECTOR, VECTOR, work + 3 * i * VECTOR, VECTOR);
  }
}
