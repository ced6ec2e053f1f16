import { AMOUNT, FLAG, FRACTION, type OptionsOf, option } from '../../arrays/index.js';
import { kernels } from '../../kernels/index.js';
import { method } from '../method.js';
import { Optimizer, type ParamGroupInit } from './optimizer.js';
import type { Trainable } from './trainable.js';

const METHOD = method({
  name: 'RMSprop',
  options: {
    /** Step size. Default 1e-2. */
    lr: option(1e-2, AMOUNT),
    /** Share of the average of squares that is kept, in [0, 1]. Default 0.99. */
    alpha: option(0.99, FRACTION),
    /** Added to the denominator, outside of the root. Default 1e-8. */
    eps: option(1e-8, AMOUNT),
    /** Strength of the penalty ½ · weightDecay · Σw², whose gradient is added to that of the loss. Default 0. */
    weightDecay: option(0, AMOUNT),
    /** Share of the velocity that is kept. Default 0: no velocity. */
    momentum: option(0, AMOUNT),
    /** Whether to divide by an estimate of the gradient's standard deviation. Default false. */
    centered: option<boolean>(false, FLAG),
  },
  state: {
    squareAvg: true,
    momentumBuffer: ({ momentum }) => momentum > 0,
    gradAvg: ({ centered }) => centered,
  },
  counted: true,

  update(
    { w, dw, squareAvg: cache, momentumBuffer: velocity, gradAvg: mean },
    { lr, alpha, eps, weightDecay, momentum },
  ) {
    // biome-ignore format: a line for the arrays and one for the numbers
    kernels().rmsprop({
      w, dw, cache, velocity, mean,
      learningRate: lr, decayRate: alpha, epsilon: eps, momentum, weightDecay,
    });
  },
});

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends Required<OptionsOf<typeof METHOD.options>> {}

/**
 * RMSProp: a step size per weight, from a moving average of its squared gradients. PyTorch's `RMSprop`.
 *
 * With `g = grad + weightDecay · w`: `s = alpha · s + (1 − alpha) · g²`, and `w −= lr · g / (√s + eps)`.
 * * Centered, `m = alpha · m + (1 − alpha) · g`, and the root is that of `s − m²`, at least 0.
 * * With momentum, `v = momentum · v + g / (√s + eps)` and `w −= lr · v`.
 *
 * @see Tieleman and Hinton 2012, Neural Networks for Machine Learning, Lecture 6.5
 * @see Graves 2013, Generating Sequences With Recurrent Neural Networks, equations 38 to 45
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  /**
   * RMSprop over `params`, without state yet. The default learning rate is 1e-2; {@link RMSpropOptions} has the rest.
   *
   * @param params - The parameters, or groups of them with options of their own.
   * @param options - Of all groups that do not say otherwise.
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter; if
   *   there is no parameter, or one occurs twice.
   */
  constructor(
    params: Iterable<Trainable> | Iterable<ParamGroupInit<RMSpropOptions>>,
    options: Partial<RMSpropOptions> = {},
  ) {
    super(METHOD, params, options);
  }
}
