import type { NdArray } from 'ndarray';
import { orderOf } from './order.js';

/** The values of an array, of either type. */
type Values = Float64Array;

/**
 * Loops along two axes of an array and its two operands: `m` times `n` places of each, from one on, in steps.
 *
 * Each operation has loops of its own, which V8 compiles for what the operation gets.
 */
export type Run = (
  m: number,
  n: number,
  out: Values,
  o: number,
  oRow: number,
  oStep: number,
  a: Values,
  i: number,
  aRow: number,
  aStep: number,
  b: Values,
  j: number,
  bRow: number,
  bStep: number,
) => void;

/** Where operands disagree about the axis with the smallest step, values are visited in blocks of this length. */
const BLOCK = 64;

/** Where arrays are walked: axes in the order of their steps, the smallest first. */
interface Course {
  readonly run: Run;
  readonly arrays: readonly [Values, Values, Values];
  /** What is visited of each axis at a time, and all of it. */
  readonly sizes: number[];
  readonly whole: readonly number[];
  /** The steps of the three arrays along each axis. */
  readonly o: readonly number[];
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/**
 * Runs along all of `out` and two operands of its shape, in the order in which `ndarray-ops` visits them: by the steps
 * of `out` where all agree about the order of the axes, else in blocks, from the last to the first.
 *
 * @param run - Is called for the values of the two axes with the smallest steps.
 * @throws {Error} if the shapes differ, in the words of the package.
 */
export function walk(run: Run, out: NdArray, a: NdArray, b: NdArray): void {
  if (a !== out) checkShape(out, a);
  if (b !== out) checkShape(out, b);
  const [x, y, z] = [out.data as Values, a.data as Values, b.data as Values];
  const { shape, stride } = out;
  if (shape.length < 2) {
    const [n = 1, dO = 0, dA = 0, dB = 0] = [shape[0], stride[0], a.stride[0], b.stride[0]];
    run(1, n, x, out.offset, 0, dO, y, a.offset, 0, dA, z, b.offset, 0, dB);
    return;
  }
  const order = orderOf(stride);
  let matched = shape.length;
  if (a !== out) matched = agreement(order, orderOf(a.stride), matched);
  if (b !== out) matched = agreement(order, orderOf(b.stride), matched);
  const course: Course = {
    run,
    arrays: [x, y, z],
    sizes: along(order, shape),
    whole: along(order, shape),
    o: along(order, stride),
    a: along(order, a.stride),
    b: along(order, b.stride),
  };
  inBlocks(course, matched, out.offset, a.offset, b.offset);
}

/** Visits blocks along the axes from `level` on, and all of those before it. */
function inBlocks(course: Course, level: number, o: number, i: number, j: number): void {
  const { sizes, whole } = course;
  if (level === sizes.length) {
    visit(course, level - 1, o, i, j);
    return;
  }
  const [dO, dA, dB] = [course.o[level], course.a[level], course.b[level]];
  for (let end = whole[level]; end > 0; end -= BLOCK) {
    const begin = Math.max(end - BLOCK, 0);
    sizes[level] = end - begin;
    inBlocks(course, level + 1, o + begin * dO, i + begin * dA, j + begin * dB);
  }
}

/** Visits the axes up to `level`. */
function visit(course: Course, level: number, o: number, i: number, j: number): void {
  const { run, arrays, sizes } = course;
  const [dO, dA, dB] = [course.o, course.a, course.b];
  if (level === 1) {
    const [x, y, z] = arrays;
    run(sizes[1], sizes[0], x, o, dO[1], dO[0], y, i, dA[1], dA[0], z, j, dB[1], dB[0]);
    return;
  }
  for (let n = 0; n < sizes[level]; n++)
    visit(course, level - 1, o + n * dO[level], i + n * dA[level], j + n * dB[level]);
}

function along(order: readonly number[], list: readonly number[]): number[] {
  const sorted: number[] = [];
  for (let level = 0; level < order.length; level++) sorted.push(list[order[level]]);
  return sorted;
}

/** How many of the first `most` axes come in the same order. */
function agreement(order: readonly number[], other: readonly number[], most: number): number {
  let matched = 0;
  while (matched < most && other[matched] === order[matched]) matched++;
  return matched;
}

function checkShape({ shape }: NdArray, other: NdArray): void {
  if (other.shape.length !== shape.length) throw new Error('cwise: Arrays do not all have the same dimensionality!');
  for (let axis = 0; axis < shape.length; axis++) {
    if (other.shape[axis] !== shape[axis]) throw new Error('cwise: Arrays do not all have the same shape!');
  }
}
