import { integer, numberSplat, pointer } from "./job";
import { lanes, loadUpTo, madd, rectified, storeUpTo, where } from "./simd";

// Batch normalization of an (N, C) array: statistics of each column. One item is a stripe of columns, and a vector of
// columns is finished before the next, so that all passes over it but the first find it in the nearest cache.

// @ts-ignore: decorator
@inline function firstColumn(item: i32, stripe: i32): i32 {
  return item * stripe;
}

/** dout, or where a ReLU's output `y` follows, dout where y > 0. */
// @ts-ignore: decorator
@inline function upstream<T>(dout: usize, y: usize, at: usize, count: i32): v128 {
  const d = loadUpTo<T>(dout + at, count);
  return y ? where(v128.gt<T>(loadUpTo<T>(y + at, count), v128.splat<T>(0)), d) : d;
}

/** mean, variance (biased), out = γ·(x − mean)/√(variance + ε) + β, then max(0, ·) if asked. Numbers: ε. */
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
    let sum = v128.splat<T>(0);
    for (let n = 0, at = x + column; n < N; n++, at += stride) {
      sum = v128.add<T>(sum, v128.sub<T>(loadUpTo<T>(at, count), shift));
    }
    const mu = madd<T>(sum, share, shift);
    let squares = v128.splat<T>(0);
    for (let n = 0, at = x + column; n < N; n++, at += stride) {
      const d = v128.sub<T>(loadUpTo<T>(at, count), mu);
      squares = madd<T>(d, d, squares);
    }
    const spread = v128.mul<T>(squares, share);
    storeUpTo<T>(mean + column, mu, count);
    storeUpTo<T>(variance + column, spread, count);
    normalizeColumn<T>(column, count, mu, spread);
  }
}

/** The same with given statistics. */
export function normalizeColumns<T>(item: i32): void {
  const mean = pointer(4), variance = pointer(5);
  const stripe = integer(8);
  const end = min(integer(7), (item + 1) * stripe);
  for (let c = firstColumn(item, stripe); c < end; c += lanes<T>()) {
    const column = <usize>c * sizeof<T>();
    normalizeColumn<T>(column, end - c, loadUpTo<T>(mean + column, end - c), loadUpTo<T>(variance + column, end - c));
  }
}

// @ts-ignore: decorator
@inline function normalizeColumn<T>(column: usize, count: i32, mu: v128, spread: v128): void {
  const x = pointer(0), out = pointer(3);
  const N = integer(6), relu = integer(9);
  const stride = <usize>integer(7) * sizeof<T>();
  const scale = v128.div<T>(loadUpTo<T>(pointer(1) + column, count), v128.sqrt<T>(v128.add<T>(spread, numberSplat<T>(0))));
  const beta = loadUpTo<T>(pointer(2) + column, count);
  for (let n = 0, at = column; n < N; n++, at += stride) {
    const v = madd<T>(v128.sub<T>(loadUpTo<T>(x + at, count), mu), scale, beta);
    storeUpTo<T>(out + at, relu ? rectified<T>(v) : v, count);
  }
}

/** The two parameter gradients and, by the simplified formula or with constant statistics, dx. Numbers: ε. */
export function batchnormColumnsBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(5), y = pointer(8);
  const N = integer(9), C = integer(10), stripe = integer(11), constant = integer(12);
  const stride = <usize>C * sizeof<T>();
  const share = v128.splat<T>(<T>1 / <T>N);

  const end = min(C, (item + 1) * stripe);
  for (let c = firstColumn(item, stripe); c < end; c += lanes<T>()) {
    const count = end - c;
    const column = <usize>c * sizeof<T>();
    const mu = loadUpTo<T>(pointer(2) + column, count);
    const spread = loadUpTo<T>(pointer(3) + column, count);
    const inverse = v128.div<T>(v128.splat<T>(1), v128.sqrt<T>(v128.add<T>(spread, numberSplat<T>(0))));
    let dbeta = v128.splat<T>(0);
    let dgamma = v128.splat<T>(0);
    for (let n = 0, at = column; n < N; n++, at += stride) {
      const g = upstream<T>(dout, y, at, count);
      dbeta = v128.add<T>(dbeta, g);
      dgamma = madd<T>(g, v128.sub<T>(loadUpTo<T>(x + at, count), mu), dgamma);
    }
    dgamma = v128.mul<T>(dgamma, inverse);
    storeUpTo<T>(pointer(6) + column, dgamma, count);
    storeUpTo<T>(pointer(7) + column, dbeta, count);

    const scale = v128.mul<T>(loadUpTo<T>(pointer(4) + column, count), inverse);
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
    let dbeta = zero;
    let dgamma = zero;
    for (let n = 0, at = column; n < N; n++, at += stride) {
      const g = loadUpTo<T>(dout + at, count);
      const xHat = v128.mul<T>(v128.sub<T>(loadUpTo<T>(x + at, count), mu), inverse);
      dbeta = v128.add<T>(dbeta, g);
      dgamma = madd<T>(g, xHat, dgamma);
    }
    storeUpTo<T>(pointer(6) + column, dgamma, count);
    storeUpTo<T>(pointer(7) + column, dbeta, count);

    // x̂ = centred · inverse
    let dinverse = zero;
    for (let n = 0, at = column; n < N; n++, at += stride) {
      const dxHat = v128.mul<T>(loadUpTo<T>(dout + at, count), gamma);
      dinverse = madd<T>(dxHat, v128.sub<T>(loadUpTo<T>(x + at, count), mu), dinverse);
    }
    // inverse = 1 / std, std = √(variance + ε), variance = mean(centred²)
    const dstd = v128.neg<T>(v128.mul<T>(dinverse, v128.mul<T>(inverse, inverse)));
    const dvariance = v128.mul<T>(v128.mul<T>(v128.splat<T>(<T>0.5), dstd), inverse);
    let dmean = zero;
    for (let n = 0, at = column; n < N; n++, at += stride) {
      const dxHat = v128.mul<T>(loadUpTo<T>(dout + at, count), gamma);
      const centred = v128.sub<T>(loadUpTo<T>(x + at, count), mu);
      const fromSquare = v128.mul<T>(v128.mul<T>(v128.add<T>(centred, centred), share), dvariance);
      const dcentred = madd<T>(dxHat, inverse, fromSquare);
      dmean = v128.sub<T>(dmean, dcentred);
      storeUpTo<T>(dx + at, dcentred, count);
    }
    // centred = x − mean, mean = Σ x / N
    const level = v128.mul<T>(dmean, share);
    for (let n = 0, at = column; n < N; n++, at += stride) {
      storeUpTo<T>(dx + at, v128.add<T>(loadUpTo<T>(dx + at, count), level), count);
    }
  }
}
