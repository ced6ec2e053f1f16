import type { NDArray } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkStep, initialState, inPlace } from './update-rule.js';

/** Hyperparameters of {@link sgd}. */
export interface SgdConfig {
  /** Step size. Default 1e-2. */
  learningRate?: number;
}

/**
 * Stochastic gradient descent: `w −= learningRate · dw`.
 *
 * @throws {ShapeError} if `dw` has another shape than `w`.
 * @throws {RangeError} if the learning rate is not a number ≥ 0.
 * @see Robbins and Monro 1951, A Stochastic Approximation Method
 */
export function sgd(w: NDArray, dw: NDArray, config: SgdConfig = {}): [nextW: NDArray, nextConfig: SgdConfig] {
  checkStep('sgd', w, dw, config);
  const { learningRate = 1e-2 } = config;
  inPlace('sgd', dw, { w }, (dwFlat, wFlat) => kernels().sgd(wFlat, dwFlat, learningRate, 0));
  return [w, { ...config, learningRate }];
}

/** Hyperparameters and state of {@link sgdMomentum} and {@link nesterov}. */
export interface MomentumConfig {
  /** Step size. Default 1e-2. */
  learningRate?: number;
  /** Share of the velocity that is kept, usually in [0.5, 0.99]. Default 0.9. */
  momentum?: number;
  /** State: the velocity, shaped like `w`. */
  velocity?: NDArray;
}

/**
 * Gradient descent with momentum: `velocity = momentum · velocity − learningRate · dw`, `w += velocity`.
 *
 * @throws {ShapeError} if `dw` or the velocity has another shape than `w`.
 * @throws {RangeError} if a hyperparameter is out of range.
 * @see Polyak 1964, Some Methods of Speeding up the Convergence of Iteration Methods
 * @see https://cs231n.github.io/neural-networks-3/#sgd
 */
export function sgdMomentum(
  w: NDArray,
  dw: NDArray,
  config: MomentumConfig = {},
): [nextW: NDArray, nextConfig: MomentumConfig] {
  checkStep('sgdMomentum', w, dw, config);
  const { learningRate = 1e-2, momentum = 0.9, velocity = initialState(w) } = config;
  inPlace('sgdMomentum', dw, { w, velocity }, (dw, w, velocity) =>
    kernels().sgdMomentum({ w, dw, velocity, learningRate, momentum }),
  );
  return [w, { ...config, learningRate, momentum, velocity }];
}

/**
 * Gradient descent with Nesterov's momentum, in PyTorch's form: `velocity = momentum · velocity + dw`,
 * `w −= learningRate · (dw + momentum · velocity)`.
 *
 * The velocity is a sum of gradients, not of steps: the learning rate stands outside of it, unlike in
 * {@link sgdMomentum}.
 *
 * @throws {ShapeError} if `dw` or the velocity has another shape than `w`.
 * @throws {RangeError} if a hyperparameter is out of range.
 * @see Sutskever, Martens, Dahl and Hinton 2013, On the Importance of Initialization and Momentum in Deep Learning
 */
export function nesterov(
  w: NDArray,
  dw: NDArray,
  config: MomentumConfig = {},
): [nextW: NDArray, nextConfig: MomentumConfig] {
  checkStep('nesterov', w, dw, config);
  const { learningRate = 1e-2, momentum = 0.9, velocity = initialState(w) } = config;
  inPlace('nesterov', dw, { w, velocity }, (dw, w, velocity) =>
    kernels().nesterov({ w, dw, velocity, learningRate, momentum, weightDecay: 0 }),
  );
  return [w, { ...config, learningRate, momentum, velocity }];
}
