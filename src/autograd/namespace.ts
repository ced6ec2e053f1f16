/**
 * What PyTorch has in `torch.autograd`: gradients with respect to any tensor.
 *
 * @module
 */

export { type GradOptions, grad } from './grad.js';
