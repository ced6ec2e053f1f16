import { AMOUNT, FRACTION, type NDArray, option, SHARE } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { method } from './method.js';
import { type AnyUpdateRule, type ConfigFrom, type UpdateRule, updateRule } from './update-rule.js';

const SGD = method({
  name: 'sgd',
  options: {
    /** Step size. Default 1e-2. */
    learningRate: option(1e-2, AMOUNT),
  },
  state: {},
  counted: false,
  update: ({ w, dw }, { learningRate }) => kernels().sgd(w, dw, learningRate, 0),
});

/** Hyperparameters of {@link sgd}. */
export interface SgdConfig extends ConfigFrom<typeof SGD> {}

/**
 * Stochastic gradient descent: `w −= learningRate · dw`.
 *
 * @throws {ShapeError} if `dw` has another shape than `w`.
 * @throws {RangeError} if the learning rate is not a number ≥ 0.
 * @see Robbins and Monro 1951, A Stochastic Approximation Method
 */
export const sgd: UpdateRule<SgdConfig> = updateRule(SGD);

const MOMENTUM = {
  options: {
    /** Step size. Default 1e-2. */
    learningRate: option(1e-2, AMOUNT),
    /** Share of the velocity that is kept, usually in [0.5, 0.99]. Default 0.9. */
    momentum: option(0.9, AMOUNT),
  },
  state: {
    /** State: the velocity, shaped like `w`. */
    velocity: true,
  },
  counted: false,
} as const;

const SGD_MOMENTUM = method({
  ...MOMENTUM,
  name: 'sgdMomentum',
  update: ({ w, dw, velocity }, { learningRate, momentum }) =>
    kernels().sgdMomentum({ w, dw, velocity, learningRate, momentum }),
});

/** Hyperparameters and state of {@link sgdMomentum} and {@link nesterov}. */
export interface MomentumConfig extends ConfigFrom<typeof SGD_MOMENTUM> {}

/**
 * Gradient descent with momentum: `velocity = momentum · velocity − learningRate · dw`, `w += velocity`.
 *
 * @throws {ShapeError} if `dw` or the velocity has another shape than `w`.
 * @throws {RangeError} if a hyperparameter is out of range.
 * @see Polyak 1964, Some Methods of Speeding up the Convergence of Iteration Methods
 * @see https://cs231n.github.io/neural-networks-3/#sgd
 */
export const sgdMomentum: UpdateRule<MomentumConfig> = updateRule(SGD_MOMENTUM);

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
export const nesterov: UpdateRule<MomentumConfig> = updateRule(
  method({
    ...MOMENTUM,
    name: 'nesterov',
    update: ({ w, dw, velocity }, { learningRate, momentum }) =>
      kernels().nesterov({ w, dw, velocity, learningRate, momentum, weightDecay: 0 }),
  }),
);

const RMSPROP = method({
  name: 'rmsprop',
  options: {
    /** Step size. Default 1e-2. */
    learningRate: option(1e-2, AMOUNT),
    /** Share of the average of squares that is kept, in [0, 1]. Default 0.99. */
    decayRate: option(0.99, FRACTION),
    /** Added to the denominator, outside of the root. Default 1e-8. */
    epsilon: option(1e-8, AMOUNT),
  },
  state: {
    /** State: the moving average of squared gradients, shaped like `w`. */
    cache: true,
  },
  counted: false,
  update({ w, dw, cache }, { learningRate, decayRate, epsilon }) {
    // biome-ignore format: a line for the arrays and one for the numbers
    kernels().rmsprop({
      w, dw, cache, velocity: null, mean: null,
      learningRate, decayRate, epsilon, momentum: 0, weightDecay: 0,
    });
  },
});

/** Hyperparameters and state of {@link rmsprop}. */
export interface RmspropConfig extends ConfigFrom<typeof RMSPROP> {}

/**
 * RMSProp: a step size per weight, from a moving average of its squared gradients.
 * `cache = decayRate · cache + (1 − decayRate) · dw²`, `w −= learningRate · dw / (√cache + epsilon)`.
 *
 * @throws {ShapeError} if `dw` or the cache has another shape than `w`.
 * @throws {RangeError} if a hyperparameter is out of range.
 * @see Tieleman and Hinton 2012, Neural Networks for Machine Learning, Lecture 6.5
 */
export const rmsprop: UpdateRule<RmspropConfig> = updateRule(RMSPROP);

const ADAGRAD = method({
  name: 'adagrad',
  options: {
    /** Step size. Default 1e-2. */
    learningRate: option(1e-2, AMOUNT),
    /** Added to the denominator, outside of the root. Default 1e-8. */
    epsilon: option(1e-8, AMOUNT),
  },
  state: {
    /** State: the sum of squared gradients, shaped like `w`. */
    cache: true,
  },
  counted: false,
  update: ({ w, dw, cache }, { learningRate, epsilon }) =>
    kernels().adagrad({ w, dw, cache, learningRate, epsilon, weightDecay: 0 }),
});

/** Hyperparameters and state of {@link adagrad}. */
export interface AdagradConfig extends ConfigFrom<typeof ADAGRAD> {}

/**
 * AdaGrad: a step size per weight, which shrinks with the sum of its squared gradients.
 * `cache += dw²`, `w −= learningRate · dw / (√cache + epsilon)`.
 *
 * @throws {ShapeError} if `dw` or the cache has another shape than `w`.
 * @throws {RangeError} if a hyperparameter is out of range.
 * @see Duchi, Hazan and Singer 2011, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization
 */
export const adagrad: UpdateRule<AdagradConfig> = updateRule(ADAGRAD);

const ADAM = method({
  name: 'adam',
  options: {
    /** Step size. Default 1e-3. */
    learningRate: option(1e-3, AMOUNT),
    /** Decay of the average of gradients, in [0, 1). Default 0.9. */
    beta1: option(0.9, SHARE),
    /** Decay of the average of squared gradients, in [0, 1). Default 0.999. */
    beta2: option(0.999, SHARE),
    /** Added to the denominator, outside of the root. Default 1e-8. */
    epsilon: option(1e-8, AMOUNT),
  },
  state: {
    /** State: the average of gradients, shaped like `w`. */
    m: true,
    /** State: the average of squared gradients, shaped like `w`. */
    v: true,
  },
  counted: true,
  update({ w, dw, m, v }, { learningRate, beta1, beta2, epsilon }, t) {
    // biome-ignore format: a line for the arrays and one for the numbers
    kernels().adam({
      w, dw, m, v, largest: null,
      learningRate, beta1, beta2, epsilon, t, weightDecay: 0, decoupledDecay: 0,
    });
  },
});

/** Hyperparameters and state of {@link adam}. */
export interface AdamConfig extends ConfigFrom<typeof ADAM> {
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
export const adam: UpdateRule<AdamConfig> = updateRule(ADAM);

const ADAMW = method({
  name: 'adamw',
  options: {
    ...ADAM.options,
    /** Share of each weight that is taken off in a step, times the learning rate. Default 1e-2. */
    weightDecay: option(1e-2, AMOUNT),
  },
  state: ADAM.state,
  counted: true,
  update({ w, dw, m, v }, { learningRate, beta1, beta2, epsilon, weightDecay }, t) {
    // biome-ignore format: a line for the arrays and one for the numbers
    kernels().adam({
      w, dw, m, v, largest: null,
      learningRate, beta1, beta2, epsilon, t, weightDecay: 0, decoupledDecay: weightDecay,
    });
  },
});

/** Hyperparameters and state of {@link adamw}. */
export interface AdamWConfig extends ConfigFrom<typeof ADAMW> {
  /** State: steps taken. */
  t?: number;
}

/**
 * AdamW: Adam with decoupled weight decay, `w −= learningRate · weightDecay · w` before Adam's step.
 *
 * @throws {ShapeError} if `dw`, `m` or `v` has another shape than `w`.
 * @throws {RangeError} if a hyperparameter is out of range.
 * @see Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization, Algorithm 2
 */
export const adamw: UpdateRule<AdamWConfig> = updateRule(ADAMW);

/** The update rules under cs231n's names. */
export const updateRules = {
  /** {@link sgd} */
  sgd,
  /** {@link sgdMomentum} */
  sgd_momentum: sgdMomentum,
  /** {@link nesterov} */
  nesterov,
  /** {@link rmsprop} */
  rmsprop,
  /** {@link adagrad} */
  adagrad,
  /** {@link adam} */
  adam,
  /** {@link adamw} */
  adamw,
} as const satisfies Record<string, UpdateRule<OptimConfig>>;

/** Every hyperparameter and every piece of state that a rule of this library has. */
export interface OptimConfig extends MomentumConfig, RmspropConfig, AdamWConfig {}

/** The name of an update rule in cs231n. */
export type UpdateRuleName = keyof typeof updateRules;

/** The config that an update rule, or the one of this name, takes. */
export type ConfigOf<R extends UpdateRuleName | AnyUpdateRule> = R extends UpdateRuleName
  ? ConfigIn<(typeof updateRules)[R]>
  : ConfigIn<R>;

/** The config that the function of an update rule takes. */
export type ConfigIn<F> = F extends (w: NDArray, dw: NDArray, config?: infer C) => unknown
  ? NonNullable<C> & object
  : never;
