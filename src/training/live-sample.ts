import {
  heap,
  heapCopy,
  hostValues,
  isNDArray,
  type NDArray,
  type Stateful,
  withStorage,
  wrap,
} from '../arrays/index.js';
import { type Arrays, DataLoader } from '../data/index.js';
import type { AsyncBatches, Batches } from './batches.js';
import { gatherRows } from './examples.js';
import type { Kept } from './solver-model.js';

/** Examples that predictions are looked at of. */
const MOST = 256;

/** Examples that activations are looked at of. */
const PROBE = 32;

/** A few examples, which stay the same for a run. */
export interface LiveSample {
  /** Shape (N, …), on the heap. */
  readonly X: NDArray;
  /** N labels; null where targets are none, or the examples are of training. */
  readonly labels: Int32Array | null;
  /** Where each stands among the validation examples. */
  readonly places: Int32Array;
  /** The first of `X`, shape (B, …). */
  readonly probe: NDArray;
}

/** Evenly spread validation examples of a Solver. */
export function sampleOfSolver({ N, X, y }: Kept): LiveSample {
  const places = spread(N);
  const labels = y instanceof Int32Array ? places.map((place) => y[place]) : null;
  return sample(gathered(X, places), labels, places);
}

/**
 * Evenly spread examples of a `DataLoader`, which draws the same numbers afterwards as it would have; null of other
 * loaders, and where inputs are several arrays.
 */
export function sampleOfLoader(loader: Batches | AsyncBatches | undefined): LiveSample | null {
  if (!(loader instanceof DataLoader)) return null;
  const { dataset } = loader as { dataset: { length?: number; X?: unknown } };
  const N = dataset.length ?? (isNDArray(dataset.X) ? dataset.X.shape[0] : 0);
  if (N === 0) return null;
  const places = spread(N);
  const before = loader.stateDict();
  try {
    const [X, y] = withStorage(heap, () => loader.batch(places)) as readonly [X: unknown, y?: unknown];
    if (!isNDArray(X)) return null;
    return sample(heapCopy(X), y instanceof Int32Array ? y.slice() : null, places);
  } catch {
    // Whoever validates hears of it.
    return null;
  } finally {
    (loader as Stateful).loadStateDict(before);
  }
}

/** The first examples of a batch of training: for activations alone. */
export function sampleOfBatch(X: Arrays): LiveSample | null {
  if (!isNDArray(X)) return null;
  const count = Math.min(PROBE, X.shape[0]);
  return sample(
    heapCopy(X.hi(count, ...X.shape.slice(1))),
    null,
    Int32Array.from({ length: count }, (_, i) => i),
  );
}

function sample(X: NDArray, labels: Int32Array | null, places: Int32Array): LiveSample {
  const [N, ...rest] = X.shape;
  const count = Math.min(PROBE, N);
  const values = hostValues(X);
  const probe = withStorage(heap, () => wrap(values.subarray(0, (values.length / N) * count), [count, ...rest]));
  return { X, labels, places, probe };
}

function gathered(X: NDArray, places: Int32Array): NDArray {
  return withStorage(heap, () => gatherRows(X, places));
}

/** Evenly spread places, each once. */
function spread(N: number): Int32Array {
  const count = Math.min(MOST, N);
  return Int32Array.from({ length: count }, (_, i) => Math.floor((i * N) / count));
}
