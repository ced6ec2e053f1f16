import {
  logSoftmaxBackward,
  logSoftmaxForward,
  logsumexpBackward,
  logsumexpForward,
  maxBackward,
  maxForward,
  meanBackward,
  meanForward,
  softmaxBackward,
  softmaxForward,
  sumBackward,
  sumForward,
} from '../../layers/index.js';
import { layerOp } from './layer-op.js';

/** The sum over `axis` (one, several, or all when left out), which stays with size 1 if `keepdims`. */
export const sum = layerOp('sum', sumForward, sumBackward);
/** The mean over `axis` (one, several, or all when left out), which stays with size 1 if `keepdims`. */
export const mean = layerOp('mean', meanForward, meanBackward);
/** The largest value over `axis`; the gradient goes to the first of equal ones. */
export const max = layerOp('max', maxForward, maxBackward);
/** `log softmax(x)` along `axis` (default the last), without overflow. */
export const logSoftmax = layerOp('logSoftmax', logSoftmaxForward, logSoftmaxBackward);

/** `log Σ e^x` over `axis` (one, several, or all when left out), without overflow: a smooth maximum. */
export const logsumexp = layerOp('logsumexp', logsumexpForward, logsumexpBackward);

/** `softmax(x)` along `axis` (default the last), without overflow. */
export const softmax = layerOp('softmax', softmaxForward, softmaxBackward);
