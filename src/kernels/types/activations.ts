import type { Floats } from '../../arrays/index.js';
import type { ChannelShape } from './normalization.js';

/** Activation functions and their gradients. */
export interface ActivationKernels {
  /** out = max(0, x); NaN stays NaN, and −0 is −0. `out` may be `x`. */
  relu(x: Floats, out: Floats): void;
  /** dx = dout where x > 0 or is NaN, else 0. `x` may be the ReLU's output just as well. `dx` may be `dout`. */
  reluBackward(dout: Floats, x: Floats, dx: Floats): void;
  /** The same for (N, M) arrays, and sums[m] = Σ_n dx[n, m] in the same pass. */
  reluBackwardSumRows(operands: ReluSumOperands): void;
  /** The same for (N, C, S) arrays, and sums[c] = Σ dx[n, c, s] over n and s. */
  reluBackwardSumChannels(dout: Floats, x: Floats, dx: Floats, sums: Floats, shape: ChannelShape): void;

  /** out = x where x > 0, else alpha · x. */
  leakyRelu(x: Floats, out: Floats, alpha: number): void;
  /** dx = dout where x > 0, else alpha · dout. */
  leakyReluBackward(dout: Floats, x: Floats, dx: Floats, alpha: number): void;

  /** out = min(max(0, x), 6); NaN stays NaN, and −0 is −0. */
  relu6(x: Floats, out: Floats): void;
  /** dx = dout where 0 < x < 6 or x is NaN, else 0. */
  relu6Backward(dout: Floats, x: Floats, dx: Floats): void;
  /** out = x · min(max(0, x + 3), 6) / 6; −0 at −∞. */
  hardswish(x: Floats, out: Floats): void;
  /** dx = 0 where x < −3, dout where x ≥ 3, else dout · (x / 3 + ½). */
  hardswishBackward(dout: Floats, x: Floats, dx: Floats): void;
  /** out = min(max(0, x + 3), 6) / 6. */
  hardsigmoid(x: Floats, out: Floats): void;
  /** dx = dout / 6 where −3 < x < 3, else 0, also where x is NaN. */
  hardsigmoidBackward(dout: Floats, x: Floats, dx: Floats): void;

  /** out = x where x > 0, else alpha[c] · x, for x (…, C, inner) and alpha (C,). */
  prelu(x: Floats, alpha: Floats, out: Floats, inner: number): void;
  /** dx = dout where x > 0, else alpha[c] · dout; dalpha[c] = Σ dout · x over the x of the channel that are not > 0. */
  preluBackward(operands: PreluGradientOperands): void;

  /** out[g] = the largest of the `pieces` values of x from g · pieces on; NaN is the largest. */
  maxout(x: Floats, out: Floats, pieces: number): void;
  /** dx = dout[g] at the first of the largest values of each group, 0 elsewhere. */
  maxoutBackward(dout: Floats, x: Floats, dx: Floats, pieces: number): void;
}

/** The gradient of a ReLU on an (N, M) array, and its sums by columns. */
export interface ReluSumOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly dx: Floats;
  readonly sums: Floats;
  readonly N: number;
  readonly M: number;
}

/** The gradients of a PReLU on an (…, C, inner) array. */
export interface PreluGradientOperands {
  readonly dout: Floats;
  readonly x: Floats;
  readonly alpha: Floats;
  readonly dx: Floats;
  readonly dalpha: Floats;
  readonly inner: number;
}

/**
 * Smooth activation functions and their gradients. No input overflows on the way to a finite result, and where a result
 * is next to 0 its relative error is small too; NaN stays NaN.
 */
export interface SmoothActivationKernels {
  /** out = 1 / (1 + e^−x). */
  sigmoid(x: Floats, out: Floats): void;
  /** dx = dout · out · (1 − out). */
  sigmoidBackward(dout: Floats, out: Floats, dx: Floats): void;
  /** out = tanh x. */
  tanh(x: Floats, out: Floats): void;
  /** dx = dout · (1 − out²). */
  tanhBackward(dout: Floats, out: Floats, dx: Floats): void;
  /** out = x where x > 0, else alpha · (e^x − 1). */
  elu(x: Floats, out: Floats, alpha: number): void;
  /** dx = dout where x > 0, else dout · alpha · e^x. */
  eluBackward(dout: Floats, x: Floats, dx: Floats, alpha: number): void;
  /** out = x · Φ(x), where Φ(x) = ½ · (1 + erf(x/√2)) is the normal distribution. */
  gelu(x: Floats, out: Floats): void;
  /** dx = dout · (Φ(x) + x · φ(x)), where φ(x) = e^(−x²/2) / √(2π) is its density. */
  geluBackward(dout: Floats, x: Floats, dx: Floats): void;
  /** out = x · σ(g(x)), where g(x) = 2·√(2/π) · (x + 0.044715·x³): x·Φ(x), with Φ by a tanh; −0 at −∞. */
  geluTanh(x: Floats, out: Floats): void;
  /** dx = dout · s · (1 + x · g′(x) · (1 − s)), s = σ(g(x)); the slope is 1 at ∞ and −0 at −∞. */
  geluTanhBackward(dout: Floats, x: Floats, dx: Floats): void;
  /** out = x where beta · x > threshold, else ln(1 + e^(beta · x)) / beta. beta is positive. */
  softplus(x: Floats, out: Floats, beta: number, threshold: number): void;
  /** dx = dout where beta · x > threshold, else dout · σ(beta · x). */
  softplusBackward(dout: Floats, x: Floats, dx: Floats, beta: number, threshold: number): void;
  /** out = x · σ(x), where σ(x) = 1 / (1 + e^−x); −0 at −∞. */
  silu(x: Floats, out: Floats): void;
  /** dx = dout · σ(x) · (1 + x · (1 − σ(x))); the slope is 1 at ∞ and −0 at −∞. */
  siluBackward(dout: Floats, x: Floats, dx: Floats): void;
}

/** Dropout. */
export interface DropoutKernels {
  /**
   * mask = 1/p with probability p, else 0; out = x · mask. The mask is a function of `key`, the place and p alone; the
   * first value has the place `start`, of which 32 bits count.
   */
  dropout(x: Floats, mask: Floats, out: Floats, p: number, key: readonly [number, number], start: number): void;
}
