import {
  argumentError,
  array,
  checkShapes,
  type Dim,
  describe,
  dtypeOf,
  empty,
  type NDArray,
  ndarray,
  ops,
} from '../arrays/index.js';
import { checkCache } from './cache.js';
import { anyShape, axisOf, checkUpstream, type Form, formOf } from './operands.js';

/** What {@link concatBackward} needs from {@link concatForward}. Opaque: the fields may change. */
export interface ConcatCache {
  readonly layer: 'concat';
  readonly axis: number;
  /** Of each array along the axis. */
  readonly lengths: readonly number[];
  readonly out: Form;
}

/**
 * Forward pass of a concatenation: the arrays one after another along an axis.
 *
 * @param arrays - One or more, of equal shapes but for the size of that axis.
 * @param axis - Negative ones count from the end. Default 0.
 * @returns `out`, a new array, and the cache, which keeps none of the arrays.
 * @throws {ShapeError} if a shape does not agree with the first.
 * @throws {RangeError} if there is no such axis.
 * @throws {TypeError} if `arrays` is no list of one array or more, or they are not of one dtype.
 */
export function concatForward(arrays: readonly NDArray[], axis = 0): [out: NDArray, cache: ConcatCache] {
  const fn = 'concatForward';
  checkList(fn, arrays);
  const { shape } = arrays[0];
  const along = axisOf(fn, axis, shape);
  checkAlike(fn, arrays, [...shape.slice(0, along), 'n?', ...shape.slice(along + 1)]);
  const lengths = arrays.map((a) => a.shape[along]);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const out = empty(
    shape.map((size, i) => (i === along ? total : size)),
    dtypeOf(arrays[0]),
  );
  parts(out, along, lengths).forEach((part, i) => {
    ops().assign(part, arrays[i]);
  });
  return [out, { layer: 'concat', axis: along, lengths, out: formOf(out) }];
}

/**
 * Backward pass of a concatenation: each array gets its part of `dout`.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link concatForward}.
 * @returns The gradients with respect to the arrays, new arrays in their order.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function concatBackward(dout: NDArray, cache: ConcatCache): NDArray[] {
  checkCache('concatBackward', cache, 'concat');
  const { axis, lengths, out } = cache;
  checkUpstream('concatBackward', dout, out);
  return parts(dout, axis, lengths).map((part) => array(part));
}

/** What {@link stackBackward} needs from {@link stackForward}. Opaque: the fields may change. */
export interface StackCache {
  readonly layer: 'stack';
  readonly axis: number;
  readonly out: Form;
}

/**
 * Forward pass of a stack: the arrays one after another along a new axis.
 *
 * @param arrays - One or more, of equal shapes.
 * @param axis - Where the new axis is in `out`; negative ones count from the end of its shape. Default 0.
 * @returns `out`, a new array, and the cache, which keeps none of the arrays.
 * @throws {ShapeError} if a shape is not that of the first.
 * @throws {RangeError} if there can be no such axis.
 * @throws {TypeError} if `arrays` is no list of one array or more, or they are not of one dtype.
 */
export function stackForward(arrays: readonly NDArray[], axis = 0): [out: NDArray, cache: StackCache] {
  const fn = 'stackForward';
  checkList(fn, arrays);
  const { shape } = arrays[0];
  const count = arrays.length;
  const along = axisOf(fn, axis, [count, ...shape]);
  checkAlike(fn, arrays, shape);
  const out = empty([...shape.slice(0, along), count, ...shape.slice(along)], dtypeOf(arrays[0]));
  layersOf(out, along).forEach((layer, i) => {
    ops().assign(layer, arrays[i]);
  });
  return [out, { layer: 'stack', axis: along, out: formOf(out) }];
}

/**
 * Backward pass of a stack: each array gets its layer of `dout`.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link stackForward}.
 * @returns The gradients with respect to the arrays, new arrays in their order.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function stackBackward(dout: NDArray, cache: StackCache): NDArray[] {
  checkCache('stackBackward', cache, 'stack');
  const { axis, out } = cache;
  checkUpstream('stackBackward', dout, out);
  return layersOf(dout, axis).map((layer) => array(layer));
}

function checkList(fn: string, arrays: readonly NDArray[]): void {
  if (!Array.isArray(arrays) || arrays.length === 0) {
    const expected = 'a list of one array or more';
    throw argumentError(TypeError, { fn, arg: 'arrays', found: `is ${describe(arrays)}`, expected });
  }
  checkShapes(fn, { 'arrays[0]': [arrays[0], anyShape(arrays[0])] });
}

function checkAlike(fn: string, arrays: readonly NDArray[], dims: readonly Dim[]): void {
  for (let i = 1; i < arrays.length; i++) {
    checkShapes(fn, { 'arrays[0]': [arrays[0], anyShape(arrays[0])], [`arrays[${i}]`]: [arrays[i], dims] });
  }
}

/** Views of the parts of these lengths along an axis. */
function parts(a: NDArray, axis: number, lengths: readonly number[]): NDArray[] {
  let offset = a.offset;
  return lengths.map((length) => {
    const part = ndarray(
      a.data,
      a.shape.map((size, i) => (i === axis ? length : size)),
      a.stride,
      offset,
    );
    offset += length * a.stride[axis];
    return part;
  });
}

/** Views of the parts at each index of an axis, without that axis. */
function layersOf(a: NDArray, axis: number): NDArray[] {
  const others = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== axis);
  return Array.from({ length: a.shape[axis] }, (_, i) =>
    ndarray(a.data, others(a.shape), others(a.stride), a.offset + i * a.stride[axis]),
  );
}
