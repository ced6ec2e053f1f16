import {
  argumentError,
  checkLike,
  checkShapes,
  dtypeOf,
  empty,
  hostView,
  type NDArray,
  ndarray,
  operand,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import type { PairGradientOperands } from '../kernels/index.js';
import { anyShape, sameShape } from './operands.js';
import { sumOver } from './sums.js';

/**
 * The shape that `a` and `b` broadcast to by NumPy's rule: axes are matched from the last on, and one that is missing
 * or of size 1 stretches to the size of the other.
 *
 * @throws {ShapeError} naming both shapes and the sizes that do not agree.
 * @see https://numpy.org/doc/stable/user/basics.broadcasting.html
 */
export function broadcastShape(
  fn: string,
  a: readonly number[],
  b: readonly number[],
  given: readonly [readonly number[], readonly number[]] = [a, b],
): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [n, m] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (n !== m && n !== 1 && m !== 1) {
      const found = `has shape ${tuple(given[0])}, b has shape ${tuple(given[1])}`;
      throw argumentError(ShapeError, { fn, arg: 'a', found: `${found}: the sizes ${n} and ${m} do not broadcast` });
    }
    return n === 1 ? m : n;
  });
}

/** A view of `a`, stretched to a shape that it broadcasts to. Not to be returned: see `adopted`. */
export function broadcastView(a: NDArray, shape: readonly number[]): NDArray {
  const missing = shape.length - a.shape.length;
  const stride = shape.map((_, axis) =>
    axis < missing || a.shape[axis - missing] === 1 ? 0 : a.stride[axis - missing],
  );
  return ndarray(a.data, [...shape], stride, a.offset);
}

/**
 * The gradient of an operand of this shape whose broadcast has the gradient `dout`: the sums over the axes that were
 * stretched. `dout` itself where none was.
 */
export function sumTo(dout: NDArray, shape: readonly number[]): NDArray {
  if (sameShape(dout.shape, shape)) return dout;
  const missing = dout.shape.length - shape.length;
  const kept = dout.shape.map((_, axis) => (axis < missing ? 1 : shape[axis - missing]));
  return sumOver(dout, kept, shape);
}

/** The gradients of a function of two arrays. */
export interface ElementwiseGrads {
  /** Shape of `a`. */
  readonly da: NDArray;
  /** Shape of `b`. */
  readonly db: NDArray;
}

/** A new array for a function of `a` and `b`, of the shape that they broadcast to. */
export function outputOf(fn: string, a: NDArray, b: NDArray): NDArray {
  checkShapes(fn, { a: [a, anyShape(a)], b: [b, anyShape(b)] });
  return empty(broadcastShape(fn, a.shape, b.shape), dtypeOf(a));
}

/** out = op(a, b), both stretched to the shape of `out`: by a loop of ndarray-ops on the host. */
export function stretchedInto(out: NDArray, a: NDArray, b: NDArray, op: Combine): void {
  op(hostView(out), broadcastView(hostView(a), out.shape), broadcastView(hostView(b), out.shape));
}

type Combine = (out: NDArray, a: NDArray, b: NDArray) => unknown;

/** Checks `dout` against the shape of the output, and that the operands of the forward pass are still there. */
export function checkOperands(fn: string, dout: NDArray, a: NDArray, b: NDArray, shape: readonly number[]): void {
  checkLike(fn, 'b', b, 'a', a, b.shape);
  checkLike(fn, 'dout', dout, 'a', a, shape);
}

/** Gradients that a kernel computes for operands stretched to the shape of `dout`, brought back to their shapes. */
export function gradients(
  dout: NDArray,
  a: NDArray,
  b: NDArray,
  kernel: (operands: PairGradientOperands) => void,
): ElementwiseGrads {
  const [da, db] = [empty(dout.shape, dtypeOf(a)), empty(dout.shape, dtypeOf(b))];
  kernel({
    dout: operand(dout),
    a: operand(broadcastView(a, dout.shape)),
    b: operand(broadcastView(b, dout.shape)),
    da: da.data,
    db: db.data,
  });
  return { da: sumTo(da, a.shape), db: sumTo(db, b.shape) };
}
