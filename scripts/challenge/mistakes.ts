// The predicted classes of images, and the mistakes that a network is surest of.

import type { NDArray, Predictions } from '../../src/index.js';

/** One mistake. */
export interface Mistake {
  /** The image's number. */
  readonly index: number;
  /** The right class, and the one that scored highest. */
  readonly label: number;
  readonly predicted: number;
  /** The probability that the network gives its choice, in [0, 1]. */
  readonly share: number;
}

/** The class of the highest score, image by image. */
export function bestClasses(scores: NDArray): Int32Array {
  const [N, C] = scores.shape;
  return Int32Array.from({ length: N }, (_, n) => {
    let best = 0;
    for (let c = 1; c < C; c++) if (scores.get(n, c) > scores.get(n, best)) best = c;
    return best;
  });
}

/** The `count` mistakes with the highest probabilities, the surest first. */
export function mostConfidentMistakes(
  { scores, labels }: Predictions,
  predicted: Int32Array,
  count: number,
): Mistake[] {
  const mistakes: Mistake[] = [];
  labels.forEach((label, index) => {
    const choice = predicted[index];
    if (choice !== label) mistakes.push({ index, label, predicted: choice, share: probability(scores, index, choice) });
  });
  return mistakes.sort((a, b) => b.share - a.share).slice(0, count);
}

/** The softmax of row `n` of the scores, at class `c`. */
function probability(scores: NDArray, n: number, c: number): number {
  let sum = 0;
  for (let k = 0; k < scores.shape[1]; k++) sum += Math.exp(scores.get(n, k) - scores.get(n, c));
  return 1 / sum;
}
