import {
  argumentError,
  checkShapes,
  describe,
  dtypeOf,
  empty,
  type NDArray,
  operand,
  settingsOf,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { emptyGrads, type NormalizationGrads } from './batchnorm.js';
import { NORMALIZATION_OPTIONS } from './batchnorm-param.js';
import { checkCache, checkCached } from './cache.js';
import type { NormalizationOptions } from './layernorm.js';

/** What {@link spatialGroupnormBackward} needs from {@link spatialGroupnormForward}. Opaque: the fields may change. */
export interface GroupnormCache {
  readonly layer: 'groupnorm';
  readonly x: NDArray;
  readonly gamma: NDArray;
  readonly G: number;
  /** Of each example and group, shape (N, G): its mean, and 1/√(variance + eps). */
  readonly mean: NDArray;
  readonly inverse: NDArray;
}

/**
 * Forward pass of spatial group normalization: `out = gamma · (x − mean) / √(var + eps) + beta`, where mean and
 * (biased) variance are those of each example's groups of C/G neighbouring channels. The same in training and in test.
 * G = 1 is layer normalization over channels and pixels, G = C is instance normalization.
 *
 * @param x - Input, shape (N, C, H, W).
 * @param gamma - Scale of each channel, shape (1, C, 1, 1).
 * @param beta - Shift of each channel, shape (1, C, 1, 1).
 * @param G - Groups; C must be a multiple of it.
 * @returns `out`, a new array of shape (N, C, H, W), and the cache, which keeps `x` and `gamma` by reference.
 * @throws {ShapeError} if `gamma` or `beta` is not (1, C, 1, 1).
 * @throws {RangeError} if `G` does not divide C, or `eps` is not a number > 0.
 * @see Wu and He 2018, Group Normalization, https://arxiv.org/abs/1803.08494
 */
export function spatialGroupnormForward(
  x: NDArray,
  gamma: NDArray,
  beta: NDArray,
  G: number,
  options: NormalizationOptions = {},
): [out: NDArray, cache: GroupnormCache] {
  const fn = 'spatialGroupnormForward';
  const { N, C, H, W } = checkShapes(fn, {
    x: [x, ['N?', 'C', 'H', 'W']],
    gamma: [gamma, [1, 'C', 1, 1]],
    beta: [beta, [1, 'C', 1, 1]],
  });
  if (!Number.isInteger(G) || G < 1 || C % G !== 0) {
    throw argumentError(RangeError, {
      fn,
      arg: 'G',
      found: `is ${describe(G)}`,
      expected: `a divisor of the ${C} channels`,
    });
  }
  const { eps } = settingsOf(fn, NORMALIZATION_OPTIONS, options);
  const out = empty(x.shape, dtypeOf(x));
  const mean = empty([N, G], dtypeOf(x));
  const inverse = empty([N, G], dtypeOf(x));
  kernels().groupnorm({
    x: operand(x),
    gamma: operand(gamma),
    beta: operand(beta),
    out: out.data,
    mean: mean.data,
    inverse: inverse.data,
    shape: { N, C, S: H * W },
    G,
    epsilon: eps,
  });
  return [out, { layer: 'groupnorm', x, gamma, G, mean, inverse }];
}

/**
 * Backward pass of spatial group normalization: `dgamma` and `dbeta` are the sums of `dout·x̂` and `dout` over N, H and
 * W, and with `g = dout·gamma`, group by group, `dx = (g − mean(g) − x̂ · mean(g·x̂)) / √(var + eps)`.
 *
 * @param dout - Upstream gradient, shape (N, C, H, W).
 * @param cache - From {@link spatialGroupnormForward}.
 * @returns Gradients of the loss, in new arrays; `dgamma` and `dbeta` of shape (1, C, 1, 1).
 * @throws {ShapeError} if `dout` is not (N, C, H, W).
 */
export function spatialGroupnormBackward(dout: NDArray, cache: GroupnormCache): NormalizationGrads {
  const fn = 'spatialGroupnormBackward';
  checkCache(fn, cache, 'groupnorm');
  const { x, gamma, G, mean, inverse } = cache;
  const { N, C, H, W } = checkShapes(fn, { x: [x, ['N?', 'C', 'H', 'W']], dout: [dout, x.shape] });
  checkCached(fn, 'G', G, Number.isInteger(G) && G >= 1 && C % G === 0);
  checkShapes(fn, {
    x: [x, x.shape],
    'cache.gamma': [gamma, [1, C, 1, 1]],
    'cache.mean': [mean, [N, G]],
    'cache.inverse': [inverse, [N, G]],
  });
  const { dx, dgamma, dbeta } = emptyGrads(x, gamma);
  kernels().groupnormBackward({
    dout: operand(dout),
    x: operand(x),
    mean: operand(mean),
    inverse: operand(inverse),
    gamma: operand(gamma),
    dx: dx.data,
    dgamma: dgamma.data,
    dbeta: dbeta.data,
    shape: { N, C, S: H * W },
    G,
  });
  return { dx, dgamma, dbeta };
}
