/**
 * Whole numbers and truth values (1 and 0) that a graph computes with: shapes, axes, places. They are few and stay on
 * the host. A number beyond 2^53 is ±Infinity: files have such numbers for "up to the end".
 */
export class Integers {
  readonly shape: readonly number[];
  /** In row-major order. */
  readonly values: Float64Array;

  constructor(shape: readonly number[], values: Float64Array) {
    this.shape = shape;
    this.values = values;
  }

  /** A list of numbers, of one axis. */
  static of(values: readonly number[]): Integers {
    return new Integers([values.length], Float64Array.from(values));
  }
}
