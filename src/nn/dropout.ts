import { checkedIn, FRACTION, type OptionsOf, type Random, settingsOf } from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { Module } from './module.js';
import { RANDOM_OPTION } from './module-options.js';

/** Options of {@link Dropout}. */
export interface DropoutModuleOptions extends OptionsOf<typeof RANDOM_OPTION> {}

/**
 * Inverted dropout: in training each value is 0 with probability `p`, else it is multiplied by 1 / (1 − p); in
 * evaluation x stays as it is.
 *
 * @see Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting
 */
export class Dropout extends Module {
  /** The probability of DROPPING a value, as PyTorch's (cs231n's p is that of keeping it). */
  readonly p: number;
  /** What the masks are drawn from; undefined: the generator that `manualSeed` seeds. */
  readonly random: Random | undefined;

  /**
   * Dropout that sets each value to 0 with probability `p` in training.
   *
   * @throws {TypeError | RangeError} if an option is unknown, or `p` is no number from 0 to 1. Default 0.5.
   */
  constructor(p = 0.5, options: DropoutModuleOptions = {}) {
    super();
    this.random = settingsOf('Dropout', RANDOM_OPTION, options).random;
    this.p = checkedIn('Dropout', 'p', p, { ...FRACTION, expected: 'the probability of dropping a value, in [0, 1]' });
  }

  override forward(x: TensorLike): Tensor {
    const { training, random } = this;
    return F.dropout(x, this.p, random === undefined ? { training } : { training, random });
  }

  protected override extraRepr(): string {
    return `p=${this.p}`;
  }
}

keepsNothing(Dropout.prototype.forward);
