import { checkLike, checkShapes, denseArg, dtypeOf, empty, type NDArray } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { type BatchnormCache, batchGradients, type NormalizationGrads, normalizeBatch } from './batchnorm.js';
import type { BatchnormParam } from './batchnorm-param.js';
import { checkCache } from './cache.js';
import {
  type ConvCache,
  type ConvGrads,
  type ConvWeightGrads,
  convFilterGradient,
  convGradients,
  convInputGradient,
  convolve,
} from './conv.js';
import type { ConvParam, PoolParam } from './conv-shape.js';
import { type MaxPoolCache, maxPool, maxPoolGradient } from './pooling.js';

/** What {@link convReluBackward} needs. Opaque: the fields may change. */
export interface ConvReluCache {
  readonly layer: 'conv-relu';
  readonly conv: ConvCache;
  /** Positive just where the input of the ReLU was. */
  readonly out: NDArray;
}

/**
 * Convolution, then ReLU, in one pass.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param w - Filters, shape (F, C, HH, WW).
 * @param b - Biases, shape (F,).
 * @param convParam - `stride` and `pad`.
 * @returns `out`, a new array of shape (N, F, OH, OW), and the cache.
 */
export function convReluForward(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
): [out: NDArray, cache: ConvReluCache] {
  return convRelu('convReluForward', x, w, b, convParam);
}

/**
 * Backward pass of {@link convReluForward}.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link convReluForward}.
 */
export function convReluBackward(dout: NDArray, cache: ConvReluCache): ConvGrads {
  const fn = 'convReluBackward';
  checkCache(fn, cache, 'conv-relu');
  const { conv, out } = cache;
  const { da, db } = throughRelu(fn, dout, out);
  return { dx: convInputGradient(fn, kernels(), da, conv), dw: convFilterGradient(fn, kernels(), da, conv), db };
}

/**
 * {@link convReluBackward} without `dx`: for the first layer of a network, whose input is data.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link convReluForward}.
 */
export function convReluBackwardWeights(dout: NDArray, cache: ConvReluCache): ConvWeightGrads {
  const fn = 'convReluBackwardWeights';
  checkCache(fn, cache, 'conv-relu');
  const { conv, out } = cache;
  const { da, db } = throughRelu(fn, dout, out);
  return { dw: convFilterGradient(fn, kernels(), da, conv), db };
}

/** Those gradients of {@link convReluBackward} that are needed, in the order x, w, b; null for the others. */
export function convReluNeededGradients(
  dout: NDArray,
  { conv, out }: ConvReluCache,
  [x, w, b]: readonly boolean[],
): readonly (NDArray | null)[] {
  const fn = 'convReluBackward';
  const { da, db } = throughRelu(fn, dout, out);
  return [
    x ? convInputGradient(fn, kernels(), da, conv) : null,
    w ? convFilterGradient(fn, kernels(), da, conv) : null,
    b ? db : null,
  ];
}

/** What {@link convReluPoolBackward} needs. Opaque: the fields may change. */
export interface ConvReluPoolCache {
  readonly layer: 'conv-relu-pool';
  readonly conv: ConvCache;
  readonly pool: MaxPoolCache;
  /** The largest of a window is positive just where the ReLU lets its gradient through. */
  readonly out: NDArray;
}

/**
 * Convolution, then ReLU, then max pooling.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param w - Filters, shape (F, C, HH, WW).
 * @param b - Biases, shape (F,).
 * @param convParam - `stride` and `pad`.
 * @param poolParam - `poolHeight`, `poolWidth` and `stride`.
 * @returns `out`, a new array, and the cache.
 */
export function convReluPoolForward(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
  poolParam: PoolParam,
): [out: NDArray, cache: ConvReluPoolCache] {
  const fn = 'convReluPoolForward';
  const [h, { conv }] = convRelu(fn, x, w, b, convParam);
  const [out, pool] = maxPool(fn, kernels(), h, poolParam);
  return [out, { layer: 'conv-relu-pool', conv, pool, out }];
}

/**
 * Backward pass of {@link convReluPoolForward}. max(0, ·) and the largest of a window may change places, so the ReLU's backward
 * pass is over the windows, of which there are fewer than pixels; each window's gradient goes to one pixel, so that their sum is
 * the gradient of the bias.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link convReluPoolForward}.
 */
export function convReluPoolBackward(dout: NDArray, cache: ConvReluPoolCache): ConvGrads {
  const fn = 'convReluPoolBackward';
  checkCache(fn, cache, 'conv-relu-pool');
  const { conv, pool, out } = cache;
  const { da: dpooled, db } = throughRelu(fn, dout, out);
  const da = maxPoolGradient(fn, kernels(), dpooled, pool);
  return { dx: convInputGradient(fn, kernels(), da, conv), dw: convFilterGradient(fn, kernels(), da, conv), db };
}

/**
 * {@link convReluPoolBackward} without `dx`: for the first layer of a network, whose input is data.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link convReluPoolForward}.
 */
export function convReluPoolBackwardWeights(dout: NDArray, cache: ConvReluPoolCache): ConvWeightGrads {
  const fn = 'convReluPoolBackwardWeights';
  checkCache(fn, cache, 'conv-relu-pool');
  const { conv, pool, out } = cache;
  const { da: dpooled, db } = throughRelu(fn, dout, out);
  const da = maxPoolGradient(fn, kernels(), dpooled, pool);
  return { dw: convFilterGradient(fn, kernels(), da, conv), db };
}

/** The gradients of convolution, batch normalization and ReLU. */
export type ConvBatchnormReluGrads = ConvGrads & Pick<NormalizationGrads, 'dgamma' | 'dbeta'>;

/** What {@link convBatchnormReluBackward} needs. Opaque: the fields may change. */
export interface ConvBatchnormReluCache {
  readonly layer: 'conv-batchnorm-relu';
  readonly conv: ConvCache;
  readonly batchnorm: BatchnormCache;
}

/**
 * Convolution, then spatial batch normalization, then ReLU, the last two in one pass.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param w - Filters, shape (F, C, HH, WW).
 * @param b - Biases, shape (F,).
 * @param gamma - Scale of the normalization, shape (F,).
 * @param beta - Shift of the normalization, shape (F,).
 * @param convParam - `stride` and `pad`.
 * @param bnParam - As for `spatialBatchnormForward`.
 * @returns `out`, a new array of shape (N, F, OH, OW), and the cache.
 */
export function convBatchnormReluForward(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  gamma: NDArray,
  beta: NDArray,
  convParam: ConvParam,
  bnParam: BatchnormParam,
): [out: NDArray, cache: ConvBatchnormReluCache] {
  const fn = 'convBatchnormReluForward';
  const [a, conv] = convolve(fn, kernels(), x, w, b, convParam, false);
  checkShapes(fn, { x: [x, x.shape], w: [w, ['F', 'C', 'HH', 'WW']], gamma: [gamma, ['F']], beta: [beta, ['F']] });
  const [out, batchnorm] = normalizeBatch(fn, a, gamma, beta, bnParam, true);
  return [out, { layer: 'conv-batchnorm-relu', conv, batchnorm }];
}

/** Backward pass of {@link convBatchnormReluForward}. @param dout - Upstream gradient, of the shape of `out`. */
export function convBatchnormReluBackward(dout: NDArray, cache: ConvBatchnormReluCache): ConvBatchnormReluGrads {
  const fn = 'convBatchnormReluBackward';
  checkCache(fn, cache, 'conv-batchnorm-relu');
  const { dx: da, dgamma, dbeta } = batchGradients(fn, dout, cache.batchnorm);
  return { ...convGradients(fn, kernels(), da, cache.conv), dgamma, dbeta };
}

/** Convolution and ReLU as a part of the function `fn`, which errors name. */
function convRelu(
  fn: string,
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
): [out: NDArray, cache: ConvReluCache] {
  const [out, conv] = convolve(fn, kernels(), x, w, b, convParam, true);
  return [out, { layer: 'conv-relu', conv, out }];
}

/** The gradient that reaches the convolution under a ReLU, and its sum over each filter's plane: that of the biases. */
function throughRelu(fn: string, dout: NDArray, out: NDArray): { da: NDArray; db: NDArray } {
  checkLike(fn, 'dout', dout, 'out', out);
  const [N, C, H, W] = out.shape;
  const [da, db] = [empty(out.shape, dtypeOf(out)), empty([C], dtypeOf(out))];
  const operands = [denseArg(fn, 'dout', dout), denseArg(fn, 'cache.out', out)] as const;
  kernels().reluBackwardSumChannels(...operands, da.data, db.data, { N, C, S: H * W });
  return { da, db };
}
