import { ANY, type OptionsOf, option, settingsOf } from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { type Pair, type PerAxis, perAxis } from '../layers/index.js';
import { checkInput } from './input.js';
import { Module } from './module.js';
import { pairText } from './sizes.js';

const POOL2D_OPTIONS = {
  /** Pixels between neighbouring windows. Default: the window's size. */
  stride: option<PerAxis | undefined>(undefined, ANY),
};

/** Options of {@link MaxPool2d} and {@link AvgPool2d}. */
export interface Pool2dModuleOptions extends OptionsOf<typeof POOL2D_OPTIONS> {}

abstract class Pool2d extends Module {
  readonly kernelSize: Pair;
  readonly stride: Pair;

  /**
   * Pooling over windows of `kernelSize` pixels, which do not overlap unless a smaller `stride` is given.
   *
   * @param kernelSize - Height and width of a window: a number, or [vertical, horizontal].
   * @param options - `stride`, or the stride itself.
   * @throws {TypeError | RangeError} if an option is unknown or a number out of range.
   */
  constructor(kernelSize: PerAxis, options: Pool2dModuleOptions | PerAxis = {}) {
    super();
    const fn = this.constructor.name;
    const { stride } = settingsOf(fn, POOL2D_OPTIONS, isPerAxis(options) ? { stride: options } : options);
    this.kernelSize = perAxis(fn, 'kernelSize', kernelSize, 1);
    this.stride = perAxis(fn, 'stride', stride ?? this.kernelSize, 1);
  }

  /** @throws {ShapeError} if x is no batch of images at least as large as a window. */
  protected check(x: TensorLike): void {
    const [H, W] = this.kernelSize;
    checkInput(this, x, [['N', 'C', ['H', H, 'least'], ['W', W, 'least']]]);
  }

  protected override extraRepr(): string {
    return `kernelSize=${pairText(this.kernelSize)}, stride=${pairText(this.stride)}`;
  }
}

function isPerAxis(value: Pool2dModuleOptions | PerAxis): value is PerAxis {
  return typeof value === 'number' || Array.isArray(value);
}

/** The largest value of each window of an image. */
export class MaxPool2d extends Pool2d {
  /**
   * @param x - Images, shape (N, C, H, W).
   * @returns Shape (N, C, 1 + floor((H − kernelSize) / stride), 1 + floor((W − kernelSize) / stride)).
   */
  override forward(x: TensorLike): Tensor {
    this.check(x);
    return F.maxPool2d(x, this.kernelSize, { stride: this.stride });
  }
}

/** The mean of each window of an image. */
export class AvgPool2d extends Pool2d {
  /** @param x - Images, shape (N, C, H, W). @returns As {@link MaxPool2d}. */
  override forward(x: TensorLike): Tensor {
    this.check(x);
    return F.avgPool2d(x, this.kernelSize, { stride: this.stride });
  }
}

/** Averages over windows that divide an image into `outputSize` parts. */
export class AdaptiveAvgPool2d extends Module {
  readonly outputSize: Pair;

  /**
   * Average pooling to images of this size, whatever the size of the input.
   *
   * @param outputSize - Height and width of the output: a number, or [vertical, horizontal].
   */
  constructor(outputSize: PerAxis) {
    super();
    this.outputSize = perAxis('AdaptiveAvgPool2d', 'outputSize', outputSize, 1);
  }

  /** @param x - Images, shape (N, C, H, W). @returns Shape (N, C, *outputSize). */
  override forward(x: TensorLike): Tensor {
    checkInput(this, x, [['N', 'C', 'H', 'W']]);
    return F.adaptiveAvgPool2d(x, this.outputSize);
  }

  protected override extraRepr(): string {
    return `outputSize=${pairText(this.outputSize)}`;
  }
}

for (const kind of [MaxPool2d, AvgPool2d, AdaptiveAvgPool2d]) keepsNothing(kind.prototype.forward);
