import ndarray from 'ndarray';
import ops from 'ndarray-ops';
import type { ActivationKernels } from '../types.js';
import { rows } from './rows.js';

/** Activation functions and their gradients. */
export const activations: ActivationKernels = {
  relu(x, out) {
    ops.maxs(ndarray(out), ndarray(x), 0);
  },

  reluBackward(dout, x, dx) {
    for (let i = 0; i < x.length; i++) dx[i] = x[i] > 0 ? dout[i] : 0;
  },

  reluBackwardSumRows(dout, x, dx, sums, N, M) {
    activations.reluBackward(dout, x, dx);
    rows.sumRows(dx, sums, N, M);
  },
};
