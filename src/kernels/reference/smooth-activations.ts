import type { SmoothActivationKernels } from '../types.js';
import { geluOf, geluSlope } from './gelu.js';

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
    for (let i = 0; i < x.length; i++) out[i] = geluOf(x[i]);
  },

  geluBackward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) dx[i] = dout[i] * geluSlope(x[i]);
  },

  geluTanh(x, out) {
    for (let i = 0; i < x.length; i++) out[i] = sigmoidTimes(tanhArgument(x[i]), x[i]);
  },

  geluTanhBackward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) {
      // Where σ(g(x)) is 0 or 1, the clamp keeps the cube finite.
      const near = Math.max(-30, Math.min(x[i], 30));
      const rise = near * (2 * ROOT + 6 * ROOT * CUBIC * near * near);
      dx[i] = dout[i] * slopeOfProduct(tanhArgument(near), rise);
    }
  },

  softplus(x, out, beta, threshold) {
    for (let i = 0; i < x.length; i++) {
      const z = beta * x[i];
      out[i] = z > threshold ? x[i] : (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))) / beta;
    }
  },

  softplusBackward(dout, x, dx, beta, threshold) {
    for (let i = 0; i < x.length; i++) {
      const z = beta * x[i];
      const e = Math.exp(-Math.abs(z));
      dx[i] = z > threshold ? dout[i] : dout[i] * ((z < 0 ? e : 1) / (1 + e));
    }
  },

  silu(x, out) {
    for (let i = 0; i < x.length; i++) out[i] = sigmoidTimes(x[i], x[i]);
  },

  siluBackward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) {
      const near = Math.max(FARTHEST, Math.min(x[i], -FARTHEST));
      dx[i] = dout[i] * slopeOfProduct(near, near);
    }
  },
};

/** x · σ(z), for z of the sign of x and no nearer to 0. */
function sigmoidTimes(z: number, x: number): number {
  // Below 0, x · e^z / (1 + e^z). e^(z/2) is a normal number where the product is the least one; further down it is 0.
  const root = Math.exp(-Math.abs(z) / 2);
  const product = x < 0 ? Math.max(x, FARTHEST) * root * root : x;
  return product / (1 + root * root);
}

/** σ(z) · (1 + rise · (1 − σ(z))), the derivative of x · σ(z) where rise = x · dz/dx, of the sign of z. */
function slopeOfProduct(z: number, rise: number): number {
  // With e = e^−|z|: σ is 1 / (1 + e) above 0 and e / (1 + e) below, and 1 − σ is the other.
  const root = Math.exp(-Math.abs(z) / 2);
  const larger = 1 / (1 + root * root);
  const product = Math.abs(rise) * larger;
  return (z < 0 ? (1 - product) * root * root : 1 + product * root * root) * larger;
}

/** √(2/π), and the share of the cube, of the tanh that is next to 2·Φ − 1. */
const ROOT = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** Twice the argument of the tanh: ½ · (1 + tanh(z/2)) is σ(z). */
function tanhArgument(x: number): number {
  return x * (2 * ROOT + 2 * ROOT * CUBIC * x * x);
}
