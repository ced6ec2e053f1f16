import type { PairKernels } from '../types.js';

/** Gradients of functions of two arrays, element by element. */
export const pairs: PairKernels = {
  divideBackward({ dout, a, b, da, db }) {
    for (let i = 0; i < dout.length; i++) {
      da[i] = dout[i] / b[i];
      db[i] = (-dout[i] * (a[i] / b[i])) / b[i];
    }
  },

  maximumBackward({ dout, a, b, da, db }) {
    for (let i = 0; i < dout.length; i++) [da[i], db[i]] = shares(dout[i], a[i] >= b[i], a[i] <= b[i]);
  },

  minimumBackward({ dout, a, b, da, db }) {
    for (let i = 0; i < dout.length; i++) [da[i], db[i]] = shares(dout[i], a[i] <= b[i], a[i] >= b[i]);
  },
};

/** d to the winner, half to each where both win, and all to each where NaN lets neither win. */
function shares(d: number, aWins: boolean, bWins: boolean): [da: number, db: number] {
  const each = aWins && bWins ? d / 2 : d;
  return [aWins || !bWins ? each : 0, bWins || !aWins ? each : 0];
}
