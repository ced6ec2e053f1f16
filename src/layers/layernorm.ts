import {
  checkLike,
  checkShapes,
  dtypeOf,
  empty,
  type NDArray,
  type OptionsOf,
  operand,
  settingsOf,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { emptyGrads, type NormalizationGrads } from './batchnorm.js';
import { NORMALIZATION_OPTIONS } from './batchnorm-param.js';
import { checkCache } from './cache.js';

/** What {@link layernormBackward} needs from {@link layernormForward}. Opaque: the fields may change. */
export interface LayernormCache {
  readonly layer: 'layernorm';
  readonly x: NDArray;
  readonly gamma: NDArray;
  /** Of each row: its mean, and 1/√(variance + eps). */
  readonly mean: NDArray;
  readonly inverse: NDArray;
  /** The output of the ReLU that was applied in the same pass, else null. */
  readonly relu: NDArray | null;
}

/** Options of a layer or group normalization. */
export interface NormalizationOptions extends OptionsOf<typeof NORMALIZATION_OPTIONS> {}

/**
 * Forward pass of layer normalization: `out = gamma · (x − mean) / √(var + eps) + beta`, where mean and (biased)
 * variance are those of each example's D features. The same in training and in test.
 *
 * @param x - Input, shape (N, D).
 * @param gamma - Scale, shape (D,).
 * @param beta - Shift, shape (D,).
 * @returns `out`, a new array of shape (N, D), and the cache, which keeps `x` and `gamma` by reference.
 * @throws {ShapeError} if `gamma` or `beta` is not (D,).
 * @throws {RangeError} if `eps` is not a number > 0.
 * @see Ba, Kiros and Hinton 2016, Layer Normalization, https://arxiv.org/abs/1607.06450
 */
export function layernormForward(
  x: NDArray,
  gamma: NDArray,
  beta: NDArray,
  options: NormalizationOptions = {},
): [out: NDArray, cache: LayernormCache] {
  checkShapes('layernormForward', { x: [x, ['N?', 'D']], gamma: [gamma, ['D']], beta: [beta, ['D']] });
  const { eps } = settingsOf('layernormForward', NORMALIZATION_OPTIONS, options);
  return normalizeRows(x, gamma, beta, eps, false);
}

/**
 * Backward pass of layer normalization: `dgamma = Σ_n dout·x̂`, `dbeta = Σ_n dout`, and with `g = dout·gamma`, row by
 * row, `dx = (g − mean(g) − x̂ · mean(g·x̂)) / √(var + eps)`.
 *
 * It is the formula of batch normalization with rows and columns exchanged, but that gamma stays with the columns and
 * so goes inside the means.
 *
 * @param dout - Upstream gradient, shape (N, D).
 * @param cache - From {@link layernormForward}.
 * @returns Gradients of the loss, in new arrays.
 * @throws {ShapeError} if `dout` is not (N, D).
 */
export function layernormBackward(dout: NDArray, cache: LayernormCache): NormalizationGrads {
  checkLayernormCache('layernormBackward', dout, cache);
  return rowGradients(dout, cache);
}

/** The forward pass, with a ReLU in the same pass where asked, on arrays whose shapes are checked. */
export function normalizeRows(
  x: NDArray,
  gamma: NDArray,
  beta: NDArray,
  eps: number,
  relu: boolean,
): [out: NDArray, cache: LayernormCache] {
  const [N, D] = x.shape;
  const out = empty(x.shape, dtypeOf(x));
  const mean = empty([N], dtypeOf(x));
  const inverse = empty([N], dtypeOf(x));
  kernels().layernorm({
    x: operand(x),
    gamma: operand(gamma),
    beta: operand(beta),
    out: out.data,
    mean: mean.data,
    inverse: inverse.data,
    N,
    D,
    epsilon: eps,
    relu,
  });
  return [out, { layer: 'layernorm', x, gamma, mean, inverse, relu: relu ? out : null }];
}

/** Checks the cache of a layer normalization, and `dout` against it. */
export function checkLayernormCache(fn: string, dout: NDArray, cache: LayernormCache): void {
  checkCache(fn, cache, 'layernorm');
  const { x, gamma, mean, inverse, relu } = cache;
  checkShapes(fn, {
    x: [x, ['N?', 'D']],
    dout: [dout, x.shape],
    'cache.gamma': [gamma, ['D']],
    'cache.mean': [mean, ['N?']],
    'cache.inverse': [inverse, ['N?']],
  });
  if (relu !== null) checkLike(fn, 'cache.relu', relu, 'x', x);
}

/** The backward pass of {@link normalizeRows}, on what {@link checkLayernormCache} has checked. */
export function rowGradients(dout: NDArray, cache: LayernormCache): NormalizationGrads {
  const { x, gamma, mean, inverse, relu } = cache;
  const [N, D] = x.shape;
  const { dx, dgamma, dbeta } = emptyGrads(x, gamma);
  kernels().layernormBackward({
    dout: operand(dout),
    x: operand(x),
    y: relu === null ? null : operand(relu),
    mean: operand(mean),
    inverse: operand(inverse),
    gamma: operand(gamma),
    dx: dx.data,
    dgamma: dgamma.data,
    dbeta: dbeta.data,
    N,
    D,
  });
  return { dx, dgamma, dbeta };
}
