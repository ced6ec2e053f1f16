import { checkAmount, checkCount, checkOptions, describe, full } from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { checkInput } from './input.js';
import { Module } from './module.js';
import { checkedDType, type DTypeOption } from './module-options.js';
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

/** `x · Φ(x)`, exact. */
export class GELU extends Plain {
  override forward(x: TensorLike): Tensor {
    return F.gelu(x);
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
    this.negativeSlope = numberOption('LeakyReLU', 'negativeSlope', options, 0.01);
    if (!Number.isFinite(this.negativeSlope)) {
      throw new RangeError(`LeakyReLU: negativeSlope is ${describe(this.negativeSlope)}, expected a number`);
    }
  }

  override forward(x: TensorLike): Tensor {
    return F.leakyRelu(x, this.negativeSlope);
  }

  protected override extraRepr(): string {
    return `negativeSlope=${this.negativeSlope}`;
  }
}

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
    this.alpha = numberOption('ELU', 'alpha', options, 1);
    checkAmount('ELU', 'alpha', this.alpha);
  }

  override forward(x: TensorLike): Tensor {
    return F.elu(x, this.alpha);
  }

  protected override extraRepr(): string {
    return `alpha=${this.alpha}`;
  }
}

/** An option that may also stand alone. */
function numberOption<K extends string>(
  fn: string,
  name: K,
  options: number | { readonly [name in K]?: number },
  preset: number,
): number {
  if (typeof options === 'number') return options;
  checkOptions(fn, options, [name]);
  return options[name] ?? preset;
}

/** Options of {@link PReLU}. */
export interface PReLUOptions extends DTypeOption {
  /** 1: one slope for all; else one for each channel. Default 1. */
  numParameters?: number;
  /** The slopes at first. Default 0.25. */
  init?: number;
}

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
    const dtype = checkedDType('PReLU', options, ['numParameters', 'init', 'dtype']);
    const { numParameters = 1, init = 0.25 } = options;
    checkCount('PReLU', 'numParameters', numParameters, 1);
    if (!Number.isFinite(init)) throw new RangeError(`PReLU: init is ${describe(init)}, expected a number`);
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

for (const kind of [ReLU, GELU, Sigmoid, Tanh, LeakyReLU, ELU, PReLU, Maxout]) keepsNothing(kind.prototype.forward);
