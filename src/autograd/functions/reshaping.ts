import { argumentError, checkCount, describe, type NDArray, ShapeError, tuple } from '../../arrays/index.js';
import {
  broadcastToBackward,
  broadcastToForward,
  concatBackward,
  concatForward,
  reshapeBackward,
  reshapeForward,
  sliceBackward,
  sliceForward,
  stackBackward,
  stackForward,
  transposeBackward,
  transposeForward,
} from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { arrayArg, layerListOp, layerOp } from './layer-op.js';

/**
 * The same values in another shape; one size may be −1: it follows from the others. Where `x` is dense it shares its
 * memory with the result: what changes one in place changes the other.
 */
export const reshape = layerOp('reshape', reshapeForward, reshapeBackward);
/** The axes in another order; in reverse when `axes` is left out. The result shares the memory of `x`. */
export const transpose = layerOp('transpose', transposeForward, transposeBackward);
/** The values repeated along new axes in front, and along axes of size 1, to the given shape. */
export const broadcastTo = layerOp('broadcastTo', broadcastToForward, broadcastToBackward);
/** A part of a tensor: for each axis `[start, stop, step?]`, null for all of it, or an index, which drops it. */
export const slice = layerOp('slice', sliceForward, sliceBackward);

/** The tensors behind each other along `axis` (default the first). */
export function concat(tensors: readonly TensorLike[], axis = 0): Tensor {
  return joined('concat', tensors, (arrays) => concatForward(arrays, axis), concatBackward);
}

/** The tensors, all of one shape, along a new `axis` (default the first). */
export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  return joined('stack', tensors, (arrays) => stackForward(arrays, axis), stackBackward);
}

function joined<C>(
  fn: string,
  tensors: readonly TensorLike[],
  forward: (arrays: readonly NDArray[]) => [out: NDArray, cache: C],
  backward: (dout: NDArray, cache: C) => NDArray[],
): Tensor {
  if (!Array.isArray(tensors)) {
    const found = `is ${describe(tensors)}`;
    throw argumentError(TypeError, { fn, arg: 'tensors', found, expected: 'a list of tensors' });
  }
  return layerListOp(fn, (arrays) => forward(arrays as NDArray[]), backward, { arrays: 'tensors' })(tensors);
}

/** One axis in the place of all from `startDim` on (default 1: an image becomes a vector, the batch stays). */
export function flatten(x: TensorLike, startDim = 1): Tensor {
  checkCount('flatten', 'startDim', startDim, 0);
  const { shape } = arrayArg('flatten', 'x', x);
  if (startDim >= shape.length) {
    const [found, expected] = [`has shape ${tuple(shape)}`, `more than startDim=${startDim} axes`];
    throw argumentError(ShapeError, { fn: 'flatten', arg: 'x', found, expected });
  }
  const size = shape.slice(startDim).reduce((product, n) => product * n, 1);
  return reshape(x, [...shape.slice(0, startDim), size]);
}
