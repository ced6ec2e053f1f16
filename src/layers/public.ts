// The layers of the library, which `src/index.ts` exports as they stand here.

export {
  type AdaptiveAvgPoolCache,
  type AdaptiveMaxPoolCache,
  adaptiveAvgPoolBackward,
  adaptiveAvgPoolForward,
  adaptiveMaxPoolBackward,
  adaptiveMaxPoolForward,
  type OutputSize,
} from './adaptive-pooling.js';
export {
  type AffineCache,
  type AffineGrads,
  type AffineReluCache,
  type AffineWeightGrads,
  affineBackward,
  affineBackwardWeights,
  affineForward,
  affineReluBackward,
  affineReluBackwardWeights,
  affineReluForward,
} from './affine.js';
export {
  type AffineBatchnormReluCache,
  type AffineLayernormReluCache,
  type AffineNormalizedGrads,
  type AffineNormalizedWeightGrads,
  affineBatchnormReluBackward,
  affineBatchnormReluBackwardWeights,
  affineBatchnormReluForward,
  affineLayernormReluBackward,
  affineLayernormReluBackwardWeights,
  affineLayernormReluForward,
} from './affine-normalized.js';
export {
  type BatchnormCache,
  batchnormBackward,
  batchnormBackwardAlt,
  batchnormForward,
  type NormalizationGrads,
  spatialBatchnormBackward,
  spatialBatchnormForward,
} from './batchnorm.js';
export type { BatchnormParam } from './batchnorm-param.js';
export {
  type ConvCache,
  type ConvGrads,
  type ConvWeightGrads,
  convBackward,
  convBackwardFast,
  convBackwardNaive,
  convBackwardWeights,
  convForward,
  convForwardFast,
  convForwardNaive,
} from './conv.js';
export {
  type ConvBatchnormReluCache,
  type ConvBatchnormReluGrads,
  type ConvReluCache,
  type ConvReluPoolCache,
  convBatchnormReluBackward,
  convBatchnormReluForward,
  convReluBackward,
  convReluBackwardWeights,
  convReluForward,
  convReluPoolBackward,
  convReluPoolBackwardWeights,
  convReluPoolForward,
} from './conv-sandwiches.js';
export type { ConvParam, Padding, PerAxis } from './conv-shape.js';
export {
  type AffineLayerSizes,
  type ConvLayerSizes,
  convOutputShape,
  countFlops,
  type LayerCost,
  receptiveField,
  type WindowedLayer,
} from './cost.js';
export {
  type Dropout2dCache,
  type DropoutCache,
  type DropoutParam,
  dropout2dBackward,
  dropout2dForward,
  dropoutBackward,
  dropoutForward,
} from './dropout.js';
export { type EluCache, type EluOptions, eluBackward, eluForward } from './elu.js';
export { type GeluCache, type GeluOptions, geluBackward, geluForward } from './gelu.js';
export { type GroupnormCache, spatialGroupnormBackward, spatialGroupnormForward } from './groupnorm.js';
export { type HardsigmoidCache, hardsigmoidBackward, hardsigmoidForward } from './hardsigmoid.js';
export { type HardswishCache, hardswishBackward, hardswishForward } from './hardswish.js';
export { type LayernormCache, layernormBackward, layernormForward, type NormalizationOptions } from './layernorm.js';
export { type LeakyReluCache, type LeakyReluOptions, leakyReluBackward, leakyReluForward } from './leaky-relu.js';
export type { LossAndGrad, LossOptions } from './loss-parts.js';
export {
  type CrossEntropyLossOptions,
  crossEntropyLoss,
  type NllLossOptions,
  nllLoss,
  softmaxLoss,
  svmLoss,
} from './losses.js';
export {
  type BceLossOptions,
  type BceWithLogitsLossOptions,
  bceLoss,
  bceWithLogitsLoss,
  type KlDivLossOptions,
  klDivLoss,
} from './losses-probability.js';
export {
  type HuberLossOptions,
  huberLoss,
  l1Loss,
  mseLoss,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from './losses-regression.js';
export { type MaxoutCache, maxoutBackward, maxoutForward } from './maxout.js';
export type { NamedNeeds, Needed, Needs } from './needs.js';
export { type PadCache, type PadMode, type PadOptions, padBackward, padForward } from './padding.js';
export type { AvgPoolParam, MaxPoolParam, PoolParam } from './pool-shape.js';
export {
  type AvgPoolCache,
  avgPoolBackward,
  avgPoolForward,
  globalAvgPoolBackward,
  globalAvgPoolForward,
  type MaxPoolCache,
  maxPoolBackward,
  maxPoolBackwardFast,
  maxPoolBackwardNaive,
  maxPoolForward,
  maxPoolForwardFast,
  maxPoolForwardNaive,
} from './pooling.js';
export { type PreluCache, type PreluGrads, preluBackward, preluForward } from './prelu.js';
export type { Axes } from './reductions.js';
export { type ReluCache, reluBackward, reluForward } from './relu.js';
export { type Relu6Cache, relu6Backward, relu6Forward } from './relu6.js';
export { type SigmoidCache, sigmoidBackward, sigmoidForward } from './sigmoid.js';
export { type SiluCache, siluBackward, siluForward } from './silu.js';
export type { SliceRange } from './slicing.js';
export {
  type LogSoftmaxCache,
  logSoftmaxBackward,
  logSoftmaxForward,
  type SoftmaxCache,
  softmaxBackward,
  softmaxForward,
} from './softmax.js';
export { type SoftplusCache, type SoftplusOptions, softplusBackward, softplusForward } from './softplus.js';
export { type TanhCache, tanhBackward, tanhForward } from './tanh.js';
