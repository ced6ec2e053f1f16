import { argumentError, describe, isNDArray, type Labels, type NDArray } from '../arrays/index.js';
import { checkInputs, checkTargets } from '../data/dataset.js';
import { type Arrays, DataLoader, type Targets } from '../data/index.js';
import { type BatchTargets, isRecord, isTuple, mapParts } from '../data/structure.js';
import { local, workspace } from '../kernels/index.js';
import { Pending } from './drive.js';
import { cut, markOf, type Part } from './parallel/index.js';

/** Inputs of shape (B, …), the batch first, and their B labels. */
export type LabelledBatch = readonly [X: NDArray, y: Labels];

/** A batch with targets of the type `Y`. Inputs and targets may be several, in a tuple or a plain object. */
export type TargetedBatch<Y = Targets> = readonly [X: Arrays, y: Y];

/** A batch of which only the inputs are read. */
export type InputBatch = readonly [X: Arrays, y?: unknown];

/** The batches of an epoch: a `DataLoader`, a list of batches, or any other iterable of them. */
export type Batches<Y = Targets> = Iterable<TargetedBatch<Y>>;

/** The batches of an epoch, each of which has to be awaited. */
export type AsyncBatches<Y = Targets> = AsyncIterable<TargetedBatch<Y>>;

/**
 * Receives a batch of `N` examples within its workspace. Without targets `y` is undefined. Where several processes
 * share batches, these are the examples of `part`.
 */
export type Visit = (X: Arrays, y: BatchTargets | undefined, N: number, part: Part | null) => void;

/**
 * Gives every batch to `visit`, each in a workspace of its own; a `DataLoader` makes its batches in it too. Yields,
 * outside of the workspace, the event that `after` returns, and what has to be awaited.
 *
 * @param skip - How many batches to leave out at the beginning; of a `DataLoader` none.
 * @param arg - What errors call the loader.
 * @param needsTargets - Whether a batch without targets is an error.
 * @param partOf - Which part this process takes of a batch of so many examples; null: all of it.
 * @throws {TypeError} if there are no batches, or one is something else.
 */
export function* eachBatch<E = never>(
  fn: string,
  loader: Iterable<InputBatch> | AsyncIterable<InputBatch>,
  visit: Visit,
  after?: () => E,
  skip = 0,
  arg = 'loader',
  needsTargets = true,
  partOf: ((total: number) => Part) | null = null,
): Generator<E | Pending, void, unknown> {
  let count = 0;
  /** @param places - Of the examples of the batch, where `make` makes this process's part; null: it makes the batch. */
  const within = (make: () => InputBatch, places: Int32Array | null = null): void => {
    count++;
    workspace(() => {
      const { X, y, N } = checkBatch(fn, make(), needsTargets);
      if (partOf === null) visit(localParts(X), localParts(y), N, null);
      else {
        const part = { ...partOf(places?.length ?? N), mark: markOf(places ?? X) };
        const own = <T extends Arrays | BatchTargets | undefined>(parts: T): T =>
          localParts(places !== null || parts === undefined ? parts : cut(parts, part));
        visit(own(X), own(y), part.size, part);
      }
    });
  };
  const isSkipped = (): boolean => count < skip && count++ < skip;
  if (loader instanceof DataLoader) {
    for (const indices of loader.indexShares(partOf)) {
      within(() => loader.batch(indices) as InputBatch, partOf && indices);
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
        const next = (yield new Pending(batches.next())) as IteratorResult<InputBatch>;
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
function close(batches: AsyncIterator<InputBatch>): void {
  try {
    Promise.resolve(batches.return?.()).catch(() => {});
  } catch {
    // What ended the run is what the caller hears of.
  }
}

/** Gives every batch of a synchronous loader to `visit`, as {@link eachBatch}. */
export function forEachBatch(
  fn: string,
  loader: Iterable<InputBatch>,
  visit: Visit,
  arg = 'loader',
  needsTargets = true,
  partOf: ((total: number) => Part) | null = null,
): void {
  for (const _ of eachBatch(fn, loader, visit, undefined, 0, arg, needsTargets, partOf));
}

/** @throws {TypeError} if `loader` is not iterable; or, where that `mayWait`, asynchronously iterable. */
export function checkLoader(
  fn: string,
  arg: string,
  loader: unknown,
  mayWait = false,
): asserts loader is Iterable<InputBatch> {
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
export function isAsync(loader: Iterable<InputBatch> | AsyncIterable<InputBatch>): loader is AsyncIterable<InputBatch> {
  return typeof (loader as Partial<Batches>)[Symbol.iterator] !== 'function';
}

/** A batch, its labels copied, and how many examples it has. */
interface CheckedBatch {
  readonly X: Arrays;
  readonly y: BatchTargets | undefined;
  readonly N: number;
}

/** The same parts, their arrays in the memory of the open workspace. */
function localParts<T extends Arrays | BatchTargets | undefined>(parts: T): T {
  if (parts === undefined || parts instanceof Int32Array) return parts;
  if (isNDArray(parts)) return local(parts) as T;
  return mapParts(parts, '', (part) => (isNDArray(part) ? local(part) : part)) as T;
}

function checkBatch(fn: string, batch: InputBatch, needsTargets: boolean): CheckedBatch {
  const isBatch = Array.isArray(batch) && (batch.length === 2 || (batch.length === 1 && !needsTargets));
  if (!isBatch || !(isNDArray(batch[0]) || isTuple(batch[0]) || isRecord(batch[0]))) {
    const expected = 'batches [X, y] with an array X';
    throw argumentError(TypeError, { fn, arg: 'the loader', found: `gave ${describe(batch)}`, expected });
  }
  const [X, y] = batch;
  const N = isNDArray(X) ? X.shape[0] : checkInputs(fn, 'X', X);
  return { X, y: y === undefined ? undefined : checkTargets(fn, 'y', y, N), N };
}
