import { checkShapes, type NDArray, settingsOf } from '../arrays/index.js';
import {
  type AffineCache,
  type AffineGrads,
  type AffineWeightGrads,
  affine,
  affineBackward,
  rowSize,
} from './affine.js';
import {
  type BatchnormCache,
  batchGradients,
  checkBatchnormCache,
  type NormalizationGrads,
  normalizeBatch,
} from './batchnorm.js';
import { type BatchnormParam, checkBatchnormParam, NORMALIZATION_OPTIONS } from './batchnorm-param.js';
import { checkCache } from './cache.js';
import {
  checkLayernormCache,
  type LayernormCache,
  type NormalizationOptions,
  normalizeRows,
  rowGradients,
} from './layernorm.js';
import { byName, type Needed, type Needs, WEIGHTS } from './needs.js';

/** The gradients of affine, normalization and ReLU. */
export type AffineNormalizedGrads = AffineGrads & Pick<NormalizationGrads, 'dgamma' | 'dbeta'>;

/** The same without `dx`. */
export type AffineNormalizedWeightGrads = AffineWeightGrads & Pick<NormalizationGrads, 'dgamma' | 'dbeta'>;

/** What {@link affineBatchnormReluBackward} needs. Opaque: the fields may change. */
export interface AffineBatchnormReluCache {
  readonly layer: 'affine-batchnorm-relu';
  readonly affine: AffineCache;
  readonly batchnorm: BatchnormCache;
}

/**
 * Affine, then batch normalization, then ReLU, the last two in one pass.
 *
 * @param x - Input, shape (N, d_1, …, d_k), D = d_1 · … · d_k.
 * @param w - Weights, shape (D, M).
 * @param b - Biases, shape (M,).
 * @param gamma - Scale of the normalization, shape (M,).
 * @param beta - Shift of the normalization, shape (M,).
 * @param bnParam - As for `batchnormForward`.
 * @returns `out`, a new array of shape (N, M), and the cache.
 */
export function affineBatchnormReluForward(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  gamma: NDArray,
  beta: NDArray,
  bnParam: BatchnormParam,
): [out: NDArray, cache: AffineBatchnormReluCache] {
  const fn = 'affineBatchnormReluForward';
  checkNormalized(fn, x, w, b, gamma, beta);
  const checked = checkBatchnormParam(fn, bnParam, gamma, x);
  const [a, cache] = affine(x, w, b);
  const [out, batchnorm] = normalizeBatch(a, gamma, beta, bnParam, checked, 'relu');
  return [out, { layer: 'affine-batchnorm-relu', affine: cache, batchnorm }];
}

/**
 * Backward pass of {@link affineBatchnormReluForward}.
 *
 * @param dout - Upstream gradient, shape (N, M).
 * @param needs - As for `affineBackward`.
 */
export function affineBatchnormReluBackward<N extends Needs = { x: true }>(
  dout: NDArray,
  cache: AffineBatchnormReluCache,
  needs?: N,
): Needed<AffineNormalizedGrads, N>;
export function affineBatchnormReluBackward(
  dout: NDArray,
  cache: AffineBatchnormReluCache,
  needs?: Needs,
): Needed<AffineNormalizedGrads> {
  const fn = 'affineBatchnormReluBackward';
  checkCache(fn, cache, 'affine-batchnorm-relu');
  checkBatchnormCache(fn, dout, cache.batchnorm);
  const named = byName(fn, needs);
  const { dx: da, dgamma, dbeta } = batchGradients(dout, cache.batchnorm);
  return { ...affineBackward(da, cache.affine, named), dgamma, dbeta };
}

/** {@link affineBatchnormReluBackward} with `needs = { x: false }`. */
export function affineBatchnormReluBackwardWeights(
  dout: NDArray,
  cache: AffineBatchnormReluCache,
): AffineNormalizedWeightGrads {
  checkCache('affineBatchnormReluBackwardWeights', cache, 'affine-batchnorm-relu');
  checkBatchnormCache('affineBatchnormReluBackwardWeights', dout, cache.batchnorm);
  const { dx: da, dgamma, dbeta } = batchGradients(dout, cache.batchnorm);
  const { dw, db } = affineBackward(da, cache.affine, WEIGHTS);
  return { dw, db, dgamma, dbeta };
}

/** What {@link affineLayernormReluBackward} needs. Opaque: the fields may change. */
export interface AffineLayernormReluCache {
  readonly layer: 'affine-layernorm-relu';
  readonly affine: AffineCache;
  readonly layernorm: LayernormCache;
}

/**
 * Affine, then layer normalization, then ReLU, the last two in one pass.
 *
 * @param x - Input, shape (N, d_1, …, d_k), D = d_1 · … · d_k.
 * @param w - Weights, shape (D, M).
 * @param b - Biases, shape (M,).
 * @param gamma - Scale of the normalization, shape (M,).
 * @param beta - Shift of the normalization, shape (M,).
 * @returns `out`, a new array of shape (N, M), and the cache.
 */
export function affineLayernormReluForward(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  gamma: NDArray,
  beta: NDArray,
  options: NormalizationOptions = {},
): [out: NDArray, cache: AffineLayernormReluCache] {
  const fn = 'affineLayernormReluForward';
  checkNormalized(fn, x, w, b, gamma, beta);
  const { eps } = settingsOf(fn, NORMALIZATION_OPTIONS, options);
  const [a, cache] = affine(x, w, b);
  const [out, layernorm] = normalizeRows(a, gamma, beta, eps, true);
  return [out, { layer: 'affine-layernorm-relu', affine: cache, layernorm }];
}

/**
 * Backward pass of {@link affineLayernormReluForward}.
 *
 * @param dout - Upstream gradient, shape (N, M).
 * @param needs - As for `affineBackward`.
 */
export function affineLayernormReluBackward<N extends Needs = { x: true }>(
  dout: NDArray,
  cache: AffineLayernormReluCache,
  needs?: N,
): Needed<AffineNormalizedGrads, N>;
export function affineLayernormReluBackward(
  dout: NDArray,
  cache: AffineLayernormReluCache,
  needs?: Needs,
): Needed<AffineNormalizedGrads> {
  const fn = 'affineLayernormReluBackward';
  checkCache(fn, cache, 'affine-layernorm-relu');
  checkLayernormCache(fn, dout, cache.layernorm);
  const named = byName(fn, needs);
  const { dx: da, dgamma, dbeta } = rowGradients(dout, cache.layernorm);
  return { ...affineBackward(da, cache.affine, named), dgamma, dbeta };
}

/** {@link affineLayernormReluBackward} with `needs = { x: false }`. */
export function affineLayernormReluBackwardWeights(
  dout: NDArray,
  cache: AffineLayernormReluCache,
): AffineNormalizedWeightGrads {
  checkCache('affineLayernormReluBackwardWeights', cache, 'affine-layernorm-relu');
  checkLayernormCache('affineLayernormReluBackwardWeights', dout, cache.layernorm);
  const { dx: da, dgamma, dbeta } = rowGradients(dout, cache.layernorm);
  const { dw, db } = affineBackward(da, cache.affine, WEIGHTS);
  return { dw, db, dgamma, dbeta };
}

function checkNormalized(fn: string, x: NDArray, w: NDArray, b: NDArray, gamma: NDArray, beta: NDArray): void {
  checkShapes(fn, {
    x: [x, ['N?', '…']],
    w: [w, [rowSize(x), 'M']],
    b: [b, ['M']],
    gamma: [gamma, ['M']],
    beta: [beta, ['M']],
  });
}
