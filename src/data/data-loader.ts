import {
  ANY,
  argumentError,
  array,
  checkCount,
  checkEntries,
  checkSynchronous,
  count,
  currentStorage,
  describe,
  FLAG,
  FUNCTION,
  heap,
  isNDArray,
  loadEntry,
  type NDArray,
  type OptionsOf,
  option,
  Random,
  type RandomState,
  ShapeError,
  type Stateful,
  settingsOf,
  withStorage,
} from '../arrays/index.js';
import { isKeepingNothing } from '../kernels/index.js';
import { type AnyDataset, checkInputs, checkPlaces, type DatasetOf } from './dataset.js';
import {
  noIndices,
  RandomSampler,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from './samplers.js';
import { type Source, sourceOf } from './source.js';
import { type Arrays, type Batch, mapParts } from './structure.js';
import { applyTransform, type Transform } from './transforms/transform.js';

const LOADER = {
  /** Examples to a batch. Default 1. */
  batchSize: option(1, count(1)),
  /** Whether every epoch has a random order of its own, rather than that of the dataset. Default false. */
  shuffle: option(false, FLAG),
  /** Which examples an epoch takes, in which order; in place of `shuffle`. */
  sampler: option<Sampler | undefined>(undefined, ANY),
  /** Whether a last batch that is not full is left out. Default false. */
  dropLast: option(false, FLAG),
  /**
   * Applied to the X of every batch, whatever its structure, with the loader's generator to draw from. Several:
   * `transforms.compose`.
   */
  transform: option<unknown>(undefined, {
    ...FUNCTION,
    expected: 'a function (X, random) => X; transforms.compose makes one of several',
  }),
  /** Seed of the orders and of the transform. Without one they cannot be repeated. */
  seed: option<number | string | undefined>(undefined, ANY),
};

/** Options of a {@link DataLoader}. */
export interface DataLoaderOptions<X = NDArray> extends OptionsOf<typeof LOADER> {
  transform?: Transform<X>;
}

/** What the next batches of a {@link DataLoader} depend on: a plain object that survives JSON. */
export interface DataLoaderState {
  /** Examples to a batch. */
  readonly batchSize: number;
  /** The places of the examples of the epoch in progress; null between two epochs. */
  readonly order: readonly number[] | null;
  /** How many batches of that epoch have been drawn. */
  readonly taken: number;
  /** The generator that orders and transforms draw from. */
  readonly random: RandomState;
  /** What the sampler's `stateDict()` returned; null if it has none. */
  readonly sampler: unknown;
}

/** An epoch in progress. */
interface Epoch {
  readonly order: Int32Array;
  taken: number;
}

/**
 * Goes through a dataset in batches, once an epoch: each `for…of` is one.
 *
 * A batch is `[X, y]`: X of shape (batchSize, …), a new array in the dtype of the dataset, and y an Int32Array of labels
 * or an array of numbers; without targets it is `[X]`. Where a dataset has several arrays in a tuple or an object, so
 * has a batch. The last batch of an epoch may be smaller. Batches are made when they are asked for, in the workspace
 * that is open then, if any.
 *
 * `X` and `Y` are the types of the inputs and of the targets, and follow from the dataset.
 *
 * With a seed the batches repeat: the orders and the transform draw from one {@link Random}.
 * {@link DataLoader.stateDict} saves it, together with the place within the epoch.
 *
 * @example
 * const loader = new DataLoader({ X: data.XTrain, y: data.yTrain }, {
 *   batchSize: 64,
 *   shuffle: true,
 *   seed: 0,
 *   transform: transforms.compose([transforms.randomCrop(32, { padding: 4 }), transforms.randomHorizontalFlip()]),
 * });
 * for (let epoch = 0; epoch < 10; epoch++) {
 *   for (const [X, y] of loader) trainStep(X, y);
 * }
 */
export class DataLoader<X = NDArray, Y = ArrayLike<number>>
  implements Iterable<Batch<X, Y>>, Stateful<DataLoaderState>
{
  /** The dataset, as it was given. */
  readonly dataset: AnyDataset;
  /** Chooses the examples of an epoch, `sampler.length` of them. */
  readonly sampler: Sampler;
  /** Examples to a batch. */
  readonly batchSize: number;
  /** Batches to an epoch. */
  readonly length: number;
  readonly #source: Source;
  readonly #transform: Transform<X> | undefined;
  #random: Random;
  /** The epoch that was begun last, until it is complete or abandoned. */
  #running: Epoch | null = null;
  /** An epoch from a saved state, which the next iteration continues. */
  #resumed: Epoch | null = null;

  /**
   * A loader of minibatches of `dataset`; see {@link DataLoaderOptions} for their size and order.
   *
   * @param dataset - `{ X, y }` with X of shape (N, …) and N targets, or an object with `length` and `get(i)`, which
   *   returns `[x, y]`. Targets may be left out; both may be several, in a tuple or an object.
   * @throws {RangeError | TypeError | ShapeError} naming an option or a part of the dataset that does not fit.
   */
  constructor(dataset: DatasetOf<X, Y>, options?: DataLoaderOptions<X>);
  constructor(dataset: AnyDataset, options: DataLoaderOptions<X> = {}) {
    const fn = 'DataLoader';
    const { batchSize, shuffle, sampler, dropLast, transform, seed } = settingsOf(fn, LOADER, options);
    if (sampler !== undefined) checkSampler(sampler, shuffle);
    this.#random = new Random(seed);
    this.dataset = dataset;
    this.#source = sourceOf(fn, dataset);
    this.sampler = sampler ?? new (shuffle ? RandomSampler : SequentialSampler)(this.#source.length);
    if (sampler instanceof SubsetRandomSampler) {
      checkPlaces(fn, 'sampler.indices', sampler.indices, this.#source.length);
    }
    if (sampler instanceof WeightedRandomSampler && sampler.weights.length !== this.#source.length) {
      const found = `has ${sampler.weights.length} numbers`;
      const expected = `${this.#source.length}, one for each example of the dataset`;
      throw argumentError(RangeError, { fn, arg: 'sampler.weights', found, expected });
    }
    this.#transform = transform as Transform<X> | undefined;
    this.batchSize = batchSize;
    const examples = this.sampler.length;
    this.length = dropLast ? Math.floor(examples / batchSize) : Math.ceil(examples / batchSize);
    if (this.length === 0) {
      const expected = `at most ${examples}, the examples of an epoch, with dropLast`;
      throw argumentError(RangeError, { fn, arg: 'batchSize', found: `is ${batchSize}`, expected });
    }
  }

  /** The batches of an epoch. */
  *[Symbol.iterator](): Generator<Batch<X, Y>, void, undefined> {
    for (const indices of this.indexBatches()) yield this.batch(indices);
  }

  /**
   * The places, in the dataset, of the examples of each batch of an epoch: for a loop that makes each batch with
   * {@link DataLoader.batch} within its own workspace.
   *
   * @example
   * for (const indices of loader.indexBatches()) {
   *   workspace(() => {
   *     const [X, y] = loader.batch(indices);
   *     trainStep(X, y);
   *   });
   * }
   */
  *indexBatches(): Generator<Int32Array, void, undefined> {
    const epoch = this.#resumed ?? this.#begin();
    this.#resumed = null;
    this.#running = epoch;
    try {
      while (epoch.taken < this.length) {
        const start = epoch.taken++ * this.batchSize;
        // With its last batch an epoch is complete: a state saved now continues with the next one.
        if (epoch.taken === this.length) this.#leave(epoch);
        yield epoch.order.slice(start, start + this.batchSize);
      }
    } finally {
      this.#leave(epoch);
    }
  }

  /**
   * The examples at the given places as a batch, transformed: draws from the loader's generator where the transform
   * does.
   *
   * @param indices - Places in the dataset.
   * @returns New arrays, in the workspace that is open, if any.
   * @throws {RangeError} if there are none, or one is outside of the dataset.
   * @throws {TypeError | ShapeError} if the transform does not return an array with as many examples.
   */
  batch(indices: ArrayLike<number>): Batch<X, Y> {
    const fn = 'DataLoader.batch';
    if (typeof indices?.length !== 'number' || indices.length === 0) throw noIndices(fn, indices);
    checkPlaces(fn, 'indices', indices, this.#source.length);
    const batch = this.#source.gather(Int32Array.from(indices));
    if (this.#transform === undefined) return batch as Batch<X, Y>;
    const [X, ...targets] = batch;
    const transform = this.#transform as unknown as Transform<Arrays>;
    return [transformed(transform, X, this.#random), ...targets] as unknown as Batch<X, Y>;
  }

  /** What the next batches depend on. Within an epoch, save it once the batch drawn last has been made. */
  stateDict(): DataLoaderState {
    const epoch = this.#running ?? this.#resumed;
    const sampler = this.sampler.stateDict?.() ?? null;
    checkSynchronous('DataLoader.stateDict', 'sampler.stateDict', sampler);
    const order = epoch && Array.from(epoch.order);
    return { batchSize: this.batchSize, order, taken: epoch?.taken ?? 0, random: this.#random.stateDict(), sampler };
  }

  /**
   * Continues exactly where `state` was saved, by a loader of the same dataset and options: within an epoch, the next
   * iteration makes the batches that were left of it.
   *
   * @throws {TypeError | RangeError} naming the entry that does not fit this loader; nothing has changed then.
   */
  loadStateDict(state: DataLoaderState): void {
    const fn = 'DataLoader.loadStateDict';
    checkEntries(fn, 'state', state, ['batchSize', 'order', 'taken', 'random', 'sampler']);
    const { batchSize, order, taken } = state;
    if (batchSize !== this.batchSize) {
      const found = `is ${describe(batchSize)}`;
      throw argumentError(RangeError, { fn, arg: 'batchSize', found, expected: `${this.batchSize}, the loader's` });
    }
    const resumed = order === null ? null : checkOrder(fn, order, this.sampler.length, this.#source.length);
    // An epoch begins with its first batch and ends with its last.
    const [least, end] = resumed === null ? [0, 1] : [1, this.length];
    if (!(Number.isInteger(taken) && taken >= least && taken < end)) {
      const expected = resumed === null ? '0 between two epochs' : `a whole number ≥ 1 and < ${end}, within the epoch`;
      throw argumentError(RangeError, { fn, arg: 'taken', found: `is ${describe(taken)}`, expected });
    }
    const random = new Random(0);
    loadEntry(fn, 'random', random, state.random);
    this.#loadSampler(fn, state.sampler);
    this.#resumed = resumed && { order: resumed, taken };
    this.#running = null;
    this.#random = random;
  }

  #loadSampler(fn: string, state: unknown): void {
    const { sampler } = this;
    if (sampler.loadStateDict !== undefined) {
      loadEntry(fn, 'sampler', sampler as Required<Sampler>, state);
    } else if (state !== null) {
      const found = `is ${describe(state)}`;
      const expected = 'null: the sampler of the loader has no loadStateDict';
      throw argumentError(TypeError, { fn, arg: 'sampler', found, expected });
    }
  }

  /** Begins a new epoch. */
  #begin(): Epoch {
    // Drawn from a copy, so that an order that is refused has drawn nothing.
    const random = Random.fromState(this.#random.stateDict());
    const drawn = this.sampler.order(random);
    checkSynchronous('DataLoader', 'sampler.order', drawn);
    if (drawn?.length !== this.sampler.length) {
      const [found, expected] = [`returned ${describe(drawn)}`, `${this.sampler.length} indices, its length`];
      throw argumentError(RangeError, { fn: 'DataLoader', arg: 'sampler.order', found, expected });
    }
    checkPlaces('DataLoader', 'sampler.order()', drawn, this.#source.length);
    this.#random = random;
    return { order: Int32Array.from(drawn), taken: 0 };
  }

  #leave(epoch: Epoch): void {
    if (this.#running === epoch) this.#running = null;
  }
}

/** What a transform makes of the inputs of a batch. */
function transformed(transform: Transform<Arrays>, X: Arrays, random: Random): Arrays {
  const [fn, name] = ['DataLoader', 'transform'];
  if (isNDArray(X)) return applyTransform(fn, name, transform as Transform<NDArray>, X, random);
  const trusted = isKeepingNothing(transform) || currentStorage() === heap;
  const copied = (): Arrays => mapParts(X, '', (part) => array(part as NDArray)) as Arrays;
  const made = trusted ? transform(X, random) : withStorage(heap, () => transform(copied(), random));
  checkSynchronous(fn, name, made);
  const [length, N] = [X, made].map((parts) => checkInputs(fn, `what ${name} returned`, parts));
  if (length === N) return made;
  const [found, expected] = [`returned ${N} examples`, `${length}, as it was given`];
  throw argumentError(ShapeError, { fn, arg: name, found, expected });
}

function checkSampler(sampler: Sampler, shuffle: boolean): void {
  const fn = 'DataLoader';
  const { length, order, stateDict, loadStateDict } = (sampler ?? {}) as Partial<Sampler>;
  if (typeof length !== 'number' || typeof order !== 'function') {
    const expected = 'an object with length and order(random), as a SubsetRandomSampler';
    throw argumentError(TypeError, { fn, arg: 'sampler', found: `is ${describe(sampler)}`, expected });
  }
  if (typeof stateDict !== typeof loadStateDict) {
    const found = `has ${stateDict === undefined ? 'loadStateDict' : 'stateDict'} alone`;
    throw argumentError(TypeError, { fn, arg: 'sampler', found, expected: 'stateDict and loadStateDict, or neither' });
  }
  checkCount(fn, 'sampler.length', length, 1);
  if (shuffle) {
    const wayOut = 'the sampler has the order';
    throw argumentError(RangeError, { fn, arg: 'shuffle', found: 'is true', expected: 'false', wayOut });
  }
}

/** A copy of the order in a state. @throws {TypeError | RangeError} if it is no epoch's order. */
function checkOrder(fn: string, order: unknown, length: number, examples: number): Int32Array {
  const refuse = (Kind: typeof TypeError, found: string): Error =>
    argumentError(Kind, { fn, arg: 'order', found, expected: `${length}, the examples of an epoch` });
  if (!Array.isArray(order)) throw refuse(TypeError, `is ${describe(order)}`);
  if (order.length !== length) throw refuse(RangeError, `has ${order.length} places`);
  checkPlaces(fn, 'order', order, examples);
  return Int32Array.from(order);
}
