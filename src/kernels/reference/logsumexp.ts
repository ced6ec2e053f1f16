import type { Floats } from '../../arrays/index.js';
import type { LogsumexpKernels } from '../types.js';

/** Logarithms of sums of powers, along rows. */
export const logsumexp: LogsumexpKernels = {
  logsumexp(x, out, length) {
    for (let n = 0; n < out.length; n++) {
      const { largest, logSum } = logSumOfRow(x, n * length, length);
      out[n] = Number.isFinite(largest) ? largest + logSum : largest;
    }
  },

  logsumexpBackward({ dout, x, out, dx, length }) {
    for (let i = 0; i < dx.length; i++) {
      const n = Math.floor(i / length);
      // A row of nothing but −∞ has no largest value that could be moved; its gradient is taken as 0.
      dx[i] = out[n] === Number.NEGATIVE_INFINITY ? 0 : dout[n] * Math.exp(x[i] - out[n]);
    }
  },
};

/** The largest value of a row, and ln Σ e^(x − largest); NaN where the largest is infinite. */
function logSumOfRow(x: Floats, from: number, length: number): { largest: number; logSum: number } {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + length; i++) largest = Math.max(largest, x[i]);
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += Math.exp(x[i] - largest);
  return { largest, logSum: Math.log(sum) };
}
