import {
  anyShape,
  argumentError,
  array,
  checkShapes,
  hostValues,
  isNDArray,
  isView,
  type Labels,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import { type Predicted, shapeOf } from './classes.js';

/** Predictions and targets, of M numbers for each of N examples. */
interface Pairs {
  readonly predicted: ArrayLike<number>;
  readonly actual: ArrayLike<number>;
  readonly N: number;
  readonly M: number;
}

/** @throws {ShapeError | TypeError} if the shapes differ; (N,) and (N, 1) are one. */
function pairsOf(fn: string, predictions: Predicted, targets: Labels): Pairs {
  const [given, wanted] = [shapeOf(fn, 'predictions', predictions), shapeOf(fn, 'targets', targets)];
  const plain = (shape: readonly number[]): string => tuple(shape.length === 2 && shape[1] === 1 ? [shape[0]] : shape);
  if (plain(given) !== plain(wanted)) {
    const [found, expected] = [`has shape ${tuple(given)}`, `${tuple(wanted)}, as the targets`];
    throw argumentError(ShapeError, { fn, arg: 'predictions', found, expected });
  }
  const [N] = wanted;
  const [predicted, actual] = Object.entries({ predictions, targets }).map(([arg, values]) => {
    if (isView(values) && !isNDArray(values)) return hostValues(array(values));
    if (!isNDArray(values)) return values as ArrayLike<number>;
    checkShapes(fn, { [arg]: [values, anyShape(values)] });
    return hostValues(values);
  });
  if (!(N > 0)) {
    const found = `has shape ${tuple(wanted)}`;
    throw argumentError(ShapeError, { fn, arg: 'targets', found, expected: 'at least one example' });
  }
  return { predicted, actual, N, M: actual.length / N };
}

function meanOf({ predicted, actual }: Pairs, error: (difference: number) => number): number {
  let sum = 0;
  for (let i = 0; i < actual.length; i++) sum += error(predicted[i] - actual[i]);
  return sum / actual.length;
}

/**
 * The mean of `(prediction − target)²` over all numbers of all examples.
 *
 * @param predictions - Shape (N, …), or N numbers.
 * @param targets - Of the same shape; (N,) and (N, 1) go together.
 * @throws {ShapeError} if the shapes differ.
 */
export function meanSquaredError(predictions: Predicted, targets: Labels): number {
  return meanOf(pairsOf('meanSquaredError', predictions, targets), (difference) => difference * difference);
}

/** The mean of `|prediction − target|` over all numbers of all examples. Arguments as of {@link meanSquaredError}. */
export function meanAbsoluteError(predictions: Predicted, targets: Labels): number {
  return meanOf(pairsOf('meanAbsoluteError', predictions, targets), Math.abs);
}

/**
 * The coefficient of determination, `1 − Σ (target − prediction)² / Σ (target − mean)²`: 1 where all predictions are
 * right, 0 for predicting the mean. Of several numbers for each example, the mean of theirs. Where all targets are
 * equal, 1 if they are met and 0 if not; NaN for one example.
 *
 * Arguments as of {@link meanSquaredError}.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.r2_score.html
 */
export function r2Score(predictions: Predicted, targets: Labels): number {
  const { predicted, actual, N, M } = pairsOf('r2Score', predictions, targets);
  if (N < 2) return Number.NaN;
  let total = 0;
  for (let m = 0; m < M; m++) {
    let mean = 0;
    for (let n = 0; n < N; n++) mean += actual[n * M + m] / N;
    let [left, spread] = [0, 0];
    for (let n = 0; n < N; n++) {
      const i = n * M + m;
      left += (actual[i] - predicted[i]) ** 2;
      spread += (actual[i] - mean) ** 2;
    }
    total += spread === 0 ? Number(left === 0) : 1 - left / spread;
  }
  return total / M;
}
