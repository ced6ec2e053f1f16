// Lesson: scaling out. A solution.

// @ts-check
import { F } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */
/** @typedef {import('layerwise').TwoLayerNet} TwoLayerNet */
/** @typedef {Record<string, NDArray>} Gradients Arrays by the names of the parameters. */

/**
 * Cuts the rows 0 to count − 1 into shares, one after another. Their sizes differ by one at most, the larger ones first.
 *
 * @param {number} count
 * @param {number} parts
 * @returns {[from: number, to: number][]} Each share has the rows from `from` to before `to`.
 */
export function cut(count, parts) {
  const [size, left] = [Math.floor(count / parts), count % parts];
  return Array.from({ length: parts }, (_, r) => {
    const from = r * size + Math.min(r, left);
    return [from, from + size + (r < left ? 1 : 0)];
  });
}

/**
 * The gradient of a batch, from those of its shares: their average, each with the weight of its examples.
 *
 * @param {readonly Gradients[]} gradients Of each share. Leave them as they are.
 * @param {readonly number[]} sizes How many examples each share has.
 * @returns {Gradients}
 */
export function average(gradients, sizes) {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const sumOf = (/** @type {string} */ name) =>
    gradients.map((one, r) => F.mul(one[name], sizes[r] / all)).reduce((a, b) => F.add(a, b)).data;
  return Object.fromEntries(Object.keys(gradients[0]).map((name) => [name, sumOf(name)]));
}

/**
 * The loss and the gradients of a batch, share by share.
 *
 * @param {TwoLayerNet} model `model.loss(X, y)` returns the loss and the gradients of a share: `{ loss, grads }`.
 * @param {NDArray} X Shape (N, D). `X.lo(from, 0).hi(to - from, D)` has the rows from `from` to before `to`.
 * @param {readonly number[]} y N labels.
 * @param {number} parts How many shares.
 * @returns {{ loss: number, grads: Gradients }}
 */
export function lossOfShares(model, X, y, parts) {
  const D = X.shape[1];
  const shares = cut(y.length, parts).filter(([from, to]) => from < to);
  const sizes = shares.map(([from, to]) => to - from);
  const results = shares.map(([from, to]) => model.loss(X.lo(from, 0).hi(to - from, D), y.slice(from, to)));
  const grads = average(
    results.map((result) => result.grads),
    sizes,
  );
  return { loss: results.reduce((sum, { loss }, r) => sum + (loss * sizes[r]) / y.length, 0), grads };
}

/**
 * The seconds of a step with some replicas, whose gradients go round in a ring:
 *
 * compute / replicas + update + 2 · (replicas − 1) · (bytes / (replicas · bandwidth) + latency)
 *
 * @param {{ compute: number, update: number, bytes: number }} job Seconds, seconds, bytes of gradients.
 * @param {{ bandwidth: number, latency: number }} network Bytes per second, seconds.
 * @param {number} replicas
 * @returns {number}
 */
export function stepTime(job, network, replicas) {
  const { compute, update, bytes } = job;
  const { bandwidth, latency } = network;
  return compute / replicas + update + 2 * (replicas - 1) * (bytes / (replicas * bandwidth) + latency);
}

/**
 * The number of replicas, from 1 to `most`, with which a step is fastest; the smallest of several.
 *
 * @param {{ compute: number, update: number, bytes: number }} job
 * @param {{ bandwidth: number, latency: number }} network
 * @param {number} most
 * @returns {number}
 */
export function bestReplicas(job, network, most) {
  let best = 1;
  for (let replicas = 2; replicas <= most; replicas++) {
    if (stepTime(job, network, replicas) < stepTime(job, network, best)) best = replicas;
  }
  return best;
}
