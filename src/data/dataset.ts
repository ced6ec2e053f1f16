import {
  argumentError,
  array,
  checkCount,
  checkedIn,
  checkLabels,
  checkShapes,
  describe,
  dtypeOf,
  empty,
  FUNCTION,
  heap,
  hostRoom,
  hostValues,
  type Labels,
  type NDArray,
  operand,
  type Range,
  ShapeError,
  tuple,
  withStorage,
  wrap,
} from '../arrays/index.js';
import { isRecycled, isResident, kernels } from '../kernels/index.js';

/** A place in a dataset, or a label. */
export const INDEX: Range = {
  allows: (n) => Number.isInteger(n) && (n as number) >= 0 && (n as number) < 2 ** 31,
  expected: 'an integer ≥ 0',
  Kind: RangeError,
};

/** Examples and their labels: X of shape (B, …), the batch first, and B whole numbers. */
export type Batch = [X: NDArray, y: Int32Array];

/**
 * Examples that are fetched one at a time: what does not fit into one array, or is kept in another form.
 *
 * @example
 * // Images kept as bytes, a quarter of the memory of float32.
 * const { images, labels } = readCifar10Batch('data/data_batch_1.bin');
 * const dataset: ExampleDataset = {
 *   length: labels.length,
 *   get: (i) => [array(images.subarray(3072 * i, 3072 * (i + 1)), [3, 32, 32]), labels[i]],
 * };
 */
export interface ExampleDataset {
  /** How many there are. */
  readonly length: number;
  /** Example `i` and its label, a whole number ≥ 0. All examples have one shape and dtype. */
  get(i: number): readonly [x: NDArray, y: number];
}

/** All examples in one array, shape (N, …), and their N labels. */
export interface ArrayDataset {
  readonly X: NDArray;
  readonly y: Labels;
}

/**
 * Examples and labels held in memory, as a dataset.
 *
 * @example
 * const { XTrain, yTrain } = loadCifar10('data');
 * const dataset = new TensorDataset(XTrain, yTrain);
 * const [image, label] = dataset.get(7);
 */
export class TensorDataset implements ArrayDataset, ExampleDataset {
  /** Shape (N, …), in row-major order. */
  readonly X: NDArray;
  /** N whole numbers. */
  readonly y: Int32Array;

  /**
   * A dataset of examples and their labels, both held in memory.
   *
   * @param X - Examples, shape (N, …). Kept if its values are in row-major order on the heap, else copied.
   * @param y - Their N labels; copied.
   * @throws {ShapeError} if there are no examples, or not as many labels as examples.
   * @throws {RangeError} if a label is not a whole number ≥ 0.
   */
  constructor(X: NDArray, y: Labels) {
    ({ X: this.X, y: this.y } = keep('TensorDataset', ['X', 'y'], X, y));
  }

  /** How many examples there are. */
  get length(): number {
    return this.y.length;
  }

  /** Example `i`, a view of X, and its label. */
  get(i: number): [x: NDArray, y: number] {
    if (!(Number.isInteger(i) && i >= 0 && i < this.length)) {
      const [found, expected] = [`is ${describe(i)}`, `an index from 0 to ${this.length - 1}`];
      throw argumentError(RangeError, { fn: 'TensorDataset.get', arg: 'i', found, expected });
    }
    return [this.X.pick(i), this.y[i]];
  }
}

/** Examples, dense and on the heap, and their labels. */
export type Kept = Pick<TensorDataset, 'X' | 'y'>;

/** @throws {ShapeError | RangeError | TypeError} naming, of the two, what does not fit. */
export function keep(fn: string, [nameX, nameY]: [string, string], X: NDArray, y: Labels): Kept {
  const { N } = checkShapes(fn, { [nameX]: [X, ['N', '…']] });
  const labels = checkLabels(fn, nameY, y, N);
  return { X: rows(X), y: labels };
}

/**
 * `X` with its values in row-major order in an array of their own length, on the heap: itself, or a copy made once.
 * Memory that is recycled, as a workspace's, or given back, as that of a view's owner, must not be read later.
 */
export function rows(X: NDArray): NDArray {
  const copies = isResident(X) || isRecycled(X);
  return withStorage(heap, () => (copies ? array(X) : wrap(operand(X), X.shape)));
}

/** How a dataset is read, whichever kind it is. */
export interface Source {
  /** How many examples there are. */
  readonly length: number;
  /** Copies the examples at the given places, which are in range, into new arrays. */
  gather(indices: Int32Array): Batch;
}

/** @throws {TypeError | RangeError} naming what a dataset lacks. */
export function sourceOf(fn: string, dataset: ArrayDataset | ExampleDataset): Source {
  if (typeof dataset === 'object' && dataset !== null) {
    if (dataset instanceof TensorDataset && dataset.get === TensorDataset.prototype.get) return arraySource(dataset);
    // A dataset that has arrays and a get of its own may make something else of them.
    if ('get' in dataset && 'length' in dataset) return exampleSource(fn, dataset);
    if ('X' in dataset && 'y' in dataset) {
      return arraySource(keep(fn, ['dataset.X', 'dataset.y'], dataset.X, dataset.y));
    }
  }
  const [found, expected] = [`is ${describe(dataset)}`, '{ X, y }, or an object with length and get(i)'];
  throw argumentError(TypeError, { fn, arg: 'dataset', found, expected });
}

function arraySource({ X, y }: Kept): Source {
  const shape = X.shape.slice(1);
  const gather = (indices: Int32Array): Batch => {
    const batch = empty([indices.length, ...shape], dtypeOf(X));
    kernels().gatherRows(X.data, indices, batch.data, X.size / X.shape[0]);
    return [batch, indices.map((i) => y[i])];
  };
  return { length: y.length, gather };
}

function exampleSource(fn: string, dataset: ExampleDataset): Source {
  const { length, get } = dataset;
  checkCount(fn, 'dataset.length', length, 1);
  checkedIn(fn, 'dataset.get', get, FUNCTION);
  return { length, gather: (indices) => stack(fn, dataset, indices) };
}

/** Examples fetched one by one, in a new array. */
function stack(fn: string, dataset: ExampleDataset, indices: Int32Array): Batch {
  // A dataset may keep what it makes, so that is not for a workspace to recycle.
  const examples = withStorage(heap, () => Array.from(indices, (i) => checkExample(fn, dataset.get(i), i)));
  const [first] = examples[0];
  const batch = empty([examples.length, ...first.shape], dtypeOf(first));
  const y = examples.map(([x, label], at) => {
    if (tuple(x.shape) !== tuple(first.shape) || dtypeOf(x) !== dtypeOf(first)) {
      const [got, wanted] = [x, first].map((a) => `${dtypeOf(a)} of shape ${tuple(a.shape)}`);
      const [found, expected] = [`returned x as ${got}`, `${wanted}, as get(${indices[0]}) did`];
      throw argumentError(ShapeError, { fn, arg: `dataset.get(${indices[at]})`, found, expected });
    }
    hostRoom(batch).set(hostValues(x), at * first.size);
    return label;
  });
  return [batch, Int32Array.from(y)];
}

function checkExample(fn: string, example: unknown, i: number): readonly [x: NDArray, y: number] {
  if (!Array.isArray(example) || example.length !== 2) {
    const found = `returned ${describe(example)}`;
    throw argumentError(TypeError, { fn, arg: `dataset.get(${i})`, found, expected: '[x, y]' });
  }
  const [x, y] = example;
  checkShapes(fn, { [`x of dataset.get(${i})`]: [x, ['…']] });
  return [x, checkedIn(fn, `y of dataset.get(${i})`, y, INDEX)];
}
