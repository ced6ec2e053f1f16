import type { StatisticsKernels } from '../types.js';

/** Statistics and sums whose float64 value is rounded once. */
export const statistics: StatisticsKernels = {
  blend({ running, sample, out, keep, gain }) {
    for (let i = 0; i < out.length; i++) out[i] = keep * running[i] + gain * sample[i];
  },

  foldBatchnorm({ w, b, gamma, beta, mean, variance, epsilon, foldedW, foldedB }) {
    const length = w.length / mean.length;
    for (let f = 0; f < mean.length; f++) {
      const scale = (gamma?.[f] ?? 1) / Math.sqrt(variance[f] + epsilon);
      for (let i = f * length; i < (f + 1) * length; i++) foldedW[i] = w[i] * scale;
      foldedB[f] = ((b?.[f] ?? 0) - mean[f]) * scale + (beta?.[f] ?? 0);
    }
  },

  sumMiddle(x, out, N, K, M) {
    // Row by row, in the order of memory: by columns it would take ten times as long.
    const totals = new Float64Array(M);
    for (let n = 0, at = 0; n < N; n++) {
      totals.fill(0);
      for (let k = 0; k < K; k++) for (let m = 0; m < M; m++) totals[m] += x[at++];
      out.set(totals, n * M);
    }
  },
};
