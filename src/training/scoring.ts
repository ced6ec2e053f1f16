import { argumentError, hostValues, type NDArray, type Range, tuple } from '../arrays/index.js';
import { INDEX } from '../data/dataset.js';
import { type Module, Sequential, Sigmoid } from '../nn/index.js';

/** Counts the examples whose class is their label, batch by batch. */
export class Tally {
  readonly #fn: string;
  readonly #arg: string | null;
  readonly #ignoreIndex: number | null;
  readonly #threshold: number;
  /** Examples whose class is their label. */
  right = 0;
  /** Examples, without those that do not count. */
  count = 0;
  /** Whether the score that decided is a finite number, for every example. */
  finite = true;

  /**
   * A count that starts at zero.
   *
   * @param fn - The function to name in errors, and `arg` its labels; null: labels beyond the classes are just not
   *   right.
   * @param ignoreIndex - The label of examples that do not count; null: all do.
   * @param threshold - Above what one score means class 1: 0 for logits.
   */
  constructor(fn: string, arg: string | null, ignoreIndex: number | null = null, threshold = 0) {
    this.#fn = fn;
    this.#arg = arg;
    this.#ignoreIndex = ignoreIndex;
    this.#threshold = threshold;
  }

  /** The share of the examples whose class is their label. */
  get accuracy(): number {
    return this.right / this.count;
  }

  /**
   * Compares the class of each row of scores with its label. The class is that of the highest score, the first of equal
   * ones. One score a row is for labels 0 and 1: above the threshold is class 1. A row that holds NaN has no class, and
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
    const ignored = this.#ignoreIndex;
    const threshold = this.#threshold;
    let right = 0;
    let count = 0;
    let finite = true;
    for (let n = 0; n < y.length; n++) {
      if (y[n] === ignored) continue;
      count++;
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
      if (!Number.isNaN(highest) && (C === 1 ? Number(highest > threshold) : best) === y[n]) right++;
    }
    this.right += right;
    this.count += count;
    this.finite &&= finite;
  }

  #beyond(label: number, C: number, classes: number): Error {
    return argumentError(RangeError, {
      fn: this.#fn,
      arg: this.#arg ?? 'y',
      found: `holds the label ${label}`,
      expected: `labels in [0, ${classes})`,
      wayOut:
        `the model gives each example ${C === 1 ? 'one score, a logit' : `C=${C} scores`}` +
        (this.#ignoreIndex === null ? '' : '; a label that does not count is given as ignoreIndex'),
    });
  }
}

/** The label of examples that do not count, by default, as of `F.crossEntropy`. */
export const IGNORE_INDEX = -100;

/** What `ignoreIndex` may be. */
export const WHOLE: Range = { allows: Number.isSafeInteger, expected: 'a whole number', Kind: RangeError };

/**
 * The labels of the places of images in row-major order, where `y` holds some for `scores`: whole numbers of shape
 * (N, …) for scores (N, C, …). Null where it holds something else.
 */
export function placeLabels(scores: NDArray, y: NDArray, ignoreIndex: number): Int32Array | null {
  const [N, , ...places] = scores.shape;
  if (places.length === 0 || tuple([N, ...places]) !== tuple(y.shape)) return null;
  const values = hostValues(y);
  for (let i = 0; i < values.length; i++) {
    if (!INDEX.allows(values[i]) && values[i] !== ignoreIndex) return null;
  }
  return Int32Array.from(values);
}

/** Whether a model ends with a module of one of these kinds, as far as a `Sequential` says it. */
export function endsWith(model: unknown, ...kinds: readonly (new (...args: never[]) => Module)[]): boolean {
  if (model instanceof Sequential) return model.length > 0 && endsWith(model.at(-1), ...kinds);
  return kinds.some((Kind) => model instanceof Kind);
}

/** Above what the only score of an example means class 1: a probability after a sigmoid, else a logit. */
export function thresholdOf(model: unknown): number {
  return endsWith(model, Sigmoid) ? 0.5 : 0;
}
