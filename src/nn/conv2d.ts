import { ANY, checkCount, count, FLAG, type OptionsOf, option, settingsOf, zeros } from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import {
  checkGroups,
  checkSame,
  countFlops,
  PADDING,
  type Padding,
  type Pair,
  type PerAxis,
  perAxis,
} from '../layers/index.js';
import { kaimingUniform_, uniform_ } from './init.js';
import { type Axis, checkInput } from './input.js';
import { Module, type Weights } from './module.js';
import { WEIGHT_OPTIONS } from './module-options.js';
import { Parameter } from './parameter.js';
import { pairText } from './sizes.js';

const CONV2D_OPTIONS = {
  /** Pixels between neighbouring windows. Default 1. */
  stride: option<PerAxis>(1, ANY),
  /**
   * Zeros around the image on each side, in pixels. `'same'`: as many as keep the size of the image, at stride 1, an
   * odd one below and right; `'valid'`: none. Default 0.
   */
  padding: option<Padding>(0, PADDING),
  /** Pixels from one tap of the kernel to the next. Default 1. */
  dilation: option<PerAxis>(1, ANY),
  /**
   * Parts that channels and filters are divided into; the filters of a part see its channels only. `groups: inChannels`
   * makes a depthwise convolution. Default 1.
   */
  groups: option(1, count(1)),
  /** Whether there is a bias to each filter. Default true. */
  bias: option(true, FLAG),
  ...WEIGHT_OPTIONS,
};

/** Options of {@link Conv2d}. */
export interface Conv2dModuleOptions extends OptionsOf<typeof CONV2D_OPTIONS> {}

/**
 * Convolution (cross-correlation) of images.
 *
 * Weight and bias begin uniform in ±1 / √(inChannels / groups · height · width of the kernel), as PyTorch's.
 */
export class Conv2d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Pair;
  readonly stride: Pair;
  /** Pixels, or the word that the option gave. */
  readonly padding: Pair | 'same' | 'valid';
  readonly dilation: Pair;
  readonly groups: number;
  /** Filters, shape (outChannels, inChannels / groups, HH, WW). */
  readonly weight: Parameter;
  /** Shape (outChannels,). */
  readonly bias: Parameter | null;

  /**
   * A convolution by `outChannels` filters over images of `inChannels` channels, with new random weights.
   *
   * @param kernelSize - Height and width of a filter: a number, or [vertical, horizontal].
   * @param options - `stride`, `padding`, `dilation`, `groups`, `bias`, `dtype`, `random`: see
   *   {@link Conv2dModuleOptions}.
   * @throws {TypeError | RangeError} if an option is unknown or a number out of range, `groups` does not divide both
   *   numbers of channels, or the padding is `'same'` and the stride is not 1.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: Conv2dModuleOptions = {}) {
    super();
    const fn = 'Conv2d';
    checkCount(fn, 'inChannels', inChannels, 1);
    checkCount(fn, 'outChannels', outChannels, 1);
    const kernel = perAxis(fn, 'kernelSize', kernelSize, 1);
    const { stride, padding, dilation, groups, bias, dtype, random } = settingsOf(fn, CONV2D_OPTIONS, options);
    checkGroups(fn, groups, [`inChannels=${inChannels}`, inChannels], [`outChannels=${outChannels}`, outChannels]);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = kernel;
    this.stride = perAxis(fn, 'stride', stride, 1);
    if (padding === 'same') checkSame(fn, 'padding', this.stride);
    this.padding = typeof padding === 'string' ? padding : perAxis(fn, 'padding', padding, 0);
    this.dilation = perAxis(fn, 'dilation', dilation, 1);
    this.groups = groups;
    const shape = [outChannels, inChannels / groups, ...kernel];
    this.weight = kaimingUniform_(new Parameter(zeros(shape, dtype)), { a: Math.sqrt(5), random });
    const bound = 1 / Math.sqrt((inChannels / groups) * kernel[0] * kernel[1]);
    this.bias = bias ? uniform_(new Parameter(zeros([outChannels], dtype)), -bound, bound, { random }) : null;
  }

  /**
   * @param x - Images, shape (N, inChannels, H, W) or (inChannels, H, W).
   * @returns Shape (N, outChannels, OH, OW) with OH = 1 + floor((H + 2·padding − dilation·(HH − 1) − 1) / stride), and
   *   OW likewise.
   */
  override forward(x: TensorLike): Tensor {
    return this.#convolved(F.conv2d, x, this.weight, this.bias);
  }

  override forwardRelu(x: TensorLike): Tensor {
    return this.#convolved(F.conv2dRelu, x, this.weight, this.bias);
  }

  override forwardWith(x: TensorLike, { w, b }: Weights, relu: boolean): Tensor {
    return this.#convolved(relu ? F.conv2dRelu : F.conv2d, x, w, b);
  }

  #convolved(convolve: typeof F.conv2d, x: TensorLike, weight: TensorLike, bias: TensorLike | null): Tensor {
    const { stride, padding, dilation, groups } = this;
    try {
      return convolve(x, weight, bias, { stride, padding, dilation, groups });
    } catch (error) {
      // An input that does not fit is an error of the module, whose names it has.
      this.#check(x);
      throw error;
    }
  }

  override flops(inputShape: readonly number[]): number {
    const [C, H, W] = inputShape;
    const { multiplications, additions } = countFlops({
      type: 'conv',
      input: [C, H, W],
      numFilters: this.outChannels,
      filterSize: this.kernelSize,
      stride: this.stride,
      pad: this.padding,
      dilation: this.dilation,
      groups: this.groups,
      bias: this.bias !== null,
    });
    return multiplications + additions;
  }

  #check(x: TensorLike): void {
    const { kernelSize, padding, dilation } = this;
    const [H, W] = kernelSize.map((size, axis) => {
      if (padding === 'same') return 1;
      const zeros = padding === 'valid' ? 0 : 2 * padding[axis];
      return Math.max(1, dilation[axis] * (size - 1) + 1 - zeros);
    });
    const image: Axis[] = [
      ['C', this.inChannels],
      ['H', H, 'least'],
      ['W', W, 'least'],
    ];
    checkInput(this, x, [['N', ...image], image], this.weight);
  }

  protected override extraRepr(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias } = this;
    const parts = [inChannels, outChannels, `kernelSize=${pairText(kernelSize)}`, `stride=${pairText(stride)}`];
    if (typeof padding === 'string') parts.push(`padding=${padding}`);
    else if (padding.some((n) => n > 0)) parts.push(`padding=${pairText(padding)}`);
    if (dilation.some((n) => n > 1)) parts.push(`dilation=${pairText(dilation)}`);
    if (groups > 1) parts.push(`groups=${groups}`);
    if (bias === null) parts.push('bias=false');
    return parts.join(', ');
  }
}

keepsNothing(Conv2d.prototype.forward);
