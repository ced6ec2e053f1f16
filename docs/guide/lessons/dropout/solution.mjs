// Lesson 5, dropout: a solution.

// @ts-check
import { array, full, zeros } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */

/**
 * In training each value is kept with probability p and divided by p, or else becomes 0. In test mode out is x.
 *
 * @param {NDArray} x Shape (N, D).
 * @param {{ mode: 'train' | 'test', p: number, random: import('layerwise').Random }} dropoutParam p is the probability
 *   of KEEPING a unit, and random where the mask comes from.
 * @returns {[out: NDArray, cache: NDArray]} A new array, and the mask.
 */
export function dropoutForward(x, { mode, p, random }) {
  const mask = mode === 'test' ? full(x.shape, 1, x.dtype) : maskOf(x.shape, p, random);
  return [product(x, mask), mask];
}

/**
 * @param {NDArray} dout The gradient at the output, shape (N, D).
 * @param {NDArray} mask The cache of dropoutForward.
 * @returns {NDArray} The gradient at the input.
 */
export function dropoutBackward(dout, mask) {
  return product(dout, mask);
}

/**
 * The same for images, but whole channels are kept or dropped.
 *
 * @param {NDArray} x Shape (N, C, H, W).
 * @param {{ mode: 'train' | 'test', p: number, random: import('layerwise').Random }} dropoutParam
 * @returns {NDArray} A new array.
 */
export function dropout2dForward(x, { mode, p, random }) {
  if (mode === 'test') return array(x);
  const [N, C, H, W] = x.shape;
  const mask = maskOf([N, C], p, random);
  const out = zeros([N, C, H, W], x.dtype);
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      for (let i = 0; i < H; i++) {
        for (let j = 0; j < W; j++) out.set(n, c, i, j, x.get(n, c, i, j) * mask.get(n, c));
      }
    }
  }
  return out;
}

/**
 * 1 / p with probability p, else 0.
 *
 * @param {readonly number[]} shape Two sizes.
 * @param {number} p
 * @param {import('layerwise').Random} random
 */
function maskOf(shape, p, random) {
  const mask = random.rand(shape, 'float64');
  const [N, D] = shape;
  for (let n = 0; n < N; n++) {
    for (let d = 0; d < D; d++) mask.set(n, d, mask.get(n, d) < p ? 1 / p : 0);
  }
  return mask;
}

/**
 * @param {NDArray} a Shape (N, D).
 * @param {NDArray} b Shape (N, D).
 */
function product(a, b) {
  const [N, D] = a.shape;
  const out = zeros([N, D], a.dtype);
  for (let n = 0; n < N; n++) {
    for (let d = 0; d < D; d++) out.set(n, d, a.get(n, d) * b.get(n, d));
  }
  return out;
}
