/**
 * Modules under PyTorch's names: layers that hold their parameters, lists of them, initializations.
 *
 * @module
 */

export type { LoadedState, LoadStateOptions } from '../arrays/index.js';
export type { Pair } from '../layers/index.js';
export {
  ELU,
  GELU,
  Hardsigmoid,
  Hardswish,
  LeakyReLU,
  LogSoftmax,
  Maxout,
  PReLU,
  type PReLUOptions,
  ReLU,
  ReLU6,
  Sigmoid,
  SiLU,
  Softmax,
  type SoftmaxOptions,
  Softplus,
  Tanh,
} from './activations.js';
export { BatchNorm1d, BatchNorm2d, type BatchNormModuleOptions } from './batchnorm.js';
export { ModuleDict, ModuleList } from './containers.js';
export { Conv2d, type Conv2dModuleOptions } from './conv2d.js';
export { DenseBlock } from './dense-block.js';
export { Dropout, Dropout2d, type DropoutModuleOptions } from './dropout.js';
export type { ForwardHook, ForwardPreHook, FullBackwardHook, HookHandle } from './hooks.js';
export * as init from './init.js';
export { Linear, type LinearOptions } from './linear.js';
export {
  BCELoss,
  type BCELossModuleOptions,
  BCEWithLogitsLoss,
  type BCEWithLogitsLossModuleOptions,
  CrossEntropyLoss,
  type CrossEntropyLossModuleOptions,
  HuberLoss,
  type HuberLossModuleOptions,
  KLDivLoss,
  type KLDivLossModuleOptions,
  L1Loss,
  MSELoss,
  NLLLoss,
  type NLLLossModuleOptions,
  type ReductionModuleOptions,
  SmoothL1Loss,
  type SmoothL1LossModuleOptions,
} from './losses.js';
export type { Named } from './members.js';
export { type Foldable, Module, type Weights } from './module.js';
export type { DTypeOption, WeightOptions } from './module-options.js';
export { GroupNorm, type GroupNormModuleOptions, LayerNorm, type LayerNormModuleOptions } from './normalization.js';
export { ConstantPad2d, type Padding2d, ReflectionPad2d, ReplicationPad2d, ZeroPad2d } from './padding.js';
export { Buffer, Parameter } from './parameter.js';
export {
  AdaptiveAvgPool2d,
  AdaptiveMaxPool2d,
  AvgPool2d,
  type AvgPool2dModuleOptions,
  MaxPool2d,
  type MaxPool2dModuleOptions,
  type Pool2dModuleOptions,
} from './pooling.js';
export { Flatten, Identity } from './reshaping.js';
export { Residual, type ResidualOptions } from './residual.js';
export { Sequential } from './sequential.js';
export type { InputShapes, ModuleSummary, SummaryRow } from './summary.js';
