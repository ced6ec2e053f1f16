// A net that prepares its inputs itself.

import {
  array,
  type FullyConnectedNet,
  keepsNothing,
  type Labels,
  type LossAndGrads,
  layernormForward,
  type Model,
  type NDArray,
  ones,
  type Random,
  resident,
  workspace,
  zeros,
} from '../../../src/index.js';

/**
 * A net whose images are brought to mean 0 and variance 1 each, and in training are mirrored horizontally half of
 * the times: a batch at a time, since a reversed view of it costs nothing.
 */
export class StandardizedNet implements Model {
  readonly params: Model['params'];
  readonly #ones: NDArray;
  readonly #zeros: NDArray;

  /** @param random - Says which batches are mirrored. */
  constructor(
    readonly net: FullyConnectedNet,
    readonly random: Random,
  ) {
    this.params = net.params;
    const D = net.params.W1.shape[0];
    this.#ones = resident(ones([D]));
    this.#zeros = resident(zeros([D]));
  }

  loss(X: NDArray): NDArray;
  loss(X: NDArray, y: Labels): LossAndGrads;
  loss(X: NDArray, y?: Labels): NDArray | LossAndGrads {
    return workspace(() => {
      if (y === undefined) return this.net.loss(this.#standardized(X));
      const mirrored = this.random.randint(0, 2, 1)[0] === 1;
      return this.net.loss(this.#standardized(mirrored ? X.step(1, 1, 1, -1) : X), y);
    });
  }

  /** Layer normalization of the pixels, without a scale or shift to learn. */
  #standardized(X: NDArray): NDArray {
    return layernormForward(array(X, [X.shape[0], this.#ones.size]), this.#ones, this.#zeros)[0];
  }
}
keepsNothing(StandardizedNet.prototype.loss);
