import {
  checkedIn,
  checkLike,
  checkShapes,
  dtypeOf,
  empty,
  type NDArray,
  operand,
  type Range,
} from '../arrays/index.js';
import { type AdaptivePoolShape, kernels, type Span } from '../kernels/index.js';
import { checkCache } from './cache.js';

/** The size of an output: one number for both axes, or [vertical, horizontal]; null is the size of the input. */
export type OutputSize = number | null | readonly [vertical: number | null, horizontal: number | null];

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
 * @param outputSize - OH and OW: a number, or [vertical, horizontal]; null is the size of `x`.
 * @returns `out`, a new array of shape (N, C, OH, OW), and the cache.
 * @throws {RangeError} if a size is not a whole number ≥ 1.
 */
export function adaptiveAvgPoolForward(
  x: NDArray,
  outputSize: OutputSize,
): [out: NDArray, cache: AdaptiveAvgPoolCache] {
  const shape = checkAdaptive('adaptiveAvgPoolForward', x, outputSize);
  const { rows, columns } = shape;
  const out = empty([x.shape[0], x.shape[1], rows.length, columns.length], dtypeOf(x));
  kernels().adaptiveAvgPool(operand(x), out.data, shape);
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

/** What {@link adaptiveMaxPoolBackward} needs from {@link adaptiveMaxPoolForward}. Opaque: the fields may change. */
export interface AdaptiveMaxPoolCache {
  readonly layer: 'adaptive-max-pool';
  readonly x: NDArray;
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
}

/**
 * Forward pass of adaptive max pooling: the largest value of each of the windows of {@link adaptiveAvgPoolForward}.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param outputSize - OH and OW: a number, or [vertical, horizontal]; null is the size of `x`.
 * @returns `out`, a new array of shape (N, C, OH, OW), and the cache, which keeps `x` by reference.
 * @throws {RangeError} if a size is not a whole number ≥ 1.
 */
export function adaptiveMaxPoolForward(
  x: NDArray,
  outputSize: OutputSize,
): [out: NDArray, cache: AdaptiveMaxPoolCache] {
  const shape = checkAdaptive('adaptiveMaxPoolForward', x, outputSize);
  const { rows, columns } = shape;
  const out = empty([x.shape[0], x.shape[1], rows.length, columns.length], dtypeOf(x));
  kernels().adaptiveMaxPool(operand(x), out.data, shape);
  return [out, { layer: 'adaptive-max-pool', x, rows, columns }];
}

/**
 * Backward pass of adaptive max pooling: each window's gradient goes to its largest value; on a tie to the first in
 * row-major order.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link adaptiveMaxPoolForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function adaptiveMaxPoolBackward(dout: NDArray, cache: AdaptiveMaxPoolCache): NDArray {
  const fn = 'adaptiveMaxPoolBackward';
  checkCache(fn, cache, 'adaptive-max-pool');
  const { x, rows, columns } = cache;
  const [N, C, H, W] = x.shape;
  checkLike(fn, 'dout', dout, 'x', x, [N, C, rows.length, columns.length]);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().adaptiveMaxPoolBackward(operand(dout), operand(x), dx.data, { planes: N * C, H, W, rows, columns });
  return dx;
}

/** The range of an {@link OutputSize}. */
export const OUTPUT_SIZE: Range = {
  allows: (value) => {
    const sizes: readonly unknown[] = Array.isArray(value) && value.length === 2 ? value : [value];
    return sizes.every((n) => n === null || (Number.isSafeInteger(n) && (n as number) >= 1));
  },
  expected: 'a whole number ≥ 1, or null for the size of the input, or [vertical, horizontal] of such',
  Kind: RangeError,
};

function checkAdaptive(fn: string, x: NDArray, outputSize: OutputSize): AdaptivePoolShape {
  const { N, C, H, W } = checkShapes(fn, { x: [x, ['N?', 'C', 'H', 'W']] });
  const given = checkedIn(fn, 'outputSize', outputSize, OUTPUT_SIZE);
  const [OH, OW] = Array.isArray(given) ? given : [given, given];
  return { planes: N * C, H, W, rows: parts(H, OH ?? H), columns: parts(W, OW ?? W) };
}

function parts(size: number, count: number): Span[] {
  return Array.from({ length: count }, (_, i) => [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)]);
}
