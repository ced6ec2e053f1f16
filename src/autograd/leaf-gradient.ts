import { array, isDense, markChanged, type NDArray, overwrite } from '../arrays/index.js';
import { claim, disclaim, kernels, tidied } from '../kernels/index.js';
import { addForward } from '../layers/index.js';

/** The gradient of a leaf. Its memory is the leaf's: it outlives the workspace that it was made in. */
export class LeafGradient<T extends { readonly data: NDArray }> {
  readonly tensor: T;
  /** Whether backward passes made it; else somebody assigned it. */
  readonly #isCollected: boolean;
  /** Whether nobody outside of this library has it. */
  #isAlone: boolean;

  private constructor(tensor: T, isCollected: boolean) {
    this.tensor = tensor;
    this.#isCollected = isCollected;
    this.#isAlone = isCollected;
    claim(tensor.data);
  }

  /** One that somebody assigned. */
  static assigned<T extends { readonly data: NDArray }>(tensor: T): LeafGradient<T> {
    return new LeafGradient(tensor, false);
  }

  /** One that a backward pass made, over memory that nobody else holds. */
  static collected<T extends { readonly data: NDArray }>(tensor: T): LeafGradient<T> {
    return new LeafGradient(tensor, true);
  }

  /** The gradient, for somebody who may keep it. */
  handOut(): T {
    this.#isAlone = false;
    return this.tensor;
  }

  /** Adds `gradient` in place. @returns Whether that could be: what was assigned may be somebody else's. */
  add(gradient: NDArray): boolean {
    if (!this.#isCollected) return false;
    const sum = this.tensor.data;
    if (isWhole(gradient) && gradient.stride.every((step, axis) => step === sum.stride[axis])) {
      kernels().add(sum.data, gradient.data, sum.data);
      markChanged(sum);
    } else {
      tidied(() => overwrite(sum, addForward(sum, gradient)[0]));
    }
    return true;
  }

  /** The leaf does not need it any more. */
  drop(): void {
    disclaim(this.tensor.data, this.#isAlone);
  }
}

/** `gradient` itself where a leaf can add to it: over memory of its own, each value once. Else a copy. */
export function ownable(gradient: NDArray, isShared: boolean): NDArray {
  return isShared || !isWhole(gradient) ? array(gradient) : gradient;
}

/** Whether the array is all of its `data`, in order or, a matrix, transposed. */
function isWhole(a: NDArray): boolean {
  const { shape, stride, offset, data, size } = a;
  if (offset !== 0 || data.length !== size) return false;
  return isDense(a) || (shape.length === 2 && stride[0] === 1 && stride[1] === shape[0]);
}
