// Lesson 1, layers and caches: an affine layer, a ReLU, and a net of both.
//
// Fill in the functions, from the top; after each run `node check.mjs`, which says what is wrong.
// Of an array: x.shape is its sizes, x.get(n, d) reads a value, x.set(n, d, value) writes one.

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
  throw new Error('affineForward is yours to write: three loops, and the bias');
}

/**
 * @param {NDArray} dout The gradient at the output, shape (N, M).
 * @param {{ x: NDArray, w: NDArray }} cache Of affineForward.
 * @returns {{ dx: NDArray, dw: NDArray, db: NDArray }} The gradients, each shaped like what it belongs to.
 */
export function affineBackward(dout, { x, w }) {
  throw new Error('affineBackward is yours to write: dx = dout · wᵀ, dw = xᵀ · dout, db = Σ_n dout[n]');
}

/**
 * max(0, x)
 *
 * @param {NDArray} x Shape (N, M).
 * @returns {[out: NDArray, cache: NDArray]} A new array, and what reluBackward needs.
 */
export function reluForward(x) {
  throw new Error('reluForward is yours to write: leave x as it is, return a new array');
}

/**
 * @param {NDArray} dout The gradient at the output.
 * @param {NDArray} cache Of reluForward.
 * @returns {NDArray} The gradient at the input: dout where a value passed, 0 elsewhere.
 */
export function reluBackward(dout, cache) {
  throw new Error('reluBackward is yours to write');
}

/**
 * The loss of a net of two layers, affine - ReLU - affine - softmax, and its gradients.
 *
 * @param {Record<'W1' | 'b1' | 'W2' | 'b2', NDArray>} params
 * @param {NDArray} X Examples, shape (N, D).
 * @param {number[]} y Their classes.
 * @returns {{ loss: number, grads: Record<'W1' | 'b1' | 'W2' | 'b2', NDArray> }}
 */
export function lossAndGrads(params, X, y) {
  // const { loss, dx: dscores } = softmaxLoss(scores, y);
  throw new Error('lossAndGrads is yours to write: down through your functions, and up again');
}
