import type { Floats } from '../../arrays/index.js';
import type { Relation, SelectionKernels } from '../types.js';

const RELATIONS: Readonly<Record<Relation, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};

/** Choices between values, and the places of values in rows. */
export const selection: SelectionKernels = {
  compare(relation, a, b, out) {
    const holds = RELATIONS[relation];
    for (let i = 0; i < out.length; i++) out[i] = holds(a[i], b[i]) ? 1 : 0;
  },

  select(mask, a, b, out) {
    for (let i = 0; i < out.length; i++) out[i] = mask[i] !== 0 ? a[i] : b[i];
  },

  selectBackward(dout, mask, da, db) {
    for (let i = 0; i < dout.length; i++) {
      da[i] = mask[i] !== 0 ? dout[i] : 0;
      db[i] = mask[i] !== 0 ? 0 : dout[i];
    }
  },

  limit(x, out, min, max) {
    for (let i = 0; i < out.length; i++) {
      const raised = x[i] < min ? min : x[i];
      out[i] = raised > max ? max : raised;
    }
  },

  limitBackward({ dout, x, dx, min, max }) {
    for (let i = 0; i < dx.length; i++) dx[i] = x[i] >= min && x[i] <= max ? dout[i] : 0;
  },

  argmax(x, out, length) {
    firstOf(x, out, length, (value, best) => value > best);
  },

  argmin(x, out, length) {
    firstOf(x, out, length, (value, best) => value < best);
  },

  topk({ x, out, length, k, largest }) {
    const places = new Uint32Array(length);
    for (let n = 0; n < x.length / length; n++) {
      const from = n * length;
      for (let i = 0; i < length; i++) places[i] = i;
      places.sort((i, j) => {
        const order = ascending(x[from + i], x[from + j]);
        return (largest ? -order : order) || i - j;
      });
      for (let i = 0; i < k; i++) out[n * k + i] = places[i];
    }
  },

  pick({ x, places, out, length, count }) {
    for (let i = 0; i < out.length; i++) out[i] = x[Math.floor(i / count) * length + places[i]];
  },

  pickBackward({ dout, places, dx, length, count }) {
    for (let i = 0; i < dout.length; i++) dx[Math.floor(i / count) * length + places[i]] += dout[i];
  },
};

/** The place in each row of the first value that no other beats; the first NaN beats all. */
function firstOf(x: Floats, out: Floats, length: number, beats: (value: number, best: number) => boolean): void {
  for (let n = 0; n < out.length; n++) {
    let best = n * length;
    for (let i = best + 1; i < (n + 1) * length && !Number.isNaN(x[best]); i++) {
      if (beats(x[i], x[best]) || Number.isNaN(x[i])) best = i;
    }
    out[n] = best - n * length;
  }
}

/** For sorting; NaN comes last. */
function ascending(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
