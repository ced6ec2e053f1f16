import { checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels, type Span } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { type PerAxis, perAxis } from './conv-shape.js';

/** What {@link adaptiveAvgPoolBackward} needs from {@link adaptiveAvgPoolForward}. Opaque: the fields may change. */
export interface AdaptiveAvgPoolCache {
  readonly layer: 'adaptive-avg-pool';
  readonly inputShape: readonly number[];
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
}

/**
 * Forward pass of adaptive average pooling: the mean of each of OH × OW windows that cover the image. Part i of n of an
 * axis of H pixels goes from floor(i · H / n) to ceil((i + 1) · H / n).
 *
 * @param x - Images, shape (N, C, H, W).
 * @param outputSize - OH and OW: a number, or [vertical, horizontal].
 * @returns `out`, a new array of shape (N, C, OH, OW), and the cache.
 * @throws {RangeError} if a size is not a whole number ≥ 1.
 */
export function adaptiveAvgPoolForward(x: NDArray, outputSize: PerAxis): [out: NDArray, cache: AdaptiveAvgPoolCache] {
  const fn = 'adaptiveAvgPoolForward';
  const { N, C, H, W } = checkShapes(fn, { x: [x, ['N?', 'C', 'H', 'W']] });
  const [OH, OW] = perAxis(fn, 'outputSize', outputSize, 1);
  const [rows, columns] = [parts(H, OH), parts(W, OW)];
  const out = empty([N, C, OH, OW], dtypeOf(x));
  kernels().adaptiveAvgPool(operand(x), out.data, { planes: N * C, H, W, rows, columns });
  return [out, { layer: 'adaptive-avg-pool', inputShape: x.shape, rows, columns }];
}

/**
 * Backward pass of adaptive average pooling: each window's gradient is shared evenly by its values.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link adaptiveAvgPoolForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function adaptiveAvgPoolBackward(dout: NDArray, cache: AdaptiveAvgPoolCache): NDArray {
  const fn = 'adaptiveAvgPoolBackward';
  checkCache(fn, cache, 'adaptive-avg-pool');
  const { inputShape, rows, columns } = cache;
  const [N, C, H, W] = inputShape;
  checkShapes(fn, { dout: [dout, [N, C, rows.length, columns.length]] });
  const dx = empty(inputShape, dtypeOf(dout));
  kernels().adaptiveAvgPoolBackward(operand(dout), dx.data, { planes: N * C, H, W, rows, columns });
  return dx;
}

function parts(size: number, count: number): Span[] {
  return Array.from({ length: count }, (_, i) => [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)]);
}
