import {
  argumentError,
  checkFlag,
  checkOptions,
  checkSynchronous,
  type DType,
  describe,
  dtypeOf,
  isNDArray,
  isRecording,
  type NDArray,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import { isKeepingNothing } from '../kernels/index.js';
import { watch } from './saved.js';
import { type Backward, Node, type Target } from './tape.js';
import { Tensor } from './tensor.js';
import { unrecorded } from './tracing.js';

/** A tensor, or an array, which is a constant. */
export type TensorLike = Tensor | NDArray;

/** The values of a tensor, or the array itself. */
export function arrayOf(value: TensorLike): NDArray {
  return value instanceof Tensor ? value.data : value;
}

/** An argument of an operation, for an argument of its forward function: a tensor in the place of an array. */
export type Operand<A> = A extends NDArray ? TensorLike : A;

/** What a backward function may return: one gradient, or one for each array that forward was given, in that order. */
export type Gradients = NDArray | readonly (NDArray | null | undefined)[] | object;

/** How an operation is made. */
export interface OpOptions {
  /** What errors call it. Default: the name of `forward`. */
  name?: string;
  /**
   * Whether `backward` keeps only those of its arrays that it returns. In a workspace, the memory of the others is then
   * used again during the backward pass. Default: whether {@link keepsNothing} was called with `backward`.
   */
  keepsNothing?: boolean;
}

/**
 * The differentiable function of a forward/backward pair: `op(affineForward, affineBackward)` takes tensors and returns
 * a tensor.
 *
 * The arrays among the arguments of `forward` may be tensors, or arrays, which are constants; every other argument
 * (options, labels) is passed on unchanged. `backward` receives `dout`, the cache and for each array whether it needs
 * a gradient, so that it can leave out the others (`null`).
 *
 * @param forward - Returns `[out, cache]`.
 * @param backward - Returns the gradients with respect to the arrays that `forward` was given, in their order: a named
 *   object (`{ dx, dw, db }`), a list, or for one array the gradient itself. A gradient is not copied, and may become a
 *   tensor's `grad`: make new ones, or return `dout`. With { keepsNothing: true }, a workspace takes back the memory of
 *   its other arrays during the backward pass.
 * @throws {TypeError} from the operation, if `forward` or `backward` returns something else.
 * @throws {ShapeError} from a backward pass, if a gradient has another shape than its array.
 *
 * @example
 * const square = op(
 *   (x: NDArray): [NDArray, NDArray] => [F.mul(x, x).data, x],
 *   (dout, x) => F.mul(dout, F.mul(x, 2)).data,
 * );
 */
export function op<A extends readonly unknown[], C>(
  forward: (...args: A) => readonly [out: NDArray, cache: C],
  backward: (dout: NDArray, cache: C, needs: readonly boolean[]) => Gradients,
  options: OpOptions = {},
): (...args: { [K in keyof A]: Operand<A[K]> }) => Tensor {
  for (const [role, fn] of Object.entries({ forward, backward })) {
    if (typeof fn !== 'function') {
      throw argumentError(TypeError, { fn: 'op', arg: role, found: `is ${describe(fn)}`, expected: 'a function' });
    }
  }
  checkOptions('op', options, ['name', 'keepsNothing']);
  const { name = forward.name || 'op', keepsNothing = isKeepingNothing(backward) } = options;
  checkFlag('op', 'keepsNothing', keepsNothing);
  const apply = listOp(name, (args) => forward(...(args as unknown as A)), backward, keepsNothing, true);
  return (...operands) => apply(operands);
}

/**
 * As {@link op}, of a function whose arguments are one list, which may be longer than the arguments of a call.
 *
 * @param isOwn - Whether it is an operation of a user's own.
 */
export function listOp<C>(
  name: string,
  forward: (args: readonly unknown[]) => readonly [out: NDArray, cache: C],
  backward: (dout: NDArray, cache: C, needs: readonly boolean[]) => Gradients,
  keepsNothing: boolean = isKeepingNothing(backward),
  isOwn = false,
): (operands: readonly unknown[]) => Tensor {
  return (operands) => {
    const args = operands.map((operand) => (operand instanceof Tensor ? operand.data : operand));
    const result = forward(args);
    if (!Array.isArray(result) || !isNDArray(result[0])) {
      checkSynchronous('op', name, result);
      const found = `returned ${describe(result)}`;
      throw argumentError(TypeError, { fn: 'op', arg: name, found, expected: '[out, cache] with an array out' });
    }
    const [out, cache] = result as readonly [NDArray, C];
    const arrays: NDArray[] = [];
    const targets: Target[] = [];
    let needed = false;
    for (const operand of operands) {
      if (!(operand instanceof Tensor || isNDArray(operand))) continue;
      const target = operand instanceof Tensor ? operand.target : null;
      arrays.push(arrayOf(operand));
      targets.push(target);
      needed ||= target !== null;
    }
    if (!needed || !isRecording()) return unrecorded(name, operands, out, isOwn);

    const check = watch(name, arrays, out, cache);
    const node = new Node(name, {
      targets,
      keepsNothing,
      isFresh: isFresh(out, arrays),
      backward: checked(name, backward, cache, check === null ? arrays.map(formOf) : arrays),
      check,
    });
    return new Tensor(out, undefined, node);
  };
}

function isFresh(out: NDArray, inputs: readonly NDArray[]): boolean {
  for (const input of inputs) if (input.data === out.data) return false;
  return true;
}

/** Shape and dtype of an input. An operation without saved values is never freed: it must not hold its inputs. */
interface Form {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

function formOf(array: NDArray): Form {
  return { shape: array.shape, dtype: dtypeOf(array) };
}

/** `backward` with its cache, and a check of what it returns. */
function checked<C>(
  name: string,
  backward: (dout: NDArray, cache: C, needs: readonly boolean[]) => Gradients,
  cache: C,
  inputs: readonly (NDArray | Form)[],
): Backward {
  return (dout, needs) => gradientsOf(name, backward(dout, cache, needs), inputs, needs);
}

/** What a backward function returned, as a list in the order of the inputs. */
function gradientsOf(
  name: string,
  returned: Gradients,
  inputs: readonly (NDArray | Form)[],
  needs: readonly boolean[],
): readonly (NDArray | null | undefined)[] {
  const list: unknown[] = isNDArray(returned)
    ? [returned]
    : Array.isArray(returned)
      ? returned
      : Object.values((returned as object | null | undefined) ?? {});
  if (list.length !== inputs.length) {
    const arg = `the backward function of ${name}`;
    checkSynchronous('op', arg, returned);
    throw argumentError(TypeError, {
      fn: 'op',
      arg,
      found: `returned ${list.length} gradients`,
      expected: `${inputs.length}, one for each array that forward was given (null where none is needed)`,
    });
  }
  for (let i = 0; i < inputs.length; i++) {
    const gradient = list[i];
    if (!needs[i] || gradient === null || gradient === undefined) continue;
    checkGradient(name, i, gradient, inputs[i]);
  }
  return list as (NDArray | null | undefined)[];
}

function checkGradient(name: string, i: number, gradient: unknown, input: NDArray | Form): void {
  const [fn, arg] = [`op: the backward function of ${name}`, `the gradient of input ${i}`];
  if (!isNDArray(gradient)) {
    throw argumentError(TypeError, { fn, arg, found: `is ${describe(gradient)}`, expected: 'an array' });
  }
  if (gradient.shape.length !== input.shape.length || gradient.shape.some((n, axis) => n !== input.shape[axis])) {
    const found = `has shape ${tuple(gradient.shape)}`;
    throw argumentError(ShapeError, { fn, arg, found, expected: tuple(input.shape) });
  }
  const dtype = 'data' in input ? dtypeOf(input) : input.dtype;
  if (dtypeOf(gradient) !== dtype) {
    throw argumentError(TypeError, { fn, arg, found: `has dtype ${dtypeOf(gradient)}`, expected: dtype });
  }
}
