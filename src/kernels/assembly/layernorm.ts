import { rowsPerItem } from "./activations";
import { addHigh, addLow, rounded, rowsEnd } from "./columns";
import { integer, number, pointer } from "./job";
import { sumShifted, sumSquaredDistance } from "./segments";
import { addWide, lanes, loadUpTo, madd, passing, rectified, storeUpTo, sumOfPair } from "./simd";

// Layer normalization of an (N, D) array: statistics of each row, γ and β for each column.

/** dout, or where a ReLU's output `y` follows, what of it passes that. */
// @ts-ignore: decorator
@inline function upstream<T>(dout: usize, y: usize, at: usize, count: i32): v128 {
  const d = loadUpTo<T>(dout + at, count);
  return y ? passing<T>(loadUpTo<T>(y + at, count), d) : d;
}

/**
 * mean, 1/√(variance + ε), out = γ·(x − mean)/√(variance + ε) + β, then max(0, ·) if asked. One item is a block of
 * rows. Numbers: ε.
 */
export function layernorm<T>(item: i32): void {
  const gamma = pointer(1), beta = pointer(2);
  const N = integer(6), D = integer(7), relu = integer(8);
  const end = min(N, (item + 1) * rowsPerItem(D));
  for (let n = item * rowsPerItem(D); n < end; n++) {
    const x = pointer(0) + <usize>n * D * sizeof<T>();
    const out = pointer(3) + <usize>n * D * sizeof<T>();
    const shift = load<T>(x);
    const mean = <T>(<f64>shift + sumShifted<T>(x, D, shift) / D);
    const inverse = <T>(1 / Math.sqrt(sumSquaredDistance<T>(x, D, mean) / D + number<f64>(0)));
    store<T>(pointer(4) + <usize>n * sizeof<T>(), mean);
    store<T>(pointer(5) + <usize>n * sizeof<T>(), inverse);
    const mu = v128.splat<T>(mean), scale = v128.splat<T>(inverse);
    for (let d = 0; d < D; d += lanes<T>()) {
      const at = <usize>d * sizeof<T>();
      const xHat = v128.mul<T>(v128.sub<T>(loadUpTo<T>(x + at, D - d), mu), scale);
      const v = madd<T>(xHat, loadUpTo<T>(gamma + at, D - d), loadUpTo<T>(beta + at, D - d));
      storeUpTo<T>(out + at, relu ? rectified<T>(v) : v, D - d);
    }
  }
}

/** dx. One item is a block of rows. */
export function layernormBackward<T>(item: i32): void {
  const gamma = pointer(4);
  const N = integer(9), D = integer(10);
  const end = min(N, (item + 1) * rowsPerItem(D));
  for (let n = item * rowsPerItem(D); n < end; n++) {
    const row = <usize>n * D * sizeof<T>();
    const dout = pointer(0) + row, x = pointer(1) + row, dx = pointer(5) + row;
    const y = pointer(8) ? pointer(8) + row : 0;
    const mu = v128.splat<T>(load<T>(pointer(2) + <usize>n * sizeof<T>()));
    const inverse = load<T>(pointer(3) + <usize>n * sizeof<T>());
    // Sums of γ·dout and of γ·dout·(x − mean): the lanes beyond D hold zeros, as dout does.
    let first = f64x2.splat(0);
    let second = f64x2.splat(0);
    for (let d = 0; d < D; d += lanes<T>()) {
      const at = <usize>d * sizeof<T>();
      const g = v128.mul<T>(upstream<T>(dout, y, at, D - d), loadUpTo<T>(gamma + at, D - d));
      first = addWide<T>(first, g);
      second = addWide<T>(second, v128.mul<T>(g, v128.sub<T>(loadUpTo<T>(x + at, D - d), mu)));
    }
    // dx = inverse · (γ·dout − sum/D − x̂·sumXHat/D)
    const scale = v128.splat<T>(inverse);
    const level = v128.splat<T>(<T>(sumOfPair(first) / D));
    const slope = v128.splat<T>(<T>(sumOfPair(second) * <f64>inverse * <f64>inverse / D));
    for (let d = 0; d < D; d += lanes<T>()) {
      const at = <usize>d * sizeof<T>();
      const g = v128.mul<T>(upstream<T>(dout, y, at, D - d), loadUpTo<T>(gamma + at, D - d));
      const centred = v128.sub<T>(loadUpTo<T>(x + at, D - d), mu);
      storeUpTo<T>(dx + at, v128.mul<T>(scale, v128.sub<T>(v128.sub<T>(g, level), v128.mul<T>(centred, slope))), D - d);
    }
  }
}

/** dγ and dβ. One item is a stripe of columns. */
export function layernormWeights<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), mean = pointer(2), inverse = pointer(3), y = pointer(8);
  const N = integer(9), D = integer(10), stripe = integer(11);
  const stride = <usize>D * sizeof<T>();
  const end = min(D, (item + 1) * stripe);
  for (let d = item * stripe; d < end; d += lanes<T>()) {
    const count = end - d;
    let gammaLow = v128.splat<T>(0), gammaHigh = gammaLow, betaLow = gammaLow, betaHigh = gammaLow;
    for (let n = 0, at = <usize>d * sizeof<T>(); n < N;) {
      let dgamma = v128.splat<T>(0), dbeta = dgamma;
      for (const stop = rowsEnd(n, N); n < stop; n++, at += stride) {
        const g = upstream<T>(dout, y, at, count);
        const mu = v128.splat<T>(load<T>(mean + <usize>n * sizeof<T>()));
        const scale = v128.splat<T>(load<T>(inverse + <usize>n * sizeof<T>()));
        dbeta = v128.add<T>(dbeta, g);
        dgamma = madd<T>(g, v128.mul<T>(v128.sub<T>(loadUpTo<T>(x + at, count), mu), scale), dgamma);
      }
      gammaLow = addLow<T>(gammaLow, dgamma), gammaHigh = addHigh<T>(gammaHigh, dgamma);
      betaLow = addLow<T>(betaLow, dbeta), betaHigh = addHigh<T>(betaHigh, dbeta);
    }
    storeUpTo<T>(pointer(6) + <usize>d * sizeof<T>(), rounded<T>(gammaLow, gammaHigh), count);
    storeUpTo<T>(pointer(7) + <usize>d * sizeof<T>(), rounded<T>(betaLow, betaHigh), count);
  }
}
