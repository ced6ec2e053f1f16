// Lesson: scaling out. Shares of a batch, the average of their gradients, and a model of time.
//
// Fill in the functions, from the top; after each run `node check.mjs`, which says what is wrong.

// @ts-check
import { zeros } from 'layerwise';

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
  throw new Error('cut is yours to write: 10 rows in 4 shares are [0, 3], [3, 6], [6, 8], [8, 10]');
}

/**
 * The gradient of a batch, from those of its shares: their average, each with the weight of its examples.
 *
 * @param {readonly Gradients[]} gradients Of each share. Leave them as they are.
 * @param {readonly number[]} sizes How many examples each share has.
 * @returns {Gradients}
 */
export function average(gradients, sizes) {
  throw new Error('average is yours to write: Σ (size / all) · gradient, for each name');
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
  throw new Error('lossOfShares is yours to write: cut, the loss of each share, average; the loss is an average too');
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
  throw new Error('stepTime is yours to write');
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
  throw new Error('bestReplicas is yours to write');
}
