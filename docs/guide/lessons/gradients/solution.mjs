// Lesson 2, gradient checking: a solution.

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
  for (let n = 0; n < N; n++) {
    for (let d = 0; d < D; d++) {
      const value = x.get(n, d);
      x.set(n, d, value + h);
      const above = f(x);
      x.set(n, d, value - h);
      const below = f(x);
      x.set(n, d, value);
      gradient.set(n, d, (above - below) / (2 * h));
    }
  }
  return gradient;
}

/**
 * The largest relative error of two arrays, |a - b| / max(1e-8, |a| + |b|) over all values.
 *
 * @param {NDArray} a Shape (N, D).
 * @param {NDArray} b Shape (N, D).
 * @returns {number}
 */
export function relativeError(a, b) {
  let largest = 0;
  const [N, D] = a.shape;
  for (let n = 0; n < N; n++) {
    for (let d = 0; d < D; d++) {
      const [p, q] = [a.get(n, d), b.get(n, d)];
      largest = Math.max(largest, Math.abs(p - q) / Math.max(1e-8, Math.abs(p) + Math.abs(q)));
    }
  }
  return largest;
}

/**
 * Whether a backward pass is that of a forward pass: it returns the gradient of Σ forward(x) · dout.
 *
 * @param {(x: NDArray) => [out: NDArray, cache: any]} forward
 * @param {(dout: NDArray, cache: any) => NDArray} backward
 * @param {NDArray} x Shape (N, D), float64.
 * @param {NDArray} dout Shape (N, D), float64.
 * @returns {boolean}
 */
export function isRight(forward, backward, x, dout) {
  /** @param {NDArray} x */
  const weighed = (x) => {
    const [out] = forward(x);
    let sum = 0;
    for (let i = 0; i < out.size; i++) sum += out.data[i] * dout.data[i];
    return sum;
  };
  const analytic = backward(dout, forward(x)[1]);
  return relativeError(analytic, numericalGradient(weighed, x, 1e-5)) < 1e-6;
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
 * The derivative of x / (1 + |x|) is 1 / (1 + |x|)².
 *
 * @param {NDArray} dout Shape (N, D).
 * @param {NDArray} x The cache.
 * @returns {NDArray}
 */
export function softsignBackward(dout, x) {
  const dx = zeros(x.shape, x.dtype);
  x.data.forEach((value, i) => {
    dx.data[i] = dout.data[i] / (1 + Math.abs(value)) ** 2;
  });
  return dx;
}
