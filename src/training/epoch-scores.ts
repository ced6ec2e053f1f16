import { hostValues, isNDArray, type NDArray, wrap } from '../arrays/index.js';
import { Tensor } from '../autograd/index.js';
import type { BatchTargets } from '../data/structure.js';
import { type AnyMetrics, EpochMetrics } from './metric.js';
import { IGNORE_INDEX, placeLabels, Tally } from './scoring.js';

/** What a pass over examples says of a model: accuracy, loss and metrics. */
export class EpochScores {
  readonly tally: Tally;
  readonly metrics: EpochMetrics;
  readonly #ignoreIndex: number;
  #lossSum = 0;
  #examples = 0;

  /**
   * Scores of no example.
   *
   * @param arg - What errors call the labels; null: labels beyond the classes are just not right.
   * @param ignoreIndex - The label of examples that do not count in the accuracy.
   * @param threshold - Above what the only score of an example means class 1.
   */
  constructor(fn: string, arg: string | null, metrics: AnyMetrics, ignoreIndex = IGNORE_INDEX, threshold = 0) {
    this.tally = new Tally(fn, arg, ignoreIndex, threshold);
    this.#ignoreIndex = ignoreIndex;
    this.metrics = new EpochMetrics(fn, metrics);
  }

  /**
   * The share of the examples, or of the places of images, whose highest score is that of their label; null where none
   * had a label and scores for each class.
   */
  get accuracy(): number | null {
    return this.tally.count > 0 ? this.tally.accuracy : null;
  }

  /** The mean of the loss over the examples; null where it is not known of any. */
  get loss(): number | null {
    return this.#examples > 0 ? this.#lossSum / this.#examples : null;
  }

  /** Takes in what the model returned for a batch of `N` examples. */
  add(output: unknown, y: BatchTargets, N: number, loss?: number): void {
    this.count(output, y, N);
    this.metrics.add(output, y);
    if (loss !== undefined) this.addLoss(loss, N);
  }

  /** Counts those of `N` examples whose class is their label. */
  count(output: unknown, y: BatchTargets, N: number): void {
    const scores = scoresOf(output);
    if (scores !== null && y instanceof Int32Array) {
      const rows = asRows(scores);
      if (rows.shape.length === 2 && rows.shape[0] === N) this.tally.add(rows, y);
    } else if (scores !== null && isNDArray(y)) {
      const labels = placeLabels(scores, y, this.#ignoreIndex);
      if (labels !== null) this.tally.add(scores, labels);
    }
  }

  /** Takes in the mean of the loss over `N` examples. */
  addLoss(loss: number, N: number): void {
    this.#lossSum += loss * N;
    this.#examples += N;
  }
}

/** What a model returned as an array; null if it is several, or something else. */
export function scoresOf(output: unknown): NDArray | null {
  if (output instanceof Tensor) return output.data;
  return isNDArray(output) ? output : null;
}

/** Scores (N,), one for each example, as rows (N, 1); others as they are. */
export function asRows(scores: NDArray): NDArray {
  return scores.shape.length === 1 ? wrap(hostValues(scores), [scores.shape[0], 1]) : scores;
}
