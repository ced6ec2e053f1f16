import './functions/methods.js';

export * as F from './functions/index.js';
export * as lossOptions from './functions/loss-options.js';
export { defaultGenerator, manualSeed } from './generator.js';
export { type GradCheckOptions, gradCheck } from './grad-check.js';
export * as autograd from './namespace.js';
export { arrayOf, type Gradients, type Operand, type OpOptions, op, type TensorLike } from './op.js';
export { noGrad } from './tape.js';
export { Tensor, type TensorOptions, tensor } from './tensor.js';
