import { AMOUNT, FLAG, type OptionsOf, option, type Range, SHARE } from '../../arrays/index.js';
import { kernels } from '../../kernels/index.js';
import { method } from '../method.js';
import { Optimizer, type ParamGroupInit } from './optimizer.js';
import type { Trainable } from './trainable.js';

const SHARES: Range = {
  allows: (value) => Array.isArray(value) && value.length === 2 && value.every(SHARE.allows),
  expected: 'two numbers in [0, 1)',
  Kind: RangeError,
};

const OPTIONS = {
  /** Step size. Default 1e-3. */
  lr: option(1e-3, AMOUNT),
  /** Decays of the averages of gradients and of their squares, each in [0, 1). Default [0.9, 0.999]. */
  betas: option<[beta1: number, beta2: number]>([0.9, 0.999], SHARES),
  /** Added to the denominator, outside of the root. Default 1e-8. */
  eps: option(1e-8, AMOUNT),
  /**
   * Adam: strength of the penalty ½ · weightDecay · Σw², whose gradient is added to that of the loss, default 0. AdamW:
   * share of each weight that is taken off in a step, times the learning rate, default 1e-2.
   */
  weightDecay: option(0, AMOUNT),
  /** Whether to divide by the largest average of squares so far (AMSGrad). Default false. */
  amsgrad: option<boolean>(false, FLAG),
};

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptions extends Required<OptionsOf<typeof OPTIONS>> {}

const STATE = { expAvg: true, expAvgSq: true, maxExpAvgSq: ({ amsgrad }: AdamOptions) => amsgrad } as const;

const ADAM = method({
  name: 'Adam',
  options: OPTIONS,
  state: STATE,
  counted: true,
  update(
    { w, dw, expAvg: m, expAvgSq: v, maxExpAvgSq: largest },
    { lr: learningRate, betas, eps: epsilon, weightDecay },
    t,
  ) {
    const [beta1, beta2] = betas;
    // biome-ignore format: a line for the arrays and one for the numbers
    kernels().adam({
      w, dw, m, v, largest,
      learningRate, beta1, beta2, epsilon, t, weightDecay, decoupledDecay: 0,
    });
  },
});

const ADAMW = method({
  name: 'AdamW',
  options: { ...OPTIONS, weightDecay: option(1e-2, AMOUNT) },
  state: STATE,
  counted: true,
  update(
    { w, dw, expAvg: m, expAvgSq: v, maxExpAvgSq: largest },
    { lr: learningRate, betas, eps: epsilon, weightDecay },
    t,
  ) {
    const [beta1, beta2] = betas;
    // biome-ignore format: a line for the arrays and one for the numbers
    kernels().adam({
      w, dw, m, v, largest,
      learningRate, beta1, beta2, epsilon, t, weightDecay: 0, decoupledDecay: weightDecay,
    });
  },
});

/**
 * Adam: a step size per weight, from bias-corrected averages of the gradient and its square. PyTorch's `Adam`.
 *
 * With `g = grad + weightDecay · w`, in step t: `m = β₁ · m + (1 − β₁) · g`, `v = β₂ · v + (1 − β₂) · g²`, and
 * `w −= lr · m̂ / (√v̂ + eps)` with `m̂ = m / (1 − β₁^t)` and `v̂ = v / (1 − β₂^t)`; with AMSGrad `v̂` is of the
 * largest `v` so far.
 *
 * @see Kingma and Ba 2015, Adam: A Method for Stochastic Optimization, Algorithm 1
 * @see Reddi, Kale and Kumar 2018, On the Convergence of Adam and Beyond, Algorithm 2
 */
export class Adam extends Optimizer<AdamOptions> {
  /**
   * Adam over `params`, without state yet. The learning rate is 1e-3 by default; {@link AdamOptions} has the rest.
   *
   * @param params - The parameters, or groups of them with options of their own.
   * @param options - Of all groups that do not say otherwise.
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter; if
   *   there is no parameter, or one occurs twice.
   */
  constructor(params: Iterable<Trainable> | Iterable<ParamGroupInit<AdamOptions>>, options: Partial<AdamOptions> = {}) {
    super(ADAM, params, options);
  }
}

/**
 * AdamW: Adam with decoupled weight decay, which the averages do not see. PyTorch's `AdamW`.
 *
 * In step t: `w −= lr · weightDecay · w`; then `m = β₁ · m + (1 − β₁) · grad`, `v = β₂ · v + (1 − β₂) · grad²`, and
 * `w −= lr · m̂ / (√v̂ + eps)` with `m̂ = m / (1 − β₁^t)` and `v̂ = v / (1 − β₂^t)`; with AMSGrad `v̂` is of the
 * largest `v` so far.
 *
 * @see Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization, Algorithm 2
 * @see Reddi, Kale and Kumar 2018, On the Convergence of Adam and Beyond, Algorithm 2
 */
export class AdamW extends Optimizer<AdamOptions> {
  /**
   * AdamW over `params`, without state yet. The learning rate is 1e-3 by default; {@link AdamOptions} has the rest.
   *
   * @param params - The parameters, or groups of them with options of their own.
   * @param options - Of all groups that do not say otherwise.
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter; if
   *   there is no parameter, or one occurs twice.
   */
  constructor(params: Iterable<Trainable> | Iterable<ParamGroupInit<AdamOptions>>, options: Partial<AdamOptions> = {}) {
    super(ADAMW, params, options);
  }
}
