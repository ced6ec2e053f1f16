import { kernels } from '../../kernels/index.js';
import { initialState, inPlace } from '../update-rule.js';
import { AMOUNT, FINITE, FLAG, type Method } from './method.js';
import { Optimizer, type ParamGroupInit } from './optimizer.js';
import type { Trainable } from './trainable.js';

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Step size. Default 1e-3. */
  lr: number;
  /** Share of the velocity that is kept, usually in [0.5, 0.99]. Default 0: no velocity. */
  momentum: number;
  /** Share of the gradient that is kept from the velocity. Default 0. */
  dampening: number;
  /** Strength of the penalty ½ · weightDecay · Σw², whose gradient is added to that of the loss. Default 0. */
  weightDecay: number;
  /** Nesterov's momentum, which needs momentum and no dampening. Default false. */
  nesterov: boolean;
}

const METHOD: Method<SGDOptions> = {
  name: 'SGD',
  defaults: { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false },
  ranges: { lr: AMOUNT, momentum: AMOUNT, dampening: FINITE, weightDecay: AMOUNT, nesterov: FLAG },
  conflict: ({ momentum, dampening, nesterov }) =>
    nesterov && (momentum === 0 || dampening !== 0)
      ? `nesterov needs momentum and no dampening, got momentum ${momentum} and dampening ${dampening}`
      : null,
  state: { counted: false, always: [], sometimes: ['momentumBuffer'] },

  update(fn, w, dw, { arrays }, { lr, momentum, dampening, weightDecay, nesterov }) {
    if (momentum === 0) {
      inPlace(fn, dw, { w }, (dwFlat, wFlat) => kernels().sgd(wFlat, dwFlat, lr, weightDecay));
      return;
    }
    // The first gradient is the velocity, undamped.
    const damping = arrays.momentumBuffer === undefined ? 0 : dampening;
    arrays.momentumBuffer ??= initialState(w);
    inPlace(fn, dw, { w, velocity: arrays.momentumBuffer }, (dw, w, velocity) => {
      const step = { w, dw, velocity, learningRate: lr, momentum, dampening: damping, weightDecay };
      if (nesterov) kernels().nesterov(step);
      else kernels().dampedMomentum(step);
    });
  },
};

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
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter; if there
   *   is no parameter, or one occurs twice.
   */
  constructor(params: Iterable<Trainable> | Iterable<ParamGroupInit<SGDOptions>>, options: Partial<SGDOptions> = {}) {
    super(METHOD, params, options);
  }
}
