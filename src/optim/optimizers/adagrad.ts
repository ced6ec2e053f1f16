import { AMOUNT, type OptionsOf, option } from '../../arrays/index.js';
import { kernels } from '../../kernels/index.js';
import { method } from '../method.js';
import { Optimizer, type ParamGroupInit } from './optimizer.js';
import type { Trainable } from './trainable.js';

const METHOD = method({
  name: 'Adagrad',
  options: {
    /** Step size. Default 1e-2. */
    lr: option(1e-2, AMOUNT),
    /** How fast the step size falls from step to step. Default 0. */
    lrDecay: option(0, AMOUNT),
    /** Strength of the penalty ½ · weightDecay · Σw², whose gradient is added to that of the loss. Default 0. */
    weightDecay: option(0, AMOUNT),
    /** What the sum of squares starts from. Default 0. */
    initialAccumulatorValue: option(0, AMOUNT),
    /** Added to the denominator, outside of the root. Default 1e-10. */
    eps: option(1e-10, AMOUNT),
  },
  state: { sum: true },
  initialValue: ({ initialAccumulatorValue }) => initialAccumulatorValue,
  counted: true,

  update({ w, dw, sum: cache }, { lr, lrDecay, weightDecay, eps: epsilon }, t) {
    kernels().adagrad({ w, dw, cache, learningRate: lr / (1 + (t - 1) * lrDecay), epsilon, weightDecay });
  },
});

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends Required<OptionsOf<typeof METHOD.options>> {}

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
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter; if
   *   there is no parameter, or one occurs twice.
   */
  constructor(
    params: Iterable<Trainable> | Iterable<ParamGroupInit<AdagradOptions>>,
    options: Partial<AdagradOptions> = {},
  ) {
    super(METHOD, params, options);
  }
}
