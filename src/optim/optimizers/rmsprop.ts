import type { NDArray } from '../../arrays/index.js';
import { kernels } from '../../kernels/index.js';
import { initialState, inPlace } from '../update-rule.js';
import { AMOUNT, FLAG, FRACTION, type Method } from './method.js';
import { Optimizer, type ParamGroupInit } from './optimizer.js';
import type { Trainable } from './trainable.js';

/** Options of {@link RMSprop}. */
export interface RMSpropOptions {
  /** Step size. Default 1e-2. */
  lr: number;
  /** Share of the average of squares that is kept, in [0, 1]. Default 0.99. */
  alpha: number;
  /** Added to the denominator, outside of the root. Default 1e-8. */
  eps: number;
  /** Strength of the penalty ½ · weightDecay · Σw², whose gradient is added to that of the loss. Default 0. */
  weightDecay: number;
  /** Share of the velocity that is kept. Default 0: no velocity. */
  momentum: number;
  /** Whether to divide by an estimate of the gradient's standard deviation. Default false. */
  centered: boolean;
}

const METHOD: Method<RMSpropOptions> = {
  name: 'RMSprop',
  defaults: { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false },
  ranges: { lr: AMOUNT, alpha: FRACTION, eps: AMOUNT, weightDecay: AMOUNT, momentum: AMOUNT, centered: FLAG },
  state: { counted: true, always: ['squareAvg'], sometimes: ['momentumBuffer', 'gradAvg'] },

  update(fn, w, dw, { arrays }, { lr, alpha, eps, weightDecay, momentum, centered }) {
    arrays.squareAvg ??= initialState(w);
    const changed: Record<string, NDArray> = { w, cache: arrays.squareAvg };
    if (momentum > 0) {
      arrays.momentumBuffer ??= initialState(w);
      changed.velocity = arrays.momentumBuffer;
    }
    if (centered) {
      arrays.gradAvg ??= initialState(w);
      changed.mean = arrays.gradAvg;
    }
    inPlace(fn, dw, changed, (dw, w, cache, ...rest) => {
      const velocity = momentum > 0 ? rest[0] : null;
      const mean = centered ? rest[rest.length - 1] : null;
      kernels().rmsprop({
        w,
        dw,
        cache,
        velocity,
        mean,
        learningRate: lr,
        decayRate: alpha,
        epsilon: eps,
        momentum,
        weightDecay,
      });
    });
  },
};

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
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter; if there
   *   is no parameter, or one occurs twice.
   */
  constructor(
    params: Iterable<Trainable> | Iterable<ParamGroupInit<RMSpropOptions>>,
    options: Partial<RMSpropOptions> = {},
  ) {
    super(METHOD, params, options);
  }
}
