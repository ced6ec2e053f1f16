import { AMOUNT, FINITE, FLAG, type OptionsOf, option } from '../../arrays/index.js';
import { kernels } from '../../kernels/index.js';
import { method } from '../method.js';
import { Optimizer, type ParamGroupInit } from './optimizer.js';
import type { Trainable } from './trainable.js';

const OPTIONS = {
  /** Step size. Default 1e-3. */
  lr: option(1e-3, AMOUNT),
  /** Share of the velocity that is kept, usually in [0.5, 0.99]. Default 0: no velocity. */
  momentum: option(0, AMOUNT),
  /** Share of the gradient that does not enter the velocity. Default 0. */
  dampening: option(0, FINITE),
  /**
   * SGD: strength of the penalty ½ · weightDecay · Σw², whose gradient is added to that of the loss. SGDW: the share of
   * a weight, times the rate, that goes in a step by itself. Default 0.
   */
  weightDecay: option(0, AMOUNT),
  /** Whether the momentum is Nesterov's, which needs momentum > 0 and no dampening. Default false. */
  nesterov: option<boolean>(false, FLAG),
};

/** Gradient descent; `isDecoupled`: weights decay by themselves, before the step. */
function descent(name: string, isDecoupled: boolean) {
  return method({
    name,
    options: OPTIONS,
    conflict: ({ momentum, dampening, nesterov }) =>
      nesterov && (momentum === 0 || dampening !== 0)
        ? `nesterov needs momentum and no dampening, got momentum ${momentum} and dampening ${dampening}`
        : null,
    state: { momentumBuffer: ({ momentum }) => momentum > 0 },
    counted: false,

    update({ w, dw, momentumBuffer: velocity }, { lr, momentum, dampening, nesterov, ...decay }, _t, isNew) {
      const weightDecay = isDecoupled ? 0 : decay.weightDecay;
      // Where the gradient is w itself, a step of rate lr · weightDecay is the decay.
      if (isDecoupled && decay.weightDecay > 0) kernels().sgd(w, w, lr * decay.weightDecay, 0);
      if (velocity === null) {
        kernels().sgd(w, dw, lr, weightDecay);
        return;
      }
      // The first gradient is the velocity, undamped.
      const step = { w, dw, velocity, learningRate: lr, momentum, dampening: isNew ? 0 : dampening, weightDecay };
      if (nesterov) kernels().nesterov(step);
      else kernels().dampedMomentum(step);
    },
  });
}

const [METHOD, DECOUPLED] = [descent('SGD', false), descent('SGDW', true)];

/** Options of {@link SGD} and {@link SGDW}. */
export interface SGDOptions extends Required<OptionsOf<typeof OPTIONS>> {}

/**
 * Stochastic gradient descent, with momentum if asked for: PyTorch's `SGD`.
 *
 * With `g = grad + weightDecay · w`:
 * * without momentum, `w −= lr · g`;
 * * with momentum, `v = momentum · v + (1 − dampening) · g`, in the first step `v = g`, and `w −= lr · v`;
 * * with Nesterov's, `v = momentum · v + g` and `w −= lr · (g + momentum · v)`.
 *
 * The learning rate stands outside of the velocity, unlike in the update rule `sgdMomentum`.
 *
 * @see Robbins and Monro 1951, A Stochastic Approximation Method
 * @see Polyak 1964, Some Methods of Speeding up the Convergence of Iteration Methods
 * @see Sutskever, Martens, Dahl and Hinton 2013, On the Importance of Initialization and Momentum in Deep Learning
 */
export class SGD extends Optimizer<SGDOptions> {
  /**
   * Gradient descent over `params`, without state yet. {@link SGDOptions} has the learning rate, momentum and the rest.
   *
   * @param params - The parameters, or groups of them with options of their own.
   * @param options - Of all groups that do not say otherwise.
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter; if
   *   there is no parameter, or one occurs twice.
   */
  constructor(params: Iterable<Trainable> | Iterable<ParamGroupInit<SGDOptions>>, options: Partial<SGDOptions> = {}) {
    super(METHOD, params, options);
  }
}

/**
 * SGD with decoupled weight decay, which the velocity does not see: `w −= lr · weightDecay · w`, then a step of
 * {@link SGD} without decay.
 *
 * With a momentum of μ, a penalty of SGD's takes about 1 / (1 − μ) times as much of a weight as the same number here.
 *
 * @see Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization, Algorithm 1
 */
export class SGDW extends Optimizer<SGDOptions> {
  /**
   * Gradient descent over `params`, without state yet. {@link SGDOptions} has the learning rate, momentum and the rest.
   *
   * @param params - The parameters, or groups of them with options of their own.
   * @param options - Of all groups that do not say otherwise.
   * @throws {TypeError | RangeError} as {@link SGD}.
   */
  constructor(params: Iterable<Trainable> | Iterable<ParamGroupInit<SGDOptions>>, options: Partial<SGDOptions> = {}) {
    super(DECOUPLED, params, options);
  }
}
