import { empty, hostValues, type NDArray, operand, ops } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkOperands, type ElementwiseGrads, gradients, outputOf, stretchedInto, sumTo } from './broadcasting.js';
import { checkCache } from './cache.js';
import { checkUpstream, type Form, formOf, sameShape } from './operands.js';

// Arithmetic on two arrays, element by element. Their shapes broadcast by NumPy's rule.

/** What {@link addBackward} needs from {@link addForward}. Opaque: the fields may change. */
export interface AddCache {
  readonly layer: 'add';
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly out: Form;
}

/**
 * Forward pass of a sum: `out = a + b`.
 *
 * @param a - Any shape.
 * @param b - A shape that broadcasts with that of `a`.
 * @returns `out`, a new array of the shape that both broadcast to, and the cache, which keeps neither.
 * @throws {ShapeError} if the shapes do not broadcast.
 * @throws {TypeError} if the two are not of one dtype.
 */
export function addForward(a: NDArray, b: NDArray): [out: NDArray, cache: AddCache] {
  const out = outputOf('addForward', a, b);
  if (sameShape(a.shape, b.shape)) kernels().add(operand(a), operand(b), out.data);
  else stretchedInto(out, a, b, ops().add);
  return [out, { layer: 'add', a: a.shape, b: b.shape, out: formOf(out) }];
}

/**
 * Backward pass of a sum: `da = dout`, `db = dout`, summed over the axes that were stretched.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link addForward}.
 * @returns Gradients with respect to `a` and `b`. One that was not stretched gets `dout` itself: change none of them.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function addBackward(dout: NDArray, cache: AddCache): ElementwiseGrads {
  checkCache('addBackward', cache, 'add');
  const { a, b, out } = cache;
  checkUpstream('addBackward', dout, out);
  return { da: sumTo(dout, a), db: sumTo(dout, b) };
}

/** What {@link subBackward} needs from {@link subForward}. Opaque: the fields may change. */
export interface SubCache {
  readonly layer: 'sub';
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly out: Form;
}

/**
 * Forward pass of a difference: `out = a − b`.
 *
 * @param a - Any shape.
 * @param b - A shape that broadcasts with that of `a`.
 * @returns `out`, a new array of the shape that both broadcast to, and the cache, which keeps neither.
 * @throws {ShapeError} if the shapes do not broadcast.
 * @throws {TypeError} if the two are not of one dtype.
 */
export function subForward(a: NDArray, b: NDArray): [out: NDArray, cache: SubCache] {
  const out = outputOf('subForward', a, b);
  if (sameShape(a.shape, b.shape)) kernels().subtract(operand(a), operand(b), out.data);
  else stretchedInto(out, a, b, ops().sub);
  return [out, { layer: 'sub', a: a.shape, b: b.shape, out: formOf(out) }];
}

/**
 * Backward pass of a difference: `da = dout`, `db = −dout`, summed over the axes that were stretched.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link subForward}.
 * @returns Gradients with respect to `a` and `b`. An `a` that was not stretched gets `dout` itself: do not change it.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function subBackward(dout: NDArray, cache: SubCache): ElementwiseGrads {
  checkCache('subBackward', cache, 'sub');
  const { a, b, out } = cache;
  checkUpstream('subBackward', dout, out);
  const db = empty(b, out.dtype);
  kernels().scale(operand(sumTo(dout, b)), db.data, -1);
  return { da: sumTo(dout, a), db };
}

/** What {@link mulBackward} needs from {@link mulForward}. Opaque: the fields may change. */
export interface MulCache {
  readonly layer: 'mul';
  readonly a: NDArray;
  readonly b: NDArray;
  readonly shape: readonly number[];
}

/**
 * Forward pass of a product, element by element: `out = a · b`.
 *
 * @param a - Any shape.
 * @param b - A shape that broadcasts with that of `a`.
 * @returns `out`, a new array of the shape that both broadcast to, and the cache, which keeps `a` and `b` by reference:
 *   leave both unchanged until the backward pass.
 * @throws {ShapeError} if the shapes do not broadcast.
 * @throws {TypeError} if the two are not of one dtype.
 */
export function mulForward(a: NDArray, b: NDArray): [out: NDArray, cache: MulCache] {
  const out = product('mulForward', a, b);
  return [out, { layer: 'mul', a, b, shape: out.shape }];
}

/**
 * Backward pass of a product: `da = dout · b`, `db = dout · a`, summed over the axes that were stretched.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link mulForward}.
 * @returns Gradients with respect to `a` and `b`, in new arrays.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function mulBackward(dout: NDArray, cache: MulCache): ElementwiseGrads {
  const fn = 'mulBackward';
  checkCache(fn, cache, 'mul');
  const { a, b, shape } = cache;
  checkOperands(fn, dout, a, b, shape);
  return { da: sumTo(product(fn, dout, b), a.shape), db: sumTo(product(fn, dout, a), b.shape) };
}

/** a · b, broadcast. */
function product(fn: string, a: NDArray, b: NDArray): NDArray {
  const out = outputOf(fn, a, b);
  if (sameShape(a.shape, b.shape)) kernels().multiply(operand(a), operand(b), out.data);
  else if (b.size === 1) kernels().scale(operand(a), out.data, hostValues(b)[0]);
  else if (a.size === 1) kernels().scale(operand(b), out.data, hostValues(a)[0]);
  else stretchedInto(out, a, b, ops().mul);
  return out;
}

/** What {@link divBackward} needs from {@link divForward}. Opaque: the fields may change. */
export interface DivCache {
  readonly layer: 'div';
  readonly a: NDArray;
  readonly b: NDArray;
  readonly shape: readonly number[];
}

/**
 * Forward pass of a quotient, element by element: `out = a / b`.
 *
 * @param a - Any shape.
 * @param b - A shape that broadcasts with that of `a`.
 * @returns `out`, a new array of the shape that both broadcast to, and the cache, which keeps `a` and `b` by reference:
 *   leave both unchanged until the backward pass.
 * @throws {ShapeError} if the shapes do not broadcast.
 * @throws {TypeError} if the two are not of one dtype.
 */
export function divForward(a: NDArray, b: NDArray): [out: NDArray, cache: DivCache] {
  const out = outputOf('divForward', a, b);
  if (sameShape(a.shape, b.shape)) kernels().divide(operand(a), operand(b), out.data);
  else stretchedInto(out, a, b, ops().div);
  return [out, { layer: 'div', a, b, shape: out.shape }];
}

/**
 * Backward pass of a quotient: `da = dout / b`, `db = −dout · a / b²`, summed over the axes that were stretched.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link divForward}.
 * @returns Gradients with respect to `a` and `b`, in new arrays.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function divBackward(dout: NDArray, cache: DivCache): ElementwiseGrads {
  checkCache('divBackward', cache, 'div');
  const { a, b, shape } = cache;
  checkOperands('divBackward', dout, a, b, shape);
  return gradients(dout, a, b, kernels().divideBackward);
}
