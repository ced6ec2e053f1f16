import type { Floats } from '../../arrays/index.js';
import type { ChannelShape, SoftmaxKernels } from '../types.js';

/** Softmax over the C of arrays (N, C, S), and its logarithm. */
export const softmax: SoftmaxKernels = {
  softmax(x, out, shape) {
    alongChannels(x, shape, (places) => {
      const { largest, sum } = sumOfPowers(x, places);
      for (const i of places) out[i] = Math.exp(x[i] - largest) / sum;
    });
  },

  softmaxBackward(dout, out, dx, shape) {
    alongChannels(out, shape, (places) => {
      let sum = 0;
      for (const i of places) sum += dout[i] * out[i];
      for (const i of places) dx[i] = out[i] * (dout[i] - sum);
    });
  },

  logSoftmax(x, out, shape) {
    alongChannels(x, shape, (places) => {
      const { largest, sum } = sumOfPowers(x, places);
      // With +∞, ∞ − ∞ makes all of it NaN, as in PyTorch; so do nothing but −∞.
      for (const i of places) out[i] = x[i] - largest - Math.log(sum);
    });
  },

  logSoftmaxBackward(dout, out, dx, shape) {
    alongChannels(out, shape, (places) => {
      let sum = 0;
      for (const i of places) sum += dout[i];
      for (const i of places) dx[i] = dout[i] - Math.exp(out[i]) * sum;
    });
  },
};

/** Calls `each` with the places of the C values of every example and pixel. */
function alongChannels(x: Floats, { C, S }: ChannelShape, each: (places: readonly number[]) => void): void {
  for (let from = 0; from < x.length; from += C * S) {
    for (let s = 0; s < S; s++) each(Array.from({ length: C }, (_, c) => from + c * S + s));
  }
}

/** The largest value, and Σ e^(x − largest); NaN where the largest is infinite. */
function sumOfPowers(x: Floats, places: readonly number[]): { largest: number; sum: number } {
  let largest = Number.NEGATIVE_INFINITY;
  for (const i of places) largest = Math.max(largest, x[i]);
  let sum = 0;
  for (const i of places) sum += Math.exp(x[i] - largest);
  return { largest, sum };
}
