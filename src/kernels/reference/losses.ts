import { ndarray, ops } from '../../arrays/index.js';
import type { LossKernels } from '../types.js';

/** Losses of labels with their gradients. */
export const losses: LossKernels = {
  softmaxLoss(x, y, dx, N, C) {
    const powers = new Float64Array(C);
    let loss = 0;
    for (let n = 0; n < N; n++) {
      const row = x.subarray(n * C, (n + 1) * C);
      // Shifting a row by its maximum changes no quotient and keeps every power at most 1.
      const largest = ops().sup(ndarray(row));
      let sum = 0;
      for (let c = 0; c < C; c++) sum += powers[c] = Math.exp(row[c] - largest);
      loss += Math.log(sum) - (row[y[n]] - largest);
      for (let c = 0; c < C; c++) dx[n * C + c] = (powers[c] / sum - (c === y[n] ? 1 : 0)) / N;
    }
    return loss / N;
  },

  hingeLoss({ x, y, dx, values, N, C, divisor }) {
    let total = 0;
    for (let n = 0; n < N; n++) {
      const right = x[n * C + y[n]];
      let loss = 0;
      let positive = 0;
      for (let c = 0; c < C; c++) {
        const margin = x[n * C + c] - right + 1;
        // Written so that NaN counts: it must show in the loss.
        const counts = c !== y[n] && !(margin <= 0);
        if (counts) loss += margin;
        if (counts) positive++;
        dx[n * C + c] = counts ? 1 / divisor : 0;
      }
      dx[n * C + y[n]] = 0 - positive / divisor;
      if (values !== null) values[n] = loss;
      total += loss;
    }
    return total;
  },

  crossEntropy({ x, labels, target, weight, smoothing, values, dx, dtarget, scale, shape: { N, C, S } }) {
    const [scores, q] = [new Float64Array(C), new Float64Array(C)];
    let total = 0;
    for (let n = 0; n < N * S; n++) {
      // The place of class 0; the others follow at a distance of S.
      const first = Math.floor(n / S) * C * S + (n % S);
      const label = labels === null ? null : labels[n];
      const counts = label === null || label >= 0;
      for (let c = 0; c < C; c++) {
        scores[c] = x[first + c * S];
        const t = target === null ? Number(c === label) : target[first + c * S];
        q[c] = counts ? (weight === null ? 1 : weight[c]) * ((1 - smoothing) * t + smoothing / C) : 0;
      }
      // Shifting a row by its maximum changes no quotient and keeps every power at most 1.
      const largest = ops().sup(ndarray(scores));
      let [sum, whole] = [0, 0];
      for (let c = 0; c < C; c++) {
        sum += Math.exp(scores[c] - largest);
        whole += q[c];
      }
      const logSum = Math.log(sum);
      let loss = 0;
      for (let c = 0; c < C; c++) {
        const minusLog = logSum - (scores[c] - largest);
        if (q[c] !== 0) loss += q[c] * minusLog;
        dx[first + c * S] = scale * ((whole * Math.exp(scores[c] - largest)) / sum - q[c]);
        if (dtarget !== null) {
          dtarget[first + c * S] = scale * (weight === null ? 1 : weight[c]) * (1 - smoothing) * minusLog;
        }
      }
      // NaN in a score shows in the loss, also where the score is that of a class that does not count.
      if (counts && Number.isNaN(logSum)) loss = Number.NaN;
      if (values !== null) values[n] = loss;
      total += loss;
    }
    return total;
  },
};
