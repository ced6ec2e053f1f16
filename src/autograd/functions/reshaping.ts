import {
  argumentError,
  checkCount,
  type DType,
  describe,
  dtypeOf,
  type NDArray,
  ShapeError,
  sizeOf,
  tuple,
} from '../../arrays/index.js';
import {
  broadcastToBackward,
  broadcastToForward,
  castBackward,
  castForward,
  concatBackward,
  concatForward,
  reshapeBackward,
  reshapeForward,
  type SliceRange,
  sliceBackward,
  sliceForward,
  squeezeForward,
  stackBackward,
  stackForward,
  transposeBackward,
  transposeForward,
  unsqueezeForward,
  viewForward,
} from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import { Tensor } from '../tensor.js';
import { arrayArg, layerListOp, layerOp } from './layer-op.js';

/**
 * The same values in another shape; one size may be −1: it follows from the others. Where `x` is dense it shares its
 * memory with the result: what changes one in place changes the other.
 */
export const reshape = layerOp('reshape', reshapeForward, reshapeBackward);
/** As {@link reshape}, but never a copy: the values of `x` have to be in row-major order in memory. */
export const view = layerOp('view', viewForward, reshapeBackward);

const turned = (name: string) => layerOp(name, transposeForward, transposeBackward);
const reordered = turned('transpose');

/** Exchanges two axes. The result shares the memory of `x`. */
export function transpose(x: TensorLike, axis0: number, axis1: number): Tensor;
/** The axes in another order, or in reverse when `axes` is left out. The result shares the memory of `x`. */
export function transpose(x: TensorLike, axes?: readonly number[]): Tensor;
export function transpose(x: TensorLike, first?: readonly number[] | number, second?: number): Tensor {
  if (typeof first !== 'number') return reordered(x, first);
  const { shape } = arrayArg('transpose', 'x', x);
  const [a, b] = [axisIn('transpose', 'axis0', first, shape), axisIn('transpose', 'axis1', second, shape)];
  return reordered(
    x,
    shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis)),
  );
}

const permuted = turned('permute');

/** The axes in another order: axis i of the result is axis `axes[i]` of `x`, whose memory it shares. */
export function permute(x: TensorLike, axes: readonly number[]): Tensor {
  return permuted(x, axes);
}

/** `x` without `axis` if that has size 1, or without all such axes. The result shares the memory of `x`. */
export const squeeze = layerOp('squeeze', squeezeForward, reshapeBackward);
/** `x` with a new axis of size 1, which is number `axis` then. The result shares the memory of `x`. */
export const unsqueeze = layerOp('unsqueeze', unsqueezeForward, reshapeBackward);

const cast = layerOp('to', castForward, castBackward);

/** The values in another number format; `x` itself where it has that one. The gradient has the format of `x`. */
export function to(x: TensorLike, dtype: DType): Tensor {
  return x instanceof Tensor && x.dtype === dtype ? x : cast(x, dtype);
}

/** The values in float64; see {@link to}. */
export function double(x: TensorLike): Tensor {
  return to(x, 'float64');
}

/** The values in float32; see {@link to}. */
export function float(x: TensorLike): Tensor {
  return to(x, 'float32');
}

const copy = layerOp('clone', castForward, castBackward);

/** A copy of the values, whose gradient goes to `x`. */
export function clone(x: TensorLike): Tensor {
  return copy(x, dtypeOf(arrayArg('clone', 'x', x)));
}

/** The values repeated along new axes in front, and along axes of size 1, to the given shape. */
export const broadcastTo = layerOp('broadcastTo', broadcastToForward, broadcastToBackward);
const stretched = layerOp('expand', broadcastToForward, broadcastToBackward);

/** As {@link broadcastTo}, and −1 stands for the size that an axis of `x` has. */
export function expand(x: TensorLike, shape: readonly number[]): Tensor {
  const sizes = arrayArg('expand', 'x', x).shape;
  const kept = (size: number, axis: number): number =>
    size === -1 ? (sizes[axis - shape.length + sizes.length] ?? -1) : size;
  return stretched(x, Array.isArray(shape) ? shape.map(kept) : shape);
}

/** A part of a tensor: for each axis `[start, stop, step?]`, null for all of it, or an index, which drops it. */
export const slice = layerOp('slice', sliceForward, sliceBackward);

/**
 * The parts of a tensor along `axis` (default the first): of `size` each, the last one of what is left; or of the sizes
 * of a list, which fill the axis.
 */
export function split(x: TensorLike, size: number | readonly number[], axis = 0): Tensor[] {
  const { shape } = arrayArg('split', 'x', x);
  const along = axisIn('split', 'axis', axis, shape);
  return partsOf('split', x, along, typeof size === 'number' ? evenly('size', size, shape[along]) : size);
}

/** `chunks` parts of a tensor along `axis` (default the first), equal but for the last; fewer if they fill it. */
export function chunk(x: TensorLike, chunks: number, axis = 0): Tensor[] {
  const { shape } = arrayArg('chunk', 'x', x);
  const along = axisIn('chunk', 'axis', axis, shape);
  checkCount('chunk', 'chunks', chunks, 1);
  return partsOf('chunk', x, along, evenly('chunks', Math.ceil(shape[along] / chunks), shape[along]));
}

const cuts = {
  split: layerOp('split', sliceForward, sliceBackward),
  chunk: layerOp('chunk', sliceForward, sliceBackward),
};

function partsOf(fn: 'split' | 'chunk', x: TensorLike, axis: number, sizes: readonly number[]): Tensor[] {
  const { shape } = arrayArg(fn, 'x', x);
  const isSize = (size: unknown): boolean => Number.isSafeInteger(size) && (size as number) > 0;
  if (!Array.isArray(sizes) || !sizes.every(isSize) || sizes.reduce((sum, size) => sum + size, 0) !== shape[axis]) {
    const expected = `whole numbers > 0 that add up to ${shape[axis]}, the size of axis ${axis}`;
    throw argumentError(RangeError, { fn, arg: 'size', found: `is ${describe(sizes)}`, expected });
  }
  let start = 0;
  return sizes.map((size) => {
    const ranges = shape.map((_, i): SliceRange => (i === axis ? [start, start + size] : null));
    start += size;
    return cuts[fn](x, ranges);
  });
}

/** As many parts of `size` as fill `length`, the last one of what is left. */
function evenly(arg: string, size: number, length: number): number[] {
  checkCount('split', arg, size, 1);
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size));
}

/** The number of an axis from 0 on; negative ones count from the end. */
function axisIn(fn: string, arg: string, axis: unknown, shape: readonly number[]): number {
  checkCount(fn, arg, axis, -shape.length, shape.length - 1);
  return axis < 0 ? axis + shape.length : axis;
}

/** The tensors behind each other along `axis` (default the first). */
export function concat(tensors: readonly TensorLike[], axis = 0): Tensor {
  return joined('concat', tensors, axis, concatForward, concatBackward);
}

/** The tensors, all of one shape, along a new `axis` (default the first). */
export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  return joined('stack', tensors, axis, stackForward, stackBackward);
}

const TERMS_OF_LISTS = { arrays: 'tensors' };

function joined<C>(
  fn: string,
  tensors: readonly TensorLike[],
  axis: number,
  forward: (arrays: readonly NDArray[], axis: number) => [out: NDArray, cache: C],
  backward: (dout: NDArray, cache: C) => NDArray[],
): Tensor {
  if (!Array.isArray(tensors)) {
    const found = `is ${describe(tensors)}`;
    throw argumentError(TypeError, { fn, arg: 'tensors', found, expected: 'a list of tensors' });
  }
  // The axis is an argument too: without it an operation that is traced does not say what it does.
  const apply = layerListOp(fn, (args) => forward(args.slice(0, -1) as NDArray[], axis), backward, TERMS_OF_LISTS);
  return apply([...tensors, axis]);
}

/**
 * One axis in the place of those from `startDim` to `endDim` (default the last). `startDim` is 1 by default, as that of
 * `nn.Flatten`: an image becomes a vector, the batch stays. `torch.flatten` starts at 0.
 */
export function flatten(x: TensorLike, startDim = 1, endDim = -1): Tensor {
  checkCount('flatten', 'startDim', startDim, 0);
  const { shape } = arrayArg('flatten', 'x', x);
  if (startDim >= shape.length) {
    const [found, expected] = [`has shape ${tuple(shape)}`, `more than startDim=${startDim} axes`];
    throw argumentError(ShapeError, { fn: 'flatten', arg: 'x', found, expected });
  }
  const last = axisIn('flatten', 'endDim', endDim, shape);
  if (last < startDim) {
    const expected = `an axis from startDim=${startDim} on`;
    throw argumentError(RangeError, { fn: 'flatten', arg: 'endDim', found: `is ${endDim}`, expected });
  }
  const size = sizeOf(shape.slice(startDim, last + 1));
  return reshape(x, [...shape.slice(0, startDim), size, ...shape.slice(last + 1)]);
}
