import {
  AMOUNT,
  checkCount,
  checkOptions,
  count,
  full,
  type OptionsOf,
  option,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { GELU_OPTIONS, type GeluOptions, SOFTPLUS_OPTIONS, type SoftplusOptions } from '../layers/index.js';
import { fault } from './failure.js';
import { checkInput } from './input.js';
import { Module } from './module.js';
import { DTYPE_OPTION, NUMBER } from './module-options.js';
import { Parameter } from './parameter.js';

/** A function of tensors without options. */
abstract class Plain extends Module {
  /**
   * A function of each value of its input. It has no options and no parameters.
   *
   * @throws {TypeError} if there is an option: it has none.
   */
  constructor(options: Readonly<Record<string, never>> = {}) {
    super();
    checkOptions(this.constructor.name, options, []);
  }
}

/** `max(0, x)`. */
export class ReLU extends Plain {
  override forward(x: TensorLike): Tensor {
    return F.relu(x);
  }
}

/** `min(max(0, x), 6)`. */
export class ReLU6 extends Plain {
  override forward(x: TensorLike): Tensor {
    return F.relu6(x);
  }
}

/** `x / (1 + e^−x)`, also called swish. */
export class SiLU extends Plain {
  override forward(x: TensorLike): Tensor {
    return F.silu(x);
  }
}

/** `x · min(max(0, x + 3), 6) / 6`. */
export class Hardswish extends Plain {
  override forward(x: TensorLike): Tensor {
    return F.hardswish(x);
  }
}

/** `min(max(0, x + 3), 6) / 6`. */
export class Hardsigmoid extends Plain {
  override forward(x: TensorLike): Tensor {
    return F.hardsigmoid(x);
  }
}

/** `x · Φ(x)`: exact, or with an approximation of Φ by a tanh. */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  /**
   * A Gaussian error linear unit.
   *
   * @throws {TypeError | RangeError} if an option is unknown, or `approximate` neither `'none'` nor `'tanh'`.
   */
  constructor(options: GeluOptions = {}) {
    super();
    this.approximate = settingsOf('GELU', GELU_OPTIONS, options).approximate;
  }

  override forward(x: TensorLike): Tensor {
    return this.approximate === 'none' ? F.gelu(x) : F.gelu(x, { approximate: this.approximate });
  }

  protected override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** `1 / (1 + e^−x)`. */
export class Sigmoid extends Plain {
  override forward(x: TensorLike): Tensor {
    return F.sigmoid(x);
  }
}

/** The hyperbolic tangent of x. */
export class Tanh extends Plain {
  override forward(x: TensorLike): Tensor {
    return F.tanh(x);
  }
}

const LEAKY_RELU_OPTIONS = { negativeSlope: option(0.01, NUMBER) };

/** `x` where x > 0, else `negativeSlope · x`. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  /**
   * A leaky ReLU with this slope below zero.
   *
   * @param options - `negativeSlope`, or the number itself. Default 0.01.
   */
  constructor(options: number | { negativeSlope?: number } = {}) {
    super();
    const given = typeof options === 'number' ? { negativeSlope: options } : options;
    this.negativeSlope = settingsOf('LeakyReLU', LEAKY_RELU_OPTIONS, given).negativeSlope;
  }

  override forward(x: TensorLike): Tensor {
    return F.leakyRelu(x, this.negativeSlope);
  }

  protected override extraRepr(): string {
    return `negativeSlope=${this.negativeSlope}`;
  }
}

const ELU_OPTIONS = { alpha: option(1, AMOUNT) };

/** `x` where x > 0, else `alpha · (e^x − 1)`. */
export class ELU extends Module {
  readonly alpha: number;

  /**
   * An exponential linear unit that goes to −alpha.
   *
   * @param options - `alpha`, or the number itself. Default 1.
   */
  constructor(options: number | { alpha?: number } = {}) {
    super();
    this.alpha = settingsOf('ELU', ELU_OPTIONS, typeof options === 'number' ? { alpha: options } : options).alpha;
  }

  override forward(x: TensorLike): Tensor {
    return F.elu(x, this.alpha);
  }

  protected override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/** `ln(1 + e^(beta · x)) / beta`, a smooth ReLU; `x` where `beta · x > threshold`. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  /**
   * A softplus.
   *
   * @throws {TypeError | RangeError} if an option is unknown or out of range.
   */
  constructor(options: SoftplusOptions = {}) {
    super();
    const { beta, threshold } = settingsOf('Softplus', SOFTPLUS_OPTIONS, options);
    this.beta = beta;
    this.threshold = threshold;
  }

  override forward(x: TensorLike): Tensor {
    return F.softplus(x, { beta: this.beta, threshold: this.threshold });
  }

  protected override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}

const PRELU_OPTIONS = {
  /** 1: one slope for all; else one for each channel. Default 1. */
  numParameters: option(1, count(1)),
  /** The slopes at first. Default 0.25. */
  init: option(0.25, NUMBER),
  ...DTYPE_OPTION,
};

/** Options of {@link PReLU}. */
export interface PReLUOptions extends OptionsOf<typeof PRELU_OPTIONS> {}

/** `x` where x > 0, else `weight · x`, with slopes that are learned. */
export class PReLU extends Module {
  readonly numParameters: number;
  /** Slopes, shape (numParameters,). */
  readonly weight: Parameter;

  /**
   * A leaky ReLU whose slopes below zero are learned.
   *
   * @throws {TypeError | RangeError} if an option is unknown or a number out of range.
   */
  constructor(options: PReLUOptions = {}) {
    super();
    const { numParameters, init, dtype } = settingsOf('PReLU', PRELU_OPTIONS, options);
    this.numParameters = numParameters;
    this.weight = new Parameter(full([numParameters], init, dtype));
  }

  /**
   * The layer's output, of the shape of x.
   *
   * @param x - Any shape; with a slope for each channel, (N, numParameters, …).
   */
  override forward(x: TensorLike): Tensor {
    checkInput(this, x, [this.numParameters === 1 ? ['…'] : ['N', ['C', this.numParameters], '…']], this.weight);
    return F.prelu(x, this.weight);
  }

  protected override extraRepr(): string {
    return `numParameters=${this.numParameters}`;
  }
}

const SOFTMAX_OPTIONS = {
  /** The axis of the classes; negative ones count from the end. Default −1. */
  dim: option(-1, { ...count(Number.MIN_SAFE_INTEGER), expected: 'a whole number' }),
};

/** Options of {@link Softmax} and {@link LogSoftmax}. */
export interface SoftmaxOptions extends OptionsOf<typeof SOFTMAX_OPTIONS> {}

/** A function along one axis. */
abstract class AlongAxis extends Module {
  readonly dim: number;

  /**
   * A function along the axis of the classes.
   *
   * @param options - `dim`, or the number itself. Default −1.
   * @throws {TypeError | RangeError} if an option is unknown, or `dim` no whole number.
   */
  constructor(options: number | SoftmaxOptions = {}) {
    super();
    const given = typeof options === 'number' ? { dim: options } : options;
    this.dim = settingsOf(this.constructor.name, SOFTMAX_OPTIONS, given).dim;
  }

  /** @throws {ShapeError} if x has no axis `dim`. */
  protected checkDim(x: TensorLike): void {
    checkInput(this, x, [['…']]);
    const { dim } = this;
    const rank = x.shape.length;
    if (dim >= -rank && dim < rank) return;
    const least = dim < 0 ? -dim : dim + 1;
    throw fault(ShapeError, this, {
      arg: 'x',
      found: `has shape ${tuple(x.shape)}`,
      expected: `${least} axes or more, for dim=${dim}`,
    });
  }

  protected override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** `e^x / Σ e^x`, with the sum along one axis: probabilities. */
export class Softmax extends AlongAxis {
  override forward(x: TensorLike): Tensor {
    this.checkDim(x);
    return F.softmax(x, this.dim);
  }
}

/** `x − ln Σ e^x`, with the sum along one axis: logarithms of probabilities. */
export class LogSoftmax extends AlongAxis {
  override forward(x: TensorLike): Tensor {
    this.checkDim(x);
    return F.logSoftmax(x, this.dim);
  }
}

/** The largest of each `pieces` neighbouring features. */
export class Maxout extends Module {
  readonly pieces: number;

  /**
   * A layer that takes the largest of each `pieces` neighbouring features.
   *
   * @throws {RangeError} if `pieces` is not a whole number ≥ 1.
   */
  constructor(pieces: number) {
    super();
    checkCount('Maxout', 'pieces', pieces, 1);
    this.pieces = pieces;
  }

  /** @param x - Shape (N, D), D divisible by `pieces`. @returns Shape (N, D / pieces). */
  override forward(x: TensorLike): Tensor {
    checkInput(this, x, [['N', 'D']]);
    return F.maxout(x, this.pieces);
  }

  protected override extraRepr(): string {
    return `pieces=${this.pieces}`;
  }
}

for (const kind of [
  ...[ReLU, ReLU6, SiLU, Hardswish, Hardsigmoid, GELU, Sigmoid, Tanh],
  ...[LeakyReLU, ELU, Softplus, PReLU, Softmax, LogSoftmax, Maxout],
]) {
  keepsNothing(kind.prototype.forward);
}
