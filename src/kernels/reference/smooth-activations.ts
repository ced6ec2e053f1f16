import type { SmoothActivationKernels } from '../types.js';
import { normalCdf, normalDensity } from './normal.js';

/** x · e^x is 0 here and below, and at −∞ too, in place of ∞ · 0. */
const FARTHEST = -1000;

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

  silu(x, out) {
    for (let i = 0; i < x.length; i++) {
      // Below 0, x · e^x / (1 + e^x). e^(x/2) is a normal number where the product is the least one; further down it is 0.
      const root = Math.exp(-Math.abs(x[i]) / 2);
      const product = x[i] < 0 ? Math.max(x[i], FARTHEST) * root * root : x[i];
      out[i] = product / (1 + root * root);
    }
  },

  siluBackward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) {
      // With e = e^−|x|: σ is 1 / (1 + e) above 0 and e / (1 + e) below, and 1 − σ is the other.
      const a = Math.min(Math.abs(x[i]), -FARTHEST);
      const root = Math.exp(-a / 2);
      const larger = 1 / (1 + root * root);
      const slope = x[i] < 0 ? (1 - a * larger) * root * root : 1 + a * root * root * larger;
      dx[i] = dout[i] * (slope * larger);
    }
  },
};
