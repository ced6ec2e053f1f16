export {
  configureKernels,
  engineMemory,
  type KernelInfo,
  kernelInfo,
  kernels,
  ready,
  threadsReady,
} from './engine.js';
export { reference } from './reference/index.js';
export { normalCdf } from './reference/normal.js';
export { discard, isResident, resident, residentZeros } from './resident.js';
export type { KernelSettings } from './settings.js';
export type {
  AdaptivePoolShape,
  AvgPoolShape,
  ChannelShape,
  ConvShape,
  ElementwiseLossOperands,
  Kernels,
  PairGradientOperands,
  PoolShape,
  ProductForm,
  Relation,
  Span,
} from './types.js';
export { roomForThreads } from './wasm/address-space.js';
export {
  type Block,
  blockOf,
  claim,
  disclaim,
  isKeepingNothing,
  isRecycled,
  keepsNothing,
  local,
  release,
  tidied,
  workspace,
} from './workspace.js';
