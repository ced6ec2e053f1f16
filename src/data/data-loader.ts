import {
  ANY,
  argumentError,
  checkCount,
  checkEntries,
  checkedIn,
  checkSynchronous,
  count,
  describe,
  FLAG,
  FUNCTION,
  isNDArray,
  loadEntry,
  type NDArray,
  type OptionsOf,
  option,
  orNull,
  Random,
  type RandomState,
  type Range,
  type Stateful,
  settingsOf,
} from '../arrays/index.js';
import { builtin } from '../node.js';
import { type AnyDataset, checkPlaces, type DatasetOf } from './dataset.js';
import { type Description, describeDataset, describeSampler, describeSteps } from './description.js';
import {
  noIndices,
  RandomSampler,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from './samplers.js';
import { applyAndCut, applySteps, type Cut, cutOf, makeBatch, type ShareOf, type Wanted } from './share.js';
import { type Source, sourceOf } from './source.js';
import { type AnyBatch, type Batch, mapParts } from './structure.js';
import { type Step, stepsOf } from './transforms/steps.js';
import type { BatchTransform, Recipe, Transform } from './transforms/transform.js';
import { Ahead, type Made, type Plan, Pool } from './workers/pool.js';
import { portable } from './workers/portable.js';

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
  /**
   * Applied to every batch `[X, y]` after `transform`, with the same generator: what changes inputs and targets
   * together, as `transforms.mixup`.
   */
  batchTransform: option<unknown>(undefined, {
    ...FUNCTION,
    expected: 'a function ([X, y], random) => [X, y]',
  }),
  /**
   * Worker threads that make batches ahead of their use; 0: batches are made when they are asked for. Needs Node, and
   * arrays, an `imageFolder` or a `workerDataset`. The batches are the same for any number. Default 0.
   */
  workers: option(0, count(0, 64)),
  /** Batches ahead to a worker. Default 2. */
  prefetch: option(2, count(1)),
  /** Seed of the orders and of the transforms. Without one they cannot be repeated. */
  seed: option<number | string | undefined>(undefined, ANY),
};

/** Options of a {@link DataLoader}. */
export interface DataLoaderOptions<X = NDArray> extends OptionsOf<typeof LOADER> {
  transform?: Transform<X>;
  batchTransform?: BatchTransform<X, unknown>;
}

/** What the next batches of a {@link DataLoader} depend on: a plain object that survives JSON. */
export interface DataLoaderState {
  /** Examples to a batch. */
  readonly batchSize: number;
  /** The places of the examples of the epoch in progress; null between two epochs. */
  readonly order: readonly number[] | null;
  /** How many batches of that epoch have been drawn. */
  readonly taken: number;
  /** The number of that epoch, from 0, or of the next one; of loaders with a transform that counts epochs. */
  readonly epoch?: number;
  /** What the generators of that epoch's batches are seeded with; null between two epochs, and where nothing draws. */
  readonly seed: number | null;
  /** The generator that the orders and these seeds are drawn from. */
  readonly random: RandomState;
  /** What the sampler's `stateDict()` returned; null if it has none. */
  readonly sampler: unknown;
}

/** An epoch in progress. */
interface Epoch {
  readonly order: Int32Array;
  readonly seed: number | null;
  /** Its number, from 0. */
  readonly index: number;
  taken: number;
  /** The share of each batch that is made; null: whole batches. */
  shareOf?: ShareOf | null;
  /** Its batches in the making, where there are workers. */
  ahead?: Ahead | null;
}

/** Which batch of which epoch some indices are. */
interface Place {
  readonly epoch: Epoch;
  readonly number: number;
}

/** Ends the workers of loaders that nobody can reach any more. */
const abandoned = new FinalizationRegistry<Pool>((pool) => pool.close());

/**
 * Goes through a dataset in batches, once an epoch: each `for…of` is one.
 *
 * A batch is `[X, y]`: X of shape (batchSize, …), a new array in the dtype of the dataset, and y an Int32Array of
 * labels or an array of numbers; without targets it is `[X]`. Where a dataset has several arrays in a tuple or an
 * object, so has a batch. The last batch of an epoch may be smaller. Batches are made when they are asked for, in the
 * workspace that is open then, if any.
 *
 * `X` and `Y` are the types of the inputs and of the targets, and follow from the dataset.
 *
 * With a seed the batches repeat: the orders are drawn from one {@link Random}, and the transforms draw from a
 * generator of each batch's own, which is seeded by a number of the epoch's, drawn from the first, and the number of
 * the batch. {@link DataLoader.stateDict} saves all that, together with the place within the epoch.
 *
 * With `workers` the batches are made by other threads, ahead of the training step, and are the same to the bit. Each
 * worker has its own dataset: `{ X, y }` is copied once, into memory that they share. The transforms of the library run
 * in the workers; from the first function of the user's on, they run in this thread, on the batch that has arrived. An
 * error arrives with its batch. Workers start with the first epoch, never keep the process alive, and end with
 * {@link DataLoader.close}, or when the loader is collected.
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
  readonly #steps: readonly Step[];
  readonly #cut: Cut;
  /** How many of the steps are applied by workers. */
  readonly #stepsAhead: number;
  readonly #pool: Pool | null;
  /** Batches made ahead. */
  readonly #depth: number;
  readonly #seed: number | string | null;
  readonly #places = new WeakMap<object, Place>();
  /** Whether a transform asks for the number of the epoch. */
  readonly #counts: boolean;
  #random: Random;
  /** Epochs begun. */
  #epochs = 0;
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
  constructor(dataset: DatasetOf<X, Y>, options?: DataLoaderOptions<X> & { batchTransform?: undefined });
  /** A loader whose `batchTransform` makes the targets. */
  constructor(dataset: DatasetOf<X, unknown>, options: DataLoaderOptions<X> & { batchTransform: BatchTransform<X, Y> });
  /** A loader of options that are known when the program runs. */
  constructor(dataset: DatasetOf<X, Y>, options?: DataLoaderOptions<X>);
  constructor(data: unknown, options: DataLoaderOptions<X> = {}) {
    const fn = 'DataLoader';
    const settings = settingsOf(fn, LOADER, options);
    const { batchSize, shuffle, sampler, dropLast, transform, batchTransform, workers, prefetch, seed } = settings;
    if (sampler !== undefined) checkSampler(sampler, shuffle);
    this.#seed = seed ?? null;
    this.#random = new Random(seed);
    const dataset = data as AnyDataset;
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
    this.#steps = stepsOf(transform, batchTransform);
    this.#cut = cutOf(this.#steps);
    this.#counts = this.#steps.some(({ recipe }) => recipe?.counts === true);
    this.batchSize = batchSize;
    const examples = this.sampler.length;
    this.length = dropLast ? Math.floor(examples / batchSize) : Math.ceil(examples / batchSize);
    if (this.length === 0) {
      const expected = `at most ${examples}, the examples of an epoch, with dropLast`;
      throw argumentError(RangeError, { fn, arg: 'batchSize', found: `is ${batchSize}`, expected });
    }
    const own = this.#steps.findIndex(({ recipe }) => recipe === undefined);
    this.#stepsAhead = own < 0 ? this.#steps.length : own;
    this.#depth = workers * prefetch;
    this.#pool = workers === 0 ? null : this.#makePool(fn, workers);
  }

  #makePool(fn: string, workers: number): Pool {
    if (builtin('node:worker_threads') === null) {
      const [found, expected] = [`is ${workers}`, '0 where there is no Node 20.19 or later'];
      throw argumentError(RangeError, { fn, arg: 'workers', found, expected });
    }
    const recipes = this.#steps.slice(0, this.#stepsAhead).map(({ recipe }) => recipe as Recipe);
    const pool = new Pool(fn, workers, { dataset: portable(fn, this.dataset), recipes, cut: this.#cut });
    abandoned.register(this, pool);
    return pool;
  }

  /** Ends the workers, if there are any. Another epoch starts them again. */
  close(): void {
    this.#pool?.close();
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
  indexBatches(): Generator<Int32Array, void, undefined> {
    return this.indexShares(null);
  }

  /**
   * As {@link DataLoader.indexBatches}, for one of several processes: the places are those of whole batches, and of
   * each {@link DataLoader.batch} makes the share alone, as it is in the whole batch.
   *
   * @param shareOf - The share of a batch by its number of examples; null: all.
   *
   * @internal
   */
  *indexShares(shareOf: ShareOf | null): Generator<Int32Array, void, undefined> {
    const epoch = this.#resumed ?? this.#begin();
    this.#resumed = null;
    this.#running = epoch;
    epoch.shareOf = shareOf;
    if (this.#pool !== null) epoch.ahead = new Ahead(this.#pool, this.#planOf(epoch), epoch.taken, this.#depth);
    try {
      while (epoch.taken < this.length) {
        const number = epoch.taken++;
        // With its last batch an epoch is complete: a state saved now continues with the next one.
        if (epoch.taken === this.length) this.#leave(epoch);
        epoch.ahead?.goTo(number);
        const indices = this.#indicesOf(epoch, number);
        this.#places.set(indices, { epoch, number });
        yield indices;
      }
    } finally {
      this.#leave(epoch);
      epoch.ahead?.end();
      epoch.ahead = null;
    }
  }

  #indicesOf({ order }: Epoch, number: number): Int32Array {
    return indicesOf(order, this.batchSize, number);
  }

  /** What workers make of an epoch. It does not refer to the loader, which is collected while they work. */
  #planOf(epoch: Epoch): Plan {
    const { length, batchSize } = this;
    const { order, seed, index, shareOf } = epoch;
    return {
      length,
      wantedOf: (number) => wantedOf(indicesOf(order, batchSize, number), index, shareOf),
      seedOf: (number) => seedOf(seed, number),
    };
  }

  /**
   * The examples at the given places as a batch, transformed. Of indices as {@link DataLoader.indexBatches} gives them
   * it is the batch of that epoch, with the numbers that belong to it; for others the transforms draw from the loader's
   * generator.
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
    const place = this.#places.get(indices);
    if (place === undefined || !isSame(indices, this.#indicesOf(place.epoch, place.number))) {
      const current = this.#running?.index ?? this.#epochs;
      return this.#make(wantedOf(Int32Array.from(indices), current), this.#random);
    }
    const { epoch, number } = place;
    const wanted = wantedOf(Int32Array.from(indices), epoch.index, epoch.shareOf);
    const made = epoch.ahead?.take(number);
    if (made) return this.#finish(made, wanted);
    const seed = seedOf(epoch.seed, number);
    return this.#make(wanted, seed === null ? this.#random : new Random(seed));
  }

  #make(wanted: Wanted, random: Random): Batch<X, Y> {
    return makeBatch(this.#source, this.#steps, this.#cut, wanted, random) as Batch<X, Y>;
  }

  /** The batch that a worker has made, after the steps that are left. */
  #finish({ batch: parts, random }: Made, wanted: Wanted): Batch<X, Y> {
    // Arrays lose their methods on the way, and isNDArray gives them back.
    for (const part of parts) mapParts(part, '', isNDArray);
    const batch = parts as unknown as AnyBatch;
    if (this.#stepsAhead === this.#steps.length) return batch as Batch<X, Y>;
    const own = Random.fromState(random as RandomState);
    const later = this.#steps.slice(this.#stepsAhead);
    // The first of these steps is a function of the user's, which sees the whole batch.
    const place = this.#cut.place - this.#stepsAhead;
    const { share } = wanted;
    if (share === null) return applySteps(batch, later, own, wanted) as Batch<X, Y>;
    return applyAndCut(batch, later, place, { ...wanted, share }, own) as Batch<X, Y>;
  }

  /**
   * What tells this loader from others, beside its state. Nothing is drawn for it.
   *
   * @internal
   */
  description(): Description {
    const { batchSize, length } = this;
    const sampler = describeSampler(this.sampler);
    const dataset = describeDataset(this.dataset, this.#source);
    const transform = describeSteps(this.#steps);
    return { batchSize, batches: length, sampler, transform, seed: this.#seed, dataset };
  }

  /** What the next batches depend on. */
  stateDict(): DataLoaderState {
    const epoch = this.#running ?? this.#resumed;
    const sampler = this.sampler.stateDict?.() ?? null;
    checkSynchronous('DataLoader.stateDict', 'sampler.stateDict', sampler);
    const order = epoch && Array.from(epoch.order);
    const { batchSize } = this;
    const [taken, seed] = [epoch?.taken ?? 0, epoch?.seed ?? null];
    const counted = this.#counts ? { epoch: epoch?.index ?? this.#epochs } : {};
    return { batchSize, order, taken, ...counted, seed, random: this.#random.stateDict(), sampler };
  }

  /**
   * Continues exactly where `state` was saved, by a loader of the same dataset and options: within an epoch, the next
   * iteration makes the batches that were left of it.
   *
   * @throws {TypeError | RangeError} naming the entry that does not fit this loader; nothing has changed then.
   */
  loadStateDict(state: DataLoaderState): void {
    const fn = 'DataLoader.loadStateDict';
    const counted = this.#counts ? ['epoch'] : [];
    checkEntries(fn, 'state', state, ['batchSize', 'order', 'taken', ...counted, 'seed', 'random', 'sampler']);
    const { batchSize, order, taken, seed, epoch = 0 } = state;
    checkCount(fn, 'epoch', epoch, 0);
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
    const orNone = this.#steps.length === 0 ? orNull(EPOCH_SEED) : EPOCH_SEED;
    checkedIn(fn, 'seed', seed, resumed === null ? NO_SEED : orNone);
    const random = new Random(0);
    loadEntry(fn, 'random', random, state.random);
    this.#loadSampler(fn, state.sampler);
    this.#resumed = resumed && { order: resumed, seed, taken, index: epoch };
    this.#epochs = resumed === null ? epoch : epoch + 1;
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
    const seed = this.#steps.length === 0 ? null : random.rand([1], 'float64').data[0];
    this.#random = random;
    return { order: Int32Array.from(drawn), seed, index: this.#epochs++, taken: 0 };
  }

  #leave(epoch: Epoch): void {
    if (this.#running === epoch) this.#running = null;
  }
}

/** The places of the examples of batch `number` of an epoch. */
function indicesOf(order: Int32Array, batchSize: number, number: number): Int32Array {
  return order.slice(number * batchSize, (number + 1) * batchSize);
}

function wantedOf(indices: Int32Array, epoch: number, shareOf: ShareOf | null = null): Wanted {
  return { indices, epoch, share: shareOf === null ? null : shareOf(indices.length) };
}

/** Of a batch's generator: a text of the seed of its epoch and its number. */
function seedOf(seed: number | null, number: number): string | null {
  return seed === null ? null : `${seed}/${number}`;
}

const EPOCH_SEED: Range = {
  allows: (seed) => typeof seed === 'number' && seed >= 0 && seed < 1,
  expected: 'a number in [0, 1)',
  Kind: RangeError,
};
const NO_SEED: Range = {
  allows: (seed) => seed === null,
  expected: 'null between two epochs',
  Kind: RangeError,
};

function isSame(indices: ArrayLike<number>, others: Int32Array): boolean {
  return indices.length === others.length && others.every((index, at) => index === indices[at]);
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
