import {
  argumentError,
  checkLabels,
  checkShapes,
  count,
  hostValues,
  isNDArray,
  type Labels,
  type NDArray,
  type OptionsOf,
  option,
  type Range,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import { classesOf, flat, type Predicted, shapeOf } from './classes.js';

/** How the numbers of the classes become one. */
export type Average = 'macro' | 'micro' | 'weighted' | null;

const AVERAGES: Range = {
  allows: (value) => value === null || ['macro', 'micro', 'weighted'].includes(value as string),
  expected: "'macro', 'micro', 'weighted' or null",
  Kind: RangeError,
};

const AVERAGE = {
  /**
   * `'macro'`: the mean over the classes that occur; `'weighted'`: weighted by how many examples they have; `'micro'`:
   * of all examples together; null: one number for each class. Default `'macro'`.
   */
  average: option<Average>('macro', AVERAGES),
};

/** Options of {@link precision}, {@link recall} and {@link f1Score}. */
export interface AverageOptions extends OptionsOf<typeof AVERAGE> {}

/** Examples of each class. */
interface Counts {
  /** Of the class, and predicted to be. */
  readonly right: Float64Array;
  /** Predicted to be of the class. */
  readonly predicted: Float64Array;
  /** Of the class. */
  readonly actual: Float64Array;
}

function countsOf(fn: string, predictions: Predicted, targets: Labels): Counts {
  const { predicted, actual, count: C } = classesOf(fn, predictions, targets);
  const counts = { right: new Float64Array(C), predicted: new Float64Array(C), actual: new Float64Array(C) };
  for (let i = 0; i < actual.length; i++) {
    counts.predicted[predicted[i]]++;
    counts.actual[actual[i]]++;
    if (predicted[i] === actual[i]) counts.right[actual[i]]++;
  }
  return counts;
}

/** A part of a whole; of nothing 0, as scikit-learn's `zero_division=0`. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

type Ratio = (right: number, predicted: number, actual: number) => number;

/** A function of the three counts, averaged over classes. */
function averaged(fn: string, ratio: Ratio, predictions: Predicted, targets: Labels, options: AverageOptions) {
  const { average } = settingsOf(fn, AVERAGE, options);
  const { right, predicted, actual } = countsOf(fn, predictions, targets);
  const of = [...right].map((n, c) => ratio(n, predicted[c], actual[c]));
  if (average === null) return of;
  const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
  if (average === 'micro') return ratio(sum(right), sum(predicted), sum(actual));
  if (average === 'weighted') return share(sum(of.map((value, c) => value * actual[c])), sum(actual));
  return share(sum(of), of.filter((_, c) => predicted[c] + actual[c] > 0).length);
}

/**
 * The share of the examples predicted to be of a class that are of it: `TP / (TP + FP)`, 0 where none is predicted.
 *
 * @param predictions - N classes, or scores (N, C); one score is a logit. For targets of shape (N, H, W) classes of
 *   that shape, or in a list in row-major order, as `predict` gives; or scores (N, C, H, W).
 * @param targets - N labels, or an array of them.
 * @returns A number in [0, 1]; with `average: null` one for each class, 0 for those that do not occur.
 * @throws {ShapeError | RangeError} if predictions and targets do not fit, or a label is beyond the classes.
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_score.html
 */
export function precision(predictions: Predicted, targets: Labels, options: { average: null }): number[];
export function precision(
  predictions: Predicted,
  targets: Labels,
  options?: { average?: Exclude<Average, null> },
): number;
export function precision(predictions: Predicted, targets: Labels, options: AverageOptions = {}): number | number[] {
  return averaged('precision', (right, predicted) => share(right, predicted), predictions, targets, options);
}

/**
 * The share of the examples of a class that are predicted to be of it: `TP / (TP + FN)`, 0 where there are none.
 * Arguments as of {@link precision}.
 */
export function recall(predictions: Predicted, targets: Labels, options: { average: null }): number[];
export function recall(predictions: Predicted, targets: Labels, options?: { average?: Exclude<Average, null> }): number;
export function recall(predictions: Predicted, targets: Labels, options: AverageOptions = {}): number | number[] {
  return averaged('recall', (right, _, actual) => share(right, actual), predictions, targets, options);
}

/**
 * The harmonic mean of precision and recall, `2 TP / (2 TP + FP + FN)`, 0 where a class neither occurs nor is
 * predicted. Arguments as of {@link precision}.
 */
export function f1Score(predictions: Predicted, targets: Labels, options: { average: null }): number[];
export function f1Score(
  predictions: Predicted,
  targets: Labels,
  options?: { average?: Exclude<Average, null> },
): number;
export function f1Score(predictions: Predicted, targets: Labels, options: AverageOptions = {}): number | number[] {
  const ratio: Ratio = (right, predicted, actual) => share(2 * right, predicted + actual);
  return averaged('f1Score', ratio, predictions, targets, options);
}

const CONFUSION = {
  /** How many classes the matrix has. Default: those of the scores, or the highest class and one. */
  numClasses: option<number | undefined>(undefined, count(1)),
};

/** Options of {@link confusionMatrix}. */
export interface ConfusionMatrixOptions extends OptionsOf<typeof CONFUSION> {}

/**
 * How many examples of each class were predicted to be of each: a row for each true class, a column for each predicted
 * one. Arguments as of {@link precision}.
 *
 * @throws {RangeError} if a class is beyond `numClasses`.
 *
 * @example
 * const values = confusionMatrix(scores, labels);
 * const svg = await heatMap({ values, rows: classes, columns: classes, xTitle: 'predicted', yTitle: 'true' });
 */
export function confusionMatrix(
  predictions: Predicted,
  targets: Labels,
  options: ConfusionMatrixOptions = {},
): number[][] {
  const fn = 'confusionMatrix';
  const { numClasses } = settingsOf(fn, CONFUSION, options);
  const { predicted, actual, count: C } = classesOf(fn, predictions, targets);
  if (numClasses !== undefined && numClasses < C) {
    const [found, expected] = [`is ${numClasses}`, `at least ${C}, the classes that there are`];
    throw argumentError(RangeError, { fn, arg: 'numClasses', found, expected });
  }
  const size = numClasses ?? C;
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let i = 0; i < actual.length; i++) matrix[actual[i]][predicted[i]]++;
  return matrix;
}

const TOP_K = {
  /** How many of the highest scores count. Default 5. */
  k: option(5, count(1)),
};

/** Options of {@link topKAccuracy}. */
export interface TopKAccuracyOptions extends OptionsOf<typeof TOP_K> {}

/**
 * The share of the examples whose label is among those of the `k` highest scores; of equal scores the first count. An
 * example with a score of NaN is never right.
 *
 * @param scores - Shape (N, C), or (N, C, H, W) with scores for each place of an image.
 * @param targets - N labels in [0, C); for scores of places an array of shape (N, H, W), or N · H · W in row-major
 *   order.
 * @returns A number in [0, 1].
 */
export function topKAccuracy(scores: NDArray, targets: Labels, options: TopKAccuracyOptions = {}): number {
  const fn = 'topKAccuracy';
  const { k } = settingsOf(fn, TOP_K, options);
  checkShapes(fn, { scores: [scores, isNDArray(scores) && scores.shape.length > 2 ? ['N', 'C', '…'] : ['N', 'C']] });
  const [N, C, ...places] = scores.shape;
  const inner = places.reduce((size, length) => size * length, 1);
  const count = N * inner;
  const given = shapeOf(fn, 'targets', targets);
  if (places.length > 0 && tuple(given) !== tuple([N, ...places]) && tuple(given) !== tuple([count])) {
    const [found, expected] = [`has shape ${tuple(given)}`, `${tuple([N, ...places])}, as the scores`];
    throw argumentError(ShapeError, { fn, arg: 'targets', found, expected });
  }
  const labels = checkLabels(fn, 'targets', places.length === 0 ? targets : flat(targets), count, C);
  const values = hostValues(scores);
  let right = 0;
  for (let i = 0; i < count; i++) {
    const start = Math.floor(i / inner) * C * inner + (i % inner);
    const own = values[start + labels[i] * inner];
    let before = 0;
    for (let c = 0; c < C; c++) {
      const score = values[start + c * inner];
      if (score > own || (score === own && c < labels[i]) || Number.isNaN(score)) before += Number.isNaN(score) ? C : 1;
    }
    if (before < k) right++;
  }
  return right / count;
}
