import type { DropoutKernels } from '../types.js';

/** Dropout. */
export const dropout: DropoutKernels = {
  dropout(x, mask, out, p, key, start) {
    const threshold = dropoutThreshold(p);
    for (let i = 0; i < x.length; i++) {
      mask[i] = bits(start + i, key) >>> 8 < threshold ? 1 / p : 0;
      out[i] = x[i] * mask[i];
    }
  },
};

/** A unit is kept where its 24 random bits are below this. */
export function dropoutThreshold(p: number): number {
  return Math.max(1, Math.round(p * 2 ** 24));
}

/**
 * 32 random bits for a place: an integer hash in two rounds, each keyed, whose mixing step (Wellons 2018, lowbias32)
 * turns every bit of the output with a probability of almost ½ when one of the input turns.
 */
function bits(place: number, [first, second]: readonly [number, number]): number {
  return mix(mix(place ^ first) + second);
}

function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
