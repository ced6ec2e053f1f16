import { argumentError, array, describe, dtypeOf, isNDArray, type NDArray } from '../../arrays/index.js';
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
import type { TensorLike } from '../op.js';
import { Tensor } from '../tensor.js';
import { layerOp } from './layer-op.js';

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
    const expected = 'a tensor, an array or a number';
    throw argumentError(TypeError, { fn, arg, found: `is ${describe(value)}`, expected });
  }
  return array(value, [], dtypeOfValue(other));
}

function dtypeOfValue(value: Value): 'float32' | 'float64' {
  if (value instanceof Tensor) return value.dtype;
  return isNDArray(value) ? dtypeOf(value as NDArray) : 'float32';
}

/** `a + b`, broadcast. */
export const add = withNumbers('add', layerOp('add', addForward, addBackward));
/** `a − b`, broadcast. */
export const sub = withNumbers('sub', layerOp('sub', subForward, subBackward));
/** `a · b`, element by element, broadcast. */
export const mul = withNumbers('mul', layerOp('mul', mulForward, mulBackward));
/** `a / b`, broadcast. */
export const div = withNumbers('div', layerOp('div', divForward, divBackward));
/** The larger of `a` and `b`, broadcast; where they are equal each gets half of the gradient. */
export const maximum = withNumbers('maximum', layerOp('maximum', maximumForward, maximumBackward));
/** The smaller of `a` and `b`, broadcast; where they are equal each gets half of the gradient. */
export const minimum = withNumbers('minimum', layerOp('minimum', minimumForward, minimumBackward));

/** `e^x`. */
export const exp = layerOp('exp', expForward, expBackward);
/** The natural logarithm of x. */
export const log = layerOp('log', logForward, logBackward);
/** `x^exponent`, for a number `exponent`. */
export const pow = layerOp('pow', powForward, powBackward);
/** The square root of x. */
export const sqrt = layerOp('sqrt', sqrtForward, sqrtBackward);
/** `−x`. */
export const neg = layerOp('neg', negForward, negBackward);
/** `|x|`, with derivative 0 at 0. */
export const abs = layerOp('abs', absForward, absBackward);

/** The matrix product of `a` and `b`, with NumPy's rules for vectors and for stacks of matrices. */
export const matmul = layerOp('matmul', matmulForward, matmulBackward);
