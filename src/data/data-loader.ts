import { checkCount, checkFlag, checkOptions, describe, Random, type RandomState } from '../arrays/index.js';
import { type ArrayDataset, type Batch, type ExampleDataset, type Source, sourceOf } from './dataset.js';
import { RandomSampler, type Sampler, SequentialSampler, SubsetRandomSampler } from './samplers.js';
import { applyTransform, type Transform } from './transforms/transform.js';

/** Options of a {@link DataLoader}. */
export interface DataLoaderOptions {
  /** Examples to a batch. Default 1. */
  batchSize?: number;
  /** Whether every epoch has a random order of its own; else it has that of the dataset. Default false. */
  shuffle?: boolean;
  /** Which examples an epoch takes, in which order; in place of `shuffle`. */
  sampler?: Sampler;
  /** Whether a last batch that is not full is left out. Default false. */
  dropLast?: boolean;
  /** Applied to every batch, with the loader's generator to draw from. Several: `transforms.compose`. */
  transform?: Transform;
  /** Seed of the orders and of the transform. Without one they cannot be repeated. */
  seed?: number | string;
}

/** Where a {@link DataLoader} stands: plain data that survives JSON. */
export interface DataLoaderState {
  /** The generators as they were when the epoch began. */
  readonly start: { readonly random: RandomState; readonly sampler: unknown };
  /** How many batches of the epoch have been drawn. */
  readonly taken: number;
  /** The loader's generator now. */
  readonly random: RandomState;
}

/** An epoch under way. */
interface Epoch {
  readonly start: DataLoaderState['start'];
  readonly order: Int32Array;
  taken: number;
}

/**
 * Goes through a dataset in batches, once an epoch: each `for…of` is one.
 *
 * A batch is `[X, y]`: X of shape (batchSize, …), a new array in the dtype of the dataset, and y an Int32Array. The last
 * batch of an epoch may be smaller. Batches are made when they are asked for, in the workspace that is open then, if any.
 *
 * With a seed the batches repeat: the orders and the transform draw from one {@link Random}, and {@link DataLoader.state}
 * saves it, within an epoch too.
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
export class DataLoader implements Iterable<Batch> {
  /** The dataset, as it was given. */
  readonly dataset: ArrayDataset | ExampleDataset;
  /** Chooses the examples of an epoch, `sampler.length` of them. */
  readonly sampler: Sampler;
  /** Examples to a batch. */
  readonly batchSize: number;
  /** Batches to an epoch. */
  readonly length: number;
  readonly #source: Source;
  readonly #transform: Transform | undefined;
  #random: Random;
  /** The epoch that was begun last, until it is complete or abandoned. */
  #running: Epoch | null = null;
  /** An epoch restored from a saved state, for the next iteration to go on with. */
  #resumed: Epoch | null = null;

  /**
   * A loader of minibatches of `dataset`; see {@link DataLoaderOptions} for their size and order.
   *
   * @param dataset - `{ X, y }` with X of shape (N, …) and N labels, or an object with `length` and `get(i)`, which
   *   returns `[x, y]`.
   * @throws {RangeError | TypeError | ShapeError} naming an option or a part of the dataset that does not fit.
   */
  constructor(dataset: ArrayDataset | ExampleDataset, options: DataLoaderOptions = {}) {
    const fn = 'DataLoader';
    checkOptions(fn, options, ['batchSize', 'shuffle', 'sampler', 'dropLast', 'transform', 'seed']);
    const { batchSize = 1, shuffle = false, sampler, dropLast = false, transform, seed } = options;
    checkCount(fn, 'batchSize', batchSize, 1);
    checkFlag(fn, 'shuffle', shuffle);
    checkFlag(fn, 'dropLast', dropLast);
    if (sampler !== undefined) checkSampler(sampler, shuffle);
    if (transform !== undefined && typeof transform !== 'function') {
      const expected = 'expected a function (X, random) => X; transforms.compose makes one of several';
      throw new TypeError(`${fn}: transform is ${describe(transform)}, ${expected}`);
    }

    this.#random = new Random(seed);
    this.dataset = dataset;
    this.#source = sourceOf(fn, dataset);
    this.sampler = sampler ?? new (shuffle ? RandomSampler : SequentialSampler)(this.#source.length);
    if (sampler instanceof SubsetRandomSampler) {
      checkPlaces(fn, 'sampler.indices', sampler.indices, this.#source.length);
    }
    this.#transform = transform;
    this.batchSize = batchSize;
    const examples = this.sampler.length;
    this.length = dropLast ? Math.floor(examples / batchSize) : Math.ceil(examples / batchSize);
    if (this.length === 0) {
      throw new RangeError(
        `${fn}: batchSize is ${batchSize}, expected at most ${examples}, the examples of an epoch, with dropLast`,
      );
    }
  }

  /** The batches of an epoch. */
  *[Symbol.iterator](): Generator<Batch, void, undefined> {
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
        // With its last batch an epoch is complete: a state saved now goes on with the next one.
        if (epoch.taken === this.length) this.#leave(epoch);
        yield epoch.order.slice(start, start + this.batchSize);
      }
    } finally {
      this.#leave(epoch);
    }
  }

  /**
   * The examples at the given places as a batch, transformed: draws from the loader's generator where the transform does.
   *
   * @param indices - Places in the dataset.
   * @returns New arrays, in the workspace that is open, if any.
   * @throws {RangeError} if there are none, or one is outside of the dataset.
   * @throws {TypeError | ShapeError} if the transform does not return an array with as many examples.
   */
  batch(indices: ArrayLike<number>): Batch {
    const fn = 'DataLoader.batch';
    if (typeof indices?.length !== 'number' || indices.length === 0) {
      throw new RangeError(`${fn}: indices is ${describe(indices)}, expected a list of at least one index`);
    }
    checkPlaces(fn, 'indices', indices, this.#source.length);
    const [X, y] = this.#source.gather(Int32Array.from(indices));
    if (this.#transform === undefined) return [X, y];
    return [applyTransform('DataLoader', 'transform', this.#transform, X, this.#random), y];
  }

  /**
   * Where the loader stands, for {@link DataLoader.restore}. Within an epoch, take it when the batch drawn last has been
   * made.
   */
  state(): DataLoaderState {
    const { start, taken } = this.#running ?? this.#resumed ?? { start: this.#start(this.#random), taken: 0 };
    return { start, taken, random: this.#random.state() };
  }

  /**
   * Goes on exactly where `state` was taken, by a loader of the same dataset and options: within an epoch, the next
   * iteration makes the batches that were left of it.
   *
   * @throws {TypeError | RangeError} if `state` is not what {@link DataLoader.state} returns, or has more batches than
   *   this loader.
   */
  restore(state: DataLoaderState): void {
    const fn = 'DataLoader.restore';
    if (typeof state?.start !== 'object' || state.start === null) {
      throw new TypeError(`${fn}: state is ${describe(state)}, expected an object that DataLoader.state() returned`);
    }
    checkCount(fn, 'state.taken', state.taken, 0, this.length - 1);
    const random = Random.fromState(state.random);
    const start = Random.fromState(state.start.random);
    this.sampler.restore?.(state.start.sampler);
    this.#resumed = state.taken === 0 ? null : { ...this.#draw(start), taken: state.taken };
    this.#running = null;
    this.#random = random;
  }

  /** Begins a new epoch. */
  #begin(): Epoch {
    // Drawn from a copy, so that an order that is refused has drawn nothing.
    const random = Random.fromState(this.#random.state());
    const epoch = this.#draw(random);
    this.#random = random;
    return epoch;
  }

  /** An epoch whose order is drawn from `random`. */
  #draw(random: Random): Epoch {
    const start = this.#start(random);
    const order = this.sampler.order(random);
    if (order?.length !== this.sampler.length) {
      const expected = `expected ${this.sampler.length} indices, its length`;
      throw new RangeError(`DataLoader: sampler.order returned ${describe(order)}, ${expected}`);
    }
    checkPlaces('DataLoader', 'sampler.order()', order, this.#source.length);
    return { start, order: Int32Array.from(order), taken: 0 };
  }

  #start(random: Random): Epoch['start'] {
    return { random: random.state(), sampler: this.sampler.state?.() ?? null };
  }

  #leave(epoch: Epoch): void {
    if (this.#running === epoch) this.#running = null;
  }
}

function checkSampler(sampler: Sampler, shuffle: boolean): void {
  const { length, order } = (sampler ?? {}) as Partial<Sampler>;
  if (typeof length !== 'number' || typeof order !== 'function') {
    throw new TypeError(
      `DataLoader: sampler is ${describe(sampler)}, expected an object with length and order(random), ` +
        'as a SubsetRandomSampler',
    );
  }
  checkCount('DataLoader', 'sampler.length', length, 1);
  if (shuffle) throw new RangeError('DataLoader: shuffle is true, expected false: the sampler has the order');
}

/** @throws {RangeError} naming the first of `indices` that is no place in a dataset of `length` examples. */
function checkPlaces(fn: string, list: string, indices: ArrayLike<number>, length: number): void {
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at];
    if (Number.isInteger(index) && index >= 0 && index < length) continue;
    throw new RangeError(
      `${fn}: ${list}[${at}] is ${describe(index)}, expected an index from 0 to ${length - 1}: ` +
        `the dataset has ${length} examples`,
    );
  }
}
