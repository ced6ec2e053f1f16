import {
  argumentError,
  array,
  type DType,
  describe,
  dtypeOf,
  faultOf,
  isNDArray,
  type NDArray,
} from '../../arrays/index.js';
import { keepsNothing } from '../../kernels/index.js';
import { type Gradients, listOp, type Operand, type TensorLike } from '../op.js';
import { notAnArray, Tensor } from '../tensor.js';

/** What a layer calls its arguments, and what the operation does. */
export type Terms = Readonly<Record<string, string>>;

/**
 * The operation `name` of a layer's pair of functions. An error of the forward function names the operation, and its
 * arguments by their names there: `convForward: w has shape …` becomes `conv2d: weight has shape …`.
 */
export function layerOp<A extends readonly unknown[], C>(
  name: string,
  forward: (...args: A) => readonly [out: NDArray, cache: C],
  backward: (dout: NDArray, cache: C, needs: readonly boolean[]) => Gradients,
  terms: Terms = {},
): (...args: { [K in keyof A]: Operand<A[K]> }) => Tensor {
  const apply = layerListOp<C>(name, (args) => forward(...(args as unknown as A)), backward, terms);
  return (...operands) => apply(operands);
}

/** As {@link layerOp}, of functions that take their arrays as one list. */
export function layerListOp<C>(
  name: string,
  forward: (args: readonly unknown[]) => readonly [out: NDArray, cache: C],
  backward: (dout: NDArray, cache: C, needs: readonly boolean[]) => Gradients,
  terms: Terms,
): (operands: readonly unknown[]) => Tensor {
  const apply = listOp(name, forward, keepsNothing(backward));
  return (operands) => {
    try {
      return apply(operands);
    } catch (error) {
      throw retold(name, terms, error);
    }
  };
}

/** The error of a layer in the words of the operation `name`. */
function retold(name: string, terms: Terms, error: unknown): unknown {
  const fault = faultOf(error);
  if (fault === undefined) return error;
  const { arg, like } = fault;
  // `arrays[1]` is a part of the argument `arrays`.
  const term = (path: string): string => path.replace(/^\w+/, (argument) => terms[argument] ?? argument);
  const { constructor: Kind, cause } = error as Error & { constructor: ErrorConstructor };
  const named = { ...fault, fn: name, arg: term(arg), like: like && term(like) };
  return argumentError(Kind, named, cause === undefined ? undefined : { cause });
}

/**
 * The values of an argument.
 *
 * @throws {TypeError} naming the function and the argument, if it is neither a tensor nor an array.
 */
export function arrayArg(fn: string, arg: string, value: TensorLike): NDArray {
  if (value instanceof Tensor) {
    const { data } = value as { data: NDArray | null | undefined };
    if (data?.shape !== undefined) return data;
    throw notAnArray(fn, `${arg}.data`, data);
  }
  if (isNDArray(value)) return value;
  throw argumentError(TypeError, { fn, arg, found: `is ${describe(value)}`, expected: 'a tensor or an array' });
}

/** An operand of arithmetic: a number takes the dtype of the other operand. */
export type Value = TensorLike | number;

/**
 * An operand: a number as an array of one value, in the dtype of the other operand.
 *
 * @throws {TypeError} naming the function and the argument, if it is no operand.
 */
export function valueArg(fn: string, arg: string, value: Value, other: Value): TensorLike {
  if (value instanceof Tensor || isNDArray(value)) return value;
  if (typeof value !== 'number') {
    const expected = 'a tensor, an array or a number';
    throw argumentError(TypeError, { fn, arg, found: `is ${describe(value)}`, expected });
  }
  return array(value, [], dtypeOfValue(other));
}

function dtypeOfValue(value: Value): DType {
  if (value instanceof Tensor) return value.dtype;
  return isNDArray(value) ? dtypeOf(value as NDArray) : 'float32';
}
