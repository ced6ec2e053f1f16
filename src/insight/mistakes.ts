import {
  argumentError,
  checkCount,
  checkLabels,
  checkShapes,
  hostValues,
  type Labels,
  type NDArray,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import { argmax, confusionMatrix } from '../metrics/index.js';

/** An example that was taken for another class than its own. */
export interface Mistake {
  /** Its number among the examples. */
  readonly index: number;
  /** The true class. */
  readonly label: number;
  readonly predicted: number;
  /** The probability that the model gives to `predicted`, in [0, 1]. */
  readonly probability: number;
}

/** What the numbers of {@link mostConfidentMistakes} are. */
export interface ScoresOptions {
  /** Whether `scores` are probabilities already. Default false: they go through a softmax, a single one a sigmoid. */
  areProbabilities?: boolean;
}

/**
 * How many examples of each class were taken for each: a row for each true class, a column for each predicted one.
 *
 * An example with a score of NaN counts nowhere, as while a training diverges.
 *
 * @param scores - Shape (N, C), or (N, 1) with a logit; or N classes.
 * @param labels - N labels.
 * @param C - Classes.
 * @throws {ShapeError | RangeError} if a label is beyond the classes, or scores and labels do not fit.
 */
export function confusion(scores: NDArray | Int32Array, labels: Labels, C: number): number[][] {
  checkCount('confusion', 'C', C, 1);
  if (scores instanceof Int32Array) return confusionMatrix(scores, labels, { numClasses: C });
  const counted = rowsWithoutNaN(scores);
  if (counted.length === scores.shape[0]) return confusionMatrix(scores, labels, { numClasses: C });
  const y = checkLabels('confusion', 'labels', labels, scores.shape[0], C);
  const predicted = predictedClasses(scores, 0);
  return confusionMatrix(
    counted.map((n) => predicted[n]),
    counted.map((n) => y[n]),
    { numClasses: C },
  );
}

/** Each row of a confusion matrix as shares of its sum: of a class without examples, zeros. */
export function shares(matrix: readonly (readonly number[])[]): number[][] {
  return matrix.map((row) => {
    const total = row.reduce((sum, n) => sum + n, 0);
    return row.map((n) => n / Math.max(1, total));
  });
}

/**
 * The mistakes that the model is surest of, the surest first.
 *
 * An example with a score of NaN has no class, and is left out.
 *
 * @param scores - Shape (N, C), or (N, 1) with a logit of class 1.
 * @param labels - N labels.
 * @param n - How many there are at most.
 * @throws {ShapeError | RangeError} if a label is beyond the classes, or scores and labels do not fit.
 */
export function mostConfidentMistakes(
  scores: NDArray,
  labels: Labels,
  n: number,
  { areProbabilities = false }: ScoresOptions = {},
): Mistake[] {
  const fn = 'mostConfidentMistakes';
  checkCount(fn, 'n', n, 0);
  const { N, C } = checkShapes(fn, { scores: [scores, ['N', 'C']] });
  const y = checkLabels(fn, 'labels', labels, N, Math.max(2, C));
  const predicted = predictedClasses(scores, areProbabilities ? 0.5 : 0);
  const values = hostValues(scores);
  const mistakes: Mistake[] = [];
  for (const index of rowsWithoutNaN(scores)) {
    if (predicted[index] === y[index]) continue;
    const row = values.subarray(index * C, (index + 1) * C);
    const probability = areProbabilities ? given(row, predicted[index]) : softmax(row, predicted[index]);
    mistakes.push({ index, label: y[index], predicted: predicted[index], probability });
  }
  return mistakes.sort((a, b) => b.probability - a.probability).slice(0, n);
}

/** The class of the highest score of each row; of one score, 1 above the threshold. */
function predictedClasses(scores: NDArray, threshold: number): Int32Array {
  if (scores.shape.length !== 2) {
    const [found, expected] = [`has shape ${tuple(scores.shape)}`, '(N, C)'];
    throw argumentError(ShapeError, { fn: 'confusion', arg: 'scores', found, expected });
  }
  if (scores.shape[1] > 1) return argmax(scores, 1);
  return Int32Array.from(hostValues(scores), (score) => Number(score > threshold));
}

function rowsWithoutNaN(scores: NDArray): number[] {
  const [N] = scores.shape;
  const values = hostValues(scores);
  const width = N === 0 ? 0 : values.length / N;
  return Array.from({ length: N }, (_, n) => n).filter((n) => {
    for (let i = n * width; i < (n + 1) * width; i++) if (Number.isNaN(values[i])) return false;
    return true;
  });
}

/** A probability as the model gives it: a single one is that of class 1. */
function given(row: ArrayLike<number>, c: number): number {
  if (row.length > 1) return row[c];
  return c === 1 ? row[0] : 1 - row[0];
}

/** The softmax of the scores at class `c`. A single score s stands for (0, s). */
function softmax(row: ArrayLike<number>, c: number): number {
  if (row.length === 1) return 1 / (1 + Math.exp(c === 1 ? -row[0] : row[0]));
  // The scores' own maximum is at c, so that no power overflows; infinite ones are equal to each other.
  let sum = 0;
  for (let k = 0; k < row.length; k++) sum += row[k] === row[c] ? 1 : Math.exp(row[k] - row[c]);
  return 1 / sum;
}
