import type { PaddingKernels, PadShape } from '../types.js';

/** Padding, row by row. */
export const padding: PaddingKernels = {
  pad(x, out, shape, value) {
    const row = shape.sources[shape.sources.length - 1] ?? WHOLE;
    const { first, length } = middleOf(row);
    forEachRow(shape, (to, from) => {
      if (from < 0) {
        out.fill(value, to, to + row.length);
        return;
      }
      for (let i = 0; i < first; i++) out[to + i] = row[i] < 0 ? value : x[from + row[i]];
      out.set(x.subarray(from + row[first], from + row[first] + length), to + first);
      for (let i = first + length; i < row.length; i++) out[to + i] = row[i] < 0 ? value : x[from + row[i]];
    });
  },

  padBackward(dout, dx, shape) {
    const row = shape.sources[shape.sources.length - 1] ?? WHOLE;
    dx.fill(0);
    forEachRow(shape, (at, to) => {
      if (to < 0) return;
      for (let i = 0; i < row.length; i++) if (row[i] >= 0) dx[to + row[i]] += dout[at + i];
    });
  },
};

/** The one row of an array without axes. */
const WHOLE = Int32Array.of(0);

/** The longest run of a row whose values come from one after another. */
function middleOf(row: Int32Array): { first: number; length: number } {
  let best = { first: 0, length: 0 };
  for (let first = 0; first < row.length; ) {
    let end = first + 1;
    while (end < row.length && row[end] === row[end - 1] + 1) end++;
    if (row[first] >= 0 && end - first > best.length) best = { first, length: end - first };
    first = end;
  }
  return best;
}

/** Visits the rows of the output: where each begins, and where the row of the input does that it comes from, or −1. */
function forEachRow({ sizes, sources }: PadShape, visit: (output: number, input: number) => void): void {
  const last = Math.max(0, sources.length - 1);
  const [width, length] = [sizes[last] ?? 1, sources[last]?.length ?? 1];
  let output = 0;
  const rows = (axis: number, input: number): void => {
    if (axis === last) {
      visit(output, input < 0 ? -1 : input * width);
      output += length;
      return;
    }
    for (const source of sources[axis]) rows(axis + 1, input < 0 || source < 0 ? -1 : input * sizes[axis] + source);
  };
  rows(0, 0);
}
