import type { NDArray } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkStep, initialState, inPlace } from './update-rule.js';

/** Hyperparameters and state of {@link rmsprop}. */
export interface RmspropConfig {
  /** Step size. Default 1e-2. */
  learningRate?: number;
  /** Share of the average of squares that is kept, in [0, 1]. Default 0.99. */
  decayRate?: number;
  /** Added to the denominator, outside of the root. Default 1e-8. */
  epsilon?: number;
  /** State: the moving average of squared gradients, shaped like `w`. */
  cache?: NDArray;
}

/**
 * RMSProp: a step size per weight, from a moving average of its squared gradients.
 * `cache = decayRate · cache + (1 − decayRate) · dw²`, `w −= learningRate · dw / (√cache + epsilon)`.
 *
 * @throws {ShapeError} if `dw` or the cache has another shape than `w`.
 * @throws {RangeError} if a hyperparameter is out of range.
 * @see Tieleman and Hinton 2012, Neural Networks for Machine Learning, Lecture 6.5
 */
export function rmsprop(
  w: NDArray,
  dw: NDArray,
  config: RmspropConfig = {},
): [nextW: NDArray, nextConfig: RmspropConfig] {
  checkStep('rmsprop', w, dw, config);
  const { learningRate = 1e-2, decayRate = 0.99, epsilon = 1e-8, cache = initialState(w) } = config;
  inPlace('rmsprop', dw, { w, cache }, (dw, w, cache) =>
    kernels().rmsprop({
      w,
      dw,
      cache,
      velocity: null,
      mean: null,
      learningRate,
      decayRate,
      epsilon,
      momentum: 0,
      weightDecay: 0,
    }),
  );
  return [w, { ...config, learningRate, decayRate, epsilon, cache }];
}

/** Hyperparameters and state of {@link adagrad}. */
export interface AdagradConfig {
  /** Step size. Default 1e-2. */
  learningRate?: number;
  /** Added to the denominator, outside of the root. Default 1e-8. */
  epsilon?: number;
  /** State: the sum of squared gradients, shaped like `w`. */
  cache?: NDArray;
}

/**
 * AdaGrad: a step size per weight, which shrinks with the sum of its squared gradients.
 * `cache += dw²`, `w −= learningRate · dw / (√cache + epsilon)`.
 *
 * @throws {ShapeError} if `dw` or the cache has another shape than `w`.
 * @throws {RangeError} if a hyperparameter is out of range.
 * @see Duchi, Hazan and Singer 2011, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization
 */
export function adagrad(
  w: NDArray,
  dw: NDArray,
  config: AdagradConfig = {},
): [nextW: NDArray, nextConfig: AdagradConfig] {
  checkStep('adagrad', w, dw, config);
  const { learningRate = 1e-2, epsilon = 1e-8, cache = initialState(w) } = config;
  inPlace('adagrad', dw, { w, cache }, (dw, w, cache) =>
    kernels().adagrad({ w, dw, cache, learningRate, epsilon, weightDecay: 0 }),
  );
  return [w, { ...config, learningRate, epsilon, cache }];
}
