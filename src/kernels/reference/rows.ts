import { ndarray, ops } from '../../arrays/index.js';
import type { RowKernels } from '../types.js';
import { rectified } from './rectified.js';

/** Biases, sums and picking rows; norms and bounds. */
export const rows: RowKernels = {
  addRow(b, out, N, M) {
    for (let n = 0; n < N; n++) for (let m = 0; m < M; m++) out[n * M + m] += b[m];
  },

  addRowRelu(b, out, N, M) {
    for (let n = 0; n < N; n++) for (let m = 0; m < M; m++) out[n * M + m] = rectified(out[n * M + m] + b[m]);
  },

  sumRows(x, out, N, M) {
    for (let m = 0; m < M; m++) out[m] = ops().sum(ndarray(x, [N], [M], m));
  },

  scaleRows(x, factors, out, M) {
    for (let i = 0; i < x.length; i++) out[i] = factors[Math.floor(i / M)] * x[i];
  },

  sumColumns(x, out, N, M) {
    for (let n = 0; n < N; n++) out[n] = ops().sum(ndarray(x, [M], [1], n * M));
  },

  sumSquares(x) {
    return ops().norm2squared(ndarray(x));
  },

  sumAbs(x) {
    return ops().norm1(ndarray(x));
  },

  maxAbs(x) {
    let largest = 0;
    for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]));
    return largest;
  },

  clamp(x, limit) {
    for (let i = 0; i < x.length; i++) x[i] = Math.min(limit, Math.max(-limit, x[i]));
  },

  addL2Gradient(w, dw, reg) {
    for (let i = 0; i < w.length; i++) dw[i] += reg * w[i];
    return rows.sumSquares(w);
  },

  gatherRows(source, indices, out, D) {
    indices.forEach((row, i) => {
      out.set(source.subarray(row * D, (row + 1) * D), i * D);
    });
  },
};
