import {
  argumentError,
  array,
  checkedIn,
  checkFlag,
  checkOptions,
  checkShapes,
  describe,
  dtypeOf,
  FRACTION,
  isRecording,
  type NDArray,
  ones,
  overwrite,
  ShapeError,
  sizeOf,
  tuple,
  zeros,
} from '../../arrays/index.js';
import {
  type BatchnormParam,
  batchnormBackwardAlt,
  batchnormForward,
  batchnormGeluBackward,
  batchnormGeluForward,
  batchnormReluBackward,
  batchnormReluForward,
  currentShard,
  isSynchronized,
  layernormBackward,
  layernormForward,
  spatialBatchnormBackward,
  spatialBatchnormForward,
  spatialGroupnormBackward,
  spatialGroupnormForward,
} from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { arrayArg, layerOp } from './layer-op.js';
import { reshape } from './reshaping.js';

/** How {@link batchNorm} runs. */
export interface BatchNormOptions {
  /** Whether to normalize by the batch and update the running statistics, or by those. Default false. */
  training?: boolean;
  /** Weight of the new value in the running statistics, in [0, 1]; cs231n's is the complement. Default 0.1. */
  momentum?: number;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

const TERMS = { gamma: 'weight', beta: 'bias', G: 'numGroups' };
const normalizeFeatures = layerOp('batchNorm', batchnormForward, batchnormBackwardAlt, TERMS);
const normalizeChannels = layerOp('batchNorm', spatialBatchnormForward, spatialBatchnormBackward, TERMS);
const normalizeRelu = layerOp('batchNormRelu', batchnormReluForward, batchnormReluBackward, TERMS);
const normalizeGelu = layerOp('batchNormGelu', batchnormGeluForward, batchnormGeluBackward, TERMS);

type Normalize = (x: TensorLike, gamma: TensorLike, beta: TensorLike, bnParam: BatchnormParam) => Tensor;

/**
 * Batch normalization, PyTorch's: `weight · (x − mean) / √(var + eps) + bias`, channel by channel.
 *
 * In training the statistics are those of the batch, and the running ones are changed in place:
 * `running = (1 − momentum) · running + momentum · batch`, where the batch's variance is the unbiased one. Where
 * several processes share a batch and synchronize their statistics (`syncBatchnorm`), the batch is the whole of it.
 *
 * @param x - Shape (N, C), (N, C, L) or (N, C, H, W).
 * @param runningMean - Shape (C,); null for none, and then the statistics are always those of the batch.
 * @param runningVar - Shape (C,); null for none.
 * @param weight - Shape (C,); null for ones.
 * @param bias - Shape (C,); null for zeros.
 * @throws {ShapeError} if the shapes do not agree.
 * @throws {RangeError} if in training a channel has one value only, or a number is out of range.
 * @see Ioffe and Szegedy 2015, Batch Normalization, https://arxiv.org/abs/1502.03167, Algorithm 1
 */
export function batchNorm(
  x: TensorLike,
  runningMean: TensorLike | null = null,
  runningVar: TensorLike | null = null,
  weight: TensorLike | null = null,
  bias: TensorLike | null = null,
  options: BatchNormOptions = {},
): Tensor {
  const normalize = arrayArg('batchNorm', 'x', x).shape.length === 2 ? normalizeFeatures : normalizeChannels;
  return normalizeBatch('batchNorm', normalize, x, runningMean, runningVar, weight, bias, options);
}

/** {@link batchNorm}, then a ReLU, in one pass. */
export function batchNormRelu(
  x: TensorLike,
  runningMean: TensorLike | null = null,
  runningVar: TensorLike | null = null,
  weight: TensorLike | null = null,
  bias: TensorLike | null = null,
  options: BatchNormOptions = {},
): Tensor {
  return normalizeBatch('batchNormRelu', normalizeRelu, x, runningMean, runningVar, weight, bias, options);
}

/** {@link batchNorm}, then a GELU without approximation, in one pass; what is between the two is not kept. */
export function batchNormGelu(
  x: TensorLike,
  runningMean: TensorLike | null = null,
  runningVar: TensorLike | null = null,
  weight: TensorLike | null = null,
  bias: TensorLike | null = null,
  options: BatchNormOptions = {},
): Tensor {
  return normalizeBatch('batchNormGelu', normalizeGelu, x, runningMean, runningVar, weight, bias, options);
}

function normalizeBatch(
  fn: string,
  normalize: Normalize,
  x: TensorLike,
  runningMean: TensorLike | null,
  runningVar: TensorLike | null,
  weight: TensorLike | null,
  bias: TensorLike | null,
  options: BatchNormOptions,
): Tensor {
  checkOptions(fn, options, ['training', 'momentum', 'eps']);
  const { training = false, momentum = 0.1, eps = 1e-5 } = options;
  checkFlag(fn, 'training', training);
  checkedIn(fn, 'momentum', momentum, FRACTION);
  const values = arrayArg(fn, 'x', x);
  const { shape } = values;
  const C = channelsOf(fn, shape);
  const mean = runningMean === null ? null : arrayArg(fn, 'runningMean', runningMean);
  const variance = runningVar === null ? null : arrayArg(fn, 'runningVar', runningVar);
  if ((mean === null) !== (variance === null)) {
    throw argumentError(TypeError, {
      fn,
      arg: 'runningMean or runningVar',
      found: 'is null',
      expected: 'both or neither',
    });
  }
  // An empty batch has no statistics: with any others its output is empty, and the gradients are zeros.
  const byBatch = (training || mean === null || variance === null) && values.size > 0;
  const shard = currentShard();
  if (byBatch && values.size <= C && !isSynchronized(shard)) {
    const rest = 'dropLast: true, whose last batch is not smaller';
    throw argumentError(RangeError, {
      fn,
      arg: 'x',
      found: `has shape ${tuple(shape)}`,
      expected: 'more than one value a channel in training',
      wayOut:
        shard === null
          ? `use a larger batch, eval(), or a DataLoader with ${rest}`
          : `use a larger batch, of which this rank has more, syncBatchnorm: true, or a DataLoader with ${rest}`,
    });
  }
  const dtype = dtypeOf(values);
  const param: BatchnormParam = { mode: byBatch ? 'train' : 'test', eps, momentum: 1 - momentum, unbiased: true };
  if (mean !== null && variance !== null) {
    // In evaluation the backward pass needs them as they are now, whatever a training pass in between makes of them.
    const keep = !byBatch && isRecording();
    param.runningMean = keep ? array(mean) : mean;
    param.runningVar = keep ? array(variance) : variance;
  } else if (!byBatch) {
    param.runningMean = zeros([C], dtype);
    param.runningVar = ones([C], dtype);
  }
  const input = shape.length === 3 ? reshape(x, [...shape, 1]) : x;
  const out = normalize(input, weight ?? ones([C], dtype), bias ?? zeros([C], dtype), param);
  if (training && byBatch && mean !== null && variance !== null) {
    overwrite(mean, param.runningMean as NDArray);
    overwrite(variance, param.runningVar as NDArray);
  }
  return shape.length === 3 ? reshape(out, shape) : out;
}

function channelsOf(fn: string, shape: readonly number[]): number {
  if (shape.length >= 2 && shape.length <= 4) return shape[1];
  throw misshapen(fn, shape, '(N, C), (N, C, L) or (N, C, H, W)');
}

function misshapen(fn: string, shape: readonly number[], expected: string): Error {
  return argumentError(ShapeError, { fn, arg: 'x', found: `has shape ${tuple(shape)}`, expected });
}

const normalizeRows = layerOp('layerNorm', layernormForward, layernormBackward, TERMS);
const normalizeGroups = layerOp('groupNorm', spatialGroupnormForward, spatialGroupnormBackward, TERMS);

/**
 * Layer normalization over the last axes of x, those of `normalizedShape`.
 *
 * @param x - Shape (…, *normalizedShape).
 * @param normalizedShape - Sizes of the axes to normalize over; a number for the last one.
 * @param weight - Shape `normalizedShape`; null for ones.
 * @param bias - Shape `normalizedShape`; null for zeros.
 * @param options - `eps`, added to the variance. Default 1e-5.
 * @throws {ShapeError} if the shapes do not agree.
 * @see Ba, Kiros and Hinton 2016, Layer Normalization, https://arxiv.org/abs/1607.06450
 */
export function layerNorm(
  x: TensorLike,
  normalizedShape: number | readonly number[],
  weight: TensorLike | null = null,
  bias: TensorLike | null = null,
  options: { eps?: number } = {},
): Tensor {
  const fn = 'layerNorm';
  const { shape } = arrayArg(fn, 'x', x);
  const sizes = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  if (!Array.isArray(sizes) || sizes.length === 0) {
    const [arg, found] = ['normalizedShape', `is ${describe(normalizedShape)}`];
    throw argumentError(TypeError, { fn, arg, found, expected: 'a size, or a list of sizes' });
  }
  const outer = shape.length - sizes.length;
  if (outer < 0 || sizes.some((n, i) => n !== shape[outer + i])) {
    throw misshapen(fn, shape, tuple(['…', ...sizes]));
  }
  const D = sizeOf(sizes);
  const [gamma, beta] = scaleAndShift(fn, x, weight, bias, sizes, [D]);
  return reshape(normalizeRows(reshape(x, [-1, D]), gamma, beta, options), shape);
}

/**
 * Group normalization: over each of `numGroups` groups of neighbouring channels of each example.
 *
 * @param x - Shape (N, C, …).
 * @param numGroups - A divisor of C.
 * @param weight - Shape (C,); null for ones.
 * @param bias - Shape (C,); null for zeros.
 * @param options - `eps`, added to the variance. Default 1e-5.
 * @throws {ShapeError} if the shapes do not agree.
 * @throws {RangeError} if `numGroups` does not divide C.
 * @see Wu and He 2018, Group Normalization, https://arxiv.org/abs/1803.08494
 */
export function groupNorm(
  x: TensorLike,
  numGroups: number,
  weight: TensorLike | null = null,
  bias: TensorLike | null = null,
  options: { eps?: number } = {},
): Tensor {
  const fn = 'groupNorm';
  const { shape } = arrayArg(fn, 'x', x);
  if (shape.length < 2) throw misshapen(fn, shape, '(N, C, …)');
  const [N, C, ...inner] = shape;
  const [gamma, beta] = scaleAndShift(fn, x, weight, bias, [C], [1, C, 1, 1]);
  return reshape(normalizeGroups(reshape(x, [N, C, sizeOf(inner), 1]), gamma, beta, numGroups, options), shape);
}

/** Weight and bias of shape `shape`, as the layer takes them; ones and zeros where there are none. */
function scaleAndShift(
  fn: string,
  x: TensorLike,
  weight: TensorLike | null,
  bias: TensorLike | null,
  shape: readonly number[],
  layerShape: readonly number[],
): [gamma: TensorLike, beta: TensorLike] {
  if (weight !== null) checkShapes(fn, { weight: [arrayArg(fn, 'weight', weight), shape] });
  if (bias !== null) checkShapes(fn, { bias: [arrayArg(fn, 'bias', bias), shape] });
  const dtype = dtypeOf(arrayArg(fn, 'x', x));
  return [
    weight === null ? ones(layerShape, dtype) : reshape(weight, layerShape),
    bias === null ? zeros(layerShape, dtype) : reshape(bias, layerShape),
  ];
}
