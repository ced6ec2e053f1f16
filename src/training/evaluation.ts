import {
  argumentError,
  array,
  checkFlag,
  checkOptions,
  checkSynchronous,
  dtypeOf,
  empty,
  heap,
  hostRoom,
  hostValues,
  type NDArray,
  ShapeError,
  tuple,
  withStorage,
} from '../arrays/index.js';
import { noGrad, type Tensor } from '../autograd/index.js';
import { Module } from '../nn/index.js';
import { type Batches, checkLoader, forEachBatch } from './batches.js';
import { Tally } from './scoring.js';

/** Scores of examples, and their labels. */
export interface Predictions {
  /** Shape (N, C); (N, 1) of a model with one output, whose logits stand for class 1 where they are above zero. */
  readonly scores: NDArray;
  readonly labels: Int32Array;
}

/**
 * The share of the loader's examples whose highest score is that of their label, with the model in evaluation mode.
 * Where the model gives one score, a logit, those whose label is 1 where it is above zero, and 0 elsewhere. An example
 * with a score of NaN is never right.
 *
 * @param loader - A `DataLoader`, or another iterable of batches `[X, y]`.
 * @param model - Gives scores of shape (B, C) for a batch. The mode of each of its modules is restored afterwards.
 * @param options - `verbose`: print `Got 414 / 1000 correct (41.40%)`. Default false.
 * @returns A number in [0, 1].
 * @throws {TypeError} if the loader has no batches, or is not iterable.
 * @throws {ShapeError} if the scores have another shape.
 * @throws {RangeError} if a label is beyond the classes.
 */
export function checkAccuracy(loader: Batches, model: Module, options: { verbose?: boolean } = {}): number {
  const fn = 'checkAccuracy';
  checkOptions(fn, options, ['verbose']);
  const { verbose = false } = options;
  checkFlag(fn, 'verbose', verbose);
  const tally = new Tally(fn, 'y');
  score(fn, loader, model, (scores, y) => tally.add(scores, y));
  const { right, count, accuracy } = tally;
  if (verbose) console.log(`Got ${right} / ${count} correct (${((100 * right) / count).toFixed(2)}%)`);
  return accuracy;
}

/**
 * The model's scores for all examples of the loader, with the model in evaluation mode.
 *
 * @param loader - As for {@link checkAccuracy}.
 * @throws {TypeError} if the loader has no batches, or is not iterable.
 * @throws {ShapeError} if the scores have another shape than (B, C), or not the same C for all batches.
 */
export function predict(loader: Batches, model: Module): Predictions {
  const parts: NDArray[] = [];
  const labelsOfParts: Int32Array[] = [];
  let N = 0;
  score('predict', loader, model, (scores, y) => {
    const [{ shape } = scores] = parts;
    if (scores.shape[1] !== shape[1]) {
      throw misshapen('predict', scores.shape, `${tuple(['N', `C=${shape[1]}`])}, as of the first batch`);
    }
    parts.push(withStorage(heap, () => array(scores)));
    labelsOfParts.push(y);
    N += y.length;
  });
  const [first] = parts;
  const scores = withStorage(heap, () => empty([N, first.shape[1]], dtypeOf(first)));
  const labels = new Int32Array(N);
  const room = hostRoom(scores);
  let row = 0;
  parts.forEach((part, i) => {
    room.set(hostValues(part), row * first.shape[1]);
    labels.set(labelsOfParts[i], row);
    row += labelsOfParts[i].length;
  });
  return { scores, labels };
}

function score(fn: string, loader: Batches, model: Module, visit: (scores: NDArray, y: Int32Array) => void): void {
  checkLoader(fn, 'loader', loader);
  if (!(model instanceof Module)) {
    throw argumentError(TypeError, { fn, arg: 'model', found: 'is no Module', wayOut: 'the loader comes first' });
  }
  evaluating(model, () => forEachBatch(fn, loader, (X, y) => visit(checkScores(fn, model.forward(X), y.length), y)));
}

/** Runs `fn` without recording and with `model` in evaluation mode, then restores the mode of every module. */
export function evaluating<R>(model: Module, fn: () => R): R {
  const modes = [...model.modules()].map((module) => [module, module.training] as const);
  model.eval();
  try {
    return noGrad(fn);
  } finally {
    for (const [module, training] of modes) module.training = training;
  }
}

/** @throws {ShapeError} if a model's scores are not (N, C). */
export function checkScores(fn: string, scores: Tensor, N: number): NDArray {
  checkSynchronous(fn, 'model.forward(X)', scores);
  if (scores.shape.length === 2 && scores.shape[0] === N) return scores.data;
  throw misshapen(fn, scores.shape, `scores (N=${N}, C)`);
}

function misshapen(fn: string, shape: readonly number[], expected: string): Error {
  return argumentError(ShapeError, { fn, arg: 'model.forward(X)', found: `has shape ${tuple(shape)}`, expected });
}
