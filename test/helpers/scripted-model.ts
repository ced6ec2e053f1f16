import { array, type Labels, type NDArray, zeros } from '../../src/arrays/index.js';
import type { LossAndGrads, Model } from '../../src/classifiers/model.js';

/**
 * A model that does as it is told. It has one parameter `w`, which starts at 0 and whose gradient is always 1, so that
 * after t steps of plain SGD with a learning rate of 1 it is −t.
 *
 * Examples are rows of scores, returned as they are, until `accuracyAt` says for a `w` what share of an evaluated
 * batch, from its first example on, is scored right; labels are 0 then.
 */
export class ScriptedModel implements Model {
  readonly params = { w: array([0], [1], 'float64') };
  /** Every training batch that was seen. */
  readonly batches: { readonly X: NDArray; readonly y: number[] }[] = [];
  /** The number of examples of every batch that was scored. */
  readonly scored: number[] = [];
  /** The losses to return, call by call; the last one from then on. */
  losses: readonly number[] = [1];
  accuracyAt: ((w: number) => number) | null = null;

  loss(X: NDArray): NDArray;
  loss(X: NDArray, y: Labels): LossAndGrads;
  loss(X: NDArray, y?: Labels): NDArray | LossAndGrads {
    if (y === undefined) return this.#scores(X);
    const loss = this.losses[Math.min(this.batches.length, this.losses.length - 1)];
    this.batches.push({ X: array(X), y: Array.from(y as ArrayLike<number>) });
    return { loss, grads: { w: array([1], [1], 'float64') } };
  }

  #scores(X: NDArray): NDArray {
    const N = X.shape[0];
    this.scored.push(N);
    if (this.accuracyAt === null) return X;
    const right = Math.round(this.accuracyAt(this.params.w.get(0)) * N);
    const scores = zeros([N, 2], 'float64');
    for (let n = 0; n < N; n++) scores.set(n, n < right ? 0 : 1, 1);
    return scores;
  }
}

/** Data for it: `numTrain` and `numVal` examples of label 0, each with values of its own. */
export function scriptedData(numTrain: number, numVal: number) {
  const numbers = (N: number, from: number): NDArray =>
    array(
      Array.from({ length: N }, (_, n) => [from + n, 0]),
      undefined,
      'float64',
    );
  return {
    XTrain: numbers(numTrain, 1),
    yTrain: new Array<number>(numTrain).fill(0),
    XVal: numbers(numVal, 1000),
    yVal: new Array<number>(numVal).fill(0),
  };
}
