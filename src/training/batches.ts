import { argumentError, checkLabels, describe, isNDArray, type Labels, type NDArray } from '../arrays/index.js';
import { DataLoader } from '../data/index.js';
import { local, workspace } from '../kernels/index.js';
import { Pending } from './drive.js';

/** Inputs of shape (B, …), the batch first, and their B labels. */
export type LabelledBatch = readonly [X: NDArray, y: Labels];

/** The batches of an epoch: a `DataLoader`, a list of batches, or any other iterable of them. */
export type Batches = Iterable<LabelledBatch>;

/** The batches of an epoch, each of which has to be awaited. */
export type AsyncBatches = AsyncIterable<LabelledBatch>;

/** Receives a batch within its workspace. */
export type Visit = (X: NDArray, y: Int32Array) => void;

/**
 * Gives every batch to `visit`, each in a workspace of its own; a `DataLoader` makes its batches in it too. Yields,
 * outside of the workspace, the event that `after` returns, and what has to be awaited.
 *
 * @param skip - How many batches to leave out at the beginning; of a `DataLoader` none.
 * @param arg - What errors call the loader.
 * @throws {TypeError} if there are no batches, or one is something else.
 */
export function* eachBatch<E = never>(
  fn: string,
  loader: Batches | AsyncBatches,
  visit: Visit,
  after?: () => E,
  skip = 0,
  arg = 'loader',
): Generator<E | Pending, void, unknown> {
  let count = 0;
  const within = (make: () => LabelledBatch): void => {
    count++;
    workspace(() => {
      const [X, y] = checkBatch(fn, make());
      visit(local(X), y);
    });
  };
  const isSkipped = (): boolean => count < skip && count++ < skip;
  if (loader instanceof DataLoader) {
    for (const indices of loader.indexBatches()) {
      within(() => loader.batch(indices) as unknown as LabelledBatch);
      if (after) yield after();
    }
  } else if (!isAsync(loader)) {
    for (const batch of loader) {
      if (isSkipped()) continue;
      within(() => batch);
      if (after) yield after();
    }
  } else {
    const batches = loader[Symbol.asyncIterator]();
    if (typeof batches?.next !== 'function') throw notAnIterator(fn, `returned ${describe(batches)}`);
    let isOpen = true;
    try {
      for (;;) {
        const next = (yield new Pending(batches.next())) as IteratorResult<LabelledBatch>;
        if (typeof next !== 'object' || next === null) throw notAnIterator(fn, `gave ${describe(next)}`);
        isOpen = !next.done;
        if (next.done) break;
        if (isSkipped()) continue;
        within(() => next.value);
        if (after) yield after();
      }
    } finally {
      if (isOpen) close(batches);
    }
  }
  if (count > 0) return;
  throw argumentError(TypeError, {
    fn,
    arg,
    found: 'has no batches; a generator can be gone through only once',
  });
}

function notAnIterator(fn: string, found: string): Error {
  const expected = 'an asynchronous iterator, whose next() resolves to { value, done }';
  return argumentError(TypeError, { fn, arg: 'the loader', found, expected });
}

/** Closes an iterator that is left early. The result is not awaited, and its errors are dropped. */
function close(batches: AsyncIterator<LabelledBatch>): void {
  try {
    Promise.resolve(batches.return?.()).catch(() => {});
  } catch {
    // What ended the run is what the caller hears of.
  }
}

/** Gives every batch of a synchronous loader to `visit`, as {@link eachBatch}. */
export function forEachBatch(fn: string, loader: Batches, visit: Visit, arg = 'loader'): void {
  for (const _ of eachBatch(fn, loader, visit, undefined, 0, arg));
}

/** @throws {TypeError} if `loader` is not iterable; or, where that `mayWait`, asynchronously iterable. */
export function checkLoader(fn: string, arg: string, loader: unknown, mayWait = false): asserts loader is Batches {
  const { [Symbol.iterator]: now, [Symbol.asyncIterator]: later } = (loader ?? {}) as Partial<Batches & AsyncBatches>;
  if (typeof now === 'function' || (mayWait && typeof later === 'function')) return;
  throw argumentError(TypeError, {
    fn,
    arg,
    found: `is ${describe(loader)}`,
    expected: 'a DataLoader or an iterable of batches [X, y]',
    wayOut: typeof later === 'function' ? 'fitAsync takes asynchronous ones' : undefined,
  });
}

/** Whether the batches of a checked loader have to be awaited. */
export function isAsync(loader: Batches | AsyncBatches): loader is AsyncBatches {
  return typeof (loader as Partial<Batches>)[Symbol.iterator] !== 'function';
}

function checkBatch(fn: string, batch: LabelledBatch): [X: NDArray, y: Int32Array] {
  if (!Array.isArray(batch) || batch.length !== 2 || !isNDArray(batch[0])) {
    const expected = 'batches [X, y] with an array X';
    throw argumentError(TypeError, { fn, arg: 'the loader', found: `gave ${describe(batch)}`, expected });
  }
  const [X, y] = batch;
  return [X, checkLabels(fn, 'y', y, X.shape[0])];
}
