// Lesson 2, gradient checking: a gradient check, and a backward pass that passes it.
//
// Fill in the functions, from the top; after each run `node check.mjs`, which says what is wrong.

// @ts-check
import { zeros } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */

/**
 * The gradient of a function by centred differences, (f(x + h) - f(x - h)) / 2h for each value of x.
 *
 * @param {(x: NDArray) => number} f
 * @param {NDArray} x Shape (N, D), float64. It may be changed on the way, and has its values again at the end.
 * @param {number} h Half the distance of the two points.
 * @returns {NDArray} Shaped like x.
 */
export function numericalGradient(f, x, h) {
  const [N, D] = x.shape;
  const gradient = zeros([N, D], 'float64');
  throw new Error('numericalGradient is yours to write: x.get(n, d) reads a value, x.set(n, d, value) writes it');
}

/**
 * The largest relative error of two arrays, |a - b| / max(1e-8, |a| + |b|) over all values.
 *
 * @param {NDArray} a Shape (N, D).
 * @param {NDArray} b Shape (N, D).
 * @returns {number}
 */
export function relativeError(a, b) {
  throw new Error('relativeError is yours to write');
}

/**
 * Whether a backward pass is that of a forward pass, at some values of x and dout that have the same shape.
 *
 * What is the function, of one number, whose gradient the backward pass returns?
 *
 * @param {(x: NDArray) => [out: NDArray, cache: any]} forward
 * @param {(dout: NDArray, cache: any) => NDArray} backward
 * @param {NDArray} x Shape (N, D), float64.
 * @param {NDArray} dout Shape (N, D), float64.
 * @returns {boolean}
 */
export function isRight(forward, backward, x, dout) {
  throw new Error('isRight is yours to write, with the two functions above');
}

/**
 * Softsign, x / (1 + |x|).
 *
 * @param {NDArray} x Shape (N, D).
 * @returns {[out: NDArray, cache: NDArray]}
 */
export function softsignForward(x) {
  const out = zeros(x.shape, x.dtype);
  x.data.forEach((value, i) => {
    out.data[i] = value / (1 + Math.abs(value));
  });
  return [out, x];
}

/**
 * This one is wrong. Put it right.
 *
 * @param {NDArray} dout Shape (N, D).
 * @param {NDArray} x The cache.
 * @returns {NDArray}
 */
export function softsignBackward(dout, x) {
  const dx = zeros(x.shape, x.dtype);
  x.data.forEach((value, i) => {
    dx.data[i] = dout.data[i] / (1 + Math.abs(value));
  });
  return dx;
}
