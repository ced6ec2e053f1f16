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
import {
  type DropoutParam,
  dropout2dBackward,
  dropout2dForward,
  dropoutBackward,
  dropoutForward,
} from '../../layers/index.js';
import { defaultGenerator } from '../generator.js';
import type { TensorLike } from '../op.js';
import { Tensor } from '../tensor.js';
import { arrayArg, layerOp } from './layer-op.js';

/** How {@link dropout} and {@link dropout2d} run. */
export interface DropoutOptions {
  /** Whether to drop at all. Default true. */
  training?: boolean;
  /** What the mask is drawn from. Default: the generator that `manualSeed` seeds. */
  random?: Random;
}

const keep = layerOp('dropout', (x: NDArray, param: DropoutParam) => dropoutForward(x, param), dropoutBackward);

const keepChannels = layerOp(
  'dropout2d',
  (x: NDArray, param: DropoutParam) => dropout2dForward(x, param),
  dropout2dBackward,
);

const DROP_PROBABILITY: Range = { ...FRACTION, expected: 'the probability of dropping a value, in [0, 1]' };

/**
 * Inverted dropout, PyTorch's: in training each value is 0 with probability `p`, else it is multiplied by 1 / (1 − p).
 *
 * @param p - The probability of DROPPING a value, in [0, 1] (cs231n's p is that of keeping it). Default 0.5.
 * @throws {RangeError} if `p` is out of range.
 * @see Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting
 */
export function dropout(x: TensorLike, p = 0.5, options: DropoutOptions = {}): Tensor {
  const param = paramOf('dropout', p, options);
  const values = arrayArg('dropout', 'x', x);
  if (param === null) return x instanceof Tensor ? x : new Tensor(values);
  if (p === 1) return keep(x, { ...param, mask: zeros(values.shape, dtypeOf(values)) });
  return keep(x, param);
}

/**
 * Inverted dropout of whole channels, PyTorch's: in training each channel of each image is 0 with probability `p`, else
 * it is multiplied by 1 / (1 − p).
 *
 * @param x - Shape (N, C, H, W), or one image, shape (C, H, W).
 * @param p - The probability of DROPPING a channel, in [0, 1]. Default 0.5.
 * @throws {RangeError} if `p` is out of range.
 * @throws {ShapeError} if `x` is not of such a shape.
 * @see Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks, https://arxiv.org/abs/1411.4280
 */
export function dropout2d(x: TensorLike, p = 0.5, options: DropoutOptions = {}): Tensor {
  const param = paramOf('dropout2d', p, options);
  const values = arrayArg('dropout2d', 'x', x);
  if (param === null) return x instanceof Tensor ? x : new Tensor(values);
  if (p === 1) return keepChannels(x, { ...param, mask: zeros(values.shape.slice(0, -2), dtypeOf(values)) });
  return keepChannels(x, param);
}

/**
 * What the layer takes; null if nothing is to be dropped. With p = 1 it also needs a mask: nothing is left to divide
 * by.
 */
function paramOf(fn: string, p: number, options: DropoutOptions): DropoutParam | null {
  checkOptions(fn, options, ['training', 'random']);
  const { training = true, random = defaultGenerator() } = options;
  checkFlag(fn, 'training', training);
  checkedIn(fn, 'p', p, DROP_PROBABILITY);
  if (!training || p === 0) return null;
  return p === 1 ? { mode: 'train', p: 1 } : { mode: 'train', p: 1 - p, random };
}
