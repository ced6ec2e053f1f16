import { checkLabels, describe, isNDArray, type Labels, type NDArray } from '../arrays/index.js';
import { DataLoader } from '../data/index.js';
import { local, workspace } from '../kernels/index.js';

/** Inputs of shape (B, …), the batch first, and their B labels. */
export type LabelledBatch = readonly [X: NDArray, y: Labels];

/** What is gone through in an epoch: a `DataLoader`, a list of batches, or any other iterable of them. */
export type Batches = Iterable<LabelledBatch>;

/**
 * Gives every batch to `visit`, each in a workspace of its own; a `DataLoader` makes its batches in it too.
 *
 * @throws {TypeError} if there are no batches, or one is something else.
 */
export function forEachBatch(fn: string, loader: Batches, visit: (X: NDArray, y: Int32Array) => void): void {
  let count = 0;
  const within = (make: () => LabelledBatch): void => {
    count++;
    workspace(() => {
      const [X, y] = checkBatch(fn, make());
      visit(local(X), y);
    });
  };
  if (loader instanceof DataLoader) {
    for (const indices of loader.indexBatches()) within(() => loader.batch(indices));
  } else {
    for (const batch of loader) within(() => batch);
  }
  if (count === 0) throw new TypeError(`${fn}: loader has no batches; a generator can be gone through only once`);
}

/** @throws {TypeError} if `loader` is not iterable. */
export function checkLoader(fn: string, name: string, loader: unknown): asserts loader is Batches {
  if (typeof (loader as Partial<Batches> | null)?.[Symbol.iterator] === 'function') return;
  throw new TypeError(`${fn}: ${name} is ${describe(loader)}, expected a DataLoader or an iterable of batches [X, y]`);
}

function checkBatch(fn: string, batch: LabelledBatch): [X: NDArray, y: Int32Array] {
  if (!Array.isArray(batch) || batch.length !== 2 || !isNDArray(batch[0])) {
    throw new TypeError(`${fn}: the loader gave ${describe(batch)}, expected batches [X, y] with an array X`);
  }
  const [X, y] = batch;
  return [X, checkLabels(fn, 'y', y, X.shape[0])];
}
