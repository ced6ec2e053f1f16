import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import {
  type BatchnormCache,
  batchGradients,
  checkBatchnormCache,
  type NormalizationGrads,
  normalizeBatch,
} from './batchnorm.js';
import { type BatchnormParam, checkBatchnormParam } from './batchnorm-param.js';
import { checkCache } from './cache.js';
import {
  type ConvCache,
  type ConvGrads,
  type ConvWeightGrads,
  checkConv,
  checkConvBackward,
  convGradients,
  convolve,
} from './conv.js';
import type { ConvParam } from './conv-shape.js';
import { byName, type NamedNeeds, type Needed, type Needs, WEIGHTS } from './needs.js';
import { type MaxPoolParam, maxPoolShape } from './pool-shape.js';
import { checkMaxPoolBackward, type MaxPoolCache, maxPool, maxPoolGradient } from './pooling.js';

/** What {@link convReluBackward} needs. Opaque: the fields may change. */
export interface ConvReluCache {
  readonly layer: 'conv-relu';
  readonly conv: ConvCache;
  /** Positive where the input of the ReLU was positive, and nowhere else. */
  readonly out: NDArray;
}

/**
 * Convolution, then ReLU, in one pass.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param w - Filters, shape (F, C / groups, HH, WW).
 * @param b - Biases, shape (F,).
 * @param convParam - As for `convForward`.
 * @returns `out`, a new array of shape (N, F, OH, OW), and the cache.
 */
export function convReluForward(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
): [out: NDArray, cache: ConvReluCache] {
  const shape = checkConv('convReluForward', x, w, b, convParam);
  const [out, conv] = convolve(kernels(), x, w, b, shape, true);
  return [out, { layer: 'conv-relu', conv, out }];
}

/**
 * Backward pass of {@link convReluForward}.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param needs - As for `convBackward`.
 */
export function convReluBackward<N extends Needs = { x: true }>(
  dout: NDArray,
  cache: ConvReluCache,
  needs?: N,
): Needed<ConvGrads, N>;
export function convReluBackward(dout: NDArray, cache: ConvReluCache, needs?: Needs): Needed<ConvGrads> {
  checkConvRelu('convReluBackward', dout, cache);
  const named = byName('convReluBackward', needs);
  const { da, db } = throughRelu(dout, cache.out);
  return underRelu(da, db, cache.conv, named);
}

/** {@link convReluBackward} with `needs = { x: false }`. */
export function convReluBackwardWeights(dout: NDArray, cache: ConvReluCache): ConvWeightGrads {
  checkConvRelu('convReluBackwardWeights', dout, cache);
  const { dw, db } = convReluBackward(dout, cache, WEIGHTS);
  return { dw, db };
}

function checkConvRelu(fn: string, dout: NDArray, cache: ConvReluCache): void {
  checkCache(fn, cache, 'conv-relu');
  checkLike(fn, 'dout', dout, 'out', cache.out);
  checkConvBackward(fn, cache.out, cache.conv);
}

/** What {@link convReluPoolBackward} needs. Opaque: the fields may change. */
export interface ConvReluPoolCache {
  readonly layer: 'conv-relu-pool';
  readonly conv: ConvCache;
  readonly pool: MaxPoolCache;
  /** A maximum of a window: positive where the ReLU passes the gradient, and nowhere else. */
  readonly out: NDArray;
}

/**
 * Convolution, then ReLU, then max pooling.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param w - Filters, shape (F, C / groups, HH, WW).
 * @param b - Biases, shape (F,).
 * @param convParam - As for `convForward`.
 * @param poolParam - As for `maxPoolForward`.
 * @returns `out`, a new array, and the cache.
 */
export function convReluPoolForward(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
  poolParam: MaxPoolParam,
): [out: NDArray, cache: ConvReluPoolCache] {
  const fn = 'convReluPoolForward';
  const shape = checkConv(fn, x, w, b, convParam);
  const windows = maxPoolShape(fn, [shape.N, shape.F, shape.OH, shape.OW], poolParam);
  const [h, conv] = convolve(kernels(), x, w, b, shape, true);
  const [out, pool] = maxPool(kernels(), h, windows);
  return [out, { layer: 'conv-relu-pool', conv, pool, out }];
}

/**
 * Backward pass of {@link convReluPoolForward}. max(0, ·) and the largest of a window may change places, so the
 * backward pass of the ReLU runs over the windows, which are fewer than the pixels. The gradient of each window
 * goes to one pixel, so the sum over the windows is the gradient of the bias.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link convReluPoolForward}.
 * @param needs - As for `convBackward`.
 */
export function convReluPoolBackward<N extends Needs = { x: true }>(
  dout: NDArray,
  cache: ConvReluPoolCache,
  needs?: N,
): Needed<ConvGrads, N>;
export function convReluPoolBackward(dout: NDArray, cache: ConvReluPoolCache, needs?: Needs): Needed<ConvGrads> {
  checkConvReluPool('convReluPoolBackward', dout, cache);
  const { conv, pool, out } = cache;
  const { da: dpooled, db } = throughRelu(dout, out);
  return underRelu(maxPoolGradient(kernels(), dpooled, pool), db, conv, byName('convReluPoolBackward', needs));
}

/** {@link convReluPoolBackward} with `needs = { x: false }`. */
export function convReluPoolBackwardWeights(dout: NDArray, cache: ConvReluPoolCache): ConvWeightGrads {
  checkConvReluPool('convReluPoolBackwardWeights', dout, cache);
  const { dw, db } = convReluPoolBackward(dout, cache, WEIGHTS);
  return { dw, db };
}

function checkConvReluPool(fn: string, dout: NDArray, cache: ConvReluPoolCache): void {
  checkCache(fn, cache, 'conv-relu-pool');
  const { conv, pool, out } = cache;
  checkLike(fn, 'dout', dout, 'out', out);
  checkMaxPoolBackward(fn, out, pool);
  checkConvBackward(fn, pool.x, conv);
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
 * @param w - Filters, shape (F, C / groups, HH, WW).
 * @param b - Biases, shape (F,).
 * @param gamma - Scale of the normalization, shape (F,).
 * @param beta - Shift of the normalization, shape (F,).
 * @param convParam - As for `convForward`.
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
  const shape = checkConv(fn, x, w, b, convParam);
  checkShapes(fn, { x: [x, ['…?']], w: [w, ['F', '…']], gamma: [gamma, ['F']], beta: [beta, ['F']] });
  const checked = checkBatchnormParam(fn, bnParam, gamma, x);
  const [a, conv] = convolve(kernels(), x, w, b, shape, false);
  const [out, batchnorm] = normalizeBatch(a, gamma, beta, bnParam, checked, 'relu');
  return [out, { layer: 'conv-batchnorm-relu', conv, batchnorm }];
}

/**
 * Backward pass of {@link convBatchnormReluForward}.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param needs - As for `convBackward`.
 */
export function convBatchnormReluBackward<N extends Needs = { x: true }>(
  dout: NDArray,
  cache: ConvBatchnormReluCache,
  needs?: N,
): Needed<ConvBatchnormReluGrads, N>;
export function convBatchnormReluBackward(
  dout: NDArray,
  cache: ConvBatchnormReluCache,
  needs?: Needs,
): Needed<ConvBatchnormReluGrads> {
  const fn = 'convBatchnormReluBackward';
  checkCache(fn, cache, 'conv-batchnorm-relu');
  checkBatchnormCache(fn, dout, cache.batchnorm);
  const named = byName(fn, needs);
  const { dx: da, dgamma, dbeta } = batchGradients(dout, cache.batchnorm);
  checkConvBackward(fn, da, cache.conv);
  return { ...convGradients(kernels(), da, cache.conv, named), dgamma, dbeta };
}

/** The gradients of the convolution under a ReLU, from those that {@link throughRelu} let through. */
function underRelu(da: NDArray, db: NDArray, conv: ConvCache, { x, w, b }: NamedNeeds): Needed<ConvGrads> {
  const { dx, dw } = convGradients(kernels(), da, conv, { x, w, b: false });
  return { dx, dw, db: b === false ? null : db };
}

/** The gradient that the ReLU lets through, and its sum over the plane of each filter: the gradient of the biases. */
function throughRelu(dout: NDArray, out: NDArray): { da: NDArray; db: NDArray } {
  const [N, C, H, W] = out.shape;
  const [da, db] = [empty(out.shape, dtypeOf(out)), empty([C], dtypeOf(out))];
  kernels().reluBackwardSumChannels(operand(dout), operand(out), da.data, db.data, { N, C, S: H * W });
  return { da, db };
}
