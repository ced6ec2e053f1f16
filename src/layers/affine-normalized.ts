import { checkShapes, type NDArray } from '../arrays/index.js';
import {
  type AffineCache,
  type AffineGrads,
  type AffineWeightGrads,
  affineBackward,
  affineBackwardWeights,
  affine as affineOf,
} from './affine.js';
import { type BatchnormCache, batchGradients, type NormalizationGrads, normalizeBatch } from './batchnorm.js';
import type { BatchnormParam } from './batchnorm-param.js';
import { checkCache } from './cache.js';
import { type LayernormCache, type NormalizationOptions, normalizeRows, rowGradients } from './layernorm.js';

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
  const [a, affine] = affineOf(fn, x, w, b);
  checkShapes(fn, { x: [x, x.shape], w: [w, ['D', 'M']], gamma: [gamma, ['M']], beta: [beta, ['M']] });
  const [out, batchnorm] = normalizeBatch(fn, a, gamma, beta, bnParam, true);
  return [out, { layer: 'affine-batchnorm-relu', affine, batchnorm }];
}

/** Backward pass of {@link affineBatchnormReluForward}. @param dout - Upstream gradient, shape (N, M). */
export function affineBatchnormReluBackward(dout: NDArray, cache: AffineBatchnormReluCache): AffineNormalizedGrads {
  checkCache('affineBatchnormReluBackward', cache, 'affine-batchnorm-relu');
  const { dx: da, dgamma, dbeta } = batchGradients('affineBatchnormReluBackward', dout, cache.batchnorm);
  return { ...affineBackward(da, cache.affine), dgamma, dbeta };
}

/** {@link affineBatchnormReluBackward} without `dx`: for the first layer of a network, whose input is data. */
export function affineBatchnormReluBackwardWeights(
  dout: NDArray,
  cache: AffineBatchnormReluCache,
): AffineNormalizedWeightGrads {
  checkCache('affineBatchnormReluBackwardWeights', cache, 'affine-batchnorm-relu');
  const { dx: da, dgamma, dbeta } = batchGradients('affineBatchnormReluBackwardWeights', dout, cache.batchnorm);
  return { ...affineBackwardWeights(da, cache.affine), dgamma, dbeta };
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
  const [a, affine] = affineOf(fn, x, w, b);
  checkShapes(fn, { x: [x, x.shape], w: [w, ['D', 'M']], gamma: [gamma, ['M']], beta: [beta, ['M']] });
  const [out, layernorm] = normalizeRows(fn, a, gamma, beta, options, true);
  return [out, { layer: 'affine-layernorm-relu', affine, layernorm }];
}

/** Backward pass of {@link affineLayernormReluForward}. @param dout - Upstream gradient, shape (N, M). */
export function affineLayernormReluBackward(dout: NDArray, cache: AffineLayernormReluCache): AffineNormalizedGrads {
  checkCache('affineLayernormReluBackward', cache, 'affine-layernorm-relu');
  const { dx: da, dgamma, dbeta } = rowGradients('affineLayernormReluBackward', dout, cache.layernorm);
  return { ...affineBackward(da, cache.affine), dgamma, dbeta };
}

/** {@link affineLayernormReluBackward} without `dx`: for the first layer of a network, whose input is data. */
export function affineLayernormReluBackwardWeights(
  dout: NDArray,
  cache: AffineLayernormReluCache,
): AffineNormalizedWeightGrads {
  checkCache('affineLayernormReluBackwardWeights', cache, 'affine-layernorm-relu');
  const { dx: da, dgamma, dbeta } = rowGradients('affineLayernormReluBackwardWeights', dout, cache.layernorm);
  return { ...affineBackwardWeights(da, cache.affine), dgamma, dbeta };
}
