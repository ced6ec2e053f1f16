export * from './public.js';

// Functions that other folders build on, and the layers of which only `F` makes use.

export { OUTPUT_SIZE } from './adaptive-pooling.js';
export { affine, affineRelu } from './affine.js';
export {
  batchnormGeluBackward,
  batchnormGeluForward,
  batchnormReluBackward,
  batchnormReluForward,
} from './batchnorm.js';
export { type FoldedBatchnorm, foldBatchnorm } from './batchnorm-fold.js';
export {
  BATCHNORM_OPTIONS,
  checkBatchnormParam,
  NORMALIZATION_OPTIONS,
} from './batchnorm-param.js';
export type { ElementwiseGrads } from './broadcasting.js';
export { checkGroups, checkSame, PADDING, type Pair, perAxis } from './conv-shape.js';
export { KEEP_PROBABILITY } from './dropout.js';
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
export {
  type MaximumCache,
  type MinimumCache,
  maximumBackward,
  maximumForward,
  minimumBackward,
  minimumForward,
} from './extremes.js';
export { GELU_OPTIONS } from './gelu.js';
export {
  type ConcatCache,
  concatBackward,
  concatForward,
  type StackCache,
  stackBackward,
  stackForward,
} from './joining.js';
export { type LogsumexpCache, logsumexpBackward, logsumexpForward } from './logsumexp.js';
export { type LossParts, lossGradients, lossOutput, type Reduction } from './loss-parts.js';
export {
  type CrossEntropySettings,
  crossEntropyParts,
  IGNORE_INDEX,
  LABEL_SMOOTHING,
  nllParts,
  softTargetParts,
  svmParts,
} from './losses.js';
export { bceParts, bceWithLogitsParts, klDivParts, LOG_TARGET } from './losses-probability.js';
export { BETA, DELTA, huberParts, l1Parts, mseParts, smoothL1Parts } from './losses-regression.js';
export { type MatmulCache, matmulBackward, matmulForward } from './matmul.js';
export {
  type DeviationCache,
  deviationBackward,
  deviationForward,
  type NormCache,
  normBackward,
  normForward,
  type VarianceCache,
  varianceBackward,
  varianceForward,
} from './moments.js';
export { PAD_OPTIONS, sourcesOf } from './padding.js';
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
export { type PowerCache, powerBackward, powerForward } from './powers.js';
export {
  type AmaxCache,
  type AminCache,
  amaxBackward,
  amaxForward,
  aminBackward,
  aminForward,
  type MeanCache,
  meanBackward,
  meanForward,
  type SumCache,
  sumBackward,
  sumForward,
} from './reductions.js';
export {
  type BroadcastToCache,
  broadcastToBackward,
  broadcastToForward,
  type CastCache,
  castBackward,
  castForward,
  type ReshapeCache,
  reshapeBackward,
  reshapeForward,
  squeezeForward,
  type TransposeCache,
  transposeBackward,
  transposeForward,
  unsqueezeForward,
  viewForward,
} from './reshaping.js';
export {
  type ClampCache,
  clampBackward,
  clampForward,
  compare,
  type GatherCache,
  gatherBackward,
  gatherForward,
  oneHotOf,
  placeOfExtreme,
  placesOfTop,
  type WhereCache,
  whereBackward,
  whereForward,
} from './selecting.js';
export { currentShard, isSynchronized, type Shard, withShard } from './shard.js';
export { type SliceCache, sliceBackward, sliceForward } from './slicing.js';
export { SOFTPLUS_OPTIONS } from './softplus.js';
