// Lesson 6, convolution: a solution.

// @ts-check
import { array, F, zeros } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */
/** @typedef {{ stride: number, pad: number }} ConvParam */

/**
 * out[n, f, i, j] = b[f] + Σ_c Σ_p Σ_q x[n, c, i·stride + p − pad, j·stride + q − pad] · w[f, c, p, q]
 *
 * @param {NDArray} x Images, shape (N, C, H, W).
 * @param {NDArray} w Filters, shape (F, C, HH, WW).
 * @param {NDArray} b Biases, shape (F,).
 * @param {ConvParam} convParam
 * @returns {NDArray} Shape (N, F, OH, OW).
 */
export function convForward(x, w, b, convParam) {
  const [N, C, H, W] = x.shape;
  const [filters, , HH, WW] = w.shape;
  const out = zeros([N, filters, outputs(H, HH, convParam), outputs(W, WW, convParam)], x.dtype);
  forEachIndex(out.shape, ([n, f, i, j]) => {
    let sum = b.get(f);
    forEachIndex([C, HH, WW], ([c, p, q]) => {
      const [row, column] = placeOf(i, j, p, q, convParam);
      if (isInside(row, column, H, W)) sum += x.get(n, c, row, column) * w.get(f, c, p, q);
    });
    out.set(n, f, i, j, sum);
  });
  return out;
}

/**
 * Each product of the forward pass gives its part of the gradient to both of its factors.
 *
 * @param {NDArray} dout The gradient at the output, shape (N, F, OH, OW).
 * @param {NDArray} x The images of the forward pass.
 * @param {NDArray} w Its filters.
 * @param {ConvParam} convParam
 * @returns {{ dx: NDArray, dw: NDArray, db: NDArray }} The gradients, each shaped like what it belongs to.
 */
export function convBackward(dout, x, w, convParam) {
  const [, C, H, W] = x.shape;
  const [filters, , HH, WW] = w.shape;
  const dx = zeros(x.shape, x.dtype);
  const dw = zeros(w.shape, w.dtype);
  const db = zeros([filters], w.dtype);
  forEachIndex(dout.shape, ([n, f, i, j]) => {
    const gradient = dout.get(n, f, i, j);
    db.set(f, db.get(f) + gradient);
    forEachIndex([C, HH, WW], ([c, p, q]) => {
      const [row, column] = placeOf(i, j, p, q, convParam);
      if (!isInside(row, column, H, W)) return;
      dw.set(f, c, p, q, dw.get(f, c, p, q) + gradient * x.get(n, c, row, column));
      dx.set(n, c, row, column, dx.get(n, c, row, column) + gradient * w.get(f, c, p, q));
    });
  });
  return { dx, dw, db };
}

/**
 * The windows of one image as columns.
 *
 * @param {NDArray} x One image, shape (C, H, W).
 * @param {number} size Height and width of a filter, HH = WW.
 * @param {ConvParam} convParam
 * @returns {NDArray} Shape (C·HH·WW, OH·OW).
 */
export function columns(x, size, convParam) {
  const [C, H, W] = x.shape;
  const [OH, OW] = [outputs(H, size, convParam), outputs(W, size, convParam)];
  const cols = zeros([C * size * size, OH * OW], x.dtype);
  forEachIndex([C, size, size, OH, OW], ([c, p, q, i, j]) => {
    const [row, column] = placeOf(i, j, p, q, convParam);
    if (isInside(row, column, H, W)) cols.set((c * size + p) * size + q, i * OW + j, x.get(c, row, column));
  });
  return cols;
}

/**
 * What convForward computes, by one matrix product for each image.
 *
 * @param {NDArray} x Images, shape (N, C, H, W).
 * @param {NDArray} w Filters, shape (F, C, HH, HH).
 * @param {NDArray} b Biases, shape (F,).
 * @param {ConvParam} convParam
 * @returns {NDArray} Shape (N, F, OH, OW).
 */
export function convByProduct(x, w, b, convParam) {
  const [N, C, H, W] = x.shape;
  const [filters, , size] = w.shape;
  const out = zeros([N, filters, outputs(H, size, convParam), outputs(W, size, convParam)], x.dtype);
  const OW = out.shape[3];
  const rows = array(w, [filters, C * size * size]);
  for (let n = 0; n < N; n++) {
    const product = F.matmul(rows, columns(x.pick(n), size, convParam)).data;
    forEachIndex(out.shape.slice(1), ([f, i, j]) => {
      out.set(n, f, i, j, product.get(f, i * OW + j) + b.get(f));
    });
  }
  return out;
}

/**
 * The largest value of each window of 2 × 2, at stride 2.
 *
 * @param {NDArray} x Shape (N, C, H, W), of even height and width.
 * @returns {NDArray} Shape (N, C, H / 2, W / 2).
 */
export function maxPoolForward(x) {
  const [N, C, H, W] = x.shape;
  const out = zeros([N, C, H / 2, W / 2], x.dtype);
  forEachIndex(out.shape, ([n, c, i, j]) => {
    const [row, column] = largest(x, n, c, i, j);
    out.set(n, c, i, j, x.get(n, c, row, column));
  });
  return out;
}

/**
 * @param {NDArray} dout The gradient at the output.
 * @param {NDArray} x The input of maxPoolForward.
 * @returns {NDArray} The gradient at the input: that of a window goes to its largest value, of equals to the first.
 */
export function maxPoolBackward(dout, x) {
  const dx = zeros(x.shape, x.dtype);
  forEachIndex(dout.shape, ([n, c, i, j]) => {
    const [row, column] = largest(x, n, c, i, j);
    dx.set(n, c, row, column, dout.get(n, c, i, j));
  });
  return dx;
}

/**
 * Where the largest value of a window is, the first of equals.
 *
 * @param {NDArray} x
 * @param {number} n @param {number} c @param {number} i @param {number} j
 */
function largest(x, n, c, i, j) {
  let best = [2 * i, 2 * j];
  forEachIndex([2, 2], ([p, q]) => {
    if (x.get(n, c, 2 * i + p, 2 * j + q) > x.get(n, c, best[0], best[1])) best = [2 * i + p, 2 * j + q];
  });
  return best;
}

/** How many windows there are along an axis. @param {number} length @param {number} size @param {ConvParam} param */
function outputs(length, size, { stride, pad }) {
  return 1 + Math.floor((length + 2 * pad - size) / stride);
}

/**
 * The pixel that a tap meets in a window.
 *
 * @param {number} i @param {number} j @param {number} p @param {number} q @param {ConvParam} convParam
 */
function placeOf(i, j, p, q, { stride, pad }) {
  return [i * stride + p - pad, j * stride + q - pad];
}

/** @param {number} row @param {number} column @param {number} H @param {number} W */
function isInside(row, column, H, W) {
  return row >= 0 && column >= 0 && row < H && column < W;
}

/**
 * Calls `f` with all indices of a shape, the last one running fastest.
 *
 * @param {readonly number[]} shape
 * @param {(index: number[]) => void} f
 */
function forEachIndex(shape, f) {
  const size = shape.reduce((product, length) => product * length, 1);
  for (let at = 0; at < size; at++) {
    let rest = at;
    const index = new Array(shape.length);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    f(index);
  }
}
