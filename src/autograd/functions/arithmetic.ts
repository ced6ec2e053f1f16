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
  powerBackward,
  powerForward,
  powForward,
  sqrtBackward,
  sqrtForward,
  subBackward,
  subForward,
} from '../../layers/index.js';
import type { TensorLike } from '../op.js';
import type { Tensor } from '../tensor.js';
import { layerOp, type Value, valueArg } from './layer-op.js';

export type { Value };

type BinaryOp = (a: TensorLike, b: TensorLike) => Tensor;

/** Lets either operand be a number. */
function withNumbers(name: string, apply: BinaryOp): (a: Value, b: Value) => Tensor {
  return (a, b) => apply(valueArg(name, 'a', a, b), valueArg(name, 'b', b, a));
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

const powerOfNumber = layerOp('pow', powForward, powBackward);
const power = layerOp('pow', powerForward, powerBackward, { a: 'x', b: 'exponent' });

/**
 * `x^exponent`, broadcast; either may be a number. NaN where x < 0 and the exponent is not whole.
 *
 * The derivatives are PyTorch's: that of x is 0 where the exponent is 0; that of the exponent is `x^exponent · ln x`,
 * so NaN where x < 0, but 0 where x is 0 and the exponent at least 0.
 */
export function pow(x: Value, exponent: Value): Tensor {
  if (typeof exponent === 'number' && typeof x !== 'number') return powerOfNumber(x, exponent);
  return power(valueArg('pow', 'x', x, exponent), valueArg('pow', 'exponent', exponent, x));
}

/** `e^x`. */
export const exp = layerOp('exp', expForward, expBackward);
/** The natural logarithm of x. */
export const log = layerOp('log', logForward, logBackward);
/** The square root of x. */
export const sqrt = layerOp('sqrt', sqrtForward, sqrtBackward);
/** `−x`. */
export const neg = layerOp('neg', negForward, negBackward);
/** `|x|`, with derivative 0 at 0. */
export const abs = layerOp('abs', absForward, absBackward);

/** The matrix product of `a` and `b`, with NumPy's rules for vectors and for stacks of matrices. */
export const matmul = layerOp('matmul', matmulForward, matmulBackward);
