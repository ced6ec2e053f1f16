import {
  argumentError,
  describe,
  dtypeOf,
  empty,
  hostRoom,
  hostValues,
  isNDArray,
  type NDArray,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import {
  type AnyDataset,
  checkPlace,
  checkPlaces,
  type DatasetOf,
  type Example,
  type ExampleDataset,
  keep,
  TensorDataset,
} from './dataset.js';
import { PORTABLE, type PortableDataset } from './portable.js';
import { checkIndices } from './samplers.js';
import { readBy, sourceOf } from './source.js';
import { type AnyBatch, mapParts, partAt, type Single } from './structure.js';
import { portable } from './workers/portable.js';

type AnyExamples = Extract<AnyDataset, { length: number }>;

/**
 * Some examples of a dataset, which is not copied.
 *
 * @example
 * const firstHundred = new Subset(dataset, Array.from({ length: 100 }, (_, i) => i));
 */
export class Subset<X = NDArray, Y = ArrayLike<number>> {
  /** The dataset that has the examples; arrays `{ X, y }` as a {@link TensorDataset}. */
  readonly dataset: AnyExamples;
  /** Places in the dataset. */
  readonly indices: Int32Array;

  /**
   * The examples of `dataset` at the given places.
   *
   * @param dataset - As for a `DataLoader`.
   * @param indices - Places in the dataset, in the order of the subset; copied.
   * @throws {RangeError} if there are none, or one is outside of the dataset.
   */
  constructor(dataset: DatasetOf<X, Y>, indices: ArrayLike<number>) {
    const fn = 'Subset';
    this.dataset = examplesOf(fn, 'dataset', dataset as AnyDataset);
    const source = sourceOf(fn, this.dataset);
    this.indices = checkIndices(fn, indices);
    checkPlaces(fn, 'indices', this.indices, source.length);
    if (this.get !== Subset.prototype.get) return;
    const gather = (places: Int32Array): AnyBatch => source.gather(places.map((i) => this.indices[i]));
    readBy(this, { length: this.length, gather });
  }

  /** How many examples there are. */
  get length(): number {
    return this.indices.length;
  }

  /** @internal */
  [PORTABLE](): PortableDataset {
    return { kind: 'subset', of: portable('DataLoader', this.dataset), indices: this.indices };
  }

  /** Example `i` of the subset and its target, as the dataset has them. */
  get(i: number): Example<X, Single<Y>> {
    checkPlace('Subset.get', i, this.length);
    return this.dataset.get(this.indices[i]) as unknown as Example<X, Single<Y>>;
  }
}

/**
 * The examples of several datasets, one after the other, as one dataset; nothing is copied.
 *
 * @param datasets - Each as for a `DataLoader`. Their examples have the same shapes and dtypes.
 * @throws {TypeError} if `datasets` is no list, or is empty; when examples of several are in one batch, if they differ.
 *
 * @example
 * const all = concatDatasets([{ X: data.XTrain, y: data.yTrain }, { X: data.XVal, y: data.yVal }]);
 */
export function concatDatasets<X, Y>(datasets: readonly DatasetOf<X, Y>[]): ExampleDataset<X, Single<Y>> {
  const fn = 'concatDatasets';
  if (!Array.isArray(datasets) || datasets.length === 0) {
    const [found, expected] = [`is ${describe(datasets)}`, 'a list of at least one dataset'];
    throw argumentError(TypeError, { fn, arg: 'datasets', found, expected });
  }
  const parts = datasets.map((dataset, i) => examplesOf(fn, `datasets[${i}]`, dataset));
  const sources = parts.map((part) => sourceOf(fn, part));
  const starts = [0];
  for (const source of sources) starts.push(starts[starts.length - 1] + source.length);
  const length = starts.pop() as number;
  const partOf = (i: number): number => starts.findLastIndex((start) => start <= i);

  const gather = (indices: Int32Array): AnyBatch => {
    const owners = Array.from(indices, partOf);
    const batches = sources.flatMap((source, part) => {
      const at = owners.flatMap((owner, n) => (owner === part ? [n] : []));
      if (at.length === 0) return [];
      return { part, at, batch: source.gather(Int32Array.from(at, (n) => indices[n] - starts[part])) };
    });
    return batches.length === 1 ? batches[0].batch : joined(fn, batches, indices.length);
  };
  const get = (i: number): readonly [X, Single<Y>] => {
    checkPlace('get', i, length);
    const part = partOf(i);
    return parts[part].get(i - starts[part]) as readonly [X, Single<Y>];
  };
  const parted = (): PortableDataset => ({ kind: 'all', of: parts.map((part) => portable('DataLoader', part)) });
  const all = { length, get, [PORTABLE]: parted };
  readBy(all, { length, gather });
  return all;
}

/** A batch of one of several datasets, and the places of its examples in the batch of all. */
interface Share {
  readonly part: number;
  readonly at: readonly number[];
  readonly batch: AnyBatch;
}

/** @throws {ShapeError} if the batches are not alike. */
function joined(fn: string, shares: readonly Share[], length: number): AnyBatch {
  const [first] = shares;
  const sides = Math.max(...shares.map(({ batch }) => batch.length));
  return Array.from({ length: sides }, (_, side) =>
    mapParts(first.batch[side], 'Xy'[side], (_, name, key) => {
      const parts = shares.map(({ batch }) => partAt(batch[side], key));
      const kinds = parts.map(kindOf);
      const odd = kinds.findIndex((kind) => kind !== kinds[0]);
      if (odd >= 0) {
        const [found, expected] = [`has ${name} as ${kinds[odd]}`, `${kinds[0]}, as datasets[${first.part}] has`];
        throw argumentError(ShapeError, { fn, arg: `datasets[${shares[odd].part}]`, found, expected });
      }
      return scattered(
        parts as (NDArray | Int32Array)[],
        shares.map(({ at }) => at),
        length,
      );
    }),
  ) as unknown as AnyBatch;
}

/** The rows of all parts in one array of `length` rows, each at its place. */
function scattered(
  parts: readonly (NDArray | Int32Array)[],
  places: readonly (readonly number[])[],
  length: number,
): NDArray | Int32Array {
  const [first] = parts;
  const made = isNDArray(first) ? empty([length, ...first.shape.slice(1)], dtypeOf(first)) : new Int32Array(length);
  const room = isNDArray(made) ? hostRoom(made) : made;
  const size = room.length / length;
  parts.forEach((part, p) => {
    const values = isNDArray(part) ? hostValues(part) : part;
    places[p].forEach((place, row) => {
      room.set(values.subarray(row * size, (row + 1) * size), place * size);
    });
  });
  return made;
}

function kindOf(part: unknown): string {
  if (isNDArray(part)) return `${dtypeOf(part)} of shape ${tuple(['B', ...part.shape.slice(1)])}`;
  return part instanceof Int32Array ? 'labels' : 'nothing';
}

/** A dataset as one with `get`. @throws {TypeError | RangeError | ShapeError} naming what it lacks. */
export function examplesOf(fn: string, arg: string, dataset: AnyDataset): AnyExamples {
  if (typeof dataset === 'object' && dataset !== null) {
    if ('get' in dataset && 'length' in dataset) return dataset;
    if ('X' in dataset) {
      const { X, y } = keep(fn, [`${arg}.X`, `${arg}.y`], dataset.X, dataset.y);
      return new TensorDataset(X, y) as unknown as AnyExamples;
    }
  }
  const [found, expected] = [`is ${describe(dataset)}`, '{ X, y }, or an object with length and get(i)'];
  throw argumentError(TypeError, { fn, arg, found, expected });
}
