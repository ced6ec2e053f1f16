import { checkCount, checkOptions } from '../arrays/index.js';
import { F, Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { checkInput } from './input.js';
import { Module } from './module.js';

/** Joins all axes from `startDim` on into one: an image becomes a vector, the batch stays. */
export class Flatten extends Module {
  readonly startDim: number;

  /**
   * A layer that joins all axes from `startDim` on.
   *
   * @param startDim - Default 1.
   * @throws {RangeError} if it is not a whole number ≥ 0.
   */
  constructor(startDim = 1) {
    super();
    checkCount('Flatten', 'startDim', startDim, 0);
    this.startDim = startDim;
  }

  /** @param x - Shape (N, d_1, …, d_k). @returns For startDim 1, shape (N, d_1 · … · d_k). */
  override forward(x: TensorLike): Tensor {
    checkInput(this, x, [[...Array.from({ length: this.startDim + 1 }, (_, i) => (i === 0 ? 'N' : `d_${i}`)), '…']]);
    return F.flatten(x, this.startDim);
  }

  protected override extraRepr(): string {
    return `startDim=${this.startDim}`;
  }
}

/** Returns its input unchanged: a placeholder. */
export class Identity extends Module {
  /**
   * A layer that returns its input. It has no options.
   *
   * @throws {TypeError} if there is an option: it has none.
   */
  constructor(options: Readonly<Record<string, never>> = {}) {
    super();
    checkOptions('Identity', options, []);
  }

  override forward(x: TensorLike): Tensor {
    return x instanceof Tensor ? x : new Tensor(x);
  }
}

for (const kind of [Flatten, Identity]) keepsNothing(kind.prototype.forward);
