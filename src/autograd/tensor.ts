import type { NdArray } from 'ndarray';
import {
  argumentError,
  checkFlag,
  checkOptions,
  checkShapes,
  converted,
  type DType,
  describe,
  dtypeOf,
  empty,
  hostRoom,
  hostValues,
  INSPECT,
  type InspectOptions,
  isNDArray,
  isNested,
  type NDArray,
  type Nested,
  print,
  reachProblem,
  sizeOf,
  toNested,
  tuple,
} from '../arrays/index.js';
import { blockOf, release, resident } from '../kernels/index.js';
import { addForward } from '../layers/index.js';
import { LeafGradient, ownable } from './leaf-gradient.js';
import { carryBack, type Leaf, type Node } from './tape.js';

/** How a {@link tensor} is made. */
export interface TensorOptions {
  /** Whether backward passes collect a gradient for it. Default false. */
  requiresGrad?: boolean;
  /** Default: that of the data where it is a float array, else `'float32'`. */
  dtype?: DType;
}

/**
 * A tensor with a copy of the given values.
 *
 * One that requires its gradient is a parameter: its values live in WebAssembly memory, where kernels use them in
 * place.
 *
 * @param data - A number, nested lists of numbers, a typed array, an array (of integers too), or a tensor.
 * @throws {ShapeError} if nested lists are ragged.
 * @throws {TypeError} if a value is not a number, or an option unknown.
 *
 * @example
 * const w = tensor([[1, 2], [3, 4]], { requiresGrad: true });
 */
export function tensor(data: Nested | ArrayLike<number> | NdArray | Tensor, options: TensorOptions = {}): Tensor {
  checkOptions('tensor', options, ['requiresGrad', 'dtype']);
  const { requiresGrad = false, dtype } = options;
  checkFlag('tensor', 'requiresGrad', requiresGrad);
  const values = converted('tensor', data instanceof Tensor ? data.data : data, undefined, dtype);
  return new Tensor(requiresGrad ? resident(values) : values, { requiresGrad });
}

/** The data of a tensor. @throws {TypeError} if something else was assigned to it, which JavaScript allows. */
function arrayIn({ data }: Tensor): NDArray {
  // Each operation reads shapes: a look at one field costs nothing there.
  if ((data as NDArray | null | undefined)?.shape !== undefined) return data;
  throw notAnArray('Tensor', 'data', data);
}

/** The error for `data` of a tensor that is something else. */
export function notAnArray(fn: string, arg: string, data: unknown): Error {
  const wayOut = 'assign arrays to data, as of array(values)';
  return argumentError(TypeError, { fn, arg, found: `is ${describe(data)}`, expected: 'an array', wayOut });
}

/**
 * An array and, where a gradient is asked for, the operations that made it.
 *
 * Operations of `F`, and those made with `op`, take and return tensors. {@link Tensor.backward} on a result goes back
 * through them to the tensors made with `requiresGrad`, the leaves, and adds to the `grad` of each.
 */
export class Tensor implements Leaf {
  /** The values. Operations share it: change it only between a backward pass and the next forward pass. */
  readonly data: NDArray;
  #gradient: LeafGradient<Tensor> | null = null;
  #requiresGrad: boolean;
  readonly #source: Node | null;

  /**
   * A tensor over `data` itself, without a copy. `tensor` takes more kinds of data.
   *
   * @throws {TypeError} if `data` is not an array.
   */
  constructor(data: NDArray, options?: { requiresGrad?: boolean }, source: Node | null = null) {
    if (!isNDArray(data)) {
      const found = `is ${describe(data)}`;
      throw argumentError(TypeError, { fn: 'Tensor', arg: 'data', found, expected: 'an array; see tensor(data)' });
    }
    this.data = data;
    this.#requiresGrad = options === undefined ? source !== null : requiresGradOf(options, source !== null);
    this.#source = source;
  }

  /** Sizes of the axes. */
  get shape(): number[] {
    return arrayIn(this).shape;
  }

  /** The number format. */
  get dtype(): DType {
    return dtypeOf(arrayIn(this));
  }

  /** The number of values. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The number of values, as PyTorch's `numel()`. */
  numel(): number {
    return this.size;
  }

  /** The number of axes, as PyTorch's `dim()`. */
  dim(): number {
    return this.shape.length;
  }

  /** Whether it is no operation's result: gradients end here. */
  get isLeaf(): boolean {
    return this.#source === null;
  }

  /** Whether gradients flow to it: set on a leaf, true for the result of an operation on such. */
  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  /** @throws {Error} on the result of an operation. */
  set requiresGrad(value: boolean) {
    checkFlag('Tensor', 'requiresGrad', value);
    if (this.#source !== null && !value) {
      const arg = `requiresGrad of the result of ${this.#source.operation}`;
      throw argumentError(Error, { fn: 'Tensor', arg, found: 'cannot be set', wayOut: 'use detach()' });
    }
    this.#requiresGrad = value;
  }

  /**
   * Sets {@link Tensor.requiresGrad}, as PyTorch's `requires_grad_()`.
   *
   * @returns This tensor.
   * @throws {Error} on the result of an operation, for false.
   */
  requiresGrad_(requiresGrad = true): this {
    this.requiresGrad = requiresGrad;
    return this;
  }

  /**
   * The sum of the gradients of all backward passes since it was last set to null; null before the first. Of the shape
   * and dtype of the data. A backward pass adds to it in place.
   *
   * It belongs to the tensor, not to the workspace in which it was made. After `grad = null`, its memory is free at
   * once if this property has not been read; else it ends with that workspace, or stays if the workspace has ended.
   */
  get grad(): Tensor | null {
    return this.#gradient === null ? null : this.#gradient.handOut();
  }

  /**
   * Removes the gradient (null), or replaces it by another, which belongs to its maker: no backward pass writes to it.
   */
  set grad(value: Tensor | null) {
    const before = this.#gradient;
    if (before !== null && before.tensor === value) return;
    this.#gradient = value ? LeafGradient.assigned(value) : null;
    before?.drop();
  }

  /**
   * The gradient, for this library's own use within a call.
   *
   * @internal
   */
  lendGrad(): Tensor | null {
    return this.#gradient === null ? null : this.#gradient.tensor;
  }

  /**
   * Where a gradient with respect to this tensor goes.
   *
   * @hidden
   */
  get target(): Node | Leaf | null {
    if (!this.#requiresGrad) return null;
    return this.#source ?? this;
  }

  /**
   * The one value as a number.
   *
   * @throws {RangeError} if there is not just one.
   */
  item(): number {
    if (this.size !== 1) throw this.#notOneValue('item', 'the tensor');
    return hostValues(this.data)[0];
  }

  /** The values as nested lists; a number for a tensor without axes. */
  tolist(): Nested {
    return toNested(arrayIn(this));
  }

  /** The same values, in the same memory, cut off from the operations that made them. */
  detach(): Tensor {
    return new Tensor(this.data);
  }

  /**
   * Adds the gradient of this tensor with respect to every leaf under it to the leaf's `grad`.
   *
   * Frees the operations as it goes, so a second backward through any of them is an error, unless they are retained.
   *
   * @param gradient - The gradient with respect to this tensor, of its shape and dtype. Default 1, for a tensor of one
   *   value.
   * @param options - `retainGraph`: keep the operations for another backward pass. Default false.
   * @throws {RangeError} if there is no `gradient` and this tensor has not just one value.
   * @throws {ShapeError} if `gradient` has another shape.
   * @throws {Error} if this tensor needs no gradient, the graph has been freed, or a value that it needs has been
   *   changed. Nothing has changed then.
   */
  backward(gradient?: NDArray | Tensor | null, options: { retainGraph?: boolean } = {}): void {
    checkOptions('backward', options, ['retainGraph']);
    const { retainGraph = false } = options;
    checkFlag('backward', 'retainGraph', retainGraph);
    if (!this.#requiresGrad) {
      throw argumentError(Error, {
        fn: 'backward',
        arg: 'the tensor',
        found: 'needs no gradient',
        wayOut: 'no tensor made with { requiresGrad: true } went into it, or it was made in noGrad or detached',
      });
    }
    const seed = this.seed('backward', 'the tensor', 'gradient', gradient);
    if (this.#source === null) this.collect(seed, true);
    else carryBack(this.#source, seed, retainGraph);
  }

  /**
   * Declares that only the graph refers to the values of this result, now that `next` has been computed from it. In a
   * workspace, a backward pass releases their memory as soon as it is past the operation; if nothing has been recorded,
   * it is released at once.
   *
   * @internal
   */
  leaveToGraph(next: Tensor): void {
    this.#source?.own(this.data);
    if (this.#source !== null || next.#source !== null) return;
    const block = blockOf(this.data);
    if (block !== null) release(block);
  }

  /**
   * Puts other data of the same shape in the place of the data, for a module whose number format changes.
   *
   * @internal
   */
  replaceData(data: NDArray): void {
    (this as { data: NDArray }).data = data;
  }

  /**
   * Adds the gradient of a backward pass to {@link Tensor.grad}.
   *
   * @returns Whether the leaf keeps `gradient` itself, not a copy or a sum.
   * @hidden
   */
  collect(gradient: NDArray, shared: boolean): boolean {
    const before = this.#gradient;
    if (before?.add(gradient)) return false;
    const sum = before === null ? ownable(gradient, shared) : addForward(before.tensor.data, gradient)[0];
    this.#gradient = LeafGradient.collected(new Tensor(sum));
    before?.drop();
    return sum === gradient;
  }

  /**
   * The gradient with respect to this tensor that a backward pass starts from: the given one, or 1.
   *
   * @throws {RangeError} naming `arg`, if none is given and this tensor has not just one value.
   * @throws {ShapeError} naming `gradientArg`, if it has another shape than this tensor.
   * @internal
   */
  seed(fn: string, arg: string, gradientArg: string, gradient: NDArray | Tensor | null | undefined): NDArray {
    if (gradient !== undefined && gradient !== null) {
      const given = gradient instanceof Tensor ? gradient.data : gradient;
      checkShapes(fn, { tensor: [this.data, this.shape], [gradientArg]: [given, this.shape] });
      return given;
    }
    if (this.size !== 1) {
      throw this.#notOneValue(fn, arg, 'give a gradient of that shape, or reduce it with F.sum or F.mean');
    }
    const one = empty(this.shape, this.dtype);
    hostRoom(one)[0] = 1;
    return one;
  }

  #notOneValue(fn: string, arg: string, wayOut?: string): Error {
    const found = `has shape ${tuple(this.shape)}`;
    return argumentError(RangeError, { fn, arg, found, expected: 'one value', wayOut });
  }

  /** Rows, shape and dtype, shortened, as arrays are printed. */
  toString(): string {
    return this.#text(false);
  }

  /** @internal */
  [INSPECT](depth: number, options: InspectOptions): string {
    return this.#text(isNested(depth, options));
  }

  #text(nested: boolean): string {
    if (!isNDArray(this.data)) return `tensor(data is ${describe(this.data)})`;
    const grad =
      this.#source !== null ? `, from ${this.#source.operation}` : this.#requiresGrad ? ', requires grad' : '';
    return print('tensor', this.data, reachProblem(this.data), grad, nested);
  }
}

function requiresGradOf(options: { requiresGrad?: boolean }, otherwise: boolean): boolean {
  checkOptions('Tensor', options, ['requiresGrad']);
  const { requiresGrad = otherwise } = options;
  checkFlag('Tensor', 'requiresGrad', requiresGrad);
  return requiresGrad;
}
