import {
  checkedIn,
  type OptionsOf,
  option,
  overlap,
  type Range,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import { arrayOf, F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { fault } from './failure.js';
import { Module } from './module.js';
import { Identity } from './reshaping.js';

const MODULE: Range = { allows: (value) => value instanceof Module, expected: 'a Module', Kind: TypeError };

const OPTIONS = {
  /** The module on the way past the body: a 1×1 convolution, where the body changes the shape. Default: none. */
  shortcut: option<Module | undefined>(undefined, MODULE),
};

/** Options of {@link Residual}. */
export interface ResidualOptions extends OptionsOf<typeof OPTIONS> {}

/**
 * A body and a shortcut past it: `body(x) + shortcut(x)`.
 *
 * @see He et al. 2016, Deep Residual Learning for Image Recognition, https://arxiv.org/abs/1512.03385
 *
 * @example
 * const block = new nn.Sequential(
 *   new nn.Residual(
 *     new nn.Sequential(new nn.Conv2d(16, 16, 3, { padding: 1 }), new nn.BatchNorm2d(16), new nn.ReLU()),
 *   ),
 *   new nn.ReLU(),
 * );
 */
export class Residual extends Module {
  readonly body: Module;
  readonly shortcut: Module;

  /**
   * A block that adds `body(x)` to x, or to `shortcut(x)`.
   *
   * @throws {TypeError} if an option is unknown, or `body` or the shortcut no module.
   */
  constructor(body: Module, options: ResidualOptions = {}) {
    super();
    const { shortcut = new Identity() } = settingsOf('Residual', OPTIONS, options);
    this.body = checkedIn('Residual', 'body', body, MODULE);
    this.shortcut = shortcut;
  }

  /** @throws {ShapeError} if body and shortcut return different shapes. */
  override forward(x: TensorLike): Tensor {
    const main = this.runChild('body', this.body, x);
    const past = this.runChild('shortcut', this.shortcut, x);
    if (tuple(main.shape) !== tuple(past.shape)) {
      throw fault(ShapeError, this, {
        arg: 'the body',
        found: `returned shape ${tuple(main.shape)}`,
        expected: `${tuple(past.shape)}, that of the shortcut`,
        wayOut: 'give a shortcut that changes x as the body does',
      });
    }
    const sum = F.add(main, past);
    for (const [result, module] of [
      [main, this.body],
      [past, this.shortcut],
    ] as const) {
      if (module.keepsNothing() && !overlap(result.data, arrayOf(x))) result.leaveToGraph(sum);
    }
    return sum;
  }

  override keepsNothing(): boolean {
    return super.keepsNothing() && this.body.keepsNothing() && this.shortcut.keepsNothing();
  }
}

keepsNothing(Residual.prototype.forward);
