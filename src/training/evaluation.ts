import {
  argumentError,
  array,
  checkLabels,
  checkSynchronous,
  count,
  describe,
  FLAG,
  FUNCTION,
  heap,
  hostValues,
  isNDArray,
  type Labels,
  type NDArray,
  type OptionsOf,
  oneOf,
  option,
  ShapeError,
  settingsOf,
  tuple,
  withStorage,
  wrap,
} from '../arrays/index.js';
import { F, noGrad, Tensor } from '../autograd/index.js';
import type { Model } from '../classifiers/model.js';
import { checkInputs, rows } from '../data/dataset.js';
import type { Arrays, Targets } from '../data/index.js';
import { type BatchTargets, isRecord, isTuple, mapParts } from '../data/structure.js';
import { isKeepingNothing } from '../kernels/index.js';
import { highestClass } from '../metrics/classes.js';
import { Module, Sigmoid, Softmax } from '../nn/index.js';
import { type Batches, checkLoader, forEachBatch, type InputBatch } from './batches.js';
import { asRows, EpochScores, scoresOf } from './epoch-scores.js';
import { type AnyMetrics, Joined, METRICS, type Metrics, type Values, valuesOf } from './metric.js';
import { endsWith, IGNORE_INDEX, Tally, thresholdOf, WHOLE } from './scoring.js';

/** Scores of examples, and their labels; where targets are no labels, the targets. */
export interface Predictions<Y = Int32Array, Scores = NDArray> {
  /**
   * Shape (N, C); (N, 1) of a model with one output, whose logits stand for class 1 where they are above zero. Of a
   * model that gives several, an array for each.
   */
  readonly scores: Scores;
  readonly labels: Y;
}

const COUNTED = {
  /** The label of examples, or of places of images, that do not count. Default −100, as of `F.crossEntropy`. */
  ignoreIndex: option(IGNORE_INDEX, WHOLE),
};

const CHECK_ACCURACY = {
  /** Whether to print `Got 414 / 1000 correct (41.40%)`. Default false. */
  verbose: option(false, FLAG),
  ...COUNTED,
};

/** Options of {@link checkAccuracy}. */
export interface CheckAccuracyOptions extends OptionsOf<typeof CHECK_ACCURACY> {}

/**
 * The share of the loader's examples whose highest score is that of their label, with the model in evaluation mode.
 * Where the model gives one score, a logit (B, 1) or (B,), those whose label is 1 where it is above zero, and 0
 * elsewhere; above 0.5 where the model is a `Sequential` that ends with a `Sigmoid`, whose outputs are probabilities.
 * An example with a score of NaN is never right. Where it gives scores for each place of an image, (B, C, H, W), the
 * share of the places, whose labels are an array of shape (B, H, W). Labels (B, 1) of scores (B, C) are taken for (B,).
 *
 * @param loader - A `DataLoader`, or another iterable of batches `[X, y]`.
 * @param model - A module, or a model of the Solver, that gives scores of shape (B, C) for a batch. The mode of each of
 *   its modules is restored afterwards.
 * @returns A number in [0, 1]; NaN where no example counts.
 * @throws {TypeError} if the loader has no batches, or is not iterable.
 * @throws {ShapeError} if the scores have another shape.
 * @throws {RangeError} if a label is beyond the classes, or is no whole number.
 */
export function checkAccuracy(loader: Batches, model: Module | Model, options: CheckAccuracyOptions = {}): number {
  const fn = 'checkAccuracy';
  const { verbose, ignoreIndex } = settingsOf(fn, CHECK_ACCURACY, options);
  const tally = new Tally(fn, 'y', ignoreIndex, thresholdOf(model));
  score(fn, loader, model, true, (output, y, N) => {
    const [scores, labels] = labelled(fn, output, y as BatchTargets, N, ignoreIndex);
    tally.add(scores, labels);
  });
  const { right, count, accuracy } = tally;
  if (verbose) console.log(`Got ${right} / ${count} correct (${((100 * right) / count).toFixed(2)}%)`);
  return accuracy;
}

/** Scores (N, C) with N labels, or (N, C, …) with labels of the shape (N, …), in row-major order. */
function labelled(fn: string, output: unknown, y: BatchTargets, N: number, ignoreIndex: number): [NDArray, Int32Array] {
  if (y instanceof Int32Array || !isNDArray(y)) {
    return [scoreRows(fn, output, N), checkLabels(fn, 'y', y as Int32Array, N)];
  }
  const scores = scoresOf(output);
  const [, ...places] = y.shape;
  if (places.length === 0 || (scores !== null && scores.shape.length <= 2 && y.size === N)) {
    return [scoreRows(fn, output, N), countedLabels(fn, y, ignoreIndex)];
  }
  if (scores !== null && tuple([scores.shape[0], ...scores.shape.slice(2)]) === tuple(y.shape)) {
    return [scores, countedLabels(fn, y, ignoreIndex)];
  }
  const expected = `${tuple([`N=${N}`, 'C', ...places])}, for labels of shape ${tuple(y.shape)}`;
  throw misshapen(fn, output, expected);
}

/** Labels of an array in row-major order, among which may be `ignoreIndex`, which is no class. */
function countedLabels(fn: string, y: NDArray, ignoreIndex: number): Int32Array {
  const values = hostValues(y);
  const labels = checkLabels(
    fn,
    'y',
    Array.from(values, (label) => (label === ignoreIndex ? 0 : label)),
    y.size,
  );
  return labels.map((label, i) => (values[i] === ignoreIndex ? ignoreIndex : label));
}

const PREDICT = {
  /**
   * What to return: `'scores'`, as the model gives them; `'classes'`, the place of each highest score, for one score
   * whether it is above zero; `'probabilities'`, the softmax of the scores of each example, for one score its sigmoid.
   * Of a `Sequential` that ends with a `Sigmoid` or `Softmax`, probabilities are its outputs, and one output is class 1
   * above 0.5.
   * Default: scores, and with a loader that has labels an object of both.
   */
  as: option<'scores' | 'classes' | 'probabilities' | undefined>(
    undefined,
    oneOf('scores', 'classes', 'probabilities'),
  ),
  /** Examples at a time where X is an array. Default 100. */
  batchSize: option(100, count(1)),
};

/** Options of {@link predict}. */
export interface PredictOptions extends OptionsOf<typeof PREDICT> {}

/**
 * What a model says of examples, with the model in evaluation mode.
 *
 * @param examples - An array X of shape (N, …), or several in a tuple or an object; or a loader, whose batches may have
 *   targets or not.
 * @param model - A module, or a model of the Solver such as a `TwoLayerNet`.
 * @returns Without `as` the scores (N, C), for a loader with targets `{ scores, labels }`. Classes are an Int32Array: N
 *   of them, or for scores (N, C, H, W) N · H · W in row-major order. Probabilities have the shape of the scores.
 * @throws {TypeError} if the loader has no batches, or the examples are neither arrays nor a loader.
 * @throws {ShapeError} if the scores have another number of classes in a later batch, or, for classes and
 *   probabilities, fewer than two axes.
 *
 * @example
 * const labels = predict(X, model, { as: 'classes' });
 * const { scores } = predict(loaderTest, model);
 */
export function predict<Y extends Targets = Labels, S = Tensor>(
  examples: Batches<Y>,
  model: Module<S> | Model,
  options?: { as?: undefined },
): Predictions<Y extends NDArray ? NDArray : Int32Array, Values<S>>;
export function predict(
  examples: Arrays | Iterable<InputBatch>,
  model: Module | Model,
  options: PredictOptions & { as: 'classes' },
): Int32Array;
export function predict(
  examples: Arrays | Iterable<InputBatch>,
  model: Module | Model,
  options: PredictOptions & { as: 'probabilities' },
): NDArray;
export function predict<S = Tensor>(
  examples: Arrays | Iterable<InputBatch>,
  model: Module<S> | Model,
  options: PredictOptions & { as: 'scores' },
): Values<S>;
export function predict<S = Tensor>(
  examples: Arrays | Iterable<readonly [X: Arrays]>,
  model: Module<S> | Model,
  options?: PredictOptions & { as?: undefined },
): Values<S>;
export function predict(
  examples: Arrays | Iterable<readonly [X: Arrays]>,
  model: Module | Model,
  options?: PredictOptions,
): NDArray | Int32Array;
export function predict(
  examples: Arrays | Iterable<InputBatch>,
  model: Module<unknown> | Model,
  options: PredictOptions = {},
): unknown {
  const fn = 'predict';
  const { as, batchSize } = settingsOf(fn, PREDICT, options);
  const areProbabilities = endsWith(model, Sigmoid, Softmax);
  const wanted = as !== 'probabilities' || areProbabilities ? (output: unknown): unknown => output : probabilitiesOf;
  const [scores, targets] = [new Joined(), new Joined()];
  let isLabelled = false;
  if ((examples as unknown) instanceof Tensor) {
    const [found, expected] = [`is ${describe(examples)}`, 'an array or a loader'];
    throw argumentError(TypeError, { fn, arg: 'X', found, expected, wayOut: 'give its data, X.data' });
  }
  if ((examples as unknown) instanceof Module) {
    const [found, expected] = [`is ${describe(examples)}`, 'an array X or a loader'];
    throw argumentError(TypeError, { fn, arg: 'loader', found, expected, wayOut: 'the model is the second argument' });
  }
  score(fn, isInputs(examples) ? slices(fn, examples, batchSize) : examples, model, false, (output, y) => {
    const made = wanted(output);
    scores.add(valuesOf(made));
    if (y === undefined || as !== undefined) return;
    targets.add(y);
    isLabelled = true;
  });
  const all = scores.all((_, first, other) => {
    const expected = `${tuple(['N', `C=${first.shape[1]}`, ...first.shape.slice(2)])}, as of the first batch`;
    return misshapen(fn, other, expected);
  }) as NDArray;
  if (as === 'classes') return highestClass(classScores(fn, all), thresholdOf(model));
  if (!isLabelled) return all;
  return { scores: all, labels: targets.all((_, first, other) => unlike(fn, 'y', first, other)) };
}

const EVALUATE = {
  /** The loss of a batch, of which the mean over all examples is returned. Default: none. */
  loss: option<unknown>(undefined, FUNCTION),
  /** Numbers computed from the scores and targets of all examples, by name. Default: none. */
  metrics: option<unknown>({}, METRICS),
  ...COUNTED,
};

/** What a model is evaluated by. */
export interface EvaluateOptions<Y = Targets, S = Tensor> {
  /** The loss of a batch, of which the mean over all examples is returned. Default: none. */
  loss?: (scores: S, y: Y) => Tensor;
  /** Numbers computed from the scores and targets of all examples, by name. Default: none. */
  metrics?: Metrics<Y, NoInfer<S>>;
  /** The label of examples, or of places of images, that do not count in the accuracy. Default −100. */
  ignoreIndex?: number;
}

/** What {@link evaluate} returns. */
export interface Evaluation {
  /**
   * As `checkAccuracy`; null where targets are no labels or scores not (N, C). Whole numbers of shape (N, H, W) are
   * labels where the scores are (N, C, H, W).
   */
  readonly accuracy: number | null;
  /** The mean over the examples; null without `loss`. */
  readonly loss: number | null;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Accuracy, loss and metrics of a model on the examples of a loader, in evaluation mode.
 *
 * @param loader - A `DataLoader`, or another iterable of batches `[X, y]`, whose targets may be anything that the loss
 *   and the metrics take.
 *
 * @example
 * const { loss, metrics } = evaluate(loaderTest, model, { loss: F.mseLoss, metrics: { r2: r2Score } });
 *
 * @throws {TypeError | ShapeError | RangeError} as {@link checkAccuracy}, or naming a metric that returns no number.
 */
export function evaluate<Y extends Targets = Targets, S = Tensor>(
  loader: Batches<Y>,
  model: Module<S> | Model,
  options: EvaluateOptions<Y, S> = {},
): Evaluation {
  const fn = 'evaluate';
  checkLossOption(fn, options?.loss);
  const { loss, metrics, ignoreIndex } = settingsOf(fn, EVALUATE, options);
  const lossOf = loss as ((scores: unknown, y: unknown) => Tensor) | undefined;
  const scores = new EpochScores(fn, 'y', metrics as AnyMetrics, ignoreIndex, thresholdOf(model));
  score(fn, loader, model, true, (output, y, N) => {
    const value = lossOf && checkLoss(fn, lossOf(output, y)).item();
    scores.add(output, y as BatchTargets, N, value);
  });
  return { accuracy: scores.accuracy, loss: scores.loss, metrics: scores.metrics.results() };
}

/** The softmax over the classes of scores (N, C, …); of one score, a logit, its sigmoid. */
function probabilitiesOf(output: unknown): Tensor {
  const scores = classScores('predict', output);
  return scores.shape[1] === 1 ? F.sigmoid(scores) : F.softmax(scores, 1);
}

/** @throws {ShapeError} if a model's output has no axis of classes. */
function classScores(fn: string, output: unknown): NDArray {
  const scores = scoresOf(output);
  if (scores !== null && scores.shape.length >= 2) return scores;
  throw misshapen(fn, output, 'scores (N, C) or (N, C, …)');
}

/** Whether examples are given as arrays, rather than by a loader. */
function isInputs(examples: unknown): examples is Arrays {
  if (isNDArray(examples) || isTuple(examples)) return true;
  return isRecord(examples) && !(Symbol.iterator in examples);
}

/** Batches of the examples, in order, over the same memory. */
function* slices(fn: string, X: Arrays, batchSize: number): Generator<InputBatch> {
  const N = checkInputs(fn, 'X', X);
  const kept = mapParts(X, 'X', (part) => rows(part as NDArray));
  for (let start = 0; start < N; start += batchSize) {
    const end = Math.min(N, start + batchSize);
    const part = mapParts(kept, 'X', (a) => {
      const { data, shape, size } = a as NDArray;
      const row = size / N;
      return withStorage(heap, () => wrap(data.subarray(start * row, end * row), [end - start, ...shape.slice(1)]));
    });
    yield [part as Arrays];
  }
}

/** Gives `visit` what the model says of each batch, within the workspace of the batch. */
function score(
  fn: string,
  loader: Iterable<InputBatch>,
  model: Module<unknown> | Model,
  needsTargets: boolean,
  visit: (output: unknown, y: BatchTargets | undefined, N: number) => void,
): void {
  checkLoader(fn, 'loader', loader);
  const isModule = model instanceof Module;
  if (!isModule && typeof model?.loss !== 'function') {
    throw argumentError(TypeError, { fn, arg: 'model', found: 'is no Module', wayOut: 'the loader comes first' });
  }
  const forEach = (outputOf: (X: Arrays) => unknown): void =>
    forEachBatch(fn, loader, (X, y, N) => visit(outputOf(X), y, N), 'loader', needsTargets);
  if (isModule) {
    evaluating(model, () => forEach((X) => forwardOf(fn, model, X)));
    return;
  }
  const arg = 'model.loss(X)';
  const loss = (X: NDArray): unknown => {
    const keeps = !isKeepingNothing(model.loss);
    const scores = keeps ? withStorage(heap, () => model.loss(array(X))) : model.loss(X);
    checkSynchronous(fn, arg, scores);
    if (isNDArray(scores)) return scores;
    throw argumentError(TypeError, { fn, arg, found: `returned ${describe(scores)}`, expected: 'an array of scores' });
  };
  forEach((X) => {
    if (isNDArray(X)) return loss(X);
    throw argumentError(TypeError, { fn, arg: 'X', found: 'is several arrays', expected: 'one, for a classifier' });
  });
}

/** What a module makes of a batch: a tuple's arrays are its arguments, an array or an object is its argument. */
export function forwardOf(fn: string, model: Module<unknown>, X: Arrays): unknown {
  const output: unknown = Array.isArray(X) ? model.forward(...X) : model.forward(X);
  checkSynchronous(fn, 'model.forward(X)', output);
  return output;
}

/** Runs `fn` without recording and with `model` in evaluation mode, then restores the mode of every module. */
export function evaluating<R>(model: Module<unknown>, fn: () => R): R {
  const modes = [...model.modules()].map((module) => [module, module.training] as const);
  model.eval();
  try {
    return noGrad(fn);
  } finally {
    for (const [module, training] of modes) module.training = training;
  }
}

/** Scores (N, C) for accuracy; (N,), one for each example, are (N, 1). @throws {ShapeError} if they are others. */
function scoreRows(fn: string, output: unknown, N: number): NDArray {
  const scores = scoresOf(output);
  return checkScores(fn, scores === null ? output : asRows(scores), N);
}

/** @throws {ShapeError} if what a model returned are not scores (N, C). */
export function checkScores(fn: string, output: unknown, N: number): NDArray {
  const scores = scoresOf(output);
  if (scores !== null && scores.shape.length === 2 && scores.shape[0] === N) return scores;
  throw misshapen(fn, output, `scores (N=${N}, C)`);
}

function unlike(fn: string, arg: string, first: NDArray, other: unknown): Error {
  const [found, expected] = [`is ${describe(other)}`, `one like ${describe(first)}, as of the first batch`];
  return argumentError(ShapeError, { fn, arg, found, expected });
}

function misshapen(fn: string, output: unknown, expected: string): Error {
  const scores = scoresOf(output);
  const found = scores === null ? `returned ${describe(output)}` : `has shape ${tuple(scores.shape)}`;
  const isOne = scores?.shape.length === 1;
  const wayOut = isOne ? 'one score for each example is of shape (N, 1), as F.unsqueeze(scores, 1)' : undefined;
  return argumentError(ShapeError, { fn, arg: 'model.forward(X)', found, expected, wayOut });
}

/** @throws {TypeError} if the option `loss` is a module, whose `forward` is meant. */
export function checkLossOption(fn: string, loss: unknown): void {
  if (!(loss instanceof Module)) return;
  const [found, expected] = [`is ${describe(loss)}`, 'a function'];
  const wayOut = 'give (scores, y) => module.forward(scores, y)';
  throw argumentError(TypeError, { fn, arg: 'loss', found, expected, wayOut });
}

/** @throws {TypeError} if what `loss` returned is no tensor of one value. */
export function checkLoss(fn: string, loss: unknown): Tensor {
  checkSynchronous(fn, 'loss', loss);
  if (loss instanceof Tensor && loss.data.size === 1) return loss;
  const found = loss instanceof Tensor ? `a tensor of shape ${tuple(loss.shape)}` : describe(loss);
  const expected = 'a tensor of one value, made of the scores by functions of F, such as F.crossEntropy(scores, y)';
  throw argumentError(TypeError, { fn, arg: 'loss(scores, y)', found: `returned ${found}`, expected });
}
