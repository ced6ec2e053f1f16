// Lesson 1, layers and caches: a solution.

// @ts-check
import { softmaxLoss, zeros } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */

/**
 * out[n, m] = Σ_d x[n, d] · w[d, m] + b[m]
 *
 * @param {NDArray} x Shape (N, D).
 * @param {NDArray} w Shape (D, M).
 * @param {NDArray} b Shape (M,).
 * @returns {[out: NDArray, cache: { x: NDArray, w: NDArray }]} `out` of shape (N, M), and what affineBackward needs.
 */
export function affineForward(x, w, b) {
  const [N, D] = x.shape;
  const M = w.shape[1];
  const out = zeros([N, M], x.dtype);
  for (let n = 0; n < N; n++) {
    for (let m = 0; m < M; m++) {
      let sum = b.get(m);
      for (let d = 0; d < D; d++) sum += x.get(n, d) * w.get(d, m);
      out.set(n, m, sum);
    }
  }
  return [out, { x, w }];
}

/**
 * Each product of the forward pass, x[n, d] · w[d, m], gives its part of the gradient to both of its factors.
 *
 * @param {NDArray} dout The gradient at the output, shape (N, M).
 * @param {{ x: NDArray, w: NDArray }} cache Of affineForward.
 * @returns {{ dx: NDArray, dw: NDArray, db: NDArray }} The gradients, each shaped like what it belongs to.
 */
export function affineBackward(dout, { x, w }) {
  const [N, D] = x.shape;
  const M = w.shape[1];
  const dx = zeros([N, D], x.dtype);
  const dw = zeros([D, M], x.dtype);
  const db = zeros([M], x.dtype);
  for (let n = 0; n < N; n++) {
    for (let m = 0; m < M; m++) {
      const gradient = dout.get(n, m);
      db.set(m, db.get(m) + gradient);
      for (let d = 0; d < D; d++) {
        dx.set(n, d, dx.get(n, d) + gradient * w.get(d, m));
        dw.set(d, m, dw.get(d, m) + gradient * x.get(n, d));
      }
    }
  }
  return { dx, dw, db };
}

/**
 * max(0, x)
 *
 * @param {NDArray} x Shape (N, M).
 * @returns {[out: NDArray, cache: NDArray]} A new array, and what reluBackward needs.
 */
export function reluForward(x) {
  return [map(x, (value) => Math.max(0, value)), x];
}

/**
 * @param {NDArray} dout The gradient at the output.
 * @param {NDArray} cache Of reluForward.
 * @returns {NDArray} The gradient at the input: dout where a value passed, 0 elsewhere.
 */
export function reluBackward(dout, cache) {
  return map(dout, (gradient, n, m) => (cache.get(n, m) > 0 ? gradient : 0));
}

/**
 * A new array with a function of each value.
 *
 * @param {NDArray} x Shape (N, M).
 * @param {(value: number, n: number, m: number) => number} f
 */
function map(x, f) {
  const [N, M] = x.shape;
  const out = zeros([N, M], x.dtype);
  for (let n = 0; n < N; n++) {
    for (let m = 0; m < M; m++) out.set(n, m, f(x.get(n, m), n, m));
  }
  return out;
}

/**
 * The loss of a net of two layers, affine - ReLU - affine - softmax, and its gradients.
 *
 * @param {Record<'W1' | 'b1' | 'W2' | 'b2', NDArray>} params
 * @param {NDArray} X Examples, shape (N, D).
 * @param {number[]} y Their classes.
 * @returns {{ loss: number, grads: Record<'W1' | 'b1' | 'W2' | 'b2', NDArray> }}
 */
export function lossAndGrads({ W1, b1, W2, b2 }, X, y) {
  const [a, affine1] = affineForward(X, W1, b1);
  const [h, relu] = reluForward(a);
  const [scores, affine2] = affineForward(h, W2, b2);
  const { loss, dx: dscores } = softmaxLoss(scores, y);

  const second = affineBackward(dscores, affine2);
  const first = affineBackward(reluBackward(second.dx, relu), affine1);
  return { loss, grads: { W1: first.dw, b1: first.db, W2: second.dw, b2: second.db } };
}
