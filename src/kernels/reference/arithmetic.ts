import type { ArithmeticKernels } from '../types.js';

/** Sums, differences and products, element by element. */
export const arithmetic: ArithmeticKernels = {
  add(a, b, out) {
    for (let i = 0; i < a.length; i++) out[i] = a[i] + b[i];
  },

  subtract(a, b, out) {
    for (let i = 0; i < a.length; i++) out[i] = a[i] - b[i];
  },

  multiply(a, b, out) {
    for (let i = 0; i < a.length; i++) out[i] = a[i] * b[i];
  },

  divide(a, b, out) {
    for (let i = 0; i < a.length; i++) out[i] = a[i] / b[i];
  },

  scale(x, out, factor) {
    for (let i = 0; i < x.length; i++) out[i] = factor * x[i];
  },

  lerp(a, b, weight) {
    for (let i = 0; i < a.length; i++) a[i] += weight * (b[i] - a[i]);
  },
};
