import type { PairKernels } from '../types.js';

/** Gradients of functions of two arrays, element by element. */
export const pairs: PairKernels = {
  power(a, b, out) {
    for (let i = 0; i < out.length; i++) out[i] = raised(a[i], b[i]);
  },

  powerBackward({ dout, a, b, da, db }) {
    for (let i = 0; i < dout.length; i++) {
      da[i] = b[i] === 0 ? 0 : dout[i] * (b[i] * raised(a[i], b[i] - 1));
      db[i] = dout[i] * (a[i] === 0 && b[i] >= 0 ? 0 : raised(a[i], b[i]) * Math.log(a[i]));
    }
  },

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

/** C's power. JavaScript's differs: its 1^NaN and (±1)^±∞ are NaN. */
function raised(a: number, b: number): number {
  return a === 1 || (a === -1 && (b === Number.POSITIVE_INFINITY || b === Number.NEGATIVE_INFINITY)) ? 1 : a ** b;
}
