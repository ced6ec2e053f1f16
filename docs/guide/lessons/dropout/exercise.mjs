// Lesson 5, dropout: inverted dropout, forward and backward, for units and for channels.
//
// Fill in the functions, from the top; after each run `node check.mjs`, which says what is wrong.
// Of an array: x.shape is its sizes, x.get(n, d) reads a value, x.set(n, d, value) writes one.
// random.rand([N, D]) is an array of numbers in [0, 1), each equally likely.

// @ts-check
import { zeros } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */

/**
 * In training each value is kept with probability p and divided by p, or else becomes 0. In test mode out is x.
 *
 * @param {NDArray} x Shape (N, D).
 * @param {{ mode: 'train' | 'test', p: number, random: import('layerwise').Random }} dropoutParam p is the probability
 *   of KEEPING a unit, and random where the mask comes from.
 * @returns {[out: NDArray, cache: any]} A new array, and what dropoutBackward needs.
 */
export function dropoutForward(x, { mode, p, random }) {
  const [N, D] = x.shape;
  const out = zeros([N, D], x.dtype);
  throw new Error('dropoutForward is yours to write: a mask of 1 / p and 0, and the product with it');
}

/**
 * @param {NDArray} dout The gradient at the output, shape (N, D).
 * @param {any} cache Of dropoutForward.
 * @returns {NDArray} The gradient at the input.
 */
export function dropoutBackward(dout, cache) {
  throw new Error('dropoutBackward is yours to write: the derivative of out = x · mask with respect to x');
}

/**
 * The same for images, but whole channels are kept or dropped.
 *
 * @param {NDArray} x Shape (N, C, H, W).
 * @param {{ mode: 'train' | 'test', p: number, random: import('layerwise').Random }} dropoutParam
 * @returns {NDArray} A new array.
 */
export function dropout2dForward(x, { mode, p, random }) {
  throw new Error('dropout2dForward is yours to write: one number decides for a channel of one image');
}
