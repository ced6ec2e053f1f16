import {
  ANY,
  argumentError,
  checkedIn,
  count,
  describe,
  FLAG,
  type OptionsOf,
  option,
  orNull,
  settingsOf,
} from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { OUTPUT_SIZE, type OutputSize, type Pair, type PerAxis, perAxis } from '../layers/index.js';
import { type Axis, checkInput } from './input.js';
import { Module } from './module.js';
import { pairText } from './sizes.js';

const POOL2D_OPTIONS = {
  /** Pixels between neighbouring windows. Default: the window's size. */
  stride: option<PerAxis | undefined>(undefined, ANY),
  /** Padding around the image on each side, in pixels; at most half the window. Default 0. */
  padding: option<PerAxis>(0, ANY),
  /** Whether a last window that is cut off counts, if it begins in the image or the padding before. Default false. */
  ceilMode: option(false, FLAG),
};

const MAX_POOL2D_OPTIONS = {
  ...POOL2D_OPTIONS,
  /** Pixels from one place of a window to the next. Default 1. */
  dilation: option<PerAxis>(1, ANY),
};

const AVG_POOL2D_OPTIONS = {
  ...POOL2D_OPTIONS,
  /** Whether a mean counts the zeros of the padding. Default true. */
  countIncludePad: option(true, FLAG),
  /** What the sum of each window is divided by; null: the number of its places that count. Default null. */
  divisorOverride: option<number | null>(null, orNull(count(1))),
};

/** The options of {@link MaxPool2d} and {@link AvgPool2d}. */
export interface Pool2dModuleOptions extends OptionsOf<typeof POOL2D_OPTIONS> {}

/** Options of {@link MaxPool2d}. */
export interface MaxPool2dModuleOptions extends OptionsOf<typeof MAX_POOL2D_OPTIONS> {}

/** Options of {@link AvgPool2d}. */
export interface AvgPool2dModuleOptions extends OptionsOf<typeof AVG_POOL2D_OPTIONS> {}

abstract class Pool2d extends Module {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly ceilMode: boolean;

  constructor(kernelSize: PerAxis, stride: PerAxis | undefined, padding: PerAxis, ceilMode: boolean) {
    super();
    const fn = this.constructor.name;
    this.kernelSize = perAxis(fn, 'kernelSize', kernelSize, 1);
    this.stride = perAxis(fn, 'stride', stride ?? this.kernelSize, 1);
    this.padding = perAxis(fn, 'padding', padding, 0);
    if (this.padding.some((n, axis) => 2 * n > this.kernelSize[axis])) {
      const expected = `at most half of kernelSize=${pairText(this.kernelSize)}`;
      throw argumentError(RangeError, { fn, arg: 'padding', found: `is ${describe(padding)}`, expected });
    }
    this.ceilMode = ceilMode;
  }

  /** @throws {ShapeError} if x is no image, nor a batch of images, at least as large as a window. */
  protected check(x: TensorLike, dilation: Pair): void {
    const [H, W] = this.kernelSize.map((size, axis) => {
      const beyond = this.ceilMode ? this.stride[axis] - 1 : 0;
      return Math.max(1, (size - 1) * dilation[axis] + 1 - 2 * this.padding[axis] - beyond);
    });
    const image: Axis[] = ['C', ['H', H, 'least'], ['W', W, 'least']];
    checkInput(this, x, [['N', ...image], image]);
  }

  protected override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return `kernelSize=${pairText(kernelSize)}, stride=${pairText(stride)}, padding=${pairText(padding)}`;
  }
}

/** The options, or the stride in the place of them. */
function optionsOf<O extends object>(options: O | PerAxis): O | { stride: PerAxis } {
  return typeof options === 'number' || Array.isArray(options) ? { stride: options as PerAxis } : (options as O);
}

/** The largest value of each window of an image. */
export class MaxPool2d extends Pool2d {
  readonly dilation: Pair;

  /**
   * Max pooling over windows of `kernelSize` pixels, which do not overlap unless a smaller `stride` is given.
   *
   * @param kernelSize - Height and width of a window: a number, or [vertical, horizontal].
   * @param options - `stride`, `padding`, `dilation` and `ceilMode`, or the stride itself.
   * @throws {TypeError | RangeError} if an option is unknown or a number out of range.
   */
  constructor(kernelSize: PerAxis, options: MaxPool2dModuleOptions | PerAxis = {}) {
    const settings = settingsOf('MaxPool2d', MAX_POOL2D_OPTIONS, optionsOf(options));
    super(kernelSize, settings.stride, settings.padding, settings.ceilMode);
    this.dilation = perAxis('MaxPool2d', 'dilation', settings.dilation, 1);
  }

  /**
   * @param x - Images, shape (N, C, H, W) or (C, H, W).
   * @returns Shape (N, C, OH, OW) or (C, OH, OW), with OH = 1 + floor((H + 2·padding − dilation·(kernelSize − 1) − 1) /
   *   stride), rounded up in `ceilMode`; OW likewise.
   */
  override forward(x: TensorLike): Tensor {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    this.check(x, dilation);
    return F.maxPool2d(x, kernelSize, { stride, padding, dilation, ceilMode });
  }

  /** @internal */
  protected override extraRepr(): string {
    return `${super.extraRepr()}, dilation=${pairText(this.dilation)}, ceilMode=${this.ceilMode}`;
  }
}

/** The mean of each window of an image. */
export class AvgPool2d extends Pool2d {
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;

  /**
   * Average pooling over windows of `kernelSize` pixels, which do not overlap unless a smaller `stride` is given.
   *
   * @param kernelSize - Height and width of a window: a number, or [vertical, horizontal].
   * @param options - `stride`, `padding`, `ceilMode`, `countIncludePad` and `divisorOverride`, or the stride itself.
   * @throws {TypeError | RangeError} if an option is unknown or a number out of range.
   */
  constructor(kernelSize: PerAxis, options: AvgPool2dModuleOptions | PerAxis = {}) {
    const settings = settingsOf('AvgPool2d', AVG_POOL2D_OPTIONS, optionsOf(options));
    super(kernelSize, settings.stride, settings.padding, settings.ceilMode);
    this.countIncludePad = settings.countIncludePad;
    this.divisorOverride = settings.divisorOverride;
  }

  /** @param x - Images, shape (N, C, H, W) or (C, H, W). @returns As {@link MaxPool2d} without dilation. */
  override forward(x: TensorLike): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    this.check(x, [1, 1]);
    return F.avgPool2d(x, kernelSize, { stride, padding, ceilMode, countIncludePad, divisorOverride });
  }
}

abstract class AdaptivePool2d extends Module {
  /** Of each axis; null: that of the input. */
  readonly outputSize: readonly [vertical: number | null, horizontal: number | null];

  /**
   * Pooling to images of this size, whatever the size of the input.
   *
   * @param outputSize - Height and width of the output: a number, or [vertical, horizontal]; null: those of the input.
   * @throws {RangeError} if a size is neither null nor a whole number ≥ 1.
   */
  constructor(outputSize: OutputSize) {
    super();
    const size = checkedIn(this.constructor.name, 'outputSize', outputSize, OUTPUT_SIZE);
    this.outputSize = Array.isArray(size) ? [size[0], size[1]] : [size as number | null, size as number | null];
  }

  /** @internal */
  protected check(x: TensorLike): void {
    checkInput(this, x, [
      ['N', 'C', 'H', 'W'],
      ['C', 'H', 'W'],
    ]);
  }

  protected override extraRepr(): string {
    const [vertical, horizontal] = this.outputSize;
    return `outputSize=${vertical === horizontal ? vertical : `(${vertical}, ${horizontal})`}`;
  }
}

/** Averages over windows that divide an image into `outputSize` parts. */
export class AdaptiveAvgPool2d extends AdaptivePool2d {
  /** @param x - Images, shape (N, C, H, W) or (C, H, W). @returns Shape (N, C, *outputSize) or (C, *outputSize). */
  override forward(x: TensorLike): Tensor {
    this.check(x);
    return F.adaptiveAvgPool2d(x, this.outputSize);
  }
}

/** The largest values of windows that divide an image into `outputSize` parts. */
export class AdaptiveMaxPool2d extends AdaptivePool2d {
  /** @param x - Images, shape (N, C, H, W) or (C, H, W). @returns Shape (N, C, *outputSize) or (C, *outputSize). */
  override forward(x: TensorLike): Tensor {
    this.check(x);
    return F.adaptiveMaxPool2d(x, this.outputSize);
  }
}

for (const kind of [MaxPool2d, AvgPool2d, AdaptiveAvgPool2d, AdaptiveMaxPool2d]) keepsNothing(kind.prototype.forward);
