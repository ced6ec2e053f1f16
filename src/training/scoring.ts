import { hostValues, type NDArray } from '../arrays/index.js';

/** How the scores of some examples went. */
export interface Scored {
  /** Examples whose class is their label. */
  readonly right: number;
  /** Whether the score that decided is a finite number, for every example. */
  readonly finite: boolean;
}

/**
 * Compares the class of each row of scores with its label: the class of the highest score, the first of equal ones. One
 * score a row is a logit, for labels 0 and 1: above zero is class 1. A row that holds NaN has no class, and is never right.
 *
 * @param fn - The function to name in the error, and `arg` its labels; null: labels beyond the classes are just not right.
 * @param scores - Shape (N, C).
 * @param y - N labels.
 * @throws {RangeError} if a label is beyond the classes.
 */
export function countRight(fn: string, arg: string | null, scores: NDArray, y: Int32Array): Scored {
  const [N, C] = scores.shape;
  const classes = Math.max(2, C);
  const flat = hostValues(scores);
  let right = 0;
  let finite = true;
  for (let n = 0; n < N; n++) {
    if (arg !== null && y[n] >= classes) {
      const given = C === 1 ? 'one score, a logit' : `C=${C} scores`;
      throw new RangeError(
        `${fn}: ${arg} holds the label ${y[n]}, expected labels in [0, ${classes}): the model gives each example ${given}`,
      );
    }
    const start = n * C;
    let best = 0;
    let highest = flat[start];
    for (let c = 1; c < C; c++) {
      const score = flat[start + c];
      // Nothing is greater than NaN: once there, it stays.
      if (!(score > highest) && !Number.isNaN(score)) continue;
      highest = score;
      best = c;
    }
    if (!Number.isFinite(highest)) finite = false;
    if (!Number.isNaN(highest) && (C === 1 ? Number(highest > 0) : best) === y[n]) right++;
  }
  return { right, finite };
}
