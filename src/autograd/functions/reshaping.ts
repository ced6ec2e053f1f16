import { checkCount, ShapeError, tuple } from '../../arrays/index.js';
import {
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
import { op, type TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';

/** The same values in another shape; one size may be −1, and is what is left. */
export const reshape = op(reshapeForward, reshapeBackward, { name: 'reshape' });
/** The axes in another order; in reverse when `axes` is left out. */
export const transpose = op(transposeForward, transposeBackward, { name: 'transpose' });
/** A part of a tensor: for each axis `[start, stop, step?]`, null for all of it, or a number that picks and drops it. */
export const slice = op(sliceForward, sliceBackward, { name: 'slice' });

/** The tensors behind each other along `axis` (default the first). */
export function concat(tensors: readonly TensorLike[], axis = 0): Tensor {
  return joined(
    'concat',
    tensors,
    op((...arrays: Parameters<typeof concatForward>[0]) => concatForward(arrays, axis), concatBackward, {
      name: 'concat',
    }),
  );
}

/** The tensors, all of one shape, along a new `axis` (default the first). */
export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  return joined(
    'stack',
    tensors,
    op((...arrays: Parameters<typeof stackForward>[0]) => stackForward(arrays, axis), stackBackward, { name: 'stack' }),
  );
}

function joined(fn: string, tensors: readonly TensorLike[], join: (...tensors: TensorLike[]) => Tensor): Tensor {
  if (!Array.isArray(tensors)) throw new TypeError(`${fn}: tensors is no list, expected a list of tensors`);
  return join(...tensors);
}

/** One axis in the place of all from `startDim` on (default 1: an image becomes a vector, the batch stays). */
export function flatten(x: TensorLike, startDim = 1): Tensor {
  checkCount('flatten', 'startDim', startDim, 0);
  if (startDim >= x.shape.length) {
    throw new ShapeError(`flatten: x has shape ${tuple(x.shape)}, expected more than startDim=${startDim} axes`);
  }
  const size = x.shape.slice(startDim).reduce((product, n) => product * n, 1);
  return reshape(x, [...x.shape.slice(0, startDim), size]);
}
