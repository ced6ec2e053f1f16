import {
  logSoftmaxBackward,
  logSoftmaxForward,
  maxBackward,
  maxForward,
  meanBackward,
  meanForward,
  sumBackward,
  sumForward,
} from '../../layers/index.js';
import { op, type TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { exp } from './arithmetic.js';

/** The sum over `axis` (one, several, or all when left out), which stays with size 1 if `keepdims`. */
export const sum = op(sumForward, sumBackward, { name: 'sum' });
/** The mean over `axis` (one, several, or all when left out), which stays with size 1 if `keepdims`. */
export const mean = op(meanForward, meanBackward, { name: 'mean' });
/** The largest value over `axis`; the gradient goes to the first of equal ones. */
export const max = op(maxForward, maxBackward, { name: 'max' });
/** `log softmax(x)` along `axis` (default the last), without overflow. */
export const logSoftmax = op(logSoftmaxForward, logSoftmaxBackward, { name: 'logSoftmax' });

/** `softmax(x)` along `axis` (default the last). */
export function softmax(x: TensorLike, axis?: number): Tensor {
  return exp(axis === undefined ? logSoftmax(x) : logSoftmax(x, axis));
}
