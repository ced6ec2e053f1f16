import {
  ANY,
  argumentError,
  checkCount,
  checkEntries,
  checkedIn,
  describe,
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
    const fn = 'SubsetRandomSampler.loadStateDict';
    checkEntries(fn, 'state', state, ['random']);
    const random = state.random === null ? null : new Random(0);
    if (random !== null) loadEntry(fn, 'random', random, state.random as RandomState);
    this.#random = random;
  }
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

function checkIndices(fn: string, indices: ArrayLike<number>): Int32Array {
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
