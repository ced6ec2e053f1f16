/**
 * Differentiable functions of tensors under PyTorch's names: layers, losses, arithmetic, reductions.
 *
 * @module
 */

export * from './activations.js';
export * from './arithmetic.js';
export * from './dropout.js';
export * from './images.js';
export * from './linear.js';
export * from './losses.js';
export * from './normalization.js';
export * from './padding.js';
export * from './reductions.js';
export * from './reshaping.js';
export * from './selecting.js';
