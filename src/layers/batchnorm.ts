import { checkedIn, checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { type ChannelShape, kernels } from '../kernels/index.js';
import {
  type BatchnormParam,
  blend,
  type CheckedBatchnormParam,
  checkBatchnormParam,
  NORMALIZATION_OPTIONS,
} from './batchnorm-param.js';
import { checkCache } from './cache.js';
import { mergeMoments, sumGradients, type WholeBatch } from './whole-batch.js';

/** What the backward passes of a batch normalization need from the forward pass. Opaque: the fields may change. */
export interface BatchnormCache {
  readonly layer: 'batchnorm';
  readonly x: NDArray;
  readonly gamma: NDArray;
  /** The statistics that were used: of the batch, or in test mode the running ones. */
  readonly mean: NDArray;
  readonly variance: NDArray;
  readonly eps: number;
  readonly training: boolean;
  /** The output of the ReLU that was applied in the same pass, else null. */
  readonly relu: NDArray | null;
  /** The shift, if a GELU was applied in the same pass: its argument is computed again from `x`. Else null. */
  readonly beta: NDArray | null;
  /** The whole batch, where its statistics were taken over several processes; else null. */
  readonly whole: WholeBatch | null;
}

/** The gradients of a normalization. */
export interface NormalizationGrads {
  /** As `x`. */
  readonly dx: NDArray;
  /** As `gamma`. */
  readonly dgamma: NDArray;
  /** As `beta`. */
  readonly dbeta: NDArray;
}

/**
 * Forward pass of batch normalization: `out = gamma · (x − mean) / √(var + eps) + beta`, feature by feature.
 *
 * In training the mean and the (biased) variance are those of the batch, and the running statistics in `bnParam` become
 * `momentum · running + (1 − momentum) · sample`; in test mode the running statistics are used. The variance is taken
 * in two passes from shifted values, so it survives a mean far larger than the spread. A training batch of one example
 * is allowed: its variance is 0, so `out` is `beta` and `dx` is 0. An empty batch is allowed in test mode only.
 *
 * Where several processes share a batch and synchronize their statistics, those are of the whole batch, and the
 * gradients too; `dgamma` and `dbeta` are the parts of this process.
 *
 * @param x - Input, shape (N, D).
 * @param gamma - Scale, shape (D,).
 * @param beta - Shift, shape (D,).
 * @param bnParam - Mode, hyperparameters and running statistics; the statistics are replaced in training.
 * @returns `out`, a new array of shape (N, D), and the cache, which keeps `x` and `gamma` by reference.
 * @throws {ShapeError} if `gamma`, `beta` or a running statistic is not (D,).
 * @throws {RangeError} if the mode is unknown or a hyperparameter out of range.
 * @see Ioffe and Szegedy 2015, Batch Normalization, https://arxiv.org/abs/1502.03167, Algorithm 1
 */
export function batchnormForward(
  x: NDArray,
  gamma: NDArray,
  beta: NDArray,
  bnParam: BatchnormParam,
): [out: NDArray, cache: BatchnormCache] {
  checkShapes('batchnormForward', { x: [x, ['N?', 'D']], gamma: [gamma, ['D']], beta: [beta, ['D']] });
  return normalizeBatch(x, gamma, beta, bnParam, checkBatchnormParam('batchnormForward', bnParam, gamma, x), null);
}

/**
 * Backward pass of batch normalization, node by node through the computation graph, as it is first derived by hand.
 *
 * With `centred = x − mean`, `std = √(var + eps)` and `x̂ = centred / std`, from the last node to the first:
 *
 * - out = γ·x̂ + β: `dbeta = Σ dout`, `dgamma = Σ dout·x̂`, `dx̂ = dout·γ`
 * - x̂ = centred · (1/std): `dcentred = dx̂ / std`, `d(1/std) = Σ dx̂·centred`
 * - 1/std: `dstd = −d(1/std) / std²`; std = √(var + eps): `dvar = ½ · dstd / std`
 * - var = Σ centred² / N: `dcentred += 2·centred·dvar / N`
 * - centred = x − mean: `dx = dcentred`, `dmean = −Σ dcentred`; mean = Σ x / N: `dx += dmean / N`
 *
 * In test mode the statistics are constants, and only the first two lines are left: `dx = dout·γ / std`.
 *
 * @param dout - Upstream gradient, shape (N, D).
 * @param cache - From {@link batchnormForward}.
 * @returns Gradients of the loss, in new arrays.
 * @throws {ShapeError} if `dout` is not (N, D).
 */
export function batchnormBackward(dout: NDArray, cache: BatchnormCache): NormalizationGrads {
  checkBatchnormCache('batchnormBackward', dout, cache);
  const { x, gamma, mean, variance, eps, training, relu, beta, whole } = cache;
  if (!training || relu !== null || beta !== null || whole !== null) return batchGradients(dout, cache);
  const { dx, dgamma, dbeta } = emptyGrads(x, gamma);
  kernels().batchnormBackwardGraph({
    dout: operand(dout),
    x: operand(x),
    mean: operand(mean),
    variance: operand(variance),
    gamma: operand(gamma),
    dx: dx.data,
    dgamma: dgamma.data,
    dbeta: dbeta.data,
    shape: channelShape(x),
    epsilon: eps,
  });
  return { dx, dgamma, dbeta };
}

/**
 * Backward pass of batch normalization by the simplified formula, in two sums and one more pass:
 * `dx = gamma / (N·std) · (N·dout − Σ dout − x̂ · Σ dout·x̂)`.
 *
 * It is {@link batchnormBackward}'s graph solved on paper. Put `dcentred` into the last line there:
 * `dx = dx̂/std + 2·centred·dvar/N − mean(dx̂)/std`, where the mean of `centred` drops out because it is 0. And
 * `dvar = −½ · Σ dx̂·centred / std³`, so `2·centred·dvar/N = −x̂ · mean(dx̂·x̂) / std`. With `dx̂ = dout·γ` that is the
 * formula.
 *
 * @param dout - Upstream gradient, shape (N, D).
 * @param cache - From {@link batchnormForward}.
 * @returns Gradients of the loss, in new arrays.
 * @throws {ShapeError} if `dout` is not (N, D).
 */
export function batchnormBackwardAlt(dout: NDArray, cache: BatchnormCache): NormalizationGrads {
  checkBatchnormCache('batchnormBackwardAlt', dout, cache);
  return batchGradients(dout, cache);
}

/**
 * Forward pass of spatial batch normalization: as {@link batchnormForward} for each channel, over N, H and W.
 *
 * @param x - Input, shape (N, C, H, W).
 * @param gamma - Scale, shape (C,).
 * @param beta - Shift, shape (C,).
 * @param bnParam - Mode, hyperparameters and running statistics of shape (C,); the statistics are replaced in training.
 * @returns `out`, a new array of shape (N, C, H, W), and the cache, which keeps `x` and `gamma` by reference.
 * @throws {ShapeError} if `gamma`, `beta` or a running statistic is not (C,).
 * @throws {RangeError} if the mode is unknown or a hyperparameter out of range.
 */
export function spatialBatchnormForward(
  x: NDArray,
  gamma: NDArray,
  beta: NDArray,
  bnParam: BatchnormParam,
): [out: NDArray, cache: BatchnormCache] {
  const fn = 'spatialBatchnormForward';
  checkShapes(fn, { x: [x, ['N?', 'C', 'H', 'W']], gamma: [gamma, ['C']], beta: [beta, ['C']] });
  return normalizeBatch(x, gamma, beta, bnParam, checkBatchnormParam(fn, bnParam, gamma, x), null);
}

/**
 * Backward pass of spatial batch normalization, by the simplified formula of {@link batchnormBackwardAlt}.
 *
 * @param dout - Upstream gradient, shape (N, C, H, W).
 * @param cache - From {@link spatialBatchnormForward}.
 * @returns Gradients of the loss, in new arrays.
 * @throws {ShapeError} if `dout` is not (N, C, H, W).
 */
export function spatialBatchnormBackward(dout: NDArray, cache: BatchnormCache): NormalizationGrads {
  checkBatchnormCache('spatialBatchnormBackward', dout, cache);
  return batchGradients(dout, cache);
}

/**
 * Batch normalization of features (N, D) or of channels (N, C, H, W), then ReLU, in one pass.
 *
 * @returns `out`, a new array of the shape of `x`, and the cache.
 * @throws {ShapeError | RangeError} as {@link batchnormForward}.
 */
export function batchnormReluForward(
  x: NDArray,
  gamma: NDArray,
  beta: NDArray,
  bnParam: BatchnormParam,
): [out: NDArray, cache: BatchnormCache] {
  return normalizeAndBend('batchnormReluForward', x, gamma, beta, bnParam, 'relu');
}

/** Backward pass of {@link batchnormReluForward}. @param dout - Upstream gradient, of the shape of `x`. */
export function batchnormReluBackward(dout: NDArray, cache: BatchnormCache): NormalizationGrads {
  checkBatchnormCache('batchnormReluBackward', dout, cache);
  return batchGradients(dout, cache);
}

/**
 * Batch normalization of features (N, D) or of channels (N, C, H, W), then {@link geluForward} without approximation,
 * in one pass. What is between the two is not kept: the backward pass computes it again from `x`.
 *
 * @returns `out`, a new array of the shape of `x`, and the cache.
 * @throws {ShapeError | RangeError} as {@link batchnormForward}.
 */
export function batchnormGeluForward(
  x: NDArray,
  gamma: NDArray,
  beta: NDArray,
  bnParam: BatchnormParam,
): [out: NDArray, cache: BatchnormCache] {
  return normalizeAndBend('batchnormGeluForward', x, gamma, beta, bnParam, 'gelu');
}

/** Backward pass of {@link batchnormGeluForward}. @param dout - Upstream gradient, of the shape of `x`. */
export function batchnormGeluBackward(dout: NDArray, cache: BatchnormCache): NormalizationGrads {
  checkBatchnormCache('batchnormGeluBackward', dout, cache);
  return batchGradients(dout, cache);
}

function normalizeAndBend(
  fn: string,
  x: NDArray,
  gamma: NDArray,
  beta: NDArray,
  bnParam: BatchnormParam,
  activation: 'relu' | 'gelu',
): [out: NDArray, cache: BatchnormCache] {
  const dims = x.shape.length === 4 ? (['N?', 'C', 'H', 'W'] as const) : (['N?', 'C'] as const);
  checkShapes(fn, { x: [x, dims], gamma: [gamma, ['C']], beta: [beta, ['C']] });
  return normalizeBatch(x, gamma, beta, bnParam, checkBatchnormParam(fn, bnParam, gamma, x), activation);
}

/**
 * The forward pass for features and for channels, with an activation in the same pass where asked, on arrays whose
 * shapes are checked. Training replaces the running statistics of `bnParam`; `checked` is what it was before.
 */
export function normalizeBatch(
  x: NDArray,
  gamma: NDArray,
  beta: NDArray,
  bnParam: BatchnormParam,
  checked: CheckedBatchnormParam,
  activation: 'relu' | 'gelu' | null,
): [out: NDArray, cache: BatchnormCache] {
  const { training, eps, momentum, unbiased, runningMean, runningVar } = checked;
  const shape = channelShape(x);
  const out = empty(x.shape, dtypeOf(x));
  const mean = training ? empty(gamma.shape, dtypeOf(x)) : runningMean;
  const variance = training ? empty(gamma.shape, dtypeOf(x)) : runningVar;
  const operands = {
    x: operand(x),
    gamma: operand(gamma),
    beta: operand(beta),
    out: out.data,
    mean: operand(mean),
    variance: operand(variance),
    shape,
    epsilon: eps,
    relu: activation === 'relu',
    gelu: activation === 'gelu',
  };
  let whole: WholeBatch | null = null;
  if (training) {
    kernels().batchnorm(operands);
    let count = shape.N * shape.S;
    whole = mergeMoments(mean, variance, count);
    if (whole !== null) {
      count = whole.count;
      kernels().normalize({ ...operands, mean: operand(mean), variance: operand(variance) });
    }
    bnParam.runningMean = blend(runningMean, mean, momentum);
    bnParam.runningVar = blend(runningVar, variance, momentum, unbiased && count > 1 ? count / (count - 1) : 1);
  } else {
    kernels().normalize(operands);
  }
  const kept = { relu: activation === 'relu' ? out : null, beta: activation === 'gelu' ? beta : null };
  return [out, { layer: 'batchnorm', x, gamma, mean, variance, eps, training, ...kept, whole }];
}

/** The backward pass of {@link normalizeBatch}, on what {@link checkBatchnormCache} has checked. */
export function batchGradients(dout: NDArray, cache: BatchnormCache): NormalizationGrads {
  const { x, gamma, mean, variance, eps, training, relu, beta, whole } = cache;
  const { dx, dgamma, dbeta } = emptyGrads(x, gamma);
  const operands = {
    dout: operand(dout),
    x: operand(x),
    y: relu === null ? null : operand(relu),
    beta: beta === null ? null : operand(beta),
    mean: operand(mean),
    variance: operand(variance),
    gamma: operand(gamma),
    dx: dx.data,
    dgamma: dgamma.data,
    dbeta: dbeta.data,
    shape: channelShape(x),
    epsilon: eps,
  };
  if (training && whole === null) kernels().batchnormBackward(operands);
  else kernels().normalizeBackward(operands);
  if (whole !== null) throughStatistics(dx, dgamma, dbeta, cache, whole);
  return { dx, dgamma, dbeta };
}

/**
 * Adds to `dx`, the gradient for constant statistics, what flows through the statistics of the whole batch:
 * `−gamma / (M·std) · (Σ dout + x̂ · Σ dout·x̂)`, which is x normalized with another gamma and beta.
 */
function throughStatistics(
  dx: NDArray,
  dgamma: NDArray,
  dbeta: NDArray,
  { x, gamma, mean, variance, eps }: BatchnormCache,
  whole: WholeBatch,
): void {
  const [slope, level] = sumGradients(dgamma, dbeta, gamma, variance, eps, whole);
  const rest = empty(x.shape, dtypeOf(x));
  kernels().normalize({
    x: operand(x),
    gamma: operand(slope),
    beta: operand(level),
    out: rest.data,
    mean: operand(mean),
    variance: operand(variance),
    shape: channelShape(x),
    epsilon: eps,
    relu: false,
  });
  kernels().add(dx.data, rest.data, dx.data);
}

/** Checks the cache of a batch normalization, and `dout` against it. */
export function checkBatchnormCache(fn: string, dout: NDArray, cache: BatchnormCache): void {
  checkCache(fn, cache, 'batchnorm');
  const { x, gamma, mean, variance, eps, relu, beta } = cache;
  checkShapes(fn, {
    x: [x, x.shape.length === 4 ? ['N?', 'C', 'H', 'W'] : ['N?', 'C']],
    dout: [dout, x.shape],
    'cache.gamma': [gamma, ['C']],
    'cache.mean': [mean, ['C']],
    'cache.variance': [variance, ['C']],
  });
  if (beta !== null) checkShapes(fn, { 'cache.gamma': [gamma, ['C']], 'cache.beta': [beta, ['C']] });
  if (relu !== null) checkLike(fn, 'cache.relu', relu, 'x', x);
  checkedIn(fn, 'eps', eps, NORMALIZATION_OPTIONS.eps.range);
}

/** Room for the gradients of a normalization. */
export function emptyGrads(x: NDArray, gamma: NDArray): NormalizationGrads {
  return {
    dx: empty(x.shape, dtypeOf(x)),
    dgamma: empty(gamma.shape, dtypeOf(x)),
    dbeta: empty(gamma.shape, dtypeOf(x)),
  };
}

function channelShape({ shape: [N, C, H = 1, W = 1] }: NDArray): ChannelShape {
  return { N, C, S: H * W };
}
