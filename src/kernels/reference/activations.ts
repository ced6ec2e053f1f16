import type { Floats } from '../../arrays/index.js';
import type { ActivationKernels } from '../types.js';
import { convolution } from './convolution.js';
import { passing, rectified } from './rectified.js';
import { rows } from './rows.js';

/** Activation functions and their gradients. */
export const activations: ActivationKernels = {
  relu(x, out) {
    for (let i = 0; i < x.length; i++) out[i] = rectified(x[i]);
  },

  reluBackward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) dx[i] = passing(x[i], dout[i]);
  },

  reluBackwardSumRows({ dout, x, dx, sums, N, M }) {
    activations.reluBackward(dout, x, dx);
    rows.sumRows(dx, sums, N, M);
  },

  reluBackwardSumChannels(dout, x, dx, sums, shape) {
    activations.reluBackward(dout, x, dx);
    convolution.sumChannels(dx, sums, shape);
  },

  leakyRelu(x, out, alpha) {
    for (let i = 0; i < x.length; i++) out[i] = x[i] > 0 ? x[i] : alpha * x[i];
  },

  leakyReluBackward(dout, x, dx, alpha) {
    for (let i = 0; i < x.length; i++) dx[i] = x[i] > 0 ? dout[i] : alpha * dout[i];
  },

  relu6(x, out) {
    for (let i = 0; i < x.length; i++) out[i] = x[i] > 6 ? 6 : rectified(x[i]);
  },

  relu6Backward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) dx[i] = x[i] >= 6 ? 0 : passing(x[i], dout[i]);
  },

  hardswish(x, out) {
    // From −3 down it is 0; −∞ times 0 must not come up.
    for (let i = 0; i < x.length; i++) out[i] = Math.max(x[i], -3) * (Math.min(Math.max(x[i], -3) + 3, 6) / 6);
  },

  hardswishBackward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) dx[i] = x[i] < -3 ? 0 : x[i] >= 3 ? dout[i] : dout[i] * (x[i] / 3 + 0.5);
  },

  hardsigmoid(x, out) {
    for (let i = 0; i < x.length; i++) out[i] = Math.min(Math.max(x[i] + 3, 0), 6) / 6;
  },

  hardsigmoidBackward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) dx[i] = x[i] > -3 && x[i] < 3 ? dout[i] / 6 : 0;
  },

  prelu(x, alpha, out, inner) {
    for (let i = 0; i < x.length; i++) {
      const c = Math.floor(i / inner) % alpha.length;
      out[i] = x[i] > 0 ? x[i] : alpha[c] * x[i];
    }
  },

  preluBackward({ dout, x, alpha, dx, dalpha, inner }) {
    const sums = new Float64Array(alpha.length);
    for (let i = 0; i < x.length; i++) {
      const c = Math.floor(i / inner) % alpha.length;
      dx[i] = x[i] > 0 ? dout[i] : alpha[c] * dout[i];
      if (!(x[i] > 0)) sums[c] += dout[i] * x[i];
    }
    dalpha.set(sums);
  },

  maxout(x, out, pieces) {
    for (let g = 0; g < out.length; g++) out[g] = x[indexOfLargest(x, g * pieces, pieces)];
  },

  maxoutBackward(dout, x, dx, pieces) {
    dx.fill(0);
    for (let g = 0; g < dout.length; g++) dx[indexOfLargest(x, g * pieces, pieces)] = dout[g];
  },
};

/** The index of the first NaN of `count` values from `from` on, or else of the first of their largest. */
function indexOfLargest(x: Floats, from: number, count: number): number {
  let best = from;
  for (let i = from; i < from + count; i++) {
    if (Number.isNaN(x[i])) return i;
    if (x[i] > x[best]) best = i;
  }
  return best;
}
