import { checkCount, FLAG, type OptionsOf, option, settingsOf, zeros } from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { countFlops } from '../layers/index.js';
import { kaimingUniform_, uniform_ } from './init.js';
import { checkInput } from './input.js';
import { Module, type Weights } from './module.js';
import { WEIGHT_OPTIONS } from './module-options.js';
import { Parameter } from './parameter.js';

const LINEAR_OPTIONS = {
  /** Whether there is a bias. Default true. */
  bias: option(true, FLAG),
  ...WEIGHT_OPTIONS,
};

/** Options of {@link Linear}. */
export interface LinearOptions extends OptionsOf<typeof LINEAR_OPTIONS> {}

/**
 * Fully connected layer: `x · weightᵀ + bias` on the last axis of x.
 *
 * Weight and bias begin uniform in ±1 / √inFeatures, as PyTorch's.
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Shape (outFeatures, inFeatures). */
  readonly weight: Parameter;
  /** Shape (outFeatures,). */
  readonly bias: Parameter | null;

  /**
   * A fully connected layer from `inFeatures` to `outFeatures` features, with new random weights.
   *
   * @throws {TypeError | RangeError} if an option is unknown or a number out of range.
   */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    const fn = 'Linear';
    checkCount(fn, 'inFeatures', inFeatures, 1);
    checkCount(fn, 'outFeatures', outFeatures, 1);
    const { bias, dtype, random } = settingsOf(fn, LINEAR_OPTIONS, options);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = kaimingUniform_(new Parameter(zeros([outFeatures, inFeatures], dtype)), { a: Math.sqrt(5), random });
    const bound = 1 / Math.sqrt(inFeatures);
    this.bias = bias ? uniform_(new Parameter(zeros([outFeatures], dtype)), -bound, bound, { random }) : null;
  }

  /** @param x - Shape (…, inFeatures). @returns Shape (…, outFeatures). */
  override forward(x: TensorLike): Tensor {
    return this.#applied(F.linear, x, this.weight, this.bias);
  }

  override forwardRelu(x: TensorLike): Tensor {
    return this.#applied(F.linearRelu, x, this.weight, this.bias);
  }

  override forwardWith(x: TensorLike, { w, b }: Weights, relu: boolean): Tensor {
    return this.#applied(relu ? F.linearRelu : F.linear, x, w, b);
  }

  override flops(inputShape: readonly number[]): number {
    const { inFeatures: inputDim, outFeatures: outputDim } = this;
    const cost = countFlops({ type: 'affine', inputDim, outputDim, bias: this.bias !== null });
    const rows = inputShape.slice(0, -1).reduce((product, n) => product * n, 1);
    return rows * (cost.multiplications + cost.additions);
  }

  #applied(linear: typeof F.linear, x: TensorLike, weight: TensorLike, bias: TensorLike | null): Tensor {
    try {
      return linear(x, weight, bias);
    } catch (error) {
      // An input that does not fit is an error of the module, whose names it has.
      checkInput(this, x, [['…', ['inFeatures', this.inFeatures]]], this.weight);
      throw error;
    }
  }

  protected override extraRepr(): string {
    return `${this.inFeatures}, ${this.outFeatures}${this.bias === null ? ', bias=false' : ''}`;
  }
}

keepsNothing(Linear.prototype.forward);
