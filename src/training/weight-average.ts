import {
  argumentError,
  array,
  checkArrays,
  checkCount,
  checkEntries,
  checkSynchronous,
  describe,
  heap,
  heapCopies,
  hostRoom,
  hostValues,
  type NDArray,
  type OptionsOf,
  operand,
  option,
  overwrite,
  SHARE,
  settingsOf,
  withStorage,
} from '../arrays/index.js';
import type { Tensor } from '../autograd/index.js';
import { kernels, resident } from '../kernels/index.js';
import { Module } from '../nn/index.js';

const OPTIONS = {
  /** The share of the average that is kept in a step, in [0, 1). Default 0.999. */
  decay: option(0.999, SHARE),
};

/** Options of a {@link WeightAverage}. */
export interface WeightAverageOptions extends OptionsOf<typeof OPTIONS> {}

/** What {@link WeightAverage.stateDict} returns. */
export interface WeightAverageState {
  /** How many times the model's values have been taken into the average. */
  readonly steps: number;
  /** The averages, under the names of the model's parameters and buffers. */
  readonly average: Readonly<Record<string, NDArray>>;
}

/** A value of the model, and its average. */
interface Averaged {
  readonly name: string;
  readonly value: Tensor;
  readonly average: NDArray;
}

/**
 * An exponential moving average of a model's parameters and buffers (running statistics): `average = decay · average +
 * (1 − decay) · value` after each step. It often scores better than the last weights, which still carry the noise of
 * the last batches.
 *
 * In the first steps the decay is smaller, (1 + t) / (10 + t), so that the initial weights lose their share sooner.
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
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(model: Module<unknown>, options: WeightAverageOptions = {}) {
    if (!(model instanceof Module)) {
      const found = `is ${describe(model)}`;
      throw argumentError(TypeError, { fn: 'WeightAverage', arg: 'model', found, expected: 'a Module' });
    }
    this.decay = settingsOf('WeightAverage', OPTIONS, options).decay;
    this.#values = [...model.namedParameters(), ...model.namedBuffers()].map(([name, value]) => ({
      name,
      value,
      average: resident(value.data),
    }));
  }

  /** Adds the model's current values to the average: call it after each step. */
  update(): void {
    const decay = Math.min(this.decay, (1 + this.#steps) / (10 + this.#steps));
    this.#steps++;
    for (const { value, average } of this.#values) {
      // A buffer without axes is a count, which is not averaged.
      if (value.shape.length === 0) hostRoom(average).set(hostValues(value.data));
      else kernels().lerp(average.data, operand(value.data), 1 - decay);
    }
  }

  /**
   * Runs `fn` while the model has the averaged values, then restores its own.
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

  /** Copies of the averages, and how many steps are in them. */
  stateDict(): WeightAverageState {
    return { steps: this.#steps, average: heapCopies(this.#averages) };
  }

  /**
   * Takes over what {@link WeightAverage.stateDict} returned for an average of such a model.
   *
   * @throws {TypeError | RangeError | ShapeError} naming the entry that does not fit; nothing has changed then.
   */
  loadStateDict(state: WeightAverageState): void {
    const fn = 'WeightAverage.loadStateDict';
    checkEntries(fn, 'state', state, ['steps', 'average']);
    const { steps, average: saved } = state;
    checkCount(fn, 'steps', steps, 0);
    checkArrays(fn, 'average', saved, this.#averages);
    for (const { name, average } of this.#values) hostRoom(average).set(hostValues(saved[name]));
    this.#steps = steps;
  }

  get #averages(): Record<string, NDArray> {
    return Object.fromEntries(this.#values.map(({ name, average }) => [name, average]));
  }

  /** Gives the model the averaged values. */
  copyToModel(): void {
    for (const { value, average } of this.#values) overwrite(value.data, average);
  }
}
