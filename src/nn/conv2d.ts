import {
  ANY,
  argumentError,
  checkCount,
  describe,
  FLAG,
  type OptionsOf,
  option,
  settingsOf,
  zeros,
} from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { countFlops, type Pair, type PerAxis, perAxis } from '../layers/index.js';
import { kaimingUniform_, uniform_ } from './init.js';
import { checkInput } from './input.js';
import { Module, type Weights } from './module.js';
import { WEIGHT_OPTIONS } from './module-options.js';
import { Parameter } from './parameter.js';
import { pairText } from './sizes.js';

const CONV2D_OPTIONS = {
  /** Pixels between neighbouring windows. Default 1. */
  stride: option<PerAxis>(1, ANY),
  /**
   * Zeros around the image on each side, in pixels. `'same'`: as many as keep the size of the image, for an odd kernel
   * at stride 1; `'valid'`: none. Default 0.
   */
  padding: option<PerAxis | 'same' | 'valid'>(0, ANY),
  /** Whether there is a bias to each filter. Default true. */
  bias: option(true, FLAG),
  ...WEIGHT_OPTIONS,
};

/** Options of {@link Conv2d}. */
export interface Conv2dModuleOptions extends OptionsOf<typeof CONV2D_OPTIONS> {}

/**
 * Convolution (cross-correlation) of images.
 *
 * Weight and bias begin uniform in ±1 / √(inChannels · height · width of the kernel), as PyTorch's.
 */
export class Conv2d extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  /** Filters, shape (outChannels, inChannels, HH, WW). */
  readonly weight: Parameter;
  /** Shape (outChannels,). */
  readonly bias: Parameter | null;

  /**
   * A convolution by `outChannels` filters over images of `inChannels` channels, with new random weights.
   *
   * @param kernelSize - Height and width of a filter: a number, or [vertical, horizontal].
   * @param options - `stride`, `padding`, `bias`, `dtype`, `random`: see {@link Conv2dModuleOptions}.
   * @throws {TypeError | RangeError} if an option is unknown or a number out of range.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: Conv2dModuleOptions = {}) {
    super();
    const fn = 'Conv2d';
    checkCount(fn, 'inChannels', inChannels, 1);
    checkCount(fn, 'outChannels', outChannels, 1);
    const kernel = perAxis(fn, 'kernelSize', kernelSize, 1);
    const { stride, padding, bias, dtype, random } = settingsOf(fn, CONV2D_OPTIONS, options);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = kernel;
    this.stride = perAxis(fn, 'stride', stride, 1);
    this.padding = paddingOf(fn, padding, this.kernelSize, this.stride);
    const shape = [outChannels, inChannels, ...kernel];
    this.weight = kaimingUniform_(new Parameter(zeros(shape, dtype)), { a: Math.sqrt(5), random });
    const bound = 1 / Math.sqrt(inChannels * kernel[0] * kernel[1]);
    this.bias = bias ? uniform_(new Parameter(zeros([outChannels], dtype)), -bound, bound, { random }) : null;
  }

  /**
   * @param x - Images, shape (N, inChannels, H, W).
   * @returns Shape (N, outChannels, 1 + floor((H + 2·padding − HH) / stride), 1 + floor((W + 2·padding − WW) /
   *   stride)).
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
    try {
      return convolve(x, weight, bias, { stride: this.stride, padding: this.padding });
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
      bias: this.bias !== null,
    });
    return multiplications + additions;
  }

  #check(x: TensorLike): void {
    const [H, W] = this.kernelSize.map((size, axis) => Math.max(1, size - 2 * this.padding[axis]));
    checkInput(this, x, [['N', ['C', this.inChannels], ['H', H, 'least'], ['W', W, 'least']]], this.weight);
  }

  protected override extraRepr(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, bias } = this;
    const padded = padding.some((n) => n > 0) ? `, padding=${pairText(padding)}` : '';
    const sizes = `kernelSize=${pairText(kernelSize)}, stride=${pairText(stride)}${padded}`;
    return `${inChannels}, ${outChannels}, ${sizes}${bias === null ? ', bias=false' : ''}`;
  }
}

function paddingOf(fn: string, padding: PerAxis | 'same' | 'valid', kernel: Pair, stride: Pair): Pair {
  if (padding === 'valid') return [0, 0];
  if (typeof padding !== 'string') return perAxis(fn, 'padding', padding, 0);
  if (padding !== 'same') {
    const expected = "a number, a pair, 'same' or 'valid'";
    throw argumentError(RangeError, { fn, arg: 'padding', found: `is ${describe(padding)}`, expected });
  }
  if (stride.some((n) => n !== 1) || kernel.some((n) => n % 2 === 0)) {
    throw argumentError(RangeError, {
      fn,
      arg: 'padding',
      found: `is 'same' with kernelSize=${pairText(kernel)} and stride=${pairText(stride)}`,
      expected: 'an odd kernel and stride 1',
      wayOut: 'give the padding in pixels',
    });
  }
  return [(kernel[0] - 1) / 2, (kernel[1] - 1) / 2];
}

keepsNothing(Conv2d.prototype.forward);
