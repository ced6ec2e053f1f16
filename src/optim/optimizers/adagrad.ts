import { hostRoom } from '../../arrays/index.js';
import { kernels } from '../../kernels/index.js';
import { initialState, inPlace } from '../update-rule.js';
import { AMOUNT, type Method } from './method.js';
import { Optimizer, type ParamGroupInit } from './optimizer.js';
import type { Trainable } from './trainable.js';

/** Options of {@link Adagrad}. */
export interface AdagradOptions {
  /** Step size. Default 1e-2. */
  lr: number;
  /** How fast the step size falls from step to step. Default 0. */
  lrDecay: number;
  /** Strength of the penalty ½ · weightDecay · Σw², whose gradient is added to that of the loss. Default 0. */
  weightDecay: number;
  /** What the sum of squares starts from. Default 0. */
  initialAccumulatorValue: number;
  /** Added to the denominator, outside of the root. Default 1e-10. */
  eps: number;
}

const METHOD: Method<AdagradOptions> = {
  name: 'Adagrad',
  defaults: { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10 },
  ranges: { lr: AMOUNT, lrDecay: AMOUNT, weightDecay: AMOUNT, initialAccumulatorValue: AMOUNT, eps: AMOUNT },
  state: { counted: true, always: ['sum'], sometimes: [] },

  update(fn, w, dw, { step, arrays }, { lr, lrDecay, weightDecay, initialAccumulatorValue, eps }) {
    if (arrays.sum === undefined) {
      arrays.sum = initialState(w);
      hostRoom(arrays.sum).fill(initialAccumulatorValue);
    }
    const learningRate = lr / (1 + (step - 1) * lrDecay);
    inPlace(fn, dw, { w, cache: arrays.sum }, (dw, w, cache) =>
      kernels().adagrad({ w, dw, cache, learningRate, epsilon: eps, weightDecay }),
    );
  },
};

/**
 * AdaGrad: a step size per weight, which shrinks with the sum of its squared gradients. PyTorch's `Adagrad`.
 *
 * With `g = grad + weightDecay · w`, in step t: `sum += g²` and
 * `w −= lr / (1 + (t − 1) · lrDecay) · g / (√sum + eps)`; the sum starts from `initialAccumulatorValue`.
 *
 * @see Duchi, Hazan and Singer 2011, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  /**
   * AdaGrad over `params`, without state yet. The default learning rate is 1e-2; {@link AdagradOptions} has the rest.
   *
   * @param params - The parameters, or groups of them with options of their own.
   * @param options - Of all groups that do not say otherwise.
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter; if there
   *   is no parameter, or one occurs twice.
   */
  constructor(
    params: Iterable<Trainable> | Iterable<ParamGroupInit<AdagradOptions>>,
    options: Partial<AdagradOptions> = {},
  ) {
    super(METHOD, params, options);
  }
}
