// Lesson 6, convolution: by loops, then by a matrix product, and max pooling.
//
// Fill in the functions, from the top; after each run `node check.mjs`, which says what is wrong.
// Of an array: x.shape is its sizes, x.get(n, c, i, j) reads a value, x.set(n, c, i, j, value) writes one.

// @ts-check
import { F, zeros } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */
/** @typedef {{ stride: number, pad: number }} ConvParam */

/**
 * out[n, f, i, j] = b[f] + Σ_c Σ_p Σ_q x[n, c, i·stride + p − pad, j·stride + q − pad] · w[f, c, p, q], where x is 0
 * outside of the image.
 *
 * @param {NDArray} x Images, shape (N, C, H, W).
 * @param {NDArray} w Filters, shape (F, C, HH, WW).
 * @param {NDArray} b Biases, shape (F,).
 * @param {ConvParam} convParam
 * @returns {NDArray} Shape (N, F, OH, OW) with OH = 1 + ⌊(H + 2·pad − HH) / stride⌋, and OW by the same formula.
 */
export function convForward(x, w, b, { stride, pad }) {
  const [N, C, H, W] = x.shape;
  const [filters, , HH, WW] = w.shape;
  throw new Error('convForward is yours to write: the size of the output first, then seven loops');
}

/**
 * @param {NDArray} dout The gradient at the output, shape (N, F, OH, OW).
 * @param {NDArray} x The images of the forward pass.
 * @param {NDArray} w Its filters.
 * @param {ConvParam} convParam
 * @returns {{ dx: NDArray, dw: NDArray, db: NDArray }} The gradients, each shaped like what it belongs to.
 */
export function convBackward(dout, x, w, { stride, pad }) {
  throw new Error('convBackward is yours to write: the same loops, and each product gives to both of its factors');
}

/**
 * The windows of one image as columns: column i·OW + j is the window of the output pixel (i, j), and row
 * (c·HH + p)·WW + q is what the tap (c, p, q) of a filter meets.
 *
 * @param {NDArray} x One image, shape (C, H, W).
 * @param {number} size Height and width of a filter, HH = WW.
 * @param {ConvParam} convParam
 * @returns {NDArray} Shape (C·HH·WW, OH·OW).
 */
export function columns(x, size, { stride, pad }) {
  throw new Error('columns is yours to write: loops that copy, or leave the 0 of the padding');
}

/**
 * What convForward computes, by one matrix product for each image. Filters are square.
 *
 * `x.pick(n)` is image n, `array(w, [F, K])` the same numbers in another shape, F.matmul(a, b).data a product.
 *
 * @param {NDArray} x Images, shape (N, C, H, W).
 * @param {NDArray} w Filters, shape (F, C, HH, HH).
 * @param {NDArray} b Biases, shape (F,).
 * @param {ConvParam} convParam
 * @returns {NDArray} Shape (N, F, OH, OW).
 */
export function convByProduct(x, w, b, convParam) {
  throw new Error('convByProduct is yours to write: filters (F, K) times columns (K, P), and the biases');
}

/**
 * The largest value of each window of 2 × 2, at stride 2.
 *
 * @param {NDArray} x Shape (N, C, H, W), of even height and width.
 * @returns {NDArray} Shape (N, C, H / 2, W / 2).
 */
export function maxPoolForward(x) {
  throw new Error('maxPoolForward is yours to write');
}

/**
 * @param {NDArray} dout The gradient at the output.
 * @param {NDArray} x The input of maxPoolForward.
 * @returns {NDArray} The gradient at the input: that of a window goes to its largest value, of equals to the first.
 */
export function maxPoolBackward(dout, x) {
  throw new Error('maxPoolBackward is yours to write: look for the largest value of each window again');
}
