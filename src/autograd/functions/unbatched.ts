import { argumentError, isNDArray, ShapeError, tuple } from '../../arrays/index.js';
import type { TensorLike } from '../op.js';
import { Tensor } from '../tensor.js';
import { reshape } from './reshaping.js';

/**
 * A batch of images for a layer: `x` itself, or one image (C, H, W) as a batch of one. What is no array is left to the
 * layer to name.
 *
 * @throws {ShapeError} if `x` has another number of axes.
 */
export function asBatch(fn: string, x: TensorLike): TensorLike {
  if (!(x instanceof Tensor || isNDArray(x)) || x.shape.length === 4) return x;
  const { shape } = x;
  if (shape.length === 3) return reshape(x, [1, ...shape]);
  const [found, expected] = [`has shape ${tuple(shape)}`, '(N, C, H, W) or (C, H, W)'];
  throw argumentError(ShapeError, { fn, arg: 'x', found, expected });
}

/** What a layer made of {@link asBatch}: the batch, or if `x` was one image, the one in it. */
export function likeGiven(x: TensorLike, out: Tensor): Tensor {
  return x.shape.length === 3 ? reshape(out, out.shape.slice(1)) : out;
}
