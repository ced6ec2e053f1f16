import { FOLLOWED_BY_GELU } from "../wasm/protocol";
import { scaleGeluSegment, sumGeluGradients, sumOfSlopes, sumOfSlopesTimesCentred } from "./gelu-segments";
import { integer, number, pointer } from "./job";
import {
  gradientSegment, scaledGradientSegment, scaleSegment, sumGradients, sumMaskedGradients, sumMoments, sumOfD, sumOfG,
  sumOfGTimesCentred, sumOfSquares, sumShifted,
} from "./segments";

// Batch normalization of an (N, C, S) array: statistics of each channel over N and S. One item is a channel. The
// arguments are those of batchnorm-columns.ts, with S behind N and C.

/** Byte offset of example `n`'s pixels in channel `c`. */
// @ts-ignore: decorator
@inline function segment<T>(n: i32, c: i32, C: i32, S: i32): usize {
  return (<usize>n * C + c) * S * sizeof<T>();
}

/** mean, variance (biased), out = γ·(x − mean)/√(variance + ε) + β, then a ReLU or GELU if asked. Numbers: ε. */
export function batchnormChannels<T>(c: i32): void {
  const x = pointer(0);
  const N = integer(6), C = integer(7), S = integer(8);
  // One pass gives both moments, about a point near the mean: x comes from far, and a second pass would wait for it as
  // long. With the mean m of the first example for that point, (mean − m)² ≤ N·variance, so at most a share N of Σ d²
  // cancels.
  const example = x + segment<T>(0, c, C, S);
  const shift = load<T>(example) + <T>(sumShifted<T>(example, S, load<T>(example)) / S);
  let sum: f64 = 0;
  let squares: f64 = 0;
  for (let n = 0; n < N; n++) {
    sumMoments<T>(x + segment<T>(n, c, C, S), S, shift);
    sum += sumOfD;
    squares += sumOfSquares;
  }
  const share = 1 / (<f64>N * S);
  const offset = sum * share;
  const at = <usize>c * sizeof<T>();
  store<T>(pointer(4) + at, <T>(<f64>shift + offset));
  const spread = Math.max(0, squares * share - offset * offset);
  store<T>(pointer(5) + at, <T>spread);
  normalizeChannel<T>(c, spread);
}

/** The same with given statistics. */
export function normalizeChannels<T>(c: i32): void {
  normalizeChannel<T>(c, <f64>load<T>(pointer(5) + <usize>c * sizeof<T>()));
}

/** `spread` is the variance in float64: that of values beyond 1e19 is more than float32 can hold. */
function normalizeChannel<T>(c: i32, spread: f64): void {
  const x = pointer(0), out = pointer(3);
  const N = integer(6), C = integer(7), S = integer(8), follows = integer(9);
  const at = <usize>c * sizeof<T>();
  const mean = load<T>(pointer(4) + at);
  const scale = <T>(<f64>load<T>(pointer(1) + at) / Math.sqrt(spread + number<f64>(0)));
  const beta = load<T>(pointer(2) + at);
  for (let n = 0; n < N; n++) {
    const from = segment<T>(n, c, C, S);
    if (follows == FOLLOWED_BY_GELU) scaleGeluSegment<T>(x + from, out + from, S, mean, scale, beta);
    else scaleSegment<T>(x + from, out + from, S, mean, scale, beta, follows);
  }
}

/**
 * The two parameter gradients and, by the simplified formula or with constant statistics, dx. `y` is the output of a
 * ReLU behind it, `beta` the shift where a GELU is; else 0. Numbers: ε.
 */
export function batchnormChannelsBackward<T>(c: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(5), y = pointer(8);
  const N = integer(9), C = integer(10), S = integer(11), constant = integer(12), beta = pointer(13);
  const at = <usize>c * sizeof<T>();
  const mean = load<T>(pointer(2) + at);
  const inverse = 1 / Math.sqrt(<f64>load<T>(pointer(3) + at) + number<f64>(0));
  const scale = <f64>load<T>(pointer(4) + at) * inverse;
  // What passes the ReLU or GELU is left in dx: the second pass reads two arrays, which the second-level cache holds,
  // in place of three, and the slope of a GELU is computed once.
  const g = y || beta ? dx : dout;
  let dbeta: f64 = 0;
  let dgamma: f64 = 0;
  for (let n = 0; n < N; n++) {
    const from = segment<T>(n, c, C, S);
    if (beta) {
      sumGeluGradients<T>(dout + from, x + from, dx + from, S, mean, <T>scale, load<T>(beta + at));
      dbeta += sumOfSlopes;
      dgamma += sumOfSlopesTimesCentred;
      continue;
    }
    if (y) sumMaskedGradients<T>(dout + from, x + from, y + from, dx + from, S, mean);
    else sumGradients<T>(dout + from, x + from, S, mean);
    dbeta += sumOfG;
    dgamma += sumOfGTimesCentred;
  }
  dgamma *= inverse;
  store<T>(pointer(6) + at, <T>dgamma);
  store<T>(pointer(7) + at, <T>dbeta);

  if (constant) {
    for (let n = 0; n < N; n++) {
      const from = segment<T>(n, c, C, S);
      scaledGradientSegment<T>(g + from, dx + from, S, <T>scale);
    }
    return;
  }
  const share = 1 / (<f64>N * S);
  const level = -scale * dbeta * share;
  const slope = -scale * inverse * dgamma * share;
  for (let n = 0; n < N; n++) {
    const from = segment<T>(n, c, C, S);
    gradientSegment<T>(g + from, x + from, dx + from, S, mean, scale, level, slope);
  }
}
