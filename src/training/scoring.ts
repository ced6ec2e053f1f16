import { argumentError, hostValues, type NDArray } from '../arrays/index.js';

/** Counts the examples whose class is their label, batch by batch. */
export class Tally {
  readonly #fn: string;
  readonly #arg: string | null;
  /** Examples whose class is their label. */
  right = 0;
  /** Examples. */
  count = 0;
  /** Whether the score that decided is a finite number, for every example. */
  finite = true;

  /**
   * A count that starts at zero.
   *
   * @param fn - The function to name in errors, and `arg` its labels; null: labels beyond the classes are just not
   *   right.
   */
  constructor(fn: string, arg: string | null) {
    this.#fn = fn;
    this.#arg = arg;
  }

  /** The share of the examples whose class is their label. */
  get accuracy(): number {
    return this.right / this.count;
  }

  /**
   * Compares the class of each row of scores with its label. The class is that of the highest score, the first of equal
   * ones. One score a row is a logit, for labels 0 and 1: above zero is class 1. A row that holds NaN has no class, and
   * is never right.
   *
   * @param scores - Shape (N, C); or (N, C, d_1, …), with a class for each place.
   * @param y - N labels; N · d_1 · … in row-major order.
   * @throws {RangeError} if a label is beyond the classes.
   */
  add(scores: NDArray, y: Int32Array): void {
    const [N, C] = scores.shape;
    const places = scores.size / (N * C);
    const classes = Math.max(2, C);
    const flat = hostValues(scores);
    let right = 0;
    let finite = true;
    for (let n = 0; n < y.length; n++) {
      if (this.#arg !== null && y[n] >= classes) throw this.#beyond(y[n], C, classes);
      const start = places === 1 ? n * C : Math.floor(n / places) * C * places + (n % places);
      let best = 0;
      let highest = flat[start];
      for (let c = 1; c < C; c++) {
        const score = flat[start + c * places];
        // Nothing is greater than NaN: once `highest` is NaN, it stays so.
        if (!(score > highest) && !Number.isNaN(score)) continue;
        highest = score;
        best = c;
      }
      if (!Number.isFinite(highest)) finite = false;
      if (!Number.isNaN(highest) && (C === 1 ? Number(highest > 0) : best) === y[n]) right++;
    }
    this.right += right;
    this.count += y.length;
    this.finite &&= finite;
  }

  #beyond(label: number, C: number, classes: number): Error {
    return argumentError(RangeError, {
      fn: this.#fn,
      arg: this.#arg ?? 'y',
      found: `holds the label ${label}`,
      expected: `labels in [0, ${classes})`,
      wayOut: `the model gives each example ${C === 1 ? 'one score, a logit' : `C=${C} scores`}`,
    });
  }
}
