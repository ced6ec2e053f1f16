import { checkLike, checkShapes, type DType, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { type AvgPoolShape, type Kernels, kernels, type PoolShape, reference } from '../kernels/index.js';
import { checkCache, checkCached } from './cache.js';
import { checkUpstream } from './operands.js';
import {
  type AvgPoolParam,
  avgPoolShape,
  isAvgPoolShape,
  isPoolShape,
  type MaxPoolParam,
  maxPoolShape,
} from './pool-shape.js';

/** What {@link maxPoolBackward} needs from {@link maxPoolForward}. Opaque: the fields may change. */
export interface MaxPoolCache {
  readonly layer: 'max-pool';
  readonly x: NDArray;
  readonly shape: PoolShape;
}

/**
 * Forward pass of max pooling, window by window: `out` is the largest value of each window. The padding is −∞.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param poolParam - `poolHeight`, `poolWidth`, `stride`, `pad`, `dilation` and `ceilMode`.
 * @returns `out`, a new array of shape (N, C, OH, OW), and the cache, which keeps `x` by reference. OH is
 *   1 + floor((H + 2·pad − dilation·(poolHeight − 1) − 1)/stride), rounded up in `ceilMode`, unless the last window
 *   would begin beyond the image; OW likewise.
 * @throws {RangeError} if the window is larger than the padded image, or a number is out of range.
 * @see https://cs231n.github.io/convolutional-networks/#pool
 */
export function maxPoolForwardNaive(x: NDArray, poolParam: MaxPoolParam): [out: NDArray, cache: MaxPoolCache] {
  return maxPool(reference, x, checkPool('maxPoolForwardNaive', x, poolParam));
}

/**
 * Backward pass of max pooling: each window's gradient goes to its largest value; on a tie to the first in row-major
 * order.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link maxPoolForwardNaive} or {@link maxPoolForwardFast}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function maxPoolBackwardNaive(dout: NDArray, cache: MaxPoolCache): NDArray {
  checkMaxPoolBackward('maxPoolBackwardNaive', dout, cache);
  return maxPoolGradient(reference, dout, cache);
}

/** {@link maxPoolForwardNaive} at full speed. */
export function maxPoolForwardFast(x: NDArray, poolParam: MaxPoolParam): [out: NDArray, cache: MaxPoolCache] {
  return maxPool(kernels(), x, checkPool('maxPoolForwardFast', x, poolParam));
}

/** {@link maxPoolBackwardNaive} at full speed. */
export function maxPoolBackwardFast(dout: NDArray, cache: MaxPoolCache): NDArray {
  checkMaxPoolBackward('maxPoolBackwardFast', dout, cache);
  return maxPoolGradient(kernels(), dout, cache);
}

/** {@link maxPoolForwardFast}. */
export function maxPoolForward(x: NDArray, poolParam: MaxPoolParam): [out: NDArray, cache: MaxPoolCache] {
  return maxPool(kernels(), x, checkPool('maxPoolForward', x, poolParam));
}

/** {@link maxPoolBackwardFast}. */
export function maxPoolBackward(dout: NDArray, cache: MaxPoolCache): NDArray {
  checkMaxPoolBackward('maxPoolBackward', dout, cache);
  return maxPoolGradient(kernels(), dout, cache);
}

function checkPool(fn: string, x: NDArray, poolParam: MaxPoolParam): PoolShape {
  checkShapes(fn, { x: [x, ['N?', 'C', 'H', 'W']] });
  return maxPoolShape(fn, x.shape, poolParam);
}

/** The forward pass on a given set of kernels. */
export function maxPool(on: Kernels, x: NDArray, shape: PoolShape): [out: NDArray, cache: MaxPoolCache] {
  const out = empty([x.shape[0], x.shape[1], shape.OH, shape.OW], dtypeOf(x));
  on.maxPool(operand(x), out.data, shape);
  return [out, { layer: 'max-pool', x, shape }];
}

/** Refuses a `dout` or a cache that the forward pass cannot have left. */
export function checkMaxPoolBackward(fn: string, dout: NDArray, cache: MaxPoolCache): void {
  checkCache(fn, cache, 'max-pool');
  const { x, shape } = cache;
  checkLike(fn, 'dout', dout, 'x', x, [x.shape[0], x.shape[1], shape.OH, shape.OW]);
  checkCached(fn, 'shape', shape, isOf(x.shape, shape) && isPoolShape(shape));
}

/** The backward pass on a given set of kernels. */
export function maxPoolGradient(on: Kernels, dout: NDArray, { x, shape }: MaxPoolCache): NDArray {
  const dx = empty(x.shape, dtypeOf(x));
  on.maxPoolBackward(operand(dout), operand(x), dx.data, shape);
  return dx;
}

/** What {@link avgPoolBackward} needs from {@link avgPoolForward}. Opaque: the fields may change. */
export interface AvgPoolCache {
  readonly layer: 'avg-pool';
  /** Shape and dtype of `x`. */
  readonly inputShape: readonly number[];
  readonly dtype: DType;
  readonly shape: AvgPoolShape;
}

/**
 * Forward pass of average pooling: `out` is the mean of each window, in which the padding counts as zeros unless
 * `countIncludePad` is false. What lies beyond the padding, in `ceilMode`, does not count.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param poolParam - `poolHeight`, `poolWidth`, `stride`, `pad`, `ceilMode`, `countIncludePad` and `divisorOverride`.
 * @returns `out`, a new array of shape (N, C, OH, OW) as in max pooling, and the cache.
 * @throws {RangeError} if the window is larger than the padded image, or a number is out of range.
 */
export function avgPoolForward(x: NDArray, poolParam: AvgPoolParam): [out: NDArray, cache: AvgPoolCache] {
  checkShapes('avgPoolForward', { x: [x, ['N?', 'C', 'H', 'W']] });
  const shape = avgPoolShape('avgPoolForward', x.shape, poolParam);
  return avgPool(x, shape, [x.shape[0], x.shape[1], shape.OH, shape.OW]);
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
  const fn = 'avgPoolBackward';
  checkCache(fn, cache, 'avg-pool');
  const { inputShape, shape } = cache;
  checkAvgPoolBackward(fn, dout, cache, [inputShape[0], inputShape[1], shape.OH, shape.OW]);
  return avgPoolGradient(dout, cache);
}

/**
 * Forward pass of global average pooling: the mean of each channel over its pixels.
 *
 * @param x - Images, shape (N, C, H, W).
 * @returns `out`, a new array of shape (N, C), and the cache.
 */
export function globalAvgPoolForward(x: NDArray): [out: NDArray, cache: AvgPoolCache] {
  const fn = 'globalAvgPoolForward';
  const { N, C, H, W } = checkShapes(fn, { x: [x, ['N?', 'C', 'H', 'W']] });
  return avgPool(x, avgPoolShape(fn, x.shape, { poolHeight: H, poolWidth: W }), [N, C]);
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
  const fn = 'globalAvgPoolBackward';
  checkCache(fn, cache, 'avg-pool');
  const { inputShape, shape } = cache;
  checkCached(fn, 'shape', shape, shape.OH === 1 && shape.OW === 1);
  checkAvgPoolBackward(fn, dout, cache, inputShape.slice(0, 2));
  return avgPoolGradient(dout, cache);
}

function avgPool(x: NDArray, shape: AvgPoolShape, outputShape: readonly number[]): [out: NDArray, cache: AvgPoolCache] {
  const out = empty(outputShape, dtypeOf(x));
  kernels().avgPool(operand(x), out.data, shape);
  return [out, { layer: 'avg-pool', inputShape: x.shape, dtype: dtypeOf(x), shape }];
}

function checkAvgPoolBackward(
  fn: string,
  dout: NDArray,
  { inputShape, dtype, shape }: AvgPoolCache,
  outputShape: readonly number[],
): void {
  checkUpstream(fn, dout, { shape: outputShape, dtype }, 'x');
  checkCached(fn, 'shape', shape, isOf(inputShape, shape) && isAvgPoolShape(shape));
}

function avgPoolGradient(dout: NDArray, { inputShape, shape }: AvgPoolCache): NDArray {
  const dx = empty(inputShape, dtypeOf(dout));
  kernels().avgPoolBackward(operand(dout), dx.data, shape);
  return dx;
}

/** Whether sizes are those of images of shape (N, C, H, W). */
function isOf([N, C, H, W]: readonly number[], shape: PoolShape): boolean {
  return shape.planes === N * C && shape.H === H && shape.W === W;
}
