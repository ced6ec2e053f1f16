/**
 * Differentiable functions of tensors under PyTorch's names: layers, losses, arithmetic, reductions.
 *
 * @module
 */

export { elu, gelu, leakyRelu, maxout, prelu, relu, sigmoid, tanh } from './activations.js';
export {
  abs,
  add,
  div,
  exp,
  log,
  matmul,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  sqrt,
  sub,
  type Value,
} from './arithmetic.js';
export { type DropoutOptions, dropout } from './dropout.js';
export {
  adaptiveAvgPool2d,
  avgPool2d,
  type Conv2dOptions,
  conv2d,
  conv2dRelu,
  maxPool2d,
  type Pool2dOptions,
} from './images.js';
export { linear, linearRelu } from './linear.js';
export { type CrossEntropyOptions, crossEntropy, mseLoss, svmLoss } from './losses.js';
export { type BatchNormOptions, batchNorm, batchNormRelu, groupNorm, layerNorm } from './normalization.js';
export { logSoftmax, logsumexp, max, mean, softmax, sum } from './reductions.js';
export { broadcastTo, concat, flatten, reshape, slice, stack, transpose } from './reshaping.js';
