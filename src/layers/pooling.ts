import {
  argumentError,
  checkLike,
  checkShapes,
  type DType,
  denseArg,
  dtypeOf,
  empty,
  type NDArray,
} from '../arrays/index.js';
import { type Kernels, kernels, type PoolShape, reference } from '../kernels/index.js';
import { checkCache, checkCached } from './cache.js';
import { isPoolShape, type PoolParam, poolShape } from './conv-shape.js';

/** What {@link maxPoolBackward} needs from {@link maxPoolForward}. Opaque: the fields may change. */
export interface MaxPoolCache {
  readonly layer: 'max-pool';
  readonly x: NDArray;
  readonly shape: PoolShape;
}

/**
 * Forward pass of max pooling, window by window: `out` is the largest value of each window.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param poolParam - `poolHeight`, `poolWidth` and `stride`.
 * @returns `out`, a new array of shape (N, C, 1 + floor((H − poolHeight)/stride), 1 + floor((W − poolWidth)/stride)), and
 *   the cache, which keeps `x` by reference.
 * @throws {RangeError} if the window is larger than the image, or a number is out of range.
 * @see https://cs231n.github.io/convolutional-networks/#pool
 */
export function maxPoolForwardNaive(x: NDArray, poolParam: PoolParam): [out: NDArray, cache: MaxPoolCache] {
  return maxPool('maxPoolForwardNaive', reference, x, poolParam);
}

/**
 * Backward pass of max pooling: each window's gradient goes to its largest value; on a tie to the first in row-major order.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link maxPoolForwardNaive} or {@link maxPoolForwardFast}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function maxPoolBackwardNaive(dout: NDArray, cache: MaxPoolCache): NDArray {
  checkCache('maxPoolBackwardNaive', cache, 'max-pool');
  return maxPoolGradient('maxPoolBackwardNaive', reference, dout, cache);
}

/** {@link maxPoolForwardNaive} at full speed. */
export function maxPoolForwardFast(x: NDArray, poolParam: PoolParam): [out: NDArray, cache: MaxPoolCache] {
  return maxPool('maxPoolForwardFast', kernels(), x, poolParam);
}

/** {@link maxPoolBackwardNaive} at full speed. */
export function maxPoolBackwardFast(dout: NDArray, cache: MaxPoolCache): NDArray {
  checkCache('maxPoolBackwardFast', cache, 'max-pool');
  return maxPoolGradient('maxPoolBackwardFast', kernels(), dout, cache);
}

/** {@link maxPoolForwardFast}. */
export function maxPoolForward(x: NDArray, poolParam: PoolParam): [out: NDArray, cache: MaxPoolCache] {
  return maxPool('maxPoolForward', kernels(), x, poolParam);
}

/** {@link maxPoolBackwardFast}. */
export function maxPoolBackward(dout: NDArray, cache: MaxPoolCache): NDArray {
  checkCache('maxPoolBackward', cache, 'max-pool');
  return maxPoolGradient('maxPoolBackward', kernels(), dout, cache);
}

/** The forward pass on a given set of kernels. */
export function maxPool(
  fn: string,
  on: Kernels,
  x: NDArray,
  poolParam: PoolParam,
): [out: NDArray, cache: MaxPoolCache] {
  const { N, C } = checkShapes(fn, { x: [x, ['N', 'C', 'H', 'W']] });
  const shape = poolShape(fn, x, poolParam);
  const out = empty([N, C, shape.OH, shape.OW], dtypeOf(x));
  on.maxPool(denseArg(fn, 'x', x), out.data, shape);
  return [out, { layer: 'max-pool', x, shape }];
}

/** The backward pass on a given set of kernels. */
export function maxPoolGradient(fn: string, on: Kernels, dout: NDArray, { x, shape }: MaxPoolCache): NDArray {
  const [N, C] = x.shape;
  checkLike(fn, 'dout', dout, 'x', x, [N, C, shape.OH, shape.OW]);
  checkPoolShape(fn, x.shape, shape);
  const dx = empty(x.shape, dtypeOf(x));
  on.maxPoolBackward(denseArg(fn, 'dout', dout), denseArg(fn, 'cache.x', x), dx.data, shape);
  return dx;
}

/** What {@link avgPoolBackward} needs from {@link avgPoolForward}. Opaque: the fields may change. */
export interface AvgPoolCache {
  readonly layer: 'avg-pool';
  /** Shape and dtype of `x`. */
  readonly inputShape: readonly number[];
  readonly dtype: DType;
  readonly shape: PoolShape;
}

/**
 * Forward pass of average pooling: `out` is the mean of each window.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param poolParam - `poolHeight`, `poolWidth` and `stride`.
 * @returns `out`, a new array of shape (N, C, OH, OW) as in max pooling, and the cache.
 * @throws {RangeError} if the window is larger than the image, or a number is out of range.
 */
export function avgPoolForward(x: NDArray, poolParam: PoolParam): [out: NDArray, cache: AvgPoolCache] {
  const fn = 'avgPoolForward';
  const { N, C } = checkShapes(fn, { x: [x, ['N', 'C', 'H', 'W']] });
  const shape = poolShape(fn, x, poolParam);
  const out = empty([N, C, shape.OH, shape.OW], dtypeOf(x));
  kernels().avgPool(denseArg(fn, 'x', x), out.data, shape);
  return [out, { layer: 'avg-pool', inputShape: x.shape, dtype: dtypeOf(x), shape }];
}

/**
 * Backward pass of average pooling: each window's gradient is shared evenly by its values.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link avgPoolForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function avgPoolBackward(dout: NDArray, cache: AvgPoolCache): NDArray {
  checkCache('avgPoolBackward', cache, 'avg-pool');
  const { inputShape, shape } = cache;
  const [N, C] = inputShape;
  checkShapes('avgPoolBackward', { dout: [dout, [N, C, shape.OH, shape.OW]] });
  return avgPoolGradient('avgPoolBackward', dout, cache);
}

/**
 * Forward pass of global average pooling: the mean of each channel over its pixels.
 *
 * @param x - Images, shape (N, C, H, W).
 * @returns `out`, a new array of shape (N, C), and the cache.
 */
export function globalAvgPoolForward(x: NDArray): [out: NDArray, cache: AvgPoolCache] {
  const fn = 'globalAvgPoolForward';
  const { N, C, H, W } = checkShapes(fn, { x: [x, ['N', 'C', 'H', 'W']] });
  const shape = poolShape(fn, x, { poolHeight: H, poolWidth: W });
  const out = empty([N, C], dtypeOf(x));
  kernels().avgPool(denseArg(fn, 'x', x), out.data, shape);
  return [out, { layer: 'avg-pool', inputShape: x.shape, dtype: dtypeOf(x), shape }];
}

/**
 * Backward pass of global average pooling: each channel's gradient is shared evenly by its pixels.
 *
 * @param dout - Upstream gradient, shape (N, C).
 * @param cache - From {@link globalAvgPoolForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` is not (N, C).
 */
export function globalAvgPoolBackward(dout: NDArray, cache: AvgPoolCache): NDArray {
  checkCache('globalAvgPoolBackward', cache, 'avg-pool');
  const { inputShape, shape } = cache;
  checkCached('globalAvgPoolBackward', 'shape', shape, shape.OH === 1 && shape.OW === 1);
  checkShapes('globalAvgPoolBackward', { dout: [dout, inputShape.slice(0, 2)] });
  return avgPoolGradient('globalAvgPoolBackward', dout, cache);
}

function avgPoolGradient(fn: string, dout: NDArray, { inputShape, dtype, shape }: AvgPoolCache): NDArray {
  if (dtypeOf(dout) !== dtype) {
    throw argumentError(TypeError, {
      fn,
      arg: 'dout',
      found: `has dtype ${dtypeOf(dout)}`,
      expected: dtype,
      like: 'x',
    });
  }
  checkPoolShape(fn, inputShape, shape);
  const dx = empty(inputShape, dtypeOf(dout));
  kernels().avgPoolBackward(denseArg(fn, 'dout', dout), dx.data, shape);
  return dx;
}

/** Refuses sizes that are not those of a pooling of images of shape (N, C, H, W). */
function checkPoolShape(fn: string, [N, C, H, W]: readonly number[], shape: PoolShape): void {
  const fits = shape.planes === N * C && shape.H === H && shape.W === W;
  checkCached(fn, 'shape', shape, fits && isPoolShape(shape));
}
