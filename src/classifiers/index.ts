export {
  FullyConnectedNet,
  type FullyConnectedNetOptions,
  type FullyConnectedParamName,
} from './fully-connected-net.js';
export type { Classifier, LossAndGrads, Model, Params } from './model.js';
export type { ClassifierOptions } from './options.js';
export { isStateOfParameters, loadStateDict, type ModelParts, namedArrays, stateDictOf } from './state-dict.js';
export type { ClassifierLayer } from './summary.js';
export {
  ThreeLayerConvNet,
  type ThreeLayerConvNetOptions,
  type ThreeLayerConvParamName,
} from './three-layer-conv-net.js';
export { TwoLayerNet, type TwoLayerNetOptions, type TwoLayerParamName } from './two-layer-net.js';
