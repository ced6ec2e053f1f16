import { CHUNK } from "../wasm/protocol";
import { rowsPerItem } from "./activations";
import { addToSums, roundedAt, rowsEnd } from "./columns";
import { integer, pointer } from "./job";
import { lanes, loadUpTo, select, splatAt, storeUpTo, sumOfPair, VECTOR } from "./simd";
import { addProducts } from "./sums";

// out = x where x > 0, else α[c]·x, with c the channel of x. Channels lie in one of two ways.
//
// Runs: each channel has `inner` values in a row, the next channel follows, and after the last one the first again. A
// run is cut into strips of at most CHUNK values, and one item is a block of strips. Rows: each channel has one value,
// so x is a matrix whose columns are the channels.

/** Strips of a run. */
// @ts-ignore: decorator
@inline function stripsOf(inner: i32): i32 {
  return (inner + CHUNK - 1) / CHUNK;
}

/** Arguments: the addresses of x, α and out; the number of runs, C, `inner`. */
export function preluRuns<T>(item: i32): void {
  const x = pointer(0), alpha = pointer(1), out = pointer(2);
  const runs = integer(3), C = integer(4), inner = integer(5);
  const zero = v128.splat<T>(0);
  const strips = stripsOf(inner);

  const stop = min(runs * strips, (item + 1) * rowsPerItem(inner));
  for (let strip = item * rowsPerItem(inner); strip < stop; strip++) {
    const run = strip / strips;
    const slope = splatAt<T>(alpha + <usize>(run % C) * sizeof<T>());
    const from = (strip % strips) * CHUNK;
    const count = min(CHUNK, inner - from);
    let at = (<usize>run * inner + from) * sizeof<T>();
    for (let i = 0; i < count; i += lanes<T>(), at += VECTOR) {
      const v = loadUpTo<T>(x + at, count - i);
      storeUpTo<T>(out + at, select(v128.gt<T>(v, zero), v, v128.mul<T>(slope, v)), count - i);
    }
  }
}

/**
 * dx = dout where x > 0, else α[c]·dout; partial[strip] = Σ dout·x over the strip's x that are not positive, in
 * float64. Arguments: the addresses of dout, x, α, dx and the partial sums; the number of runs, C, `inner`.
 */
export function preluRunsBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), alpha = pointer(2), dx = pointer(3), partial = pointer(4);
  const runs = integer(5), C = integer(6), inner = integer(7);
  const zero = v128.splat<T>(0);
  const strips = stripsOf(inner);

  const stop = min(runs * strips, (item + 1) * rowsPerItem(inner));
  for (let strip = item * rowsPerItem(inner); strip < stop; strip++) {
    const run = strip / strips;
    const slope = splatAt<T>(alpha + <usize>(run % C) * sizeof<T>());
    const from = (strip % strips) * CHUNK;
    const count = min(CHUNK, inner - from);
    let at = (<usize>run * inner + from) * sizeof<T>();
    let sum = f64x2.splat(0);
    for (let i = 0; i < count; i += lanes<T>(), at += VECTOR) {
      const v = loadUpTo<T>(x + at, count - i);
      const d = loadUpTo<T>(dout + at, count - i);
      const positive = v128.gt<T>(v, zero);
      storeUpTo<T>(dx + at, select(positive, d, v128.mul<T>(slope, d)), count - i);
      sum = addProducts<T>(sum, v128.andnot(d, positive), v128.andnot(v, positive));
    }
    store<f64>(partial + (<usize>strip << 3), sumOfPair(sum));
  }
}

/** Arguments: the addresses of x, α and out; N, C. One item is a block of rows. */
export function preluRows<T>(item: i32): void {
  const x = pointer(0), alpha = pointer(1), out = pointer(2);
  const N = integer(3), C = integer(4);
  const zero = v128.splat<T>(0);

  const stop = min(N, (item + 1) * rowsPerItem(C));
  for (let n = item * rowsPerItem(C); n < stop; n++) {
    const row = <usize>n * C * sizeof<T>();
    for (let c = 0; c < C; c += lanes<T>()) {
      const channel = <usize>c * sizeof<T>();
      const v = loadUpTo<T>(x + row + channel, C - c);
      const below = v128.mul<T>(loadUpTo<T>(alpha + channel, C - c), v);
      storeUpTo<T>(out + row + channel, select(v128.gt<T>(v, zero), v, below), C - c);
    }
  }
}

/**
 * dx = dout where x > 0, else α[c]·dout; dalpha[c] = Σ_n dout[n, c]·x[n, c] over the x that are not positive, in the
 * order of the rows. Arguments: the addresses of dout, x, α, dx and dalpha; N, C, the width of a stripe, and the
 * address of a float64 sum to each channel of whole vectors. One item is a stripe of columns.
 */
export function preluRowsBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), alpha = pointer(2), dx = pointer(3), dalpha = pointer(4);
  const N = integer(5), C = integer(6), stripe = integer(7), sums = pointer(8);
  const zero = v128.splat<T>(0);

  const from = item * stripe;
  const end = min(C, from + stripe);
  memory.fill(sums + (<usize>from << 3), 0, <usize>((end - from + lanes<T>() - 1) & -lanes<T>()) << 3);
  // Whole cache lines of a few rows at a time; the sums stay in the cache.
  for (let n = 0; n < N;) {
    const first = n;
    n = rowsEnd(n, N);
    for (let c = from; c < end; c += lanes<T>()) {
      const channel = <usize>c * sizeof<T>();
      const slope = loadUpTo<T>(alpha + channel, end - c);
      let part = zero;
      for (let i = first; i < n; i++) {
        const at = <usize>i * C * sizeof<T>() + channel;
        const v = loadUpTo<T>(x + at, end - c);
        const d = loadUpTo<T>(dout + at, end - c);
        const positive = v128.gt<T>(v, zero);
        storeUpTo<T>(dx + at, select(positive, d, v128.mul<T>(slope, d)), end - c);
        part = v128.add<T>(part, v128.mul<T>(v128.andnot(d, positive), v128.andnot(v, positive)));
      }
      addToSums<T>(sums + (<usize>c << 3), part);
    }
  }
  for (let c = from; c < end; c += lanes<T>()) {
    storeUpTo<T>(dalpha + <usize>c * sizeof<T>(), roundedAt<T>(sums + (<usize>c << 3)), end - c);
  }
}
