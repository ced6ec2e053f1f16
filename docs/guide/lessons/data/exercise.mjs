// Lesson: your own data. A standardizer, a stratified split, batches, and a dataset.
//
// Fill in the functions, from the top; after each run `node check.mjs`, which says what is wrong.

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
  throw new Error('measure is yours to write: for each column, the values of the rows that are no NaN');
}

/**
 * (x − mean) / std, column by column; a gap becomes 0.
 *
 * @param {NDArray} X Shape (N, D). Leave it as it is.
 * @param {{ mean: readonly number[], std: readonly number[] }} scale
 * @returns {NDArray} A new array, shape (N, D).
 */
export function standardize(X, { mean, std }) {
  throw new Error('standardize is yours to write');
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
  throw new Error('split is yours to write: the places of a class, in random order, and a cut through them');
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
  throw new Error('batches is yours to write: a list of lists');
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
    throw new Error('length is yours to write');
  }

  /**
   * @param {number} i
   * @returns {[x: NDArray, y: NDArray]} The window, shape (width,), and the next value, shape (1,).
   */
  get(i) {
    throw new Error('get is yours to write: array(list) makes an array of a list');
  }
}
