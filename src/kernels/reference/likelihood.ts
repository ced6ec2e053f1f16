import type { LikelihoodKernels } from '../types.js';

/** The likelihood of labels. */
export const likelihood: LikelihoodKernels = {
  nllLoss({ x, labels, weight, values, dx, scale, shape: { N, C, S } }) {
    dx.fill(0);
    let total = 0;
    for (let n = 0; n < N * S; n++) {
      const label = labels[n];
      let loss = 0;
      if (label >= 0) {
        const at = Math.floor(n / S) * C * S + (n % S) + label * S;
        const factor = weight === null ? 1 : weight[label];
        loss = -factor * x[at];
        dx[at] = -factor * scale;
      }
      if (values !== null) values[n] = loss;
      total += loss;
    }
    return total;
  },
};
