// Lesson 4, batch normalization: a solution.

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
 * What the backward passes need.
 *
 * @typedef {{ xhat: NDArray, sigma: NDArray, gamma: NDArray }} Cache
 */

/**
 * out[n, d] = gamma[d] · (x[n, d] − mean[d]) / √(var[d] + eps) + beta[d]
 *
 * @param {NDArray} x Shape (N, D).
 * @param {NDArray} gamma Shape (D,).
 * @param {NDArray} beta Shape (D,).
 * @param {BnParam} bnParam
 * @returns {[out: NDArray, cache: Cache]} `out` of shape (N, D), and what the backward passes need.
 */
export function batchnormForward(x, gamma, beta, bnParam) {
  const { mode, eps, momentum, runningMean, runningVar } = bnParam;
  const [N, D] = x.shape;
  const out = zeros([N, D], x.dtype);
  const xhat = zeros([N, D], x.dtype);
  const sigma = zeros([D], x.dtype);
  for (let d = 0; d < D; d++) {
    let mean = runningMean.get(d);
    let variance = runningVar.get(d);
    if (mode === 'train') {
      mean = 0;
      for (let n = 0; n < N; n++) mean += x.get(n, d) / N;
      variance = 0;
      for (let n = 0; n < N; n++) variance += (x.get(n, d) - mean) ** 2 / N;
      runningMean.set(d, momentum * runningMean.get(d) + (1 - momentum) * mean);
      runningVar.set(d, momentum * runningVar.get(d) + (1 - momentum) * variance);
    }
    sigma.set(d, Math.sqrt(variance + eps));
    for (let n = 0; n < N; n++) {
      xhat.set(n, d, (x.get(n, d) - mean) / sigma.get(d));
      out.set(n, d, gamma.get(d) * xhat.get(n, d) + beta.get(d));
    }
  }
  return [out, { xhat, sigma, gamma }];
}

/**
 * The backward pass of training, node by node: out = γ·x̂ + β, x̂ = c / σ, σ = √(v + ε), v = Σ c² / N, c = x − μ.
 *
 * @param {NDArray} dout The gradient at the output, shape (N, D).
 * @param {Cache} cache Of batchnormForward.
 * @returns {{ dx: NDArray, dgamma: NDArray, dbeta: NDArray }} The gradients, each shaped like what it belongs to.
 */
export function batchnormBackward(dout, { xhat, sigma, gamma }) {
  const [N, D] = dout.shape;
  const { dgamma, dbeta } = parameterGrads(dout, xhat);
  const dx = zeros([N, D], dout.dtype);
  for (let d = 0; d < D; d++) {
    const s = sigma.get(d);
    let dsigma = 0;
    for (let n = 0; n < N; n++) dsigma -= (dout.get(n, d) * gamma.get(d) * xhat.get(n, d)) / s;
    const dv = dsigma / (2 * s);
    let dmu = 0;
    for (let n = 0; n < N; n++) {
      const centred = xhat.get(n, d) * s;
      const dc = (dout.get(n, d) * gamma.get(d)) / s + (2 / N) * centred * dv;
      dmu -= dc;
      dx.set(n, d, dc);
    }
    for (let n = 0; n < N; n++) dx.set(n, d, dx.get(n, d) + dmu / N);
  }
  return { dx, dgamma, dbeta };
}

/**
 * The same by the simplified formula, dx = γ / (N·σ) · (N·dout − Σ dout − x̂ · Σ dout·x̂).
 *
 * @param {NDArray} dout The gradient at the output, shape (N, D).
 * @param {Cache} cache Of batchnormForward.
 * @returns {{ dx: NDArray, dgamma: NDArray, dbeta: NDArray }}
 */
export function batchnormBackwardAlt(dout, { xhat, sigma, gamma }) {
  const [N, D] = dout.shape;
  const { dgamma, dbeta } = parameterGrads(dout, xhat);
  const dx = zeros([N, D], dout.dtype);
  for (let d = 0; d < D; d++) {
    const scale = gamma.get(d) / (N * sigma.get(d));
    for (let n = 0; n < N; n++) {
      dx.set(n, d, scale * (N * dout.get(n, d) - dbeta.get(d) - xhat.get(n, d) * dgamma.get(d)));
    }
  }
  return { dx, dgamma, dbeta };
}

/**
 * All examples share gamma and beta, so their gradients are sums over the batch.
 *
 * @param {NDArray} dout Shape (N, D).
 * @param {NDArray} xhat Shape (N, D).
 */
function parameterGrads(dout, xhat) {
  const [N, D] = dout.shape;
  const dgamma = zeros([D], dout.dtype);
  const dbeta = zeros([D], dout.dtype);
  for (let n = 0; n < N; n++) {
    for (let d = 0; d < D; d++) {
      dgamma.set(d, dgamma.get(d) + dout.get(n, d) * xhat.get(n, d));
      dbeta.set(d, dbeta.get(d) + dout.get(n, d));
    }
  }
  return { dgamma, dbeta };
}
