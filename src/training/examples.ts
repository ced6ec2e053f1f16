import { dtypeOf, empty, heap, type Random, withStorage, wrap } from '../arrays/index.js';
import type { Model } from '../classifiers/model.js';
import { isKeepingNothing, kernels, workspace } from '../kernels/index.js';
import { divergedLoss, type Progress } from './diverged-error.js';
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
      if (!Number.isFinite(loss)) throw divergedLoss(progress(), loss, ['minibatch', X], model.params);
      updater.update(grads);
      return loss;
    } catch (error) {
      restoreStatistics(model, statistics);
      throw error;
    }
  });
}

/**
 * Scores examples, batch by batch.
 *
 * @param arg - What errors call the labels; null: labels beyond the classes count as wrong.
 * @param random - Draws `numSamples` of them, with replacement; all are scored, once each, where that is null or no
 *   fewer.
 */
export function scoreOf(
  model: Model,
  arg: string | null,
  examples: Kept,
  random: Random,
  numSamples: number | null,
  batchSize = 100,
): Tally {
  const { y } = examples;
  const chosen = numSamples !== null && numSamples < y.length ? random.randint(0, y.length, numSamples) : null;
  const count = chosen?.length ?? y.length;
  const tally = new Tally('Solver', arg);
  for (let start = 0; start < count; start += batchSize) {
    const end = Math.min(count, start + batchSize);
    inScope(model, () => {
      const batch = chosen === null ? slice(examples, start, end) : gather(examples, chosen.subarray(start, end));
      tally.add(checkScores(model.loss(batch.X), batch.y.length), batch.y);
    });
  }
  return tally;
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
function inScope<T>(model: Model, pass: () => T): T {
  return isKeepingNothing(model.loss) ? workspace(pass) : withStorage(heap, pass);
}

/** The examples at the given places, in new arrays. */
function gather({ X, y }: Kept, chosen: Int32Array): Kept {
  const batch = empty([chosen.length, ...X.shape.slice(1)], dtypeOf(X));
  kernels().gatherRows(X.data, chosen, batch.data, X.size / X.shape[0]);
  return { X: batch, y: chosen.map((i) => y[i]) };
}

/** Kept start … end, in the same memory. */
function slice({ X, y }: Kept, start: number, end: number): Kept {
  const length = X.size / X.shape[0];
  const shape = [end - start, ...X.shape.slice(1)];
  const part = withStorage(heap, () => wrap(X.data.subarray(start * length, end * length), shape));
  return { X: part, y: y.subarray(start, end) };
}
