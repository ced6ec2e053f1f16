import { array, isDense, markChanged, type NDArray, overwrite } from '../arrays/index.js';
import { claim, disclaim, kernels, tidied } from '../kernels/index.js';
import { addForward } from '../layers/index.js';

/** The gradient of a leaf. It belongs to the leaf, and so outlives the workspace in which it was made. */
export class LeafGradient<T extends { readonly data: NDArray }> {
  readonly tensor: T;
  /** Whether backward passes made it; else it was assigned. */
  readonly #isCollected: boolean;
  /** Whether nothing outside of this library refers to it. */
  #isAlone: boolean;

  private constructor(tensor: T, isCollected: boolean) {
    this.tensor = tensor;
    this.#isCollected = isCollected;
    this.#isAlone = isCollected;
    claim(tensor.data);
  }

  /** A gradient that was assigned. */
  static assigned<T extends { readonly data: NDArray }>(tensor: T): LeafGradient<T> {
    return new LeafGradient(tensor, false);
  }

  /** A gradient that a backward pass made, the only array over its memory. */
  static collected<T extends { readonly data: NDArray }>(tensor: T): LeafGradient<T> {
    return new LeafGradient(tensor, true);
  }

  /** The gradient, for callers that may keep it. */
  handOut(): T {
    this.#isAlone = false;
    return this.tensor;
  }

  /** Adds `gradient` in place. @returns False, and adds nothing, to one that was assigned: it is the caller's. */
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

  /** Ends the leaf's claim to the memory, which is released if nothing else refers to it. */
  drop(): void {
    disclaim(this.tensor.data, this.#isAlone);
  }
}

/** `gradient` itself if a leaf can add to it in place: not shared, and all of its memory. Else a copy. */
export function ownable(gradient: NDArray, isShared: boolean): NDArray {
  return isShared || !isWhole(gradient) ? array(gradient) : gradient;
}

/** Whether the array is all of its `data`, in order or, a matrix, transposed. */
function isWhole(a: NDArray): boolean {
  const { shape, stride, offset, data, size } = a;
  if (offset !== 0 || data.length !== size) return false;
  return isDense(a) || (shape.length === 2 && stride[0] === 1 && stride[1] === shape[0]);
}
