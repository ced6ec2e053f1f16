import type { NDArray } from '../arrays/index.js';
import { arrayOf, Tensor, type TensorLike } from '../autograd/index.js';
import { resident } from '../kernels/index.js';

/** A copy of the values that kernels use in place, for as long as it is reachable. */
function kept(values: TensorLike): NDArray {
  return resident(arrayOf(values));
}

/**
 * A tensor that a module trains. A module finds it among its properties, also while its `requiresGrad` is false.
 *
 * @example
 * class Scale extends nn.Module {
 *   readonly weight = new nn.Parameter(ones([1]));
 *   forward(x: Tensor): Tensor {
 *     return F.mul(x, this.weight);
 *   }
 * }
 */
export class Parameter extends Tensor {
  /** @param values - Copied. @param options - `requiresGrad`: default true. */
  constructor(values: TensorLike, options: { requiresGrad?: boolean } = {}) {
    super(kept(values), { requiresGrad: true, ...options });
  }
}

/** State of a module that is not trained, but belongs to its state dict: running statistics, for one. */
export class Buffer extends Tensor {
  /** @param values - Copied. */
  constructor(values: TensorLike) {
    super(kept(values));
  }
}

/** Whether a property of a module is a parameter: a {@link Parameter}, or any leaf tensor that requires its gradient. */
export function isParameter(value: unknown): value is Tensor {
  if (value instanceof Parameter) return true;
  return value instanceof Tensor && !(value instanceof Buffer) && value.isLeaf && value.requiresGrad;
}

/** Whether a property of a module is a buffer. */
export function isBuffer(value: unknown): value is Buffer {
  return value instanceof Buffer;
}
