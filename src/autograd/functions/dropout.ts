import {
  checkedIn,
  checkFlag,
  checkOptions,
  dtypeOf,
  FRACTION,
  type NDArray,
  type Random,
  type Range,
  zeros,
} from '../../arrays/index.js';
import { type DropoutParam, dropoutBackward, dropoutForward } from '../../layers/index.js';
import { defaultGenerator } from '../generator.js';
import type { TensorLike } from '../op.js';
import { Tensor } from '../tensor.js';
import { arrayArg, layerOp } from './layer-op.js';

/** How {@link dropout} runs. */
export interface DropoutOptions {
  /** Whether to drop at all. Default true. */
  training?: boolean;
  /** What the mask is drawn from. Default: the generator that `manualSeed` seeds. */
  random?: Random;
}

const keep = layerOp('dropout', (x: NDArray, param: DropoutParam) => dropoutForward(x, param), dropoutBackward);

const DROP_PROBABILITY: Range = { ...FRACTION, expected: 'the probability of dropping a value, in [0, 1]' };

/**
 * Inverted dropout, PyTorch's: in training each value is 0 with probability `p`, else it is multiplied by 1 / (1 − p).
 *
 * @param p - The probability of DROPPING a value, in [0, 1] (cs231n's p is that of keeping it). Default 0.5.
 * @throws {RangeError} if `p` is out of range.
 * @see Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting
 */
export function dropout(x: TensorLike, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkOptions('dropout', options, ['training', 'random']);
  const { training = true, random = defaultGenerator() } = options;
  checkFlag('dropout', 'training', training);
  checkedIn('dropout', 'p', p, DROP_PROBABILITY);
  const values = arrayArg('dropout', 'x', x);
  if (!training || p === 0) return x instanceof Tensor ? x : new Tensor(values);
  // A mask of zeros: nothing is left to divide by.
  if (p === 1) return keep(x, { mode: 'train', p: 1, mask: zeros(values.shape, dtypeOf(values)) });
  return keep(x, { mode: 'train', p: 1 - p, random });
}
