// Predicted classes of images, and the commonest mistakes.

import type { NDArray } from '../../../src/index.js';
import { percent } from './words.js';

/** A model that has been trained. */
interface Scorer {
  /** Scores, shape (N, C). */
  loss(X: NDArray): NDArray;
}

/** The class of the highest score, image by image. */
export function predict(model: Scorer, X: NDArray): Int32Array {
  const [N] = X.shape;
  const classes = new Int32Array(N);
  for (let start = 0; start < N; start += 500) {
    const scores = model.loss(X.lo(start).hi(Math.min(500, N - start)));
    for (let n = 0; n < scores.shape[0]; n++) {
      for (let c = 1; c < scores.shape[1]; c++) {
        if (scores.get(n, c) > scores.get(n, classes[start + n])) classes[start + n] = c;
      }
    }
  }
  return classes;
}

/** The share of correct predictions. */
export function accuracyOf(predictions: Int32Array, y: Int32Array): number {
  return predictions.reduce((right, c, n) => right + (c === y[n] ? 1 : 0), 0) / y.length;
}

/** For each true class, the share of its images that each class was predicted for. */
export function confusionOf(predictions: Int32Array, y: Int32Array, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [n, label] of y.entries()) counts[label][predictions[n]]++;
  return counts.map((row) => {
    const total = row.reduce((sum, n) => sum + n, 0);
    return row.map((n) => n / Math.max(1, total));
  });
}

/** The mistake that is made most often. */
export function commonestMistake(confusion: readonly (readonly number[])[], classes: readonly string[]): string {
  const mistakes = confusion.flatMap((row, label) =>
    row.map((share, predicted) => ({ share, label, predicted })).filter((one) => one.predicted !== label),
  );
  const most = mistakes.reduce((a, b) => (b.share > a.share ? b : a));
  return (
    `The commonest mistake is to take '${classes[most.label]}' for '${classes[most.predicted]}' ` +
    `(${percent(most.share)} of them).`
  );
}
