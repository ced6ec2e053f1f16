import {
  argumentError,
  checkLike,
  checkShapes,
  describe,
  dtypeOf,
  empty,
  type Floats,
  hostRoom,
  type NDArray,
  operand,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape, checkUpstream, type Form, formOf } from './operands.js';

// Functions of one array, element by element.

/** What {@link expBackward} needs from {@link expForward}. Opaque: the fields may change. */
export interface ExpCache {
  readonly layer: 'exp';
  readonly out: NDArray;
}

/**
 * Forward pass of the exponential function: `out = e^x`.
 *
 * @param x - Any shape.
 * @returns `out`, a new array of the shape of `x`, and the cache, which keeps `out` by reference: leave it unchanged
 *   until the backward pass.
 */
export function expForward(x: NDArray): [out: NDArray, cache: ExpCache] {
  const out = outputOf('expForward', x);
  kernels().exp(operand(x), out.data);
  return [out, { layer: 'exp', out }];
}

/**
 * Backward pass of the exponential function: `dx = dout · out`.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link expForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function expBackward(dout: NDArray, cache: ExpCache): NDArray {
  checkCache('expBackward', cache, 'exp');
  const { out } = cache;
  checkLike('expBackward', 'dout', dout, 'out', out);
  const dx = empty(out.shape, dtypeOf(out));
  kernels().multiply(operand(dout), operand(out), dx.data);
  return dx;
}

/** What {@link logBackward} needs from {@link logForward}. Opaque: the fields may change. */
export interface LogCache {
  readonly layer: 'log';
  readonly x: NDArray;
}

/**
 * Forward pass of the natural logarithm: `out = ln x`, −∞ at 0 and NaN below.
 *
 * @param x - Any shape.
 * @returns `out`, a new array of the shape of `x`, and the cache, which keeps `x` by reference: leave it unchanged
 *   until the backward pass.
 */
export function logForward(x: NDArray): [out: NDArray, cache: LogCache] {
  const out = outputOf('logForward', x);
  kernels().log(operand(x), out.data);
  return [out, { layer: 'log', x }];
}

/**
 * Backward pass of the natural logarithm: `dx = dout / x`.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link logForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function logBackward(dout: NDArray, cache: LogCache): NDArray {
  checkCache('logBackward', cache, 'log');
  const { x } = cache;
  checkLike('logBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().divide(operand(dout), operand(x), dx.data);
  return dx;
}

/** What {@link powBackward} needs from {@link powForward}. Opaque: the fields may change. */
export interface PowCache {
  readonly layer: 'pow';
  readonly x: NDArray;
  readonly exponent: number;
}

/**
 * Forward pass of a power: `out = x^exponent`.
 *
 * @param x - Any shape.
 * @param exponent - Any number.
 * @returns `out`, a new array of the shape of `x`, and the cache, which keeps `x` by reference: leave it unchanged
 *   until the backward pass.
 * @throws {TypeError} if `exponent` is no number.
 */
export function powForward(x: NDArray, exponent: number): [out: NDArray, cache: PowCache] {
  const out = outputOf('powForward', x);
  if (typeof exponent !== 'number') {
    throw argumentError(TypeError, {
      fn: 'powForward',
      arg: 'exponent',
      found: `is ${describe(exponent)}`,
      expected: 'a number',
    });
  }
  raise(operand(x), exponent, out.data);
  return [out, { layer: 'pow', x, exponent }];
}

/**
 * Backward pass of a power: `dx = dout · exponent · x^(exponent − 1)`; 0 for exponent 0, at x = 0 too.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link powForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function powBackward(dout: NDArray, cache: PowCache): NDArray {
  checkCache('powBackward', cache, 'pow');
  const { x, exponent } = cache;
  checkLike('powBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  if (exponent === 0) {
    hostRoom(dx).fill(0);
  } else {
    raise(operand(x), exponent - 1, dx.data);
    kernels().multiply(operand(dout), dx.data, dx.data);
    kernels().scale(dx.data, dx.data, exponent);
  }
  return dx;
}

/** out = x^exponent. The general power takes about 50 ns a value (Node 20), a product less than 1. */
function raise(x: Floats, exponent: number, out: Floats): void {
  if (exponent === 1) {
    kernels().scale(x, out, 1);
  } else if (exponent === 2 || exponent === 3) {
    kernels().multiply(x, x, out);
    if (exponent === 3) kernels().multiply(x, out, out);
  } else {
    kernels().pow(x, out, exponent);
  }
}

/** What {@link sqrtBackward} needs from {@link sqrtForward}. Opaque: the fields may change. */
export interface SqrtCache {
  readonly layer: 'sqrt';
  readonly out: NDArray;
}

/**
 * Forward pass of the square root: `out = √x`, NaN below 0.
 *
 * @param x - Any shape.
 * @returns `out`, a new array of the shape of `x`, and the cache, which keeps `out` by reference: leave it unchanged
 *   until the backward pass.
 */
export function sqrtForward(x: NDArray): [out: NDArray, cache: SqrtCache] {
  const out = outputOf('sqrtForward', x);
  kernels().sqrt(operand(x), out.data);
  return [out, { layer: 'sqrt', out }];
}

/**
 * Backward pass of the square root: `dx = dout / (2 · out)`, infinite at 0.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link sqrtForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function sqrtBackward(dout: NDArray, cache: SqrtCache): NDArray {
  checkCache('sqrtBackward', cache, 'sqrt');
  const { out } = cache;
  checkLike('sqrtBackward', 'dout', dout, 'out', out);
  const dx = empty(out.shape, dtypeOf(out));
  kernels().sqrtBackward(operand(dout), operand(out), dx.data);
  return dx;
}

/** What {@link negBackward} needs from {@link negForward}. Opaque: the fields may change. */
export interface NegCache {
  readonly layer: 'neg';
  readonly out: Form;
}

/**
 * Forward pass of the negative: `out = −x`.
 *
 * @param x - Any shape.
 * @returns `out`, a new array of the shape of `x`, and the cache, which does not keep `x`.
 */
export function negForward(x: NDArray): [out: NDArray, cache: NegCache] {
  const out = outputOf('negForward', x);
  kernels().scale(operand(x), out.data, -1);
  return [out, { layer: 'neg', out: formOf(out) }];
}

/**
 * Backward pass of the negative: `dx = −dout`.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link negForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function negBackward(dout: NDArray, cache: NegCache): NDArray {
  checkCache('negBackward', cache, 'neg');
  const { out } = cache;
  checkUpstream('negBackward', dout, out);
  const dx = empty(out.shape, out.dtype);
  kernels().scale(operand(dout), dx.data, -1);
  return dx;
}

/** What {@link absBackward} needs from {@link absForward}. Opaque: the fields may change. */
export interface AbsCache {
  readonly layer: 'abs';
  readonly x: NDArray;
}

/**
 * Forward pass of the magnitude: `out = |x|`.
 *
 * @param x - Any shape.
 * @returns `out`, a new array of the shape of `x`, and the cache, which keeps `x` by reference: leave it unchanged
 *   until the backward pass.
 */
export function absForward(x: NDArray): [out: NDArray, cache: AbsCache] {
  const out = outputOf('absForward', x);
  kernels().abs(operand(x), out.data);
  return [out, { layer: 'abs', x }];
}

/**
 * Backward pass of the magnitude: `dx = dout · sign(x)`; the derivative at 0 is taken as 0, and so is that at NaN.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link absForward}.
 * @returns The gradient with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function absBackward(dout: NDArray, cache: AbsCache): NDArray {
  checkCache('absBackward', cache, 'abs');
  const { x } = cache;
  checkLike('absBackward', 'dout', dout, 'x', x);
  const dx = empty(x.shape, dtypeOf(x));
  kernels().absBackward(operand(dout), operand(x), dx.data);
  return dx;
}

/** A new array for a function of `x`, of its shape. */
function outputOf(fn: string, x: NDArray): NDArray {
  checkShapes(fn, { x: [x, anyShape(x)] });
  return empty(x.shape, dtypeOf(x));
}
