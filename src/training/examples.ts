import { dtypeOf, empty, heap, isNDArray, type NDArray, type Random, withStorage, wrap } from '../arrays/index.js';
import type { Model } from '../classifiers/model.js';
import { isKeepingNothing, kernels, workspace } from '../kernels/index.js';
import { divergedLoss, type Progress } from './diverged-error.js';
import { TURN } from './drive.js';
import { restoreStatistics, statisticsOf } from './parameters.js';
import { Tally } from './scoring.js';
import { checkResult, checkScores, type Kept } from './solver-model.js';
import type { Updater } from './updater.js';

/**
 * Differentiates the loss of the examples at the given places, and updates the parameters.
 *
 * @returns The loss.
 * @throws {DivergedError} if that is not finite. After any error parameters, running statistics and configs are as
 *   before.
 */
export function stepOn(model: Model, examples: Kept, chosen: Int32Array, updater: Updater, progress: () => Progress) {
  const statistics = statisticsOf(model);
  return inScope(model, () => {
    const { X, y } = gather(examples, chosen);
    try {
      const { loss, grads } = checkResult(model.loss(X, y), model.params);
      if (!Number.isFinite(loss)) throw divergedLoss(progress(), loss, ['minibatch', X, y], model.params);
      updater.update(grads);
      return loss;
    } catch (error) {
      restoreStatistics(model, statistics);
      throw error;
    }
  });
}

/** What an evaluation of a Solver's model has found. */
export interface Evaluated {
  /** The mean over the examples: 1 for each whose class is its label, or the loss where targets are numbers. */
  readonly value: number;
  /** Whether what decided it are finite numbers. */
  readonly finite: boolean;
}

/** Places of `numSamples` examples, drawn with replacement; null, which means all of them, where there are no more. */
export function drawSamples(random: Random, { N }: Kept, numSamples: number | null): Int32Array | null {
  return numSamples !== null && numSamples < N ? random.randint(0, N, numSamples) : null;
}

/**
 * Evaluates a model on examples, batch by batch: its accuracy where they have labels, and where targets are numbers the
 * mean of its loss. Yields after each batch, outside of its workspace.
 *
 * @param arg - What errors call the labels; null: labels beyond the classes count as wrong.
 * @param chosen - The places of the examples that are scored; null: all of them, once each.
 */
export function* scoreOf(
  model: Model,
  arg: string | null,
  examples: Kept,
  chosen: Int32Array | null,
  batchSize = 100,
): Generator<typeof TURN, Evaluated, unknown> {
  const count = chosen?.length ?? examples.N;
  const tally = new Tally('Solver', arg);
  let lossSum = 0;
  for (let start = 0; start < count; start += batchSize) {
    const end = Math.min(count, start + batchSize);
    inScope(model, () => {
      const batch = chosen === null ? slice(examples, start, end) : gather(examples, chosen.subarray(start, end));
      if (batch.y instanceof Int32Array) tally.add(checkScores(model.loss(batch.X), batch.N), batch.y);
      else lossSum += lossOf(model, batch) * batch.N;
    });
    yield TURN;
  }
  if (examples.y instanceof Int32Array) return { value: tally.accuracy, finite: tally.finite };
  return { value: lossSum / count, finite: Number.isFinite(lossSum) };
}

/** The loss of a batch: a training-time pass, whose running statistics are dropped. */
export function lossOf(model: Model, { X, y }: Kept): number {
  const statistics = statisticsOf(model);
  try {
    return checkResult(model.loss(X, y), model.params).loss;
  } finally {
    restoreStatistics(model, statistics);
  }
}

/**
 * Runs `draw`, which draws numbers from `random`. If it throws it has drawn none, so that the next one draws the same.
 */
export function drawing<T>(random: Random, draw: () => T): T {
  const before = random.stateDict();
  try {
    return draw();
  } catch (error) {
    random.loadStateDict(before);
    throw error;
  }
}

/** Runs a pass of the model in a workspace; one that may keep what it is given gets arrays on the heap. */
export function inScope<T>(model: Model, pass: () => T): T {
  return isKeepingNothing(model.loss) ? workspace(pass) : withStorage(heap, pass);
}

/** The examples at the given places, in new arrays. */
export function gather({ X, y }: Kept, chosen: Int32Array): Kept {
  const batch = gatherRows(X, chosen);
  return { N: chosen.length, X: batch, y: isNDArray(y) ? gatherRows(y, chosen) : chosen.map((i) => y[i]) };
}

/** The rows at the given places, in a new array. */
export function gatherRows(a: NDArray, chosen: Int32Array): NDArray {
  const rows = empty([chosen.length, ...a.shape.slice(1)], dtypeOf(a));
  kernels().gatherRows(a.data, chosen, rows.data, a.size / a.shape[0]);
  return rows;
}

/** Kept start … end, in the same memory. */
export function slice({ X, y }: Kept, start: number, end: number): Kept {
  const part = (a: NDArray): NDArray => {
    const length = a.size / a.shape[0];
    const shape = [end - start, ...a.shape.slice(1)];
    return withStorage(heap, () => wrap(a.data.subarray(start * length, end * length), shape));
  };
  return { N: end - start, X: part(X), y: isNDArray(y) ? part(y) : y.subarray(start, end) };
}
