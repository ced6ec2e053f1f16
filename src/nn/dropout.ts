import { checkedIn, FRACTION, type OptionsOf, type Random, type Range, settingsOf } from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { checkInput } from './input.js';
import { Module } from './module.js';
import { RANDOM_OPTION } from './module-options.js';

/** Options of {@link Dropout} and {@link Dropout2d}. */
export interface DropoutModuleOptions extends OptionsOf<typeof RANDOM_OPTION> {}

const DROP_PROBABILITY: Range = { ...FRACTION, expected: 'the probability of dropping a value, in [0, 1]' };

/** Dropout with masks of some kind. */
abstract class RandomDropout extends Module {
  /** The probability of DROPPING a value, as PyTorch's (cs231n's p is that of keeping it). */
  readonly p: number;
  /** What the masks are drawn from; undefined: the generator that `manualSeed` seeds. */
  readonly random: Random | undefined;

  /**
   * Dropout with this probability of setting a value, or a channel, to 0 in training.
   *
   * @throws {TypeError | RangeError} if an option is unknown, or `p` is no number from 0 to 1. Default 0.5.
   */
  constructor(p = 0.5, options: DropoutModuleOptions = {}) {
    super();
    const fn = this.constructor.name;
    this.random = settingsOf(fn, RANDOM_OPTION, options).random;
    this.p = checkedIn(fn, 'p', p, DROP_PROBABILITY);
  }

  protected override extraRepr(): string {
    return `p=${this.p}`;
  }
}

/**
 * Inverted dropout: in training each value is 0 with probability `p`, else it is multiplied by 1 / (1 − p); in
 * evaluation x stays as it is.
 *
 * @see Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting
 */
export class Dropout extends RandomDropout {
  override forward(x: TensorLike): Tensor {
    const { training, random } = this;
    return F.dropout(x, this.p, random === undefined ? { training } : { training, random });
  }
}

/**
 * Inverted dropout of whole channels: in training each channel of each image is 0 with probability `p`, else it is
 * multiplied by 1 / (1 − p); in evaluation x stays as it is.
 *
 * @see Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks, https://arxiv.org/abs/1411.4280
 */
export class Dropout2d extends RandomDropout {
  /** @param x - Shape (N, C, H, W), or one image, shape (C, H, W). @returns The same shape. */
  override forward(x: TensorLike): Tensor {
    checkInput(this, x, [
      ['N', 'C', 'H', 'W'],
      ['C', 'H', 'W'],
    ]);
    const { training, random } = this;
    return F.dropout2d(x, this.p, random === undefined ? { training } : { training, random });
  }
}

for (const kind of [Dropout, Dropout2d]) keepsNothing(kind.prototype.forward);
