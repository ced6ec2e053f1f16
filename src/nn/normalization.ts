import {
  argumentError,
  checkCount,
  checkSizes,
  describe,
  FLAG,
  type OptionsOf,
  ones,
  option,
  settingsOf,
  tuple,
  zeros,
} from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { NORMALIZATION_OPTIONS } from '../layers/index.js';
import { checkInput } from './input.js';
import { Module } from './module.js';
import { DTYPE_OPTION } from './module-options.js';
import { Parameter } from './parameter.js';

const LAYERNORM_OPTIONS = {
  ...NORMALIZATION_OPTIONS,
  /** Whether weight and bias are learned. Default true. */
  elementwiseAffine: option(true, FLAG),
  /** Whether there is a bias beside the weight. Default true. */
  bias: option(true, FLAG),
  ...DTYPE_OPTION,
};

/** Options of {@link LayerNorm}. */
export interface LayerNormModuleOptions extends OptionsOf<typeof LAYERNORM_OPTIONS> {}

/**
 * Layer normalization of each example over the last axes: `weight · (x − mean) / √(var + eps) + bias`.
 *
 * @see Ba, Kiros and Hinton 2016, Layer Normalization, https://arxiv.org/abs/1607.06450
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  /** Shape `normalizedShape`. Begins at one. */
  readonly weight: Parameter | null;
  /** Shape `normalizedShape`. Begins at zero. */
  readonly bias: Parameter | null;

  /**
   * Normalization of each example over its last axes.
   *
   * @param normalizedShape - Sizes of the last axes of x; a number for the last one.
   * @throws {TypeError | RangeError} if an option is unknown or a number out of range.
   */
  constructor(normalizedShape: number | readonly number[], options: LayerNormModuleOptions = {}) {
    super();
    const fn = 'LayerNorm';
    const sizes = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
    checkSizes(fn, sizes);
    if (sizes.length === 0 || sizes.includes(0)) {
      const found = `is ${describe(normalizedShape)}`;
      throw argumentError(RangeError, { fn, arg: 'normalizedShape', found, expected: 'one or more sizes ≥ 1' });
    }
    const { eps, elementwiseAffine, bias, dtype } = settingsOf(fn, LAYERNORM_OPTIONS, options);
    this.normalizedShape = [...sizes];
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(ones(sizes, dtype)) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(zeros(sizes, dtype)) : null;
  }

  /** @param x - Shape (…, *normalizedShape). @returns Shape of x. */
  override forward(x: TensorLike): Tensor {
    const { normalizedShape, weight, bias, eps } = this;
    checkInput(this, x, [['…', ...normalizedShape.map((n) => [null, n] as const)]], weight);
    return F.layerNorm(x, normalizedShape, weight, bias, { eps });
  }

  protected override extraRepr(): string {
    const affine = this.weight === null ? ', elementwiseAffine=false' : this.bias === null ? ', bias=false' : '';
    return `${tuple(this.normalizedShape)}, eps=${this.eps.toExponential()}${affine}`;
  }
}

const GROUPNORM_OPTIONS = {
  ...NORMALIZATION_OPTIONS,
  /** Whether weight and bias are learned. Default true. */
  affine: option(true, FLAG),
  ...DTYPE_OPTION,
};

/** Options of {@link GroupNorm}. */
export interface GroupNormModuleOptions extends OptionsOf<typeof GROUPNORM_OPTIONS> {}

/**
 * Normalization of each example over groups of neighbouring channels: `weight · (x − mean) / √(var + eps) + bias`.
 *
 * @see Wu and He 2018, Group Normalization, https://arxiv.org/abs/1803.08494
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  /** Shape (numChannels,). Begins at one. */
  readonly weight: Parameter | null;
  /** Shape (numChannels,). Begins at zero. */
  readonly bias: Parameter | null;

  /**
   * Normalization of each example over `numGroups` groups of its channels.
   *
   * @param numGroups - A divisor of `numChannels`.
   * @throws {TypeError | RangeError} if an option is unknown or a number out of range.
   */
  constructor(numGroups: number, numChannels: number, options: GroupNormModuleOptions = {}) {
    super();
    const fn = 'GroupNorm';
    checkCount(fn, 'numGroups', numGroups, 1);
    checkCount(fn, 'numChannels', numChannels, 1);
    if (numChannels % numGroups !== 0) {
      const expected = `a divisor of numChannels=${numChannels}`;
      throw argumentError(RangeError, { fn, arg: 'numGroups', found: `is ${numGroups}`, expected });
    }
    const { eps, affine, dtype } = settingsOf(fn, GROUPNORM_OPTIONS, options);
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.weight = affine ? new Parameter(ones([numChannels], dtype)) : null;
    this.bias = affine ? new Parameter(zeros([numChannels], dtype)) : null;
  }

  /** @param x - Shape (N, numChannels, …). @returns Shape of x. */
  override forward(x: TensorLike): Tensor {
    const { numGroups, numChannels, weight, bias, eps } = this;
    checkInput(this, x, [['N', ['C', numChannels], '…']], weight);
    return F.groupNorm(x, numGroups, weight, bias, { eps });
  }

  protected override extraRepr(): string {
    const { numGroups, numChannels, eps, weight } = this;
    return `${numGroups}, ${numChannels}, eps=${eps.toExponential()}${weight === null ? ', affine=false' : ''}`;
  }
}

for (const kind of [LayerNorm, GroupNorm]) keepsNothing(kind.prototype.forward);
