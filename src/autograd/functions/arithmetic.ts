import { array, describe, dtypeOf, isNDArray, type NDArray } from '../../arrays/index.js';
import {
  absBackward,
  absForward,
  addBackward,
  addForward,
  divBackward,
  divForward,
  expBackward,
  expForward,
  logBackward,
  logForward,
  matmulBackward,
  matmulForward,
  maximumBackward,
  maximumForward,
  minimumBackward,
  minimumForward,
  mulBackward,
  mulForward,
  negBackward,
  negForward,
  powBackward,
  powForward,
  sqrtBackward,
  sqrtForward,
  subBackward,
  subForward,
} from '../../layers/index.js';
import { op, type TensorLike } from '../op.js';
import { Tensor } from '../tensor.js';

/** An operand of arithmetic: a number takes the dtype of the other operand. */
export type Value = TensorLike | number;

type BinaryOp = (a: TensorLike, b: TensorLike) => Tensor;

/** Lets either operand be a number. */
function withNumbers(name: string, apply: BinaryOp): (a: Value, b: Value) => Tensor {
  return (a, b) => apply(operand(name, 'a', a, b), operand(name, 'b', b, a));
}

function operand(fn: string, arg: string, value: Value, other: Value): TensorLike {
  if (value instanceof Tensor || isNDArray(value)) return value;
  if (typeof value !== 'number') {
    throw new TypeError(`${fn}: ${arg} is ${describe(value)}, expected a tensor, an array or a number`);
  }
  return array(value, [], dtypeOfValue(other));
}

function dtypeOfValue(value: Value): 'float32' | 'float64' {
  if (value instanceof Tensor) return value.dtype;
  return isNDArray(value) ? dtypeOf(value as NDArray) : 'float32';
}

/** `a + b`, broadcast. */
export const add = withNumbers('add', op(addForward, addBackward, { name: 'add' }));
/** `a − b`, broadcast. */
export const sub = withNumbers('sub', op(subForward, subBackward, { name: 'sub' }));
/** `a · b`, element by element, broadcast. */
export const mul = withNumbers('mul', op(mulForward, mulBackward, { name: 'mul' }));
/** `a / b`, broadcast. */
export const div = withNumbers('div', op(divForward, divBackward, { name: 'div' }));
/** The larger of `a` and `b`, broadcast; where they are equal each gets half of the gradient. */
export const maximum = withNumbers('maximum', op(maximumForward, maximumBackward, { name: 'maximum' }));
/** The smaller of `a` and `b`, broadcast; where they are equal each gets half of the gradient. */
export const minimum = withNumbers('minimum', op(minimumForward, minimumBackward, { name: 'minimum' }));

/** `e^x`. */
export const exp = op(expForward, expBackward, { name: 'exp' });
/** The natural logarithm of x. */
export const log = op(logForward, logBackward, { name: 'log' });
/** `x^exponent`, for a number `exponent`. */
export const pow = op(powForward, powBackward, { name: 'pow' });
/** The square root of x. */
export const sqrt = op(sqrtForward, sqrtBackward, { name: 'sqrt' });
/** `−x`. */
export const neg = op(negForward, negBackward, { name: 'neg' });
/** `|x|`, with derivative 0 at 0. */
export const abs = op(absForward, absBackward, { name: 'abs' });

/** The matrix product of `a` and `b`, with NumPy's rules for vectors and for stacks of matrices. */
export const matmul = op(matmulForward, matmulBackward, { name: 'matmul' });
