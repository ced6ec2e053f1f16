import {
  argumentError,
  array,
  checkLabels,
  describe,
  empty,
  hostRoom,
  isDense,
  type Labels,
  type NDArray,
  ShapeError,
  sizeOf,
  tuple,
  typedArrayName,
} from '../arrays/index.js';
import { checkPlace, type ExampleDataset } from './dataset.js';
import { PORTABLE, type PortableDataset } from './portable.js';
import { readBy } from './source.js';
import type { AnyBatch } from './structure.js';

/** Numbers from 0 to 255 and their shape, in row-major order; an `ndarray` over a Uint8Array is one. */
export interface Bytes {
  readonly data: Uint8Array;
  readonly shape: readonly number[];
}

/**
 * Images kept as bytes, a quarter of the memory of float32, and their labels, as a dataset. Batches are float32 of 0 to
 * 255; `transforms.normalize` makes other numbers of them.
 *
 * @example
 * const { images, labels } = readCifar10Batch('data/data_batch_1.bin');
 * const dataset = new ByteDataset({ data: images, shape: [labels.length, 3, 32, 32] }, labels);
 * const { mean, std } = channelStats(dataset.bytes);
 * const loader = new DataLoader(dataset, { batchSize: 64, transform: transforms.normalize(mean, std) });
 *
 * @example
 * const { XTrain, yTrain } = loadCifar10('data', { dtype: 'uint8' });
 * const dataset = new ByteDataset(XTrain, yTrain);
 */
export class ByteDataset implements ExampleDataset {
  /** Shape (N, …). */
  readonly bytes: Bytes;
  /** N labels. */
  readonly labels: Int32Array;

  /**
   * A dataset of bytes and their labels.
   *
   * @param X - Examples, shape (N, …). Kept, not copied.
   * @param y - Their N labels; copied.
   * @throws {TypeError} if `X` has no Uint8Array.
   * @throws {ShapeError} if there are no examples, the bytes do not fill the shape, or there are not N labels.
   * @throws {RangeError} if a label is not a whole number ≥ 0.
   */
  constructor(X: Bytes, y: Labels) {
    const fn = 'ByteDataset';
    checkBytes(fn, X);
    this.bytes = X;
    this.labels = checkLabels(fn, 'y', y, X.shape[0]);
    if (this.get === ByteDataset.prototype.get) {
      readBy(this, { length: this.length, gather: (indices) => this.#gather(indices) });
    }
  }

  /** How many examples there are. */
  get length(): number {
    return this.labels.length;
  }

  /** @internal */
  [PORTABLE](): PortableDataset {
    const { data, shape } = this.bytes;
    const shared = data.buffer instanceof SharedArrayBuffer ? data : new Uint8Array(new SharedArrayBuffer(data.length));
    if (shared !== data) shared.set(data);
    return { kind: 'bytes', X: { data: shared, shape: [...shape] }, y: this.labels };
  }

  /** Example `i` as float32, and its label. */
  get(i: number): [x: NDArray, y: number] {
    checkPlace('ByteDataset.get', i, this.length);
    const { data, shape } = this.bytes;
    const size = data.length / shape[0];
    return [array(data.subarray(i * size, (i + 1) * size), shape.slice(1)), this.labels[i]];
  }

  #gather(indices: Int32Array): AnyBatch {
    const { data, shape } = this.bytes;
    const size = data.length / shape[0];
    const batch = empty([indices.length, ...shape.slice(1)], 'float32');
    const room = hostRoom(batch);
    // `set` converts in native code: 64 µs for 128 images of 32 × 32 against 44 µs of a copy of float32 (Node 20,
    // Xeon).
    for (let n = 0; n < indices.length; n++) {
      room.set(data.subarray(indices[n] * size, (indices[n] + 1) * size), n * size);
    }
    return [batch, indices.map((i) => this.labels[i])];
  }
}

/** Whether a value is bytes with a shape, rather than an array of floats. */
export function isBytes(value: unknown): value is Bytes {
  const { data, shape } = (value ?? {}) as Partial<Bytes>;
  return typedArrayName(data) === 'Uint8Array' && Array.isArray(shape);
}

/** @throws {TypeError | ShapeError} if `X` is no dense array of bytes with examples. */
export function checkBytes(fn: string, X: unknown): asserts X is Bytes {
  if (!isBytes(X)) {
    const expected = '{ data, shape } with a Uint8Array, or an ndarray over one';
    throw argumentError(TypeError, { fn, arg: 'X', found: `is ${describe(X)}`, expected });
  }
  const { data, shape } = X;
  const isFull = !('stride' in X) || isDense(X as unknown as NDArray);
  if (shape.length > 0 && shape.every((n) => Number.isInteger(n) && n > 0) && isFull && sizeOf(shape) === data.length) {
    return;
  }
  const found = `has shape ${tuple(shape)}${isFull ? '' : ', a strided view,'} over ${data.length} bytes`;
  throw argumentError(ShapeError, { fn, arg: 'X', found, expected: '(N, …), as many bytes, in row-major order' });
}
