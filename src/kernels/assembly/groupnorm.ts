import { integer, number, pointer } from "./job";
import {
  gradientSegment,
  scaleSegment,
  sumGradients,
  sumOfG,
  sumOfGTimesCentred,
  sumShifted,
  sumSquaredDistance,
} from "./segments";

// Group normalization of an (N, C, S) array: statistics of each example over groups of neighbouring channels, which lie
// in one run of L = C/G·S values. γ and β go by channels.

/** mean, 1/√(variance + ε), out = γ·(x − mean)/√(variance + ε) + β. One item is a group of an example. Numbers: ε. */
export function groupnorm<T>(item: i32): void {
  const C = integer(6), S = integer(7), G = integer(8);
  const channels = C / G;
  const L = channels * S;
  const from = <usize>item * L * sizeof<T>();
  const x = pointer(0) + from, out = pointer(3) + from;

  const shift = load<T>(x);
  const mean = <T>(<f64>shift + sumShifted<T>(x, L, shift) / L);
  const inverse = 1 / Math.sqrt(sumSquaredDistance<T>(x, L, mean) / L + number<f64>(0));
  store<T>(pointer(4) + <usize>item * sizeof<T>(), mean);
  store<T>(pointer(5) + <usize>item * sizeof<T>(), <T>inverse);

  const first = (item % G) * channels;
  for (let i = 0; i < channels; i++) {
    const at = <usize>i * S * sizeof<T>();
    const channel = <usize>(first + i) * sizeof<T>();
    const scale = <T>(<f64>load<T>(pointer(1) + channel) * inverse);
    scaleSegment<T>(x + at, out + at, S, mean, scale, load<T>(pointer(2) + channel), 0);
  }
}

/** dx. One item is a group of an example. */
export function groupnormBackward<T>(item: i32): void {
  const C = integer(10), S = integer(11), G = integer(12);
  const channels = C / G;
  const L = channels * S;
  const from = <usize>item * L * sizeof<T>();
  const dout = pointer(0) + from, x = pointer(1) + from, dx = pointer(5) + from;
  const gamma = pointer(4) + <usize>(item % G) * channels * sizeof<T>();
  const mean = load<T>(pointer(2) + <usize>item * sizeof<T>());
  const inverse = <f64>load<T>(pointer(3) + <usize>item * sizeof<T>());

  // Sums of γ·dout and of γ·dout·x̂ over the group.
  let sum: f64 = 0;
  let sumXHat: f64 = 0;
  for (let i = 0; i < channels; i++) {
    const at = <usize>i * S * sizeof<T>();
    sumGradients<T>(dout + at, x + at, S, mean);
    const weight = <f64>load<T>(gamma + <usize>i * sizeof<T>());
    sum += weight * sumOfG;
    sumXHat += weight * sumOfGTimesCentred * inverse;
  }
  // dx = inverse · (γ·dout − sum/L − x̂·sumXHat/L)
  const level = -inverse * sum / L;
  const slope = -inverse * inverse * sumXHat / L;
  for (let i = 0; i < channels; i++) {
    const at = <usize>i * S * sizeof<T>();
    const scale = <f64>load<T>(gamma + <usize>i * sizeof<T>()) * inverse;
    gradientSegment<T>(dout + at, x + at, dx + at, S, mean, scale, level, slope);
  }
}

/** dγ and dβ. One item is a channel. */
export function groupnormWeights<T>(c: i32): void {
  const dout = pointer(0), x = pointer(1);
  const N = integer(9), C = integer(10), S = integer(11), G = integer(12);
  let dgamma: f64 = 0;
  let dbeta: f64 = 0;
  for (let n = 0; n < N; n++) {
    const at = (<usize>n * C + c) * S * sizeof<T>();
    const group = (<usize>n * G + c / (C / G)) * sizeof<T>();
    sumGradients<T>(dout + at, x + at, S, load<T>(pointer(2) + group));
    dbeta += sumOfG;
    dgamma += sumOfGTimesCentred * <f64>load<T>(pointer(3) + group);
  }
  store<T>(pointer(6) + <usize>c * sizeof<T>(), <T>dgamma);
  store<T>(pointer(7) + <usize>c * sizeof<T>(), <T>dbeta);
}
