import {
  AMOUNT,
  ANY,
  argumentError,
  checkCount,
  checkEntries,
  checkedIn,
  describe,
  FLAG,
  hostValues,
  loadEntry,
  type OptionsOf,
  option,
  Random,
  type RandomState,
  type Stateful,
  settingsOf,
} from '../arrays/index.js';
import { INDEX } from './dataset.js';

/** Chooses which examples an epoch takes, and in which order. */
export interface Sampler {
  /** How many examples an epoch takes. */
  readonly length: number;
  /**
   * The places of one epoch's examples in the dataset: `length` whole numbers.
   *
   * @param random - The loader's generator, for samplers that have none of their own.
   */
  order(random: Random): ArrayLike<number>;
  /** What the next order depends on beside `random`, as a plain object; for samplers in which that changes. */
  stateDict?(): unknown;
  /** Takes over what `stateDict` returned; a sampler offers both methods or neither. */
  loadStateDict?(state: unknown): void;
}

/** What a sampler's next order depends on beside the loader's generator. */
export interface SamplerState {
  /** The sampler's own generator, or null if it draws from the loader's. */
  readonly random: RandomState | null;
}

const SAMPLER = {
  /** Seed of the orders. Default: they are drawn from the loader's generator, so the loader's seed repeats them. */
  seed: option<number | string | undefined>(undefined, ANY),
};

/** Options of a sampler that draws. */
export interface SamplerOptions extends OptionsOf<typeof SAMPLER> {}

/** All examples in the order of the dataset. */
export class SequentialSampler implements Sampler, Stateful {
  readonly length: number;

  /**
   * The places 0 to n − 1, in that order.
   *
   * @param n - How many there are.
   */
  constructor(n: number) {
    checkCount('SequentialSampler', 'n', n, 1);
    this.length = n;
  }

  order(): Int32Array {
    return Int32Array.from({ length: this.length }, (_, i) => i);
  }

  /** Empty: every order is the same. */
  stateDict(): Record<string, never> {
    return {};
  }

  loadStateDict(state: unknown): void {
    checkEntries('SequentialSampler.loadStateDict', 'state', state, []);
  }
}

/** The given examples, each once, in a new random order each epoch: for a part of a dataset, as of its first 49,000. */
export class SubsetRandomSampler implements Sampler, Stateful {
  /** Places in the dataset. */
  readonly indices: Int32Array;
  #random: Random | null;

  /**
   * The given places, in a new random order each epoch.
   *
   * @param indices - Places in the dataset.
   * @throws {RangeError} if there are none, or one is not a whole number ≥ 0.
   *
   * @example
   * const sampler = new SubsetRandomSampler([0, 1, 2, 3, 4], { seed: 0 });
   * const loader = new DataLoader({ X, y }, { batchSize: 2, sampler });
   */
  constructor(indices: ArrayLike<number>, options: SamplerOptions = {}) {
    const fn = 'SubsetRandomSampler';
    const { seed } = settingsOf(fn, SAMPLER, options);
    this.indices = checkIndices(fn, indices);
    this.#random = seed === undefined ? null : new Random(seed);
  }

  get length(): number {
    return this.indices.length;
  }

  order(random: Random): Int32Array {
    return (this.#random ?? random).permutation(this.length).map((i) => this.indices[i]);
  }

  stateDict(): SamplerState {
    return { random: this.#random?.stateDict() ?? null };
  }

  /** @throws {TypeError | RangeError} naming the entry that does not fit; nothing has changed then. */
  loadStateDict(state: unknown): void {
    this.#random = savedRandom('SubsetRandomSampler.loadStateDict', state);
  }
}

/** The generator of a sampler's state. */
function savedRandom(fn: string, state: unknown): Random | null {
  checkEntries(fn, 'state', state, ['random']);
  if (state.random === null) return null;
  const random = new Random(0);
  loadEntry(fn, 'random', random, state.random as RandomState);
  return random;
}

/** All examples, each once, in a new random order each epoch. */
export class RandomSampler extends SubsetRandomSampler {
  /**
   * The places 0 to n − 1, in a new random order each epoch.
   *
   * @param n - How many there are.
   */
  constructor(n: number, options: SamplerOptions = {}) {
    checkCount('RandomSampler', 'n', n, 1);
    settingsOf('RandomSampler', SAMPLER, options);
    super(new SequentialSampler(n).order(), options);
  }
}

const WEIGHTED = {
  /** Whether an epoch may take an example several times. Default true. */
  replacement: option(true, FLAG),
  ...SAMPLER,
};

/** Options of a {@link WeightedRandomSampler}. */
export interface WeightedRandomSamplerOptions extends OptionsOf<typeof WEIGHTED> {}

/** Examples drawn at random, each in proportion to its weight: for classes of different sizes. */
export class WeightedRandomSampler implements Sampler, Stateful {
  /** One number ≥ 0 for each example of the dataset; their sum need not be 1. */
  readonly weights: Float64Array;
  readonly length: number;
  readonly replacement: boolean;
  readonly #cumulative: Float64Array;
  #random: Random | null;

  /**
   * Draws `numSamples` places an epoch, each example in proportion to its weight.
   *
   * @param weights - One number ≥ 0 for each example of the dataset. An example of weight 0 is never drawn.
   * @param numSamples - How many examples an epoch takes.
   * @param options - `replacement`: with it, draws do not depend on each other; without, each example is drawn at most
   *   once, in proportion to the weights of those that are left.
   * @throws {RangeError} if a weight is no finite number ≥ 0 or all are 0; without replacement, if fewer than
   *   `numSamples` are above 0.
   *
   * @example
   * // As many examples of each class, on average.
   * const counts = new Float64Array(numClasses);
   * for (const label of y) counts[label]++;
   * const sampler = new WeightedRandomSampler(Array.from(y, (label) => 1 / counts[label]), y.length, { seed: 0 });
   */
  constructor(weights: ArrayLike<number>, numSamples: number, options: WeightedRandomSamplerOptions = {}) {
    const fn = 'WeightedRandomSampler';
    if (typeof weights !== 'object' || typeof weights?.length !== 'number' || weights.length === 0) {
      const [found, expected] = [`is ${describe(weights)}`, 'a list of at least one number'];
      throw argumentError(TypeError, { fn, arg: 'weights', found, expected });
    }
    checkCount(fn, 'numSamples', numSamples, 1);
    const { replacement, seed } = settingsOf(fn, WEIGHTED, options);
    this.weights = Float64Array.from(weights, (weight, at) => checkedIn(fn, `weights[${at}]`, weight, AMOUNT));
    this.length = numSamples;
    this.replacement = replacement;
    let sum = 0;
    this.#cumulative = this.weights.map((weight) => {
      sum += weight;
      return sum;
    });
    if (!(sum > 0 && sum < Infinity)) {
      const expected = 'a finite number > 0';
      throw argumentError(RangeError, { fn, arg: 'the sum of weights', found: `is ${sum}`, expected });
    }
    const drawable = this.weights.filter((weight) => weight > 0).length;
    if (!replacement && numSamples > drawable) {
      const expected = `at most ${drawable}, the examples of a weight above 0, without replacement`;
      throw argumentError(RangeError, { fn, arg: 'numSamples', found: `is ${numSamples}`, expected });
    }
    this.#random = seed === undefined ? null : new Random(seed);
  }

  order(random: Random): Int32Array {
    const { weights, length, replacement } = this;
    const uniform = hostValues((this.#random ?? random).rand([replacement ? length : weights.length], 'float64'));
    if (replacement) return Int32Array.from(uniform, (u) => this.#place(u));
    // Waiting times of Poisson processes with these rates: the first is i in proportion to its weight, and so is the
    // second among those that are left (Efraimidis and Spirakis 2006).
    const times = Array.from(weights, (weight, i) => ({ i, time: -Math.log1p(-uniform[i]) / weight }));
    const drawable = times.filter(({ i }) => weights[i] > 0).sort((a, b) => a.time - b.time);
    return Int32Array.from(drawable.slice(0, length), ({ i }) => i);
  }

  /** The first place whose cumulative weight is above the share `u` of all. */
  #place(u: number): number {
    const cumulative = this.#cumulative;
    const sought = u * cumulative[cumulative.length - 1];
    let [low, high] = [0, cumulative.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] > sought) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  stateDict(): SamplerState {
    return { random: this.#random?.stateDict() ?? null };
  }

  /** @throws {TypeError | RangeError} naming the entry that does not fit; nothing has changed then. */
  loadStateDict(state: unknown): void {
    this.#random = savedRandom('WeightedRandomSampler.loadStateDict', state);
  }
}

/** @throws {RangeError} if `indices` are no list of whole numbers ≥ 0. */
export function checkIndices(fn: string, indices: ArrayLike<number>): Int32Array {
  if (typeof indices !== 'object' || typeof indices?.length !== 'number' || indices.length === 0) {
    throw noIndices(fn, indices);
  }
  return Int32Array.from(indices, (index, at) =>
    INDEX.allows(index) ? index : checkedIn(fn, `indices[${at}]`, index, INDEX),
  );
}

/** The error of a list without places. */
export function noIndices(fn: string, indices: unknown): Error {
  const [found, expected] = [`is ${describe(indices)}`, 'a list of at least one index'];
  return argumentError(RangeError, { fn, arg: 'indices', found, expected });
}
