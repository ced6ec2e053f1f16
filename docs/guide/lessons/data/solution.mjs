// Lesson: your own data. A solution.

// @ts-check
import { array, zeros } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */
/** @typedef {import('layerwise').Random} Random */

/**
 * The mean and the standard deviation of each column, of the training rows alone. NaN is a gap, and does not count. The
 * deviation of a column whose values are all the same is 1, so that nothing is divided by 0.
 *
 * @param {NDArray} X Shape (N, D).
 * @param {readonly number[]} rows The training rows.
 * @returns {{ mean: number[], std: number[] }} D numbers each; std² is the mean of the squares of (x − mean).
 */
export function measure(X, rows) {
  /** @type {number[]} */
  const mean = [];
  /** @type {number[]} */
  const std = [];
  for (let d = 0; d < X.shape[1]; d++) {
    const values = rows.map((n) => X.get(n, d)).filter((value) => !Number.isNaN(value));
    const middle = average(values);
    mean.push(middle);
    std.push(Math.sqrt(average(values.map((value) => (value - middle) ** 2))) || 1);
  }
  return { mean, std };
}

/** @param {readonly number[]} values */
function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * (x − mean) / std, column by column; a gap becomes 0.
 *
 * @param {NDArray} X Shape (N, D). Leave it as it is.
 * @param {{ mean: readonly number[], std: readonly number[] }} scale
 * @returns {NDArray} A new array, shape (N, D).
 */
export function standardize(X, { mean, std }) {
  const [N, D] = X.shape;
  const out = zeros([N, D], X.dtype);
  for (let n = 0; n < N; n++) {
    for (let d = 0; d < D; d++) {
      const value = X.get(n, d);
      out.set(n, d, Number.isNaN(value) ? 0 : (value - mean[d]) / std[d]);
    }
  }
  return out;
}

/**
 * Divides the places of examples into two lists at random, each class by itself: of a class with n examples,
 * `Math.round(share * n)` go to the first list, the others to the second.
 *
 * @param {readonly number[]} labels The class of each example.
 * @param {number} share Of the first list, between 0 and 1.
 * @param {Random} random `random.permutation(n)` has 0 to n − 1 in random order.
 * @returns {[first: number[], second: number[]]}
 */
export function split(labels, share, random) {
  /** @type {[number[], number[]]} */
  const lists = [[], []];
  for (const label of new Set(labels)) {
    const places = [...labels.keys()].filter((place) => labels[place] === label);
    const mixed = Array.from(random.permutation(places.length), (at) => places[at]);
    const cut = Math.round(share * places.length);
    lists[0].push(...mixed.slice(0, cut));
    lists[1].push(...mixed.slice(cut));
  }
  return lists;
}

/**
 * The places of one epoch in batches: each place once, in an order that is drawn anew. The last batch has what is left.
 *
 * @param {number} count How many examples there are.
 * @param {number} size Of a batch.
 * @param {Random} random
 * @returns {number[][]} The places of each batch.
 */
export function batches(count, size, random) {
  const order = Array.from(random.permutation(count));
  /** @type {number[][]} */
  const list = [];
  for (let at = 0; at < count; at += size) list.push(order.slice(at, at + size));
  return list;
}

/** The windows of a signal, each with the value that follows it: example i has the values i to i + width − 1. */
export class Windows {
  /**
   * @param {readonly number[]} signal
   * @param {number} width
   */
  constructor(signal, width) {
    this.signal = signal;
    this.width = width;
  }

  /** How many windows there are that have a next value. @returns {number} */
  get length() {
    return Math.max(0, this.signal.length - this.width);
  }

  /**
   * @param {number} i
   * @returns {[x: NDArray, y: NDArray]} The window, shape (width,), and the next value, shape (1,).
   */
  get(i) {
    const end = i + this.width;
    return [array(this.signal.slice(i, end)), array([this.signal[end]])];
  }
}
