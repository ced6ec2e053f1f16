import { FOLLOWED_BY_GELU } from "../wasm/protocol";
import { addHigh, addLow, rounded, rowsEnd } from "./columns";
import { geluOf, geluSlope } from "./gelu";
import { integer, number, numberSplat, pointer } from "./job";
import { lanes, loadUpTo, madd, passing, rectified, storeUpTo } from "./simd";

// Batch normalization of an (N, C) array: statistics of each column. One item is a stripe of columns, and a vector of
// columns is finished before the next, so that all passes over it but the first find it in the nearest cache.

// @ts-ignore: decorator
@inline function firstColumn(item: i32, stripe: i32): i32 {
  return item * stripe;
}

/** dout, or where a ReLU's output `y` follows, what of it passes that. */
// @ts-ignore: decorator
@inline function upstream<T>(dout: usize, y: usize, at: usize, count: i32): v128 {
  const d = loadUpTo<T>(dout + at, count);
  return y ? passing<T>(loadUpTo<T>(y + at, count), d) : d;
}

/** mean, variance (biased), out = γ·(x − mean)/√(variance + ε) + β, then a ReLU or GELU if asked. Numbers: ε. */
export function batchnormColumns<T>(item: i32): void {
  const x = pointer(0), mean = pointer(4), variance = pointer(5);
  const N = integer(6), C = integer(7), stripe = integer(8);
  const stride = <usize>C * sizeof<T>();
  const share = v128.splat<T>(<T>1 / <T>N);

  const end = min(C, (item + 1) * stripe);
  for (let c = firstColumn(item, stripe); c < end; c += lanes<T>()) {
    const count = end - c;
    const column = <usize>c * sizeof<T>();
    // Differences from the first row: a large common offset cancels before anything is added up.
    const shift = loadUpTo<T>(x + column, count);
    let low = v128.splat<T>(0), high = low;
    for (let n = 0, at = x + column; n < N;) {
      let sum = v128.splat<T>(0);
      for (const stop = rowsEnd(n, N); n < stop; n++, at += stride) {
        sum = v128.add<T>(sum, v128.sub<T>(loadUpTo<T>(at, count), shift));
      }
      low = addLow<T>(low, sum), high = addHigh<T>(high, sum);
    }
    const mu = madd<T>(rounded<T>(low, high), share, shift);
    low = high = v128.splat<T>(0);
    for (let n = 0, at = x + column; n < N;) {
      let squares = v128.splat<T>(0);
      for (const stop = rowsEnd(n, N); n < stop; n++, at += stride) {
        const d = v128.sub<T>(loadUpTo<T>(at, count), mu);
        squares = madd<T>(d, d, squares);
      }
      low = addLow<T>(low, squares), high = addHigh<T>(high, squares);
    }
    const spread = v128.mul<T>(rounded<T>(low, high), share);
    storeUpTo<T>(mean + column, mu, count);
    storeUpTo<T>(variance + column, spread, count);
    const std = v128.sqrt<T>(v128.add<T>(spread, numberSplat<T>(0)));
    // float32 has no squares of values beyond 1e19; √(variance + ε) is there again.
    const tooLarge = v128.eq<T>(spread, v128.splat<T>(<T>Infinity));
    normalizeColumn<T>(column, count, mu, sizeof<T>() == 4 && v128.any_true(tooLarge) ? wideStd(column, count) : std);
  }
}

/** √(variance + ε) of up to four columns of float32, in float64 and then rounded. */
function wideStd(column: usize, count: i32): v128 {
  const N = integer(6), stride = <usize>integer(7) << 2;
  let std = f32x4.splat(0);
  for (let lane = min(4, count) - 1; lane >= 0; lane--) {
    const own = column + (<usize>lane << 2);
    const mu = <f64>load<f32>(pointer(4) + own);
    let squares: f64 = 0;
    for (let n = 0, at = pointer(0) + own; n < N; n++, at += stride) {
      const d = <f64>load<f32>(at) - mu;
      squares += d * d;
    }
    // Lanes go up by one, so that the last that is put in, that of column 0, is the first.
    std = v128.shuffle<f32>(std, f32x4.splat(<f32>Math.sqrt(squares / N + number<f64>(0))), 4, 0, 1, 2);
  }
  return std;
}

/** The same with given statistics. */
export function normalizeColumns<T>(item: i32): void {
  const mean = pointer(4), variance = pointer(5);
  const stripe = integer(8);
  const end = min(integer(7), (item + 1) * stripe);
  for (let c = firstColumn(item, stripe); c < end; c += lanes<T>()) {
    const column = <usize>c * sizeof<T>();
    const std = v128.sqrt<T>(v128.add<T>(loadUpTo<T>(variance + column, end - c), numberSplat<T>(0)));
    normalizeColumn<T>(column, end - c, loadUpTo<T>(mean + column, end - c), std);
  }
}

// @ts-ignore: decorator
@inline function normalizeColumn<T>(column: usize, count: i32, mu: v128, std: v128): void {
  const x = pointer(0), out = pointer(3);
  const N = integer(6), follows = integer(9);
  const stride = <usize>integer(7) * sizeof<T>();
  const scale = v128.div<T>(loadUpTo<T>(pointer(1) + column, count), std);
  const beta = loadUpTo<T>(pointer(2) + column, count);
  if (follows == FOLLOWED_BY_GELU) {
    for (let n = 0, at = column; n < N; n++, at += stride) {
      const v = madd<T>(v128.sub<T>(loadUpTo<T>(x + at, count), mu), scale, beta);
      storeUpTo<T>(out + at, geluOf<T>(v), count);
    }
    return;
  }
  for (let n = 0, at = column; n < N; n++, at += stride) {
    const v = madd<T>(v128.sub<T>(loadUpTo<T>(x + at, count), mu), scale, beta);
    storeUpTo<T>(out + at, follows ? rectified<T>(v) : v, count);
  }
}

/** dx = dout·GELU′(z) for the argument z = (x − mean)·scale + β, in one vector of columns. */
// @ts-ignore: decorator
@inline function throughGelu<T>(column: usize, count: i32, mu: v128, scale: v128): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(5), N = integer(9);
  const stride = <usize>integer(10) * sizeof<T>();
  const beta = loadUpTo<T>(pointer(13) + column, count);
  for (let n = 0, at = column; n < N; n++, at += stride) {
    const slope = geluSlope<T>(madd<T>(v128.sub<T>(loadUpTo<T>(x + at, count), mu), scale, beta));
    storeUpTo<T>(dx + at, v128.mul<T>(loadUpTo<T>(dout + at, count), slope), count);
  }
}

/**
 * The two parameter gradients and, by the simplified formula or with constant statistics, dx. `y` is the output of a
 * ReLU behind it, `beta` the shift where a GELU is; else 0. Numbers: ε.
 */
export function batchnormColumnsBackward<T>(item: i32): void {
  const x = pointer(1), dx = pointer(5), y = pointer(8);
  const N = integer(9), C = integer(10), stripe = integer(11), constant = integer(12), beta = pointer(13);
  const dout = beta ? dx : pointer(0);
  const stride = <usize>C * sizeof<T>();
  const share = v128.splat<T>(<T>1 / <T>N);

  const end = min(C, (item + 1) * stripe);
  for (let c = firstColumn(item, stripe); c < end; c += lanes<T>()) {
    const count = end - c;
    const column = <usize>c * sizeof<T>();
    const mu = loadUpTo<T>(pointer(2) + column, count);
    const spread = loadUpTo<T>(pointer(3) + column, count);
    const inverse = v128.div<T>(v128.splat<T>(1), v128.sqrt<T>(v128.add<T>(spread, numberSplat<T>(0))));
    const scale = v128.mul<T>(loadUpTo<T>(pointer(4) + column, count), inverse);
    if (beta) throughGelu<T>(column, count, mu, scale);
    let gammaLow = v128.splat<T>(0), gammaHigh = gammaLow, betaLow = gammaLow, betaHigh = gammaLow;
    for (let n = 0, at = column; n < N;) {
      let ofGamma = v128.splat<T>(0), ofBeta = ofGamma;
      for (const stop = rowsEnd(n, N); n < stop; n++, at += stride) {
        const g = upstream<T>(dout, y, at, count);
        ofBeta = v128.add<T>(ofBeta, g);
        ofGamma = madd<T>(g, v128.sub<T>(loadUpTo<T>(x + at, count), mu), ofGamma);
      }
      gammaLow = addLow<T>(gammaLow, ofGamma), gammaHigh = addHigh<T>(gammaHigh, ofGamma);
      betaLow = addLow<T>(betaLow, ofBeta), betaHigh = addHigh<T>(betaHigh, ofBeta);
    }
    const dgamma = v128.mul<T>(rounded<T>(gammaLow, gammaHigh), inverse);
    const dbeta = rounded<T>(betaLow, betaHigh);
    storeUpTo<T>(pointer(6) + column, dgamma, count);
    storeUpTo<T>(pointer(7) + column, dbeta, count);

    // dx = scale · (g − dbeta/N − (x − mean)·inverse·dgamma/N)
    const level = v128.mul<T>(dbeta, share);
    const slope = v128.mul<T>(v128.mul<T>(dgamma, inverse), share);
    if (constant) {
      // The statistics do not depend on x, so x has no say in dx: dx = scale · g
      for (let n = 0, at = column; n < N; n++, at += stride) {
        storeUpTo<T>(dx + at, v128.mul<T>(scale, upstream<T>(dout, y, at, count)), count);
      }
      continue;
    }
    for (let n = 0, at = column; n < N; n++, at += stride) {
      const d = v128.sub<T>(upstream<T>(dout, y, at, count), level);
      const centred = v128.sub<T>(loadUpTo<T>(x + at, count), mu);
      storeUpTo<T>(dx + at, v128.mul<T>(scale, v128.sub<T>(d, v128.mul<T>(centred, slope))), count);
    }
  }
}

/** The same gradients node by node through the computation graph, as layers/batchnorm.ts derives them. Numbers: ε. */
export function batchnormColumnsGraph<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(5);
  const N = integer(9), C = integer(10), stripe = integer(11);
  const stride = <usize>C * sizeof<T>();
  const zero = v128.splat<T>(0);
  const share = v128.splat<T>(<T>1 / <T>N);

  const end = min(C, (item + 1) * stripe);
  for (let c = firstColumn(item, stripe); c < end; c += lanes<T>()) {
    const count = end - c;
    const column = <usize>c * sizeof<T>();
    const mu = loadUpTo<T>(pointer(2) + column, count);
    const spread = loadUpTo<T>(pointer(3) + column, count);
    const gamma = loadUpTo<T>(pointer(4) + column, count);
    const std = v128.sqrt<T>(v128.add<T>(spread, numberSplat<T>(0)));
    const inverse = v128.div<T>(v128.splat<T>(1), std);

    // out = γ·x̂ + β
    let low = zero, high = zero, lowOfOther = zero, highOfOther = zero;
    for (let n = 0, at = column; n < N;) {
      let dbeta = zero, dgamma = zero;
      for (const stop = rowsEnd(n, N); n < stop; n++, at += stride) {
        const g = loadUpTo<T>(dout + at, count);
        const xHat = v128.mul<T>(v128.sub<T>(loadUpTo<T>(x + at, count), mu), inverse);
        dbeta = v128.add<T>(dbeta, g);
        dgamma = madd<T>(g, xHat, dgamma);
      }
      low = addLow<T>(low, dgamma), high = addHigh<T>(high, dgamma);
      lowOfOther = addLow<T>(lowOfOther, dbeta), highOfOther = addHigh<T>(highOfOther, dbeta);
    }
    storeUpTo<T>(pointer(6) + column, rounded<T>(low, high), count);
    storeUpTo<T>(pointer(7) + column, rounded<T>(lowOfOther, highOfOther), count);

    // x̂ = centred · inverse
    low = high = zero;
    for (let n = 0, at = column; n < N;) {
      let part = zero;
      for (const stop = rowsEnd(n, N); n < stop; n++, at += stride) {
        const dxHat = v128.mul<T>(loadUpTo<T>(dout + at, count), gamma);
        part = madd<T>(dxHat, v128.sub<T>(loadUpTo<T>(x + at, count), mu), part);
      }
      low = addLow<T>(low, part), high = addHigh<T>(high, part);
    }
    const dinverse = rounded<T>(low, high);
    // inverse = 1 / std, std = √(variance + ε), variance = mean(centred²)
    const dstd = v128.neg<T>(v128.mul<T>(dinverse, v128.mul<T>(inverse, inverse)));
    const dvariance = v128.mul<T>(v128.mul<T>(v128.splat<T>(<T>0.5), dstd), inverse);
    low = high = zero;
    for (let n = 0, at = column; n < N;) {
      let part = zero;
      for (const stop = rowsEnd(n, N); n < stop; n++, at += stride) {
        const dxHat = v128.mul<T>(loadUpTo<T>(dout + at, count), gamma);
        const centred = v128.sub<T>(loadUpTo<T>(x + at, count), mu);
        const fromSquare = v128.mul<T>(v128.mul<T>(v128.add<T>(centred, centred), share), dvariance);
        const dcentred = madd<T>(dxHat, inverse, fromSquare);
        part = v128.sub<T>(part, dcentred);
        storeUpTo<T>(dx + at, dcentred, count);
      }
      low = addLow<T>(low, part), high = addHigh<T>(high, part);
    }
    // centred = x − mean, mean = Σ x / N
    const level = v128.mul<T>(rounded<T>(low, high), share);
    for (let n = 0, at = column; n < N; n++, at += stride) {
      storeUpTo<T>(dx + at, v128.add<T>(loadUpTo<T>(dx + at, count), level), count);
    }
  }
}
