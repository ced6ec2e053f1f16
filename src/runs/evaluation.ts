import { hostValues, type NDArray, wrap } from '../arrays/index.js';
import { F, Tensor } from '../autograd/index.js';
import type { Model } from '../classifiers/index.js';
import { highestClass } from '../metrics/classes.js';
import {
  confusionMatrix,
  f1Score,
  meanAbsoluteError,
  meanSquaredError,
  precision,
  r2Score,
  recall,
  topKAccuracy,
} from '../metrics/index.js';
import { type Module, Sigmoid, Softmax } from '../nn/index.js';
import { asRows } from '../training/epoch-scores.js';
import { evaluate } from '../training/index.js';
import { endsWith, thresholdOf } from '../training/scoring.js';
import type { TaskPart } from './types.js';

/** How many of the highest scores count, and how many classes there are at least for that to be of interest. */
const TOP = 5;
const MANY = 10;

/** Examples that are scored at a time. */
const BATCH = 250;

/** The examples that a model is scored on. */
export type ScoredPart = Pick<TaskPart, 'length' | 'labels' | 'targets' | 'batch'>;

/** How a model does on examples with labels. */
export interface LabelScores {
  readonly kind: 'classes';
  readonly examples: number;
  /** The mean cross-entropy, without regularization. */
  readonly loss: number;
  /** In [0, 1], like the others. */
  readonly accuracy: number;
  /** Whether the label is among the five highest scores; null where there are fewer than ten classes. */
  readonly topFive: number | null;
  readonly classes: readonly ClassScores[];
  /** Means over the classes that occur. */
  readonly mean: { readonly precision: number; readonly recall: number; readonly f1: number };
  /** A row for each true class, a column for each predicted one. */
  readonly confusion: readonly (readonly number[])[];
}

/** How a model does on the examples of one class. */
export interface ClassScores {
  readonly name: string;
  readonly examples: number;
  /** The share of these that are predicted to be of the class. */
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** How a model does on examples with numbers to predict, in the units of the data. */
export interface NumberScores {
  readonly kind: 'numbers';
  readonly examples: number;
  /** The coefficient of determination; NaN of one example. */
  readonly r2: number;
  readonly meanAbsoluteError: number;
  readonly meanSquaredError: number;
}

export type RunScores = LabelScores | NumberScores;

/** What is needed of a model and of how it was trained. */
export interface Scored {
  readonly model: Module | Model;
  readonly classes: readonly string[] | null;
  /** Probabilities of prepared examples, or numbers in the units of the targets. */
  predict(X: NDArray): NDArray;
}

/**
 * Scores a model on a part of its data, in evaluation mode. Accuracies are those that the run itself has of the part.
 *
 * @param onProgress - Called after each batch with the number of examples so far.
 */
export function scoresOf(scored: Scored, part: ScoredPart, onProgress?: (done: number) => void): RunScores {
  return part.labels === null || scored.classes === null
    ? numberScores(scored, part, onProgress)
    : labelScores(scored.model, scored.classes, part, onProgress);
}

/** Scores and labels of all examples of a part. */
export interface Scores {
  /** Shape (N, C), or (N, 1). */
  readonly scores: NDArray;
  readonly labels: Int32Array;
  /** Whether the scores are probabilities: the model ends with a softmax or a sigmoid. */
  readonly areProbabilities: boolean;
  readonly loss: number;
  readonly accuracy: number;
}

/** What a model says of all examples of a part with labels. */
export function scoreAll(model: Module | Model, part: ScoredPart, onProgress?: (done: number) => void): Scores {
  const areProbabilities = endsWith(model, Sigmoid, Softmax);
  let all: { scores: NDArray; labels: Int32Array } | null = null;
  const { accuracy, loss } = evaluate(counted(part, onProgress), model, {
    loss: (scores, y) => crossEntropy(scores, y, areProbabilities),
    metrics: {
      all: (scores: NDArray, y) => {
        all = { scores: asRows(scores), labels: y };
        return 0;
      },
    },
  });
  const { scores, labels } = all as unknown as { scores: NDArray; labels: Int32Array };
  return { scores, labels, areProbabilities, loss: loss ?? Number.NaN, accuracy: accuracy ?? Number.NaN };
}

function labelScores(
  model: Module | Model,
  names: readonly string[],
  part: ScoredPart,
  onProgress?: (done: number) => void,
): LabelScores {
  const { scores, labels, loss, accuracy } = scoreAll(model, part, onProgress);
  const C = names.length;
  const predicted = highestClass(scores, thresholdOf(model));
  // Classes that neither occur nor are predicted may be the last ones.
  const padded = (list: number[]): number[] => [...list, ...new Array<number>(C - list.length).fill(0)];
  const each = { average: null } as const;
  const precisions = padded(precision(predicted, labels, each));
  const recalls = padded(recall(predicted, labels, each));
  const scoresOfF1 = padded(f1Score(predicted, labels, each));
  const confusion = confusionMatrix(predicted, labels, { numClasses: C });
  return {
    kind: 'classes',
    examples: part.length,
    loss,
    accuracy,
    topFive: C >= MANY && scores.shape[1] >= MANY ? topKAccuracy(scores, labels, { k: TOP }) : null,
    classes: names.map((name, c) => ({
      name,
      examples: confusion[c].reduce((sum, n) => sum + n, 0),
      accuracy: recalls[c],
      precision: precisions[c],
      recall: recalls[c],
      f1: scoresOfF1[c],
    })),
    mean: {
      precision: precision(predicted, labels),
      recall: recall(predicted, labels),
      f1: f1Score(predicted, labels),
    },
    confusion,
  };
}

function numberScores(scored: Scored, part: ScoredPart, onProgress?: (done: number) => void): NumberScores {
  const values: number[] = [];
  for (const [X] of counted(part, onProgress)) {
    for (const value of hostValues(scored.predict(X))) values.push(value);
  }
  const targets = part.targets as NDArray;
  const predictions = wrap(Float64Array.from(values), targets.shape);
  return {
    kind: 'numbers',
    examples: part.length,
    r2: r2Score(predictions, targets),
    meanAbsoluteError: meanAbsoluteError(predictions, targets),
    meanSquaredError: meanSquaredError(predictions, targets),
  };
}

/** The examples of a part in batches; tells after each how many have been taken. */
function* counted(part: ScoredPart, onProgress: (done: number) => void = () => {}): Generator<Batch> {
  const { length } = part;
  for (let done = 0; done < length; ) {
    const count = Math.min(BATCH, length - done);
    const X = part.batch(Int32Array.from({ length: count }, (_, i) => done + i));
    yield [X, part.labels?.slice(done, done + count) ?? new Int32Array(count)];
    done += count;
    onProgress(done);
  }
}

type Batch = readonly [X: NDArray, y: Int32Array];

/** @param scores - A tensor of a module, an array of a classifier: shape (B, C), (B, 1) or (B,). */
function crossEntropy(scores: Tensor | NDArray, y: Int32Array, areProbabilities: boolean): Tensor {
  const { shape } = scores instanceof Tensor ? scores.data : scores;
  if (shape.length > 1 && shape[1] > 1) {
    return areProbabilities ? F.nllLoss(F.log(scores), y) : F.crossEntropy(scores, y);
  }
  const targets = wrap(Float32Array.from(y), [...shape]);
  return areProbabilities ? F.binaryCrossEntropy(scores, targets) : F.binaryCrossEntropyWithLogits(scores, targets);
}
