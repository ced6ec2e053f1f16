import { checkShapes, denseArg, dtypeOf, empty, hostRoom, type NDArray, zeros } from '../arrays/index.js';
import { checkCache } from './cache.js';
import { type PerAxis, perAxis } from './conv-shape.js';

/** What {@link adaptiveAvgPoolBackward} needs from {@link adaptiveAvgPoolForward}. Opaque: the fields may change. */
export interface AdaptiveAvgPoolCache {
  readonly layer: 'adaptive-avg-pool';
  readonly inputShape: readonly number[];
  readonly rows: readonly Window[];
  readonly columns: readonly Window[];
}

/** The first pixel of a part of an axis, and the one after its last. */
type Window = readonly [start: number, end: number];

/**
 * Forward pass of adaptive average pooling: the mean of each of OH × OW windows that cover the image. Part i of n of an axis
 * of H pixels goes from floor(i · H / n) to ceil((i + 1) · H / n).
 *
 * @param x - Images, shape (N, C, H, W).
 * @param outputSize - OH and OW: a number, or [vertical, horizontal].
 * @returns `out`, a new array of shape (N, C, OH, OW), and the cache.
 * @throws {RangeError} if a size is not a whole number ≥ 1.
 */
export function adaptiveAvgPoolForward(x: NDArray, outputSize: PerAxis): [out: NDArray, cache: AdaptiveAvgPoolCache] {
  const fn = 'adaptiveAvgPoolForward';
  const { N, C, H, W } = checkShapes(fn, { x: [x, ['N', 'C', 'H', 'W']] });
  const [OH, OW] = perAxis(fn, 'outputSize', outputSize, 1);
  const [rows, columns] = [parts(H, OH), parts(W, OW)];
  const out = empty([N, C, OH, OW], dtypeOf(x));
  const [flat, room] = [denseArg(fn, 'x', x), hostRoom(out)];
  let at = 0;
  for (let plane = 0; plane < N * C; plane++) {
    for (const [top, bottom] of rows) {
      for (const [left, right] of columns) {
        let sum = 0;
        for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) sum += flat[(plane * H + i) * W + j];
        room[at++] = sum / ((bottom - top) * (right - left));
      }
    }
  }
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
  const dx = zeros(inputShape, dtypeOf(dout));
  const [flat, room] = [denseArg(fn, 'dout', dout), hostRoom(dx)];
  let at = 0;
  for (let plane = 0; plane < N * C; plane++) {
    for (const [top, bottom] of rows) {
      for (const [left, right] of columns) {
        const share = flat[at++] / ((bottom - top) * (right - left));
        for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) room[(plane * H + i) * W + j] += share;
      }
    }
  }
  return dx;
}

function parts(size: number, count: number): Window[] {
  return Array.from({ length: count }, (_, i) => [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)]);
}
