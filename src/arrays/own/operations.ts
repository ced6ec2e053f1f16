import type { NdArray } from 'ndarray';
import { type Run, walk } from './walk.js';

/** The operations of `ndarray-ops` that the library uses. Those that write put their result into the first array. */
export interface Operations {
  assign(out: NdArray, a: NdArray): unknown;
  addeq(out: NdArray, a: NdArray): unknown;
  add(out: NdArray, a: NdArray, b: NdArray): unknown;
  sub(out: NdArray, a: NdArray, b: NdArray): unknown;
  mul(out: NdArray, a: NdArray, b: NdArray): unknown;
  div(out: NdArray, a: NdArray, b: NdArray): unknown;
  max(out: NdArray, a: NdArray, b: NdArray): unknown;
  min(out: NdArray, a: NdArray, b: NdArray): unknown;
  sum(x: NdArray): number;
  norm1(x: NdArray): number;
  norm2squared(x: NdArray): number;
  /** The largest value. */
  sup(x: NdArray): number;
}

// The loops. One after the other, and not one with the operation as an argument: so V8 compiles each for itself.

const ASSIGN: Run = (m, n, out, o, oRow, oStep, a, i, aRow, aStep) => {
  for (let r = 0; r < m; r++, o += oRow, i += aRow) {
    for (let k = 0, p = o, q = i; k < n; k++, p += oStep, q += aStep) out[p] = a[q];
  }
};

const ADD_TO: Run = (m, n, out, o, oRow, oStep, a, i, aRow, aStep) => {
  for (let r = 0; r < m; r++, o += oRow, i += aRow) {
    for (let k = 0, p = o, q = i; k < n; k++, p += oStep, q += aStep) out[p] += a[q];
  }
};

const ADD: Run = (m, n, out, o, oRow, oStep, a, i, aRow, aStep, b, j, bRow, bStep) => {
  for (let r = 0; r < m; r++, o += oRow, i += aRow, j += bRow) {
    for (let k = 0, p = o, q = i, s = j; k < n; k++, p += oStep, q += aStep, s += bStep) out[p] = a[q] + b[s];
  }
};

const SUBTRACT: Run = (m, n, out, o, oRow, oStep, a, i, aRow, aStep, b, j, bRow, bStep) => {
  for (let r = 0; r < m; r++, o += oRow, i += aRow, j += bRow) {
    for (let k = 0, p = o, q = i, s = j; k < n; k++, p += oStep, q += aStep, s += bStep) out[p] = a[q] - b[s];
  }
};

const MULTIPLY: Run = (m, n, out, o, oRow, oStep, a, i, aRow, aStep, b, j, bRow, bStep) => {
  for (let r = 0; r < m; r++, o += oRow, i += aRow, j += bRow) {
    for (let k = 0, p = o, q = i, s = j; k < n; k++, p += oStep, q += aStep, s += bStep) out[p] = a[q] * b[s];
  }
};

const DIVIDE: Run = (m, n, out, o, oRow, oStep, a, i, aRow, aStep, b, j, bRow, bStep) => {
  for (let r = 0; r < m; r++, o += oRow, i += aRow, j += bRow) {
    for (let k = 0, p = o, q = i, s = j; k < n; k++, p += oStep, q += aStep, s += bStep) out[p] = a[q] / b[s];
  }
};

const LARGER: Run = (m, n, out, o, oRow, oStep, a, i, aRow, aStep, b, j, bRow, bStep) => {
  for (let r = 0; r < m; r++, o += oRow, i += aRow, j += bRow) {
    for (let k = 0, p = o, q = i, s = j; k < n; k++, p += oStep, q += aStep, s += bStep) out[p] = Math.max(a[q], b[s]);
  }
};

const SMALLER: Run = (m, n, out, o, oRow, oStep, a, i, aRow, aStep, b, j, bRow, bStep) => {
  for (let r = 0; r < m; r++, o += oRow, i += aRow, j += bRow) {
    for (let k = 0, p = o, q = i, s = j; k < n; k++, p += oStep, q += aStep, s += bStep) out[p] = Math.min(a[q], b[s]);
  }
};

/** What a reduction has come to so far. A sum is carried on, not added to, since its bits depend on the order. */
let result = 0;

const SUM: Run = (m, n, x, i, row, step) => {
  let reached = result;
  for (let r = 0; r < m; r++, i += row) {
    for (let k = 0, p = i; k < n; k++, p += step) reached += x[p];
  }
  result = reached;
};

const SUM_OF_SQUARES: Run = (m, n, x, i, row, step) => {
  let reached = result;
  for (let r = 0; r < m; r++, i += row) {
    for (let k = 0, p = i; k < n; k++, p += step) {
      const value = x[p];
      reached += value * value;
    }
  }
  result = reached;
};

const SUM_OF_SIZES: Run = (m, n, x, i, row, step) => {
  let reached = result;
  for (let r = 0; r < m; r++, i += row) {
    for (let k = 0, p = i; k < n; k++, p += step) reached += Math.abs(x[p]);
  }
  result = reached;
};

const LARGEST: Run = (m, n, x, i, row, step) => {
  let reached = result;
  for (let r = 0; r < m; r++, i += row) {
    for (let k = 0, p = i; k < n; k++, p += step) if (x[p] > reached) reached = x[p];
  }
  result = reached;
};

/** Our own operations, by name. */
export const operations: Operations = {
  assign: (out, a) => walk(ASSIGN, out, a, out),
  addeq: (out, a) => walk(ADD_TO, out, a, out),
  add: into(ADD),
  sub: into(SUBTRACT),
  mul: into(MULTIPLY),
  div: into(DIVIDE),
  max: into(LARGER),
  min: into(SMALLER),
  sum: (x) => reduced(SUM, x, 0),
  norm2squared: (x) => reduced(SUM_OF_SQUARES, x, 0),
  norm1: (x) => reduced(SUM_OF_SIZES, x, 0),
  sup: (x) => reduced(LARGEST, x, Number.NEGATIVE_INFINITY),
};

function into(run: Run): (out: NdArray, a: NdArray, b: NdArray) => void {
  return (out, a, b) => walk(run, out, a, b);
}

function reduced(run: Run, x: NdArray, start: number): number {
  result = start;
  walk(run, x, x, x);
  return result;
}
