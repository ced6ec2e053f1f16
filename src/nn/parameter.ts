import { argumentError, checkOptions, describe, isNDArray, type NDArray } from '../arrays/index.js';
import { arrayOf, Tensor, type TensorLike } from '../autograd/index.js';
import { resident } from '../kernels/index.js';

/** A copy of the values in memory that kernels use in place, for as long as the copy is reachable. */
function kept(fn: string, values: TensorLike): NDArray {
  if (values instanceof Tensor || isNDArray(values)) return resident(arrayOf(values));
  const expected = 'an array or a tensor, see array(values)';
  throw argumentError(TypeError, { fn, arg: 'values', found: `is ${describe(values)}`, expected });
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
  /**
   * A parameter that begins with these values.
   *
   * @param values - Copied.
   * @param options - `requiresGrad`: default true.
   * @throws {TypeError} if `values` is no array, or an option unknown.
   */
  constructor(values: TensorLike, options: { requiresGrad?: boolean } = {}) {
    checkOptions('Parameter', options, ['requiresGrad']);
    super(kept('Parameter', values), { requiresGrad: options.requiresGrad ?? true });
  }
}

/** State of a module that is not trained, but belongs to its state dict: running statistics, for one. */
export class Buffer extends Tensor {
  /**
   * A buffer that begins with these values.
   *
   * @param values - Copied.
   * @throws {TypeError} if it is no array.
   */
  constructor(values: TensorLike) {
    super(kept('Buffer', values));
  }
}

/** Whether a property is a parameter: a {@link Parameter}, or any leaf tensor that requires its gradient. */
export function isParameter(value: unknown): value is Tensor {
  if (value instanceof Parameter) return true;
  return value instanceof Tensor && !(value instanceof Buffer) && value.isLeaf && value.requiresGrad;
}

/** Whether a property is a buffer. */
export function isBuffer(value: unknown): value is Buffer {
  return value instanceof Buffer;
}
