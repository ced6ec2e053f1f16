import type { NDArray } from '../../arrays/index.js';
import { kernels } from '../../kernels/index.js';
import { initialState, inPlace } from '../update-rule.js';
import { AMOUNT, FLAG, type Method, type ParameterState, SHARES } from './method.js';
import { Optimizer, type ParamGroupInit } from './optimizer.js';
import type { Trainable } from './trainable.js';

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptions {
  /** Step size. Default 1e-3. */
  lr: number;
  /** Decays of the averages of gradients and of their squares, each in [0, 1). Default [0.9, 0.999]. */
  betas: [beta1: number, beta2: number];
  /** Added to the denominator, outside of the root. Default 1e-8. */
  eps: number;
  /**
   * Adam: strength of the penalty ½ · weightDecay · Σw², whose gradient is added to that of the loss, default 0. AdamW:
   * share of each weight that is taken off in a step, times the learning rate, default 1e-2.
   */
  weightDecay: number;
  /** Whether to divide by the largest average of squares so far (AMSGrad). Default false. */
  amsgrad: boolean;
}

const ADAM: Method<AdamOptions> = {
  name: 'Adam',
  defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false },
  ranges: { lr: AMOUNT, betas: SHARES, eps: AMOUNT, weightDecay: AMOUNT, amsgrad: FLAG },
  state: { counted: true, always: ['expAvg', 'expAvgSq'], sometimes: ['maxExpAvgSq'] },
  update(fn, w, dw, state, options) {
    update(fn, w, dw, state, options, options.weightDecay, 0);
  },
};

const ADAMW: Method<AdamOptions> = {
  ...ADAM,
  name: 'AdamW',
  defaults: { ...ADAM.defaults, weightDecay: 1e-2 },
  update(fn, w, dw, state, options) {
    update(fn, w, dw, state, options, 0, options.weightDecay);
  },
};

function update(
  fn: string,
  w: NDArray,
  dw: NDArray,
  { step: t, arrays }: ParameterState,
  { lr: learningRate, betas: [beta1, beta2], eps: epsilon, amsgrad }: AdamOptions,
  weightDecay: number,
  decoupledDecay: number,
): void {
  arrays.expAvg ??= initialState(w);
  arrays.expAvgSq ??= initialState(w);
  if (amsgrad) arrays.maxExpAvgSq ??= initialState(w);
  const { expAvg: m, expAvgSq: v, maxExpAvgSq } = arrays;
  const changed: Record<string, NDArray> = amsgrad ? { w, m, v, maxExpAvgSq } : { w, m, v };
  inPlace(fn, dw, changed, (dw, w, m, v, largest) =>
    kernels().adam({
      w,
      dw,
      m,
      v,
      largest: largest ?? null,
      learningRate,
      beta1,
      beta2,
      epsilon,
      t,
      weightDecay,
      decoupledDecay,
    }),
  );
}

/**
 * Adam: a step size per weight, from bias-corrected averages of the gradient and its square. PyTorch's `Adam`.
 *
 * With `g = grad + weightDecay · w`, in step t: `m = β₁ · m + (1 − β₁) · g`, `v = β₂ · v + (1 − β₂) · g²`, and
 * `w −= lr · m̂ / (√v̂ + eps)` with `m̂ = m / (1 − β₁^t)` and `v̂ = v / (1 − β₂^t)`; with AMSGrad `v̂` is of the largest `v`
 * so far.
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
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter; if there
   *   is no parameter, or one occurs twice.
   */
  constructor(params: Iterable<Trainable> | Iterable<ParamGroupInit<AdamOptions>>, options: Partial<AdamOptions> = {}) {
    super(ADAM, params, options);
  }
}

/**
 * AdamW: Adam with decoupled weight decay, which the averages do not see. PyTorch's `AdamW`.
 *
 * In step t: `w −= lr · weightDecay · w`; then `m = β₁ · m + (1 − β₁) · grad`, `v = β₂ · v + (1 − β₂) · grad²`, and
 * `w −= lr · m̂ / (√v̂ + eps)` with `m̂ = m / (1 − β₁^t)` and `v̂ = v / (1 − β₂^t)`; with AMSGrad `v̂` is of the largest `v`
 * so far.
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
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter; if there
   *   is no parameter, or one occurs twice.
   */
  constructor(params: Iterable<Trainable> | Iterable<ParamGroupInit<AdamOptions>>, options: Partial<AdamOptions> = {}) {
    super(ADAMW, params, options);
  }
}
