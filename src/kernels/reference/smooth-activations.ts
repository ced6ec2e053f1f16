import type { SmoothActivationKernels } from '../types.js';
import { normalCdf, normalDensity } from './normal.js';

/** Smooth activation functions and their gradients. */
export const smoothActivations: SmoothActivationKernels = {
  sigmoid(x, out) {
    for (let i = 0; i < x.length; i++) {
      // Of the two equal forms the one whose power is at most 1.
      const e = Math.exp(-Math.abs(x[i]));
      out[i] = x[i] < 0 ? e / (1 + e) : 1 / (1 + e);
    }
  },

  sigmoidBackward(dout, out, dx) {
    for (let i = 0; i < out.length; i++) dx[i] = dout[i] * out[i] * (1 - out[i]);
  },

  tanh(x, out) {
    for (let i = 0; i < x.length; i++) out[i] = Math.tanh(x[i]);
  },

  tanhBackward(dout, out, dx) {
    // 1 − out² in a form whose differences are exact where out is next to ±1.
    for (let i = 0; i < out.length; i++) dx[i] = dout[i] * ((1 - out[i]) * (1 + out[i]));
  },

  elu(x, out, alpha) {
    for (let i = 0; i < x.length; i++) out[i] = x[i] > 0 ? x[i] : alpha * (Math.expm1(x[i]) + 0);
  },

  eluBackward(dout, x, dx, alpha) {
    for (let i = 0; i < x.length; i++) dx[i] = x[i] > 0 ? dout[i] : dout[i] * (alpha * Math.exp(x[i]));
  },

  gelu(x, out) {
    // Φ is 0 long before −100; from there on −∞ times 0 must not come up.
    for (let i = 0; i < x.length; i++) out[i] = Math.max(x[i], -100) * normalCdf(x[i]);
  },

  geluBackward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) {
      const near = Math.max(-100, Math.min(x[i], 100));
      const slope = normalCdf(x[i]) + near * normalDensity(x[i]);
      // Far below 0 it is less than the smallest number, but not positive.
      dx[i] = dout[i] * (slope === 0 ? -0 : slope);
    }
  },
};
