// Lesson 4, batch normalization: the forward pass, and the backward pass twice.
//
// Fill in the functions, from the top; after each run `node check.mjs`, which says what is wrong.
// Of an array: x.shape is its sizes, x.get(n, d) reads a value, x.set(n, d, value) writes one.

// @ts-check
import { zeros } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */

/**
 * How the layer runs. Training puts new running averages into it.
 *
 * @typedef {object} BnParam
 * @property {'train' | 'test'} mode
 * @property {number} eps Added to the variance.
 * @property {number} momentum The weight of the old running average.
 * @property {NDArray} runningMean Shape (D,).
 * @property {NDArray} runningVar Shape (D,).
 */

/**
 * out[n, d] = gamma[d] · (x[n, d] − mean[d]) / √(var[d] + eps) + beta[d]
 *
 * In training mean and var are those of the batch, and running = momentum · running + (1 − momentum) · batch.
 * In test mode mean and var are the running averages, which stay as they are.
 *
 * @param {NDArray} x Shape (N, D).
 * @param {NDArray} gamma Shape (D,).
 * @param {NDArray} beta Shape (D,).
 * @param {BnParam} bnParam
 * @returns {[out: NDArray, cache: any]} `out` of shape (N, D), and what the backward passes need.
 */
export function batchnormForward(x, gamma, beta, bnParam) {
  const [N, D] = x.shape;
  const out = zeros([N, D], x.dtype);
  throw new Error('batchnormForward is yours to write: for each feature the mean, the variance, then the values');
}

/**
 * The backward pass of training, node by node: out = γ·x̂ + β, x̂ = c / σ, σ = √(v + ε), v = Σ c² / N, c = x − μ.
 *
 * @param {NDArray} dout The gradient at the output, shape (N, D).
 * @param {any} cache Of batchnormForward.
 * @returns {{ dx: NDArray, dgamma: NDArray, dbeta: NDArray }} The gradients, each shaped like what it belongs to.
 */
export function batchnormBackward(dout, cache) {
  throw new Error('batchnormBackward is yours to write: begin with dbeta and dgamma, which are sums over the batch');
}

/**
 * The same by the simplified formula, dx = γ / (N·σ) · (N·dout − Σ dout − x̂ · Σ dout·x̂), without dv and dμ.
 *
 * @param {NDArray} dout The gradient at the output, shape (N, D).
 * @param {any} cache Of batchnormForward.
 * @returns {{ dx: NDArray, dgamma: NDArray, dbeta: NDArray }}
 */
export function batchnormBackwardAlt(dout, cache) {
  throw new Error('batchnormBackwardAlt is yours to write: two sums for each feature, then one line');
}
