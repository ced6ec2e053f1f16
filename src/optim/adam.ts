import type { NDArray } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkStep, initialState, inPlace } from './update-rule.js';

/** Hyperparameters and state of {@link adam}. */
export interface AdamConfig {
  /** Step size. Default 1e-3. */
  learningRate?: number;
  /** Decay of the average of gradients, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Decay of the average of squared gradients, in [0, 1). Default 0.999. */
  beta2?: number;
  /** Added to the denominator, outside of the root. Default 1e-8. */
  epsilon?: number;
  /** State: the average of gradients, shaped like `w`. */
  m?: NDArray;
  /** State: the average of squared gradients, shaped like `w`. */
  v?: NDArray;
  /** State: steps taken. */
  t?: number;
}

/**
 * Adam: a step size per weight, from bias-corrected averages of the gradient and its square.
 *
 * `t += 1`, `m = beta1 · m + (1 − beta1) · dw`, `v = beta2 · v + (1 − beta2) · dw²`,
 * `w −= learningRate · m̂ / (√v̂ + epsilon)` with `m̂ = m / (1 − beta1^t)` and `v̂ = v / (1 − beta2^t)`.
 *
 * @throws {ShapeError} if `dw`, `m` or `v` has another shape than `w`.
 * @throws {RangeError} if a hyperparameter is out of range.
 * @see Kingma and Ba 2015, Adam: A Method for Stochastic Optimization, Algorithm 1
 */
export function adam(w: NDArray, dw: NDArray, config: AdamConfig = {}): [nextW: NDArray, nextConfig: AdamConfig] {
  checkStep('adam', w, dw, config);
  return adamStep('adam', w, dw, config, 0);
}

/** Hyperparameters and state of {@link adamw}. */
export interface AdamWConfig extends AdamConfig {
  /** Share of each weight that is taken off in a step, times the learning rate. Default 1e-2. */
  weightDecay?: number;
}

/**
 * AdamW: Adam with decoupled weight decay, `w −= learningRate · weightDecay · w` before Adam's step.
 *
 * @throws {ShapeError} if `dw`, `m` or `v` has another shape than `w`.
 * @throws {RangeError} if a hyperparameter is out of range.
 * @see Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization, Algorithm 2
 */
export function adamw(w: NDArray, dw: NDArray, config: AdamWConfig = {}): [nextW: NDArray, nextConfig: AdamWConfig] {
  checkStep('adamw', w, dw, config);
  const { weightDecay = 1e-2 } = config;
  const [nextW, next] = adamStep('adamw', w, dw, config, weightDecay);
  return [nextW, { ...next, weightDecay }];
}

/** One step on checked arguments. */
function adamStep(
  fn: string,
  w: NDArray,
  dw: NDArray,
  config: AdamConfig,
  weightDecay: number,
): [nextW: NDArray, nextConfig: AdamConfig] {
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = config;
  const { m = initialState(w), v = initialState(w) } = config;
  const t = (config.t ?? 0) + 1;
  inPlace(fn, dw, { w, m, v }, (dw, w, m, v) =>
    kernels().adam({
      w,
      dw,
      m,
      v,
      largest: null,
      learningRate,
      beta1,
      beta2,
      epsilon,
      t,
      weightDecay: 0,
      decoupledDecay: weightDecay,
    }),
  );
  return [w, { ...config, learningRate, beta1, beta2, epsilon, m, v, t }];
}
