import type { NdArray } from 'ndarray';
import type { Operations } from '../views.js';
import { type Run, walk } from './walk.js';

// The operations of `ndarray-ops` that the library uses, over typed arrays.

const ASSIGN: Run = (n, out, o, oStep, a, i, aStep) => {
  for (let k = 0; k < n; k++, o += oStep, i += aStep) out[o] = a[i];
};

const ADD_TO: Run = (n, out, o, oStep, a, i, aStep) => {
  for (let k = 0; k < n; k++, o += oStep, i += aStep) out[o] += a[i];
};

const ADD: Run = (n, out, o, oStep, a, i, aStep, b, j, bStep) => {
  for (let k = 0; k < n; k++, o += oStep, i += aStep, j += bStep) out[o] = a[i] + b[j];
};

const SUBTRACT: Run = (n, out, o, oStep, a, i, aStep, b, j, bStep) => {
  for (let k = 0; k < n; k++, o += oStep, i += aStep, j += bStep) out[o] = a[i] - b[j];
};

const MULTIPLY: Run = (n, out, o, oStep, a, i, aStep, b, j, bStep) => {
  for (let k = 0; k < n; k++, o += oStep, i += aStep, j += bStep) out[o] = a[i] * b[j];
};

const DIVIDE: Run = (n, out, o, oStep, a, i, aStep, b, j, bStep) => {
  for (let k = 0; k < n; k++, o += oStep, i += aStep, j += bStep) out[o] = a[i] / b[j];
};

const LARGER: Run = (n, out, o, oStep, a, i, aStep, b, j, bStep) => {
  for (let k = 0; k < n; k++, o += oStep, i += aStep, j += bStep) out[o] = Math.max(a[i], b[j]);
};

const SMALLER: Run = (n, out, o, oStep, a, i, aStep, b, j, bStep) => {
  for (let k = 0; k < n; k++, o += oStep, i += aStep, j += bStep) out[o] = Math.min(a[i], b[j]);
};

/** What a run of a reduction has added to so far: the bits of a sum depend on the order of its terms. */
let total = 0;

const SUM: Run = (n, x, i, step) => {
  let sum = total;
  for (let k = 0; k < n; k++, i += step) sum += x[i];
  total = sum;
};

const SUM_OF_SQUARES: Run = (n, x, i, step) => {
  let sum = total;
  for (let k = 0; k < n; k++, i += step) sum += x[i] * x[i];
  total = sum;
};

const SUM_OF_SIZES: Run = (n, x, i, step) => {
  let sum = total;
  for (let k = 0; k < n; k++, i += step) sum += x[i] < 0 ? -x[i] : x[i];
  total = sum;
};

const LARGEST: Run = (n, x, i, step) => {
  let largest = total;
  for (let k = 0; k < n; k++, i += step) if (x[i] > largest) largest = x[i];
  total = largest;
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
  total = start;
  walk(run, x, x, x);
  return total;
}
