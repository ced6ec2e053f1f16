// Arrays
export {
  array,
  type DType,
  type Floats,
  full,
  type Labels,
  linspace,
  type NDArray,
  type Nested,
  ones,
  Random,
  type RandomState,
  ShapeError,
  toNested,
  zeros,
} from './arrays/index.js';
// Classifiers
export {
  type ClassifierOptions,
  FullyConnectedNet,
  type FullyConnectedNetOptions,
  type FullyConnectedParamName,
  TwoLayerNet,
  type TwoLayerNetOptions,
  type TwoLayerParamName,
} from './classifiers/index.js';
// Data
export {
  type Cifar10,
  type Cifar10Batch,
  cifar10Size,
  type DownloadCifar10Options,
  type DownloadProgress,
  downloadCifar10,
  type LoadCifar10Options,
  loadCifar10,
  readCifar10Batch,
  type SyntheticCifar10Options,
  writeSyntheticCifar10,
} from './data/index.js';
// Gradient checking
export {
  checkModelGradients,
  type DifferentiableModel,
  evalNumericalGradient,
  evalNumericalGradientArray,
  gradCheckSparse,
  relError,
  type SparseCheck,
  type StepOptions,
} from './gradient-check.js';
// Kernels and their memory
export {
  configureKernels,
  type KernelInfo,
  type KernelSettings,
  keepsNothing,
  kernelInfo,
  resident,
  workspace,
} from './kernels/index.js';
// Layers
export {
  type AffineBatchnormReluCache,
  type AffineCache,
  type AffineGrads,
  type AffineLayernormReluCache,
  type AffineNormalizedGrads,
  type AffineNormalizedWeightGrads,
  type AffineReluCache,
  type AffineWeightGrads,
  affineBackward,
  affineBackwardWeights,
  affineBatchnormReluBackward,
  affineBatchnormReluBackwardWeights,
  affineBatchnormReluForward,
  affineForward,
  affineLayernormReluBackward,
  affineLayernormReluBackwardWeights,
  affineLayernormReluForward,
  affineReluBackward,
  affineReluBackwardWeights,
  affineReluForward,
  type BatchnormCache,
  type BatchnormParam,
  batchnormBackward,
  batchnormBackwardAlt,
  batchnormForward,
  type DropoutCache,
  type DropoutParam,
  dropoutBackward,
  dropoutForward,
  type GroupnormCache,
  type LayernormCache,
  type LossAndGrad,
  layernormBackward,
  layernormForward,
  type NormalizationGrads,
  type NormalizationOptions,
  type ReluCache,
  reluBackward,
  reluForward,
  softmaxLoss,
  spatialBatchnormBackward,
  spatialBatchnormForward,
  spatialGroupnormBackward,
  spatialGroupnormForward,
  svmLoss,
} from './layers/index.js';
export type { LossAndGrads, Model, Params } from './model.js';
// Training
export * as optim from './optim/index.js';
export { ProgressBar, type Terminal } from './progress.js';
export { DivergedError, Solver, type SolverOptions } from './solver.js';
export type { Dataset, SolverOptionsOf } from './solver-options.js';
