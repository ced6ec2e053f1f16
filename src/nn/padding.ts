import { argumentError, checkedIn, describe, tuple } from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { PAD_OPTIONS, type PadMode } from '../layers/index.js';
import { checkInput } from './input.js';
import { Module } from './module.js';

/** Pixels on each side of an image: one number for all of them, or [left, right, top, bottom]. */
export type Padding2d = number | readonly [left: number, right: number, top: number, bottom: number];

abstract class Pad2d extends Module {
  readonly padding: readonly [left: number, right: number, top: number, bottom: number];

  /**
   * Puts pixels around images, or takes some away where a number is negative.
   *
   * @param padding - Pixels on each side: a number, or [left, right, top, bottom].
   * @throws {RangeError} if a number is not whole.
   */
  constructor(padding: Padding2d) {
    super();
    const sides = typeof padding === 'number' ? [padding, padding, padding, padding] : padding;
    if (!Array.isArray(sides) || sides.length !== 4 || !sides.every(Number.isSafeInteger)) {
      throw argumentError(RangeError, {
        fn: this.constructor.name,
        arg: 'padding',
        found: `is ${describe(padding)}`,
        expected: 'a whole number, or [left, right, top, bottom]',
      });
    }
    const [left, right, top, bottom] = sides as readonly number[];
    this.padding = [left, right, top, bottom];
  }

  /** @internal */
  protected padded(x: TensorLike, mode: PadMode, value: number): Tensor {
    checkInput(this, x, [
      ['N', 'C', 'H', 'W'],
      ['C', 'H', 'W'],
    ]);
    return F.pad(x, this.padding, { mode, value });
  }

  protected override extraRepr(): string {
    return tuple(this.padding);
  }
}

/** Puts pixels of one value around images. */
export class ConstantPad2d extends Pad2d {
  readonly value: number;

  /**
   * Puts pixels of one value around images, or takes some away where a number is negative.
   *
   * @param padding - Pixels on each side: a number, or [left, right, top, bottom].
   * @param value - Of the new pixels.
   * @throws {RangeError} if a number is not whole, or `value` no number.
   */
  constructor(padding: Padding2d, value: number) {
    super(padding);
    this.value = checkedIn('ConstantPad2d', 'value', value, PAD_OPTIONS.value.range);
  }

  /** @param x - Images, shape (N, C, H, W) or (C, H, W). @returns Those with more pixels, or fewer. */
  override forward(x: TensorLike): Tensor {
    return this.padded(x, 'constant', this.value);
  }

  /** @internal */
  protected override extraRepr(): string {
    return `padding=${tuple(this.padding)}, value=${this.value}`;
  }
}

/** Puts zeros around images. */
export class ZeroPad2d extends Pad2d {
  /** @param x - Images, shape (N, C, H, W) or (C, H, W). @returns Those with more pixels, or fewer. */
  override forward(x: TensorLike): Tensor {
    return this.padded(x, 'constant', 0);
  }
}

/** Mirrors images at their first and last rows and columns, which are not repeated. */
export class ReflectionPad2d extends Pad2d {
  /** @param x - Images larger than the padding, shape (N, C, H, W) or (C, H, W). @returns Those with more pixels. */
  override forward(x: TensorLike): Tensor {
    return this.padded(x, 'reflect', 0);
  }
}

/** Repeats the first and last rows and columns of images. */
export class ReplicationPad2d extends Pad2d {
  /** @param x - Images, shape (N, C, H, W) or (C, H, W). @returns Those with more pixels, or fewer. */
  override forward(x: TensorLike): Tensor {
    return this.padded(x, 'replicate', 0);
  }
}

for (const kind of [ConstantPad2d, ZeroPad2d, ReflectionPad2d, ReplicationPad2d]) keepsNothing(kind.prototype.forward);
