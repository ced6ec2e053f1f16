import type { PointwiseKernels } from '../types.js';

/** Functions of one array, element by element. */
export const pointwise: PointwiseKernels = {
  exp(x, out) {
    for (let i = 0; i < x.length; i++) out[i] = Math.exp(x[i]);
  },

  log(x, out) {
    for (let i = 0; i < x.length; i++) out[i] = Math.log(x[i]);
  },

  // JavaScript's powers differ from C's and PyTorch's: its 1^NaN and (±1)^±∞ are NaN.
  pow(x, out, exponent) {
    if (exponent === 0.5) {
      pointwise.sqrt(x, out);
    } else if (exponent === -0.5) {
      for (let i = 0; i < x.length; i++) out[i] = 1 / Math.sqrt(x[i]);
    } else if (exponent === -1) {
      for (let i = 0; i < x.length; i++) out[i] = 1 / x[i];
    } else if (exponent === -2) {
      for (let i = 0; i < x.length; i++) out[i] = 1 / (x[i] * x[i]);
    } else if (!Number.isFinite(exponent)) {
      const one = (v: number): boolean => v === 1 || (v === -1 && !Number.isNaN(exponent));
      for (let i = 0; i < x.length; i++) out[i] = one(x[i]) ? 1 : x[i] ** exponent;
    } else {
      for (let i = 0; i < x.length; i++) out[i] = x[i] ** exponent;
    }
  },

  sqrt(x, out) {
    for (let i = 0; i < x.length; i++) out[i] = Math.sqrt(x[i]);
  },

  sqrtBackward(dout, out, dx) {
    for (let i = 0; i < out.length; i++) dx[i] = dout[i] / (2 * out[i]);
  },

  abs(x, out) {
    for (let i = 0; i < x.length; i++) out[i] = Math.abs(x[i]);
  },

  absBackward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) dx[i] = dout[i] * (x[i] > 0 ? 1 : x[i] < 0 ? -1 : 0);
  },

  divideBy(x, out, divisor) {
    for (let i = 0; i < x.length; i++) out[i] = x[i] / divisor;
  },
};
