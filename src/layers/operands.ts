import { argumentError, checkShapes, type DType, describe, dtypeOf, type NDArray, tuple } from '../arrays/index.js';

export { anyShape } from '../arrays/index.js';

/** Shape and dtype of an array, for a backward pass that does not need its values. */
export interface Form {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export function formOf(a: NDArray): Form {
  return { shape: a.shape, dtype: dtypeOf(a) };
}

/**
 * Checks `dout` against the output that it is the gradient of, or against another array named `like`.
 *
 * @throws {ShapeError} if it has another shape.
 * @throws {TypeError} if it has another dtype.
 */
export function checkUpstream(fn: string, dout: NDArray, out: Form, like = 'out'): void {
  checkShapes(fn, { dout: [dout, out.shape] });
  if (dtypeOf(dout) === out.dtype) return;
  throw argumentError(TypeError, {
    fn,
    arg: 'dout',
    found: `has dtype ${dtypeOf(dout)}`,
    expected: out.dtype,
    like,
  });
}

/**
 * The number of an axis from 0 on; negative ones count from the end.
 *
 * @throws {RangeError} if there is no such axis.
 */
export function axisOf(fn: string, axis: unknown, shape: readonly number[]): number {
  const rank = shape.length;
  if (typeof axis === 'number' && Number.isInteger(axis) && axis >= -rank && axis < rank) {
    return axis < 0 ? axis + rank : axis;
  }
  const expected = rank === 0 ? 'none' : `a whole number from ${-rank} to ${rank - 1}`;
  throw argumentError(RangeError, {
    fn,
    arg: 'axis',
    found: `is ${describe(axis)}`,
    expected: `${expected} for shape ${tuple(shape)}`,
  });
}

/**
 * The numbers of one axis or several, in ascending order; of all where none is given.
 *
 * @throws {RangeError} if there is no such axis, or one is named twice.
 */
export function axesOf(fn: string, axis: number | readonly number[] | undefined, shape: readonly number[]): number[] {
  if (axis === undefined) return shape.map((_, i) => i);
  const axes = (Array.isArray(axis) ? axis : [axis]).map((each) => axisOf(fn, each, shape)).sort((a, b) => a - b);
  if (new Set(axes).size < axes.length) {
    throw argumentError(RangeError, {
      fn,
      arg: 'axis',
      found: `is ${describe(axis)}`,
      expected: `no axis twice for shape ${tuple(shape)}`,
    });
  }
  return axes;
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}
