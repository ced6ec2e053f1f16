import { madd, splatAt, VECTOR } from "./simd";

/** Rows of a tile of the product: with two vectors a row, the 12 accumulators + 3 operands that V8 has registers for. */
// @ts-ignore: decorator
@inline const MR: i32 = 6;

// @ts-ignore: decorator
@inline function tileCols<T>(): i32 {
  return <i32>((2 * VECTOR) / sizeof<T>());
}

export function micro<T>(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
  let c00 = v128.splat<T>(0), c01 = c00;
  let c10 = c00, c11 = c00;
  let c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00;
  let c40 = c00, c41 = c00;
  let c50 = c00, c51 = c00;
  const c1 = c + ldc, c2 = c1 + ldc, c3 = c2 + ldc, c4 = c3 + ldc, c5 = c4 + ldc;
  if (accumulate) {
    c00 = v128.load(c); c01 = v128.load(c, 16);
    c10 = v128.load(c1); c11 = v128.load(c1, 16);
    c20 = v128.load(c2); c21 = v128.load(c2, 16);
    c30 = v128.load(c3); c31 = v128.load(c3, 16);
    c40 = v128.load(c4); c41 = v128.load(c4, 16);
    c50 = v128.load(c5); c51 = v128.load(c5, 16);
  }
  const end = b + <usize>k * (2 * VECTOR);
  while (b < end) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = splatAt<T>(a);
    c00 = madd<T>(s, b0, c00); c01 = madd<T>(s, b1, c01);
    s = splatAt<T>(a, sizeof<T>());
    c10 = madd<T>(s, b0, c10); c11 = madd<T>(s, b1, c11);
    s = splatAt<T>(a, 2 * sizeof<T>());
    c20 = madd<T>(s, b0, c20); c21 = madd<T>(s, b1, c21);
    s = splatAt<T>(a, 3 * sizeof<T>());
    c30 = madd<T>(s, b0, c30); c31 = madd<T>(s, b1, c31);
    s = splatAt<T>(a, 4 * sizeof<T>());
    c40 = madd<T>(s, b0, c40); c41 = madd<T>(s, b1, c41);
    s = splatAt<T>(a, 5 * sizeof<T>());
    c50 = madd<T>(s, b0, c50); c51 = madd<T>(s, b1, c51);
    a += MR * sizeof<T>();
    b += 2 * VECTOR;
  }
  v128.store(c, c00); v128.store(c, c01, 16);
  v128.store(c1, c10); v128.store(c1, c11, 16);
  v128.store(c2, c20); v128.store(c2, c21, 16);
  v128.store(c3, c30); v128.store(c3, c31, 16);
  v128.store(c4, c40); v128.store(c4, c41, 16);
  v128.store(c5, c50); v128.store(c5, c51, 16);
}
export function micro32(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void { micro<f32>(k,a,b,c,ldc,accumulate) }
export function micro64(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void { micro<f64>(k,a,b,c,ldc,accumulate) }
export function item32(a: usize, b: usize, c: usize, ldc: usize, K: i32, mp: i32, np: i32, KB: i32): void {
  for (let k0 = 0; k0 < K; k0 += KB) {
    const kb = min(KB, K - k0);
    for (let j = 0; j < np; j++) for (let i = 0; i < mp; i++)
      micro32(kb, a + (i*K + k0)*24, b + (j*K+k0)*32, c + i*6*ldc + j*32, ldc, k0>0);
  }
}
