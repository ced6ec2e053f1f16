import { integer, number, pointer } from "./job";
import { evenLanes, lanes, oddLanes, where } from "./simd";

// Pooling of planes: (N·C) of H × W to OH × OW. One item is a plane. Integers: 3 and 4 H and W, 5 and 6 the window, 7 and
// 8 the strides, 9 and 10 OH and OW.

/** Whether this is the pooling that nets are made of: windows of 2 × 2 that do not overlap. */
// @ts-ignore: decorator
@inline function isHalving(): bool {
  return integer(5) == 2 && integer(6) == 2 && integer(7) == 2 && integer(8) == 2;
}

/** out = the largest value of each window; NaN wins. Integers: 0 x, 1 out. */
export function maxPool<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  const x = pointer(0) + <usize>plane * H * W * sizeof<T>();
  const out = pointer(1) + <usize>plane * OH * OW * sizeof<T>();
  const row = <usize>W * sizeof<T>();
  const halving = isHalving();
  for (let oh = 0; oh < OH; oh++) {
    let ow = 0;
    if (halving) {
      const top = x + <usize>(2 * oh) * row;
      for (; ow + lanes<T>() <= OW; ow += lanes<T>()) {
        const at = top + <usize>(2 * ow) * sizeof<T>();
        const a = v128.max<T>(v128.load(at), v128.load(at + row));
        const b = v128.max<T>(v128.load(at, 16), v128.load(at + row, 16));
        v128.store(out + <usize>(oh * OW + ow) * sizeof<T>(), v128.max<T>(evenLanes<T>(a, b), oddLanes<T>(a, b)));
      }
    }
    for (; ow < OW; ow++) {
      const window = x + <usize>(oh * integer(7) * W + ow * integer(8)) * sizeof<T>();
      let largest = load<T>(window);
      for (let h = 0; h < integer(5); h++) {
        for (let w = 0; w < integer(6); w++) {
          largest = max<T>(largest, load<T>(window + <usize>h * row + <usize>w * sizeof<T>()));
        }
      }
      store<T>(out + <usize>(oh * OW + ow) * sizeof<T>(), largest);
    }
  }
}

/** dx: each window's gradient goes to its first largest value in row-major order. Integers: 0 dout, 1 x, 2 dx. */
export function maxPoolBackward<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  const dout = pointer(0) + <usize>plane * OH * OW * sizeof<T>();
  const x = pointer(1) + <usize>plane * H * W * sizeof<T>();
  const dx = pointer(2) + <usize>plane * H * W * sizeof<T>();
  const row = <usize>W * sizeof<T>();
  const halving = isHalving();
  // Vectors of halved windows write all their values; the rest is added up.
  if (!halving || H & 1 || W & 1 || OW & (lanes<T>() - 1)) memory.fill(dx, 0, <usize>H * row);
  for (let oh = 0; oh < OH; oh++) {
    let ow = 0;
    if (halving) {
      const top = <usize>(2 * oh) * row;
      for (; ow + lanes<T>() <= OW; ow += lanes<T>()) {
        const at = top + <usize>(2 * ow) * sizeof<T>();
        halfBackward<T>(x + at, x + at + row, dx + at, dx + at + row, dout + <usize>(oh * OW + ow) * sizeof<T>());
      }
    }
    for (; ow < OW; ow++) {
      const begin = <usize>(oh * integer(7) * W + ow * integer(8)) * sizeof<T>();
      let best = begin;
      let largest = load<T>(x + begin);
      for (let h = 0; h < integer(5); h++) {
        for (let w = 0; w < integer(6); w++) {
          const at = begin + <usize>h * row + <usize>w * sizeof<T>();
          const value = load<T>(x + at);
          if (value > largest || (value != value && largest == largest)) {
            largest = value;
            best = at;
          }
        }
      }
      store<T>(dx + best, load<T>(dx + best) + load<T>(dout + <usize>(oh * OW + ow) * sizeof<T>()));
    }
  }
}

/** A vector of windows of 2 × 2: which of the four is the first largest, as masks. */
// @ts-ignore: decorator
@inline function halfBackward<T>(top: usize, bottom: usize, dTop: usize, dBottom: usize, dout: usize): void {
  const t0 = v128.load(top), t1 = v128.load(top, 16), b0 = v128.load(bottom), b1 = v128.load(bottom, 16);
  const a = evenLanes<T>(t0, t1), b = oddLanes<T>(t0, t1), c = evenLanes<T>(b0, b1), d = oddLanes<T>(b0, b1);
  const g = v128.load(dout);
  const largest = v128.max<T>(v128.max<T>(a, b), v128.max<T>(c, d));
  // Not equal means smaller, or that the largest is NaN: then the first NaN is it.
  const isA = v128.or(v128.eq<T>(a, largest), v128.ne<T>(a, a));
  const isB = v128.andnot(v128.or(v128.eq<T>(b, largest), v128.ne<T>(b, b)), isA);
  const notYet = v128.or(isA, isB);
  const isC = v128.andnot(v128.or(v128.eq<T>(c, largest), v128.ne<T>(c, c)), notYet);
  const isD = v128.not(v128.or(notYet, isC));
  const ga = where(isA, g), gb = where(isB, g), gc = where(isC, g), gd = where(isD, g);
  if (sizeof<T>() == 4) {
    v128.store(dTop, v128.shuffle<f32>(ga, gb, 0, 4, 1, 5));
    v128.store(dTop, v128.shuffle<f32>(ga, gb, 2, 6, 3, 7), 16);
    v128.store(dBottom, v128.shuffle<f32>(gc, gd, 0, 4, 1, 5));
    v128.store(dBottom, v128.shuffle<f32>(gc, gd, 2, 6, 3, 7), 16);
  } else {
    v128.store(dTop, v128.shuffle<f64>(ga, gb, 0, 2));
    v128.store(dTop, v128.shuffle<f64>(ga, gb, 1, 3), 16);
    v128.store(dBottom, v128.shuffle<f64>(gc, gd, 0, 2));
    v128.store(dBottom, v128.shuffle<f64>(gc, gd, 1, 3), 16);
  }
}

/** out = the mean of each window. Integers: 0 x, 1 out. Numbers: 1 / the window's area. */
export function avgPool<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  const x = pointer(0) + <usize>plane * H * W * sizeof<T>();
  let out = pointer(1) + <usize>plane * OH * OW * sizeof<T>();
  for (let oh = 0; oh < OH; oh++) {
    for (let ow = 0; ow < OW; ow++) {
      const window = x + <usize>(oh * integer(7) * W + ow * integer(8)) * sizeof<T>();
      let sum: f64 = 0;
      for (let h = 0; h < integer(5); h++) {
        for (let w = 0; w < integer(6); w++) sum += <f64>load<T>(window + <usize>(h * W + w) * sizeof<T>());
      }
      store<T>(out, <T>(sum * number<f64>(0)));
      out += sizeof<T>();
    }
  }
}

/** dx: each window's gradient is shared evenly. Integers: 0 dout, 2 dx. Numbers: 1 / the window's area. */
export function avgPoolBackward<T>(plane: i32): void {
  const H = integer(3), W = integer(4), OH = integer(9), OW = integer(10);
  let dout = pointer(0) + <usize>plane * OH * OW * sizeof<T>();
  const dx = pointer(2) + <usize>plane * H * W * sizeof<T>();
  memory.fill(dx, 0, <usize>(H * W) * sizeof<T>());
  for (let oh = 0; oh < OH; oh++) {
    for (let ow = 0; ow < OW; ow++) {
      const window = dx + <usize>(oh * integer(7) * W + ow * integer(8)) * sizeof<T>();
      const share = <T>(<f64>load<T>(dout) * number<f64>(0));
      for (let h = 0; h < integer(5); h++) {
        for (let w = 0; w < integer(6); w++) {
          const at = window + <usize>(h * W + w) * sizeof<T>();
          store<T>(at, load<T>(at) + share);
        }
      }
      dout += sizeof<T>();
    }
  }
}
