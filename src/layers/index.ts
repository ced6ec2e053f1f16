export { type AdaptiveAvgPoolCache, adaptiveAvgPoolBackward, adaptiveAvgPoolForward } from './adaptive-pooling.js';
export {
  type AffineCache,
  type AffineGrads,
  type AffineReluCache,
  type AffineWeightGrads,
  affineBackward,
  affineBackwardWeights,
  affineForward,
  affineNeededGradients,
  affineReluBackward,
  affineReluBackwardWeights,
  affineReluForward,
  affineReluNeededGradients,
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
  type AffineLayerSizes,
  type ConvLayerSizes,
  convOutputShape,
  countFlops,
  type LayerCost,
  receptiveField,
  type WindowedLayer,
} from './arithmetic.js';
export {
  type BatchnormCache,
  batchnormBackward,
  batchnormBackwardAlt,
  batchnormForward,
  batchnormReluBackward,
  batchnormReluForward,
  type NormalizationGrads,
  spatialBatchnormBackward,
  spatialBatchnormForward,
} from './batchnorm.js';
export { type FoldedBatchnorm, foldBatchnorm } from './batchnorm-fold.js';
export {
  BATCHNORM_OPTIONS,
  type BatchnormParam,
  checkBatchnormParam,
  NORMALIZATION_OPTIONS,
} from './batchnorm-param.js';
export type { ElementwiseGrads } from './broadcasting.js';
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
  convNeededGradients,
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
  convReluNeededGradients,
  convReluPoolBackward,
  convReluPoolBackwardWeights,
  convReluPoolForward,
} from './conv-sandwiches.js';
export type { ConvParam, PerAxis, PoolParam } from './conv-shape.js';
export {
  checkKeepProbability,
  type DropoutCache,
  type DropoutParam,
  dropoutBackward,
  dropoutForward,
} from './dropout.js';
export {
  type AddCache,
  addBackward,
  addForward,
  type DivCache,
  divBackward,
  divForward,
  type MulCache,
  mulBackward,
  mulForward,
  type SubCache,
  subBackward,
  subForward,
} from './elementwise.js';
export { type EluCache, type EluOptions, eluBackward, eluForward } from './elu.js';
export {
  type MaximumCache,
  type MinimumCache,
  maximumBackward,
  maximumForward,
  minimumBackward,
  minimumForward,
} from './extremes.js';
export { type GeluCache, geluBackward, geluForward } from './gelu.js';
export { type GroupnormCache, spatialGroupnormBackward, spatialGroupnormForward } from './groupnorm.js';
export {
  type ConcatCache,
  concatBackward,
  concatForward,
  type StackCache,
  stackBackward,
  stackForward,
} from './joining.js';
export { type LayernormCache, layernormBackward, layernormForward, type NormalizationOptions } from './layernorm.js';
export { type LeakyReluCache, type LeakyReluOptions, leakyReluBackward, leakyReluForward } from './leaky-relu.js';
export {
  type LogSoftmaxCache,
  type LogsumexpCache,
  logSoftmaxBackward,
  logSoftmaxForward,
  logsumexpBackward,
  logsumexpForward,
} from './log-softmax.js';
export { type LossAndGrad, softmaxLoss, svmLoss } from './losses.js';
export { type MatmulCache, matmulBackward, matmulForward } from './matmul.js';
export { type MaxoutCache, maxoutBackward, maxoutForward } from './maxout.js';
export {
  type AbsCache,
  absBackward,
  absForward,
  type ExpCache,
  expBackward,
  expForward,
  type LogCache,
  logBackward,
  logForward,
  type NegCache,
  negBackward,
  negForward,
  type PowCache,
  powBackward,
  powForward,
  type SqrtCache,
  sqrtBackward,
  sqrtForward,
} from './pointwise.js';
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
export {
  type Axes,
  type MaxCache,
  type MeanCache,
  maxBackward,
  maxForward,
  meanBackward,
  meanForward,
  type SumCache,
  sumBackward,
  sumForward,
} from './reductions.js';
export { type ReluCache, reluBackward, reluForward } from './relu.js';
export {
  type BroadcastToCache,
  broadcastToBackward,
  broadcastToForward,
  type ReshapeCache,
  reshapeBackward,
  reshapeForward,
  type TransposeCache,
  transposeBackward,
  transposeForward,
} from './reshaping.js';
export { type SigmoidCache, sigmoidBackward, sigmoidForward } from './sigmoid.js';
export { type SliceCache, type SliceRange, sliceBackward, sliceForward } from './slicing.js';
export { type TanhCache, tanhBackward, tanhForward } from './tanh.js';
