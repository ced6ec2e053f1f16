import type { Floats } from '../../arrays/index.js';
import type { MomentKernels } from '../types.js';

/** Moments, norms and extremes of rows, and their gradients. */
export const moments: MomentKernels = {
  variance(x, out, length, correction) {
    for (let n = 0; n < out.length; n++) {
      const mean = meanOf(x, n * length, length);
      let sum = 0;
      for (let i = n * length; i < (n + 1) * length; i++) sum += (x[i] - mean) ** 2;
      out[n] = length === 0 ? Number.NaN : sum / (length - correction);
    }
  },

  varianceBackward({ dout, x, dx, length, correction }) {
    for (let n = 0; n < dout.length; n++) {
      const mean = meanOf(x, n * length, length);
      const scale = (2 / (length - correction)) * dout[n];
      for (let i = n * length; i < (n + 1) * length; i++) dx[i] = scale * (x[i] - mean);
    }
  },

  deviationBackward(dout, out, dvariance) {
    for (let n = 0; n < out.length; n++) dvariance[n] = out[n] === 0 ? 0 : dout[n] / (2 * out[n]);
  },

  norm(x, out, length, p) {
    for (let n = 0; n < out.length; n++) out[n] = normOf(x, n * length, length, p);
  },

  normBackward({ dout, x, out, dx, length, p }) {
    for (let n = 0; n < dout.length; n++) {
      const [from, to] = [n * length, (n + 1) * length];
      if (p === Number.POSITIVE_INFINITY || p === Number.NEGATIVE_INFINITY) {
        const isExtreme = (i: number): boolean => Math.abs(x[i]) === out[n] || Number.isNaN(x[i]);
        let count = 0;
        for (let i = from; i < to; i++) if (isExtreme(i)) count++;
        for (let i = from; i < to; i++) dx[i] = isExtreme(i) ? sign(x[i]) * (dout[n] / count) : 0;
      } else if (p === 1) {
        for (let i = from; i < to; i++) dx[i] = sign(x[i]) * dout[n];
      } else if (p === 0 || (p > 1 && out[n] === 0)) {
        dx.fill(0, from, to);
      } else if (p === 2) {
        for (let i = from; i < to; i++) dx[i] = dout[n] * (x[i] / out[n]);
      } else {
        const scale = dout[n] * out[n] ** (1 - p);
        for (let i = from; i < to; i++) dx[i] = x[i] === 0 ? 0 : sign(x[i]) * Math.abs(x[i]) ** (p - 1) * scale;
      }
    }
  },

  minima(x, out, length) {
    for (let n = 0; n < out.length; n++) {
      let least = x[n * length];
      for (let i = n * length + 1; i < (n + 1) * length; i++) {
        if (x[i] < least || Number.isNaN(x[i])) least = x[i];
      }
      out[n] = least;
    }
  },

  extremeBackward({ dout, x, out, dx, length }) {
    for (let n = 0; n < dout.length; n++) {
      const [from, to] = [n * length, (n + 1) * length];
      const isNaNs = Number.isNaN(out[n]);
      let count = 0;
      for (let i = from; i < to; i++) if (x[i] === out[n] || (isNaNs && Number.isNaN(x[i]))) count++;
      const each = dout[n] / count;
      for (let i = from; i < to; i++) dx[i] = x[i] === out[n] || (isNaNs && Number.isNaN(x[i])) ? each : 0;
    }
  },
};

function meanOf(x: Floats, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += x[i];
  return sum / length;
}

function normOf(x: Floats, from: number, length: number, p: number): number {
  const to = from + length;
  if (p === Number.POSITIVE_INFINITY || p === Number.NEGATIVE_INFINITY) {
    const extreme = p > 0 ? Math.max : Math.min;
    let found = Math.abs(x[from]);
    for (let i = from + 1; i < to; i++) found = extreme(found, Math.abs(x[i]));
    return found;
  }
  let sum = 0;
  if (p === 0) for (let i = from; i < to; i++) sum += x[i] === 0 ? 0 : 1;
  else if (p === 1) for (let i = from; i < to; i++) sum += Math.abs(x[i]);
  else if (p === 2) for (let i = from; i < to; i++) sum += x[i] * x[i];
  else for (let i = from; i < to; i++) sum += Math.abs(x[i]) ** p;
  if (p === 2) return Math.sqrt(sum);
  return p === 0 || p === 1 ? sum : sum ** (1 / p);
}

/** NaN has none: its derivative is NaN. */
function sign(x: number): number {
  return x > 0 ? 1 : x < 0 ? -1 : x;
}
