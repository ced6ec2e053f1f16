import type { NdArray } from 'ndarray';
import { orderOf } from './order.js';

/** The values of an array, of either type. */
export type Values = Float64Array;

/**
 * A loop along one axis of an array and its two operands: `n` places of each, from one on in steps.
 *
 * Each operation has its own, so V8 compiles it for the operands that the operation gets.
 */
export type Run = (
  n: number,
  out: Values,
  o: number,
  oStep: number,
  a: Values,
  i: number,
  aStep: number,
  b: Values,
  j: number,
  bStep: number,
) => void;

/** Where operands disagree about the axis with the smallest step, values are visited in blocks of this length. */
const BLOCK = 64;

/** One axis, as the three arrays step along it. */
interface Axis {
  size: number;
  readonly whole: number;
  readonly o: number;
  readonly a: number;
  readonly b: number;
}

/**
 * Runs along all of `out` and two operands of its shape, in the order in which `ndarray-ops` visits them: by the steps
 * of `out` where all agree about the order of the axes, else in blocks, from the last to the first.
 *
 * @param run - Is called for each run along the axis with the smallest step.
 * @throws {Error} if the shapes differ, in the words of the package.
 */
export function walk(run: Run, out: NdArray, a: NdArray, b: NdArray): void {
  checkShape(out, a);
  checkShape(out, b);
  const [x, y, z] = [out.data as Values, a.data as Values, b.data as Values];
  const dimension = out.shape.length;
  if (dimension < 2) {
    const [n, dO, dA, dB] = [out.shape[0] ?? 1, out.stride[0] ?? 1, a.stride[0] ?? 1, b.stride[0] ?? 1];
    run(n, x, out.offset, dO, y, a.offset, dA, z, b.offset, dB);
    return;
  }
  const order = orderOf(out.stride);
  const matched = a === out && b === out ? dimension : agreement(order, orderOf(a.stride), orderOf(b.stride));
  const axes: Axis[] = order.map((axis) => {
    const size = out.shape[axis];
    return { size, whole: size, o: out.stride[axis], a: a.stride[axis], b: b.stride[axis] };
  });

  const along = (level: number, o: number, i: number, j: number): void => {
    const axis = axes[level];
    if (level === 0) run(axis.size, x, o, axis.o, y, i, axis.a, z, j, axis.b);
    else {
      for (let n = 0; n < axis.size; n++) along(level - 1, o + n * axis.o, i + n * axis.a, j + n * axis.b);
    }
  };
  const inBlocks = (level: number, o: number, i: number, j: number): void => {
    if (level === dimension) {
      along(dimension - 1, o, i, j);
      return;
    }
    const axis = axes[level];
    for (let end = axis.whole; end > 0; end -= axis.size) {
      axis.size = Math.min(end, BLOCK);
      const begin = end - axis.size;
      inBlocks(level + 1, o + begin * axis.o, i + begin * axis.a, j + begin * axis.b);
    }
  };
  inBlocks(matched, out.offset, a.offset, b.offset);
}

/** How many axes from the smallest step on come in the same order. */
function agreement(order: readonly number[], a: readonly number[], b: readonly number[]): number {
  let matched = 0;
  while (matched < order.length && a[matched] === order[matched] && b[matched] === order[matched]) matched++;
  return matched;
}

function checkShape({ shape }: NdArray, other: NdArray): void {
  if (other.shape.length !== shape.length) throw new Error('cwise: Arrays do not all have the same dimensionality!');
  for (let axis = 0; axis < shape.length; axis++) {
    if (other.shape[axis] !== shape[axis]) throw new Error('cwise: Arrays do not all have the same shape!');
  }
}
