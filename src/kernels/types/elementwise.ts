import type { Floats } from '../../arrays/index.js';

/** Functions of one array, element by element. `out` may be `x`. */
export interface PointwiseKernels {
  /** out = e^x. */
  exp(x: Floats, out: Floats): void;
  /** out = ln x, −∞ at 0 and NaN below. */
  log(x: Floats, out: Floats): void;
  /** out = x^exponent: 1^NaN and (±1)^±∞ are 1, and exponents of ±½ are roots, also of −0 and −∞. */
  pow(x: Floats, out: Floats, exponent: number): void;
  /** out = √x, NaN below 0. */
  sqrt(x: Floats, out: Floats): void;
  /** dx = dout / (2 · out). */
  sqrtBackward(dout: Floats, out: Floats, dx: Floats): void;
  /** out = |x|. */
  abs(x: Floats, out: Floats): void;
  /** dx = dout · sign(x), where the sign of 0 and of NaN is 0. */
  absBackward(dout: Floats, x: Floats, dx: Floats): void;
  /** out = x / divisor. */
  divideBy(x: Floats, out: Floats, divisor: number): void;
}

/** What the gradients of a function of two arrays of equal size are computed from, and where they go. */
export interface PairGradientOperands {
  readonly dout: Floats;
  readonly a: Floats;
  readonly b: Floats;
  readonly da: Floats;
  readonly db: Floats;
}

/** Functions of two arrays of equal size, element by element, and gradients of such. */
export interface PairKernels {
  /** out = a^b: 1^NaN and (±1)^±∞ are 1. */
  power(a: Floats, b: Floats, out: Floats): void;
  /** Of a^b: da = dout · b · a^(b − 1), 0 where b = 0; db = dout · a^b · ln a, 0 where a = 0 and b ≥ 0. */
  powerBackward(operands: PairGradientOperands): void;
  /** Of a / b: da = dout / b, db = −dout · a / b². */
  divideBackward(operands: PairGradientOperands): void;
  /** Of max(a, b): the larger takes dout; of two equal ones each half, and where either is NaN each all. */
  maximumBackward(operands: PairGradientOperands): void;
  /** Of min(a, b): the smaller takes dout; of two equal ones each half, and where either is NaN each all. */
  minimumBackward(operands: PairGradientOperands): void;
}
