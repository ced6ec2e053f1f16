import type { AdaptivePoolingKernels } from '../types.js';

/** Pooling by windows of different sizes. */
export const adaptivePooling: AdaptivePoolingKernels = {
  adaptiveAvgPool(x, out, { planes, H, W, rows, columns }) {
    let at = 0;
    for (let plane = 0; plane < planes; plane++) {
      for (const [top, bottom] of rows) {
        for (const [left, right] of columns) {
          let sum = 0;
          for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) sum += x[(plane * H + i) * W + j];
          out[at++] = sum / ((bottom - top) * (right - left));
        }
      }
    }
  },

  adaptiveAvgPoolBackward(dout, dx, { planes, H, W, rows, columns }) {
    dx.fill(0);
    let at = 0;
    for (let plane = 0; plane < planes; plane++) {
      for (const [top, bottom] of rows) {
        for (const [left, right] of columns) {
          const share = dout[at++] / ((bottom - top) * (right - left));
          for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) dx[(plane * H + i) * W + j] += share;
        }
      }
    }
  },
};
