import ndarray from 'ndarray';
import ops from 'ndarray-ops';
import type { LossKernels } from '../types.js';

/** Losses with their gradients. */
export const losses: LossKernels = {
  softmaxLoss(x, y, dx, N, C) {
    const powers = new Float64Array(C);
    let loss = 0;
    for (let n = 0; n < N; n++) {
      const row = x.subarray(n * C, (n + 1) * C);
      // Shifting a row by its maximum changes no quotient and keeps every power at most 1.
      const largest = ops.sup(ndarray(row));
      let sum = 0;
      for (let c = 0; c < C; c++) sum += powers[c] = Math.exp(row[c] - largest);
      loss += Math.log(sum) - (row[y[n]] - largest);
      for (let c = 0; c < C; c++) dx[n * C + c] = (powers[c] / sum - (c === y[n] ? 1 : 0)) / N;
    }
    return loss / N;
  },

  hingeLoss(x, y, dx, N, C) {
    let loss = 0;
    for (let n = 0; n < N; n++) {
      const right = x[n * C + y[n]];
      let positive = 0;
      for (let c = 0; c < C; c++) {
        const margin = x[n * C + c] - right + 1;
        // Written so that NaN counts: it must show in the loss.
        const counts = c !== y[n] && !(margin <= 0);
        if (counts) loss += margin;
        if (counts) positive++;
        dx[n * C + c] = counts ? 1 / N : 0;
      }
      dx[n * C + y[n]] = 0 - positive / N;
    }
    return loss / N;
  },
};
