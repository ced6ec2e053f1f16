import { rectified, VECTOR } from "./simd";
import { gather, storeHalves } from "./winograd-lanes";

// F(2×2, 3×3): 2 × 2 outputs from 4 × 4 inputs in 16 products in place of 36. Lavin and Gray 2016, section 4.1: points
// 0, ±1 and ∞. The functions are those of winograd-4x3.ts.

/** Inputs along an axis of a tile. */
// @ts-ignore: decorator
@inline const INPUTS: usize = 4;

/** to = Bᵀ d along one axis. */
// @ts-ignore: decorator
@inline function transformInput(d0: v128, d1: v128, d2: v128, d3: v128, to: usize, step: usize): void {
  v128.store(to, f32x4.sub(d0, d2));
  v128.store(to + step, f32x4.add(d1, d2));
  v128.store(to + 2 * step, f32x4.sub(d2, d1));
  v128.store(to + 3 * step, f32x4.sub(d1, d3));
}

/** V = Bᵀ d B of the 4 × 4 values at each of four places, whose rows are `rowBytes` apart, to `to` + ξ·`step`. */
export function inputTiles2x3(
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
    transformInput(
      v128.shuffle<f64>(xy, zw, 0, 2), v128.shuffle<f64>(xy, zw, 1, 3),
      v128.shuffle<f64>(xyHigh, zwHigh, 0, 2), v128.shuffle<f64>(xyHigh, zwHigh, 1, 3),
      work + i * INPUTS * VECTOR, VECTOR,
    );
    a += rowBytes;
    b += rowBytes;
    c += rowBytes;
    d += rowBytes;
  }
  for (let i: usize = 0; i < INPUTS; i++) {
    transformInput(
      v128.load(work), v128.load(work, 4 * VECTOR), v128.load(work, 8 * VECTOR), v128.load(work, 12 * VECTOR),
      to, INPUTS * step,
    );
    work += VECTOR;
    to += step;
  }
}

/** Aᵀ M A of four tiles, with bias and ReLU, as 2 × 2 values to each of four places. */
export function outputTiles2x3(
  from: usize, step: usize, work: usize, bias: v128, relu: i32, a: usize, b: usize, c: usize, d: usize, rowBytes: usize,
): void {
  const column = INPUTS * step;
  let to = work;
  for (let i: usize = 0; i < INPUTS; i++) {
    const m1 = v128.load(from + column), m2 = v128.load(from + 2 * column);
    v128.store(to, f32x4.add(f32x4.add(v128.load(from), m1), m2));
    v128.store(to, f32x4.sub(f32x4.sub(m1, m2), v128.load(from + 3 * column)), 4 * VECTOR);
    to += VECTOR;
    from += step;
  }
  for (let i = 0; i < 2; i++) {
    const m1 = f32x4.add(v128.load(work, VECTOR), bias), m2 = v128.load(work, 2 * VECTOR);
    let y0 = f32x4.add(f32x4.add(v128.load(work), m1), m2);
    let y1 = f32x4.sub(f32x4.sub(m1, m2), v128.load(work, 3 * VECTOR));
    if (relu) {
      y0 = rectified<f32>(y0);
      y1 = rectified<f32>(y1);
    }
    const low = v128.shuffle<f32>(y0, y1, 0, 4, 1, 5), high = v128.shuffle<f32>(y0, y1, 2, 6, 3, 7);
    v128.store_lane<f64>(a, low, 0);
    v128.store_lane<f64>(b, low, 1);
    v128.store_lane<f64>(c, high, 0);
    v128.store_lane<f64>(d, high, 1);
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
  const half = f32x4.splat(0.5);
  const outer = f32x4.add(g0, g2);
  v128.store(to, g0);
  v128.store(to + step, f32x4.mul(half, f32x4.add(outer, g1)));
  v128.store(to + 2 * step, f32x4.mul(half, f32x4.sub(outer, g1)));
  v128.store(to + 3 * step, g2);
}

/**
 * U = G g Gᵀ of the filters at four places, turned by 180° if asked, to `to` + ξ·`step`; the last two `jump` bytes on.
 */
export function filters2x3(
  a: usize, b: usize, c: usize, d: usize, turned: i32, work: usize, to: usize, step: usize, jump: usize,
): void {
  const column = work + 12 * VECTOR;
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

/** to = A y along one axis. */
// @ts-ignore: decorator
@inline function transformGradient(y0: v128, y1: v128, to: usize, step: usize): void {
  v128.store(to, y0);
  v128.store(to + step, f32x4.add(y0, y1));
  v128.store(to + 2 * step, f32x4.sub(y0, y1));
  v128.store(to + 3 * step, f32x4.neg(y1));
}

/** A y Aᵀ of the 2 × 2 values at four places, to `to` + ξ·`step`; the last two `jump` bytes on. */
export function gradientTiles2x3(
  a: usize, b: usize, c: usize, d: usize, rowBytes: usize, work: usize, to: usize, step: usize, jump: usize,
): void {
  const column = work + 8 * VECTOR;
  for (let i: usize = 0; i < 2; i++) {
    const first = v128.load_lane<f64>(b, v128.load64_zero(a), 1);
    const second = v128.load_lane<f64>(d, v128.load64_zero(c), 1);
    transformGradient(
      v128.shuffle<f32>(first, second, 0, 2, 4, 6), v128.shuffle<f32>(first, second, 1, 3, 5, 7),
      work + i * VECTOR, 2 * VECTOR,
    );
    a += rowBytes;
    b += rowBytes;
    c += rowBytes;
    d += rowBytes;
  }
  for (let i: usize = 0; i < INPUTS; i++) {
    transformGradient(v128.load(work), v128.load(work, VECTOR), column, VECTOR);
    let point = to + i * step;
    for (let j: usize = 0; j < INPUTS; j++) {
      storeHalves(point, jump, v128.load(column + j * VECTOR));
      point += INPUTS * step;
    }
    work += 2 * VECTOR;
  }
}

/** to = Gᵀ u along one axis. */
// @ts-ignore: decorator
@inline function transformWeights(from: usize, step: usize, to: usize, toStep: usize): void {
  const half = f32x4.splat(0.5);
  const u1 = v128.load(from + step), u2 = v128.load(from + 2 * step);
  const outer = f32x4.mul(half, f32x4.add(u1, u2));
  v128.store(to, f32x4.add(v128.load(from), outer));
  v128.store(to + toStep, f32x4.mul(half, f32x4.sub(u1, u2)));
  v128.store(to + 2 * toStep, f32x4.add(v128.load(from + 3 * step), outer));
}

/** Gᵀ u G of four filters in the lanes of the vectors at `from` + ξ·`step`, as nine vectors to `work`. */
export function weights2x3(from: usize, step: usize, work: usize): void {
  const half = work + 9 * VECTOR;
  for (let i: usize = 0; i < INPUTS; i++) {
    transformWeights(from + i * step, INPUTS * step, half + i * VECTOR, INPUTS * VECTOR);
  }
  for (let i: usize = 0; i < 3; i++) {
    transformWeights(half + i * INPUTS * VECTOR, VECTOR, work + 3 * i * VECTOR, VECTOR);
  }
}
