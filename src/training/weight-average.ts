import {
  array,
  checkOptions,
  checkSynchronous,
  describe,
  heap,
  hostRoom,
  hostValues,
  type NDArray,
  operand,
  overwrite,
  withStorage,
} from '../arrays/index.js';
import type { Tensor } from '../autograd/index.js';
import { kernels, resident } from '../kernels/index.js';
import type { Module } from '../nn/index.js';

/** A value of the model, and its average. */
interface Averaged {
  readonly value: Tensor;
  readonly average: NDArray;
}

/**
 * An exponential moving average of a model's parameters and buffers (running statistics):
 * `average = decay · average + (1 − decay) · value` after each step. It often scores better than the last weights, which
 * still carry the noise of the last batches.
 *
 * In the first steps the decay is smaller, (1 + t) / (10 + t), so that the initial weights do not linger.
 *
 * @see Polyak and Juditsky 1992, Acceleration of Stochastic Approximation by Averaging
 */
export class WeightAverage {
  readonly decay: number;
  readonly #values: readonly Averaged[];
  #steps = 0;

  /**
   * An average that starts from the weights that `model` has now.
   *
   * @param options - `decay`: the share of the average that is kept in a step, in [0, 1). Default 0.999.
   * @throws {RangeError} if `decay` is out of range.
   */
  constructor(model: Module, options: { decay?: number } = {}) {
    checkOptions('WeightAverage', options, ['decay']);
    const { decay = 0.999 } = options;
    if (!(typeof decay === 'number' && decay >= 0 && decay < 1)) {
      throw new RangeError(`WeightAverage: decay is ${describe(decay)}, expected a number in [0, 1)`);
    }
    this.decay = decay;
    this.#values = [...model.parameters(), ...model.buffers()].map((value) => ({
      value,
      average: resident(value.data),
    }));
  }

  /** Takes the model's values of now into the average: call it after each step. */
  update(): void {
    const decay = Math.min(this.decay, (1 + this.#steps) / (10 + this.#steps));
    this.#steps++;
    for (const { value, average } of this.#values) {
      // A buffer without axes counts something: there is no average of that.
      if (value.shape.length === 0) hostRoom(average).set(hostValues(value.data));
      else kernels().lerp(average.data, operand(value.data), 1 - decay);
    }
  }

  /**
   * Runs `fn` while the model has the averaged values, then puts its own back.
   *
   * @param fn - Synchronous.
   * @returns What `fn` returns.
   * @throws {TypeError} if `fn` returns a promise or an iterator: the model has its own values again when it goes on.
   */
  during<R>(fn: () => R): R {
    const own = this.#values.map(({ value }) => withStorage(heap, () => array(value.data)));
    try {
      this.copyToModel();
      const result = fn();
      checkSynchronous('WeightAverage.during', 'fn', result);
      return result;
    } finally {
      this.#values.forEach(({ value }, i) => {
        overwrite(value.data, own[i]);
      });
    }
  }

  /** Puts the averaged values into the model. */
  copyToModel(): void {
    for (const { value, average } of this.#values) overwrite(value.data, average);
  }
}
