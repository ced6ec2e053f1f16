import { checkLike, checkShapes, dtypeOf, empty, type NDArray, operand } from '../arrays/index.js';
import { type ConvShape, type Kernels, kernels, reference } from '../kernels/index.js';
import { checkCache, checkCached } from './cache.js';
import { type ConvParam, convShape, isConvShape } from './conv-shape.js';
import { byName, type NamedNeeds, type Needed, type Needs, WEIGHTS } from './needs.js';

/** What the backward passes of a convolution need from the forward pass. Opaque: the fields may change. */
export interface ConvCache {
  readonly layer: 'conv';
  readonly x: NDArray;
  readonly w: NDArray;
  readonly shape: ConvShape;
}

/** The gradients of the parameters of a convolution. */
export interface ConvWeightGrads {
  /** Shape (F, C / groups, HH, WW). */
  readonly dw: NDArray;
  /** Shape (F,). */
  readonly db: NDArray;
}

/** The gradients of a convolution. */
export interface ConvGrads extends ConvWeightGrads {
  /** Shape (N, C, H, W). */
  readonly dx: NDArray;
}

/**
 * Forward pass of a convolution, by plain loops: `convForward` in src/kernels/reference/convolution.ts.
 *
 * `out[n, f, i, j] = b[f] + Σ x[n, c, i·stride + kh·dilation − pad, j·stride + kw·dilation − pad] · w[f, c, kh, kw]`,
 * summed over c, kh and kw, where `x` is 0 outside of the image. (A cross-correlation: the filters are not turned.)
 *
 * With `groups`, filter f belongs to group ⌊f / (F/groups)⌋ and sees the C/groups channels of that group only: c counts
 * them. `groups: C` makes a depthwise convolution.
 *
 * @param x - Images, shape (N, C, H, W).
 * @param w - Filters, shape (F, C / groups, HH, WW).
 * @param b - Biases, shape (F,).
 * @param convParam - `stride`, `pad` and `dilation`, a number or [vertical, horizontal]; `groups`, a number; `pad` may
 *   also be `'same'` or `'valid'`.
 * @returns `out`, a new array of shape (N, F, OH, OW) with OH = 1 + floor((H + 2·pad − dilation·(HH − 1) − 1) / stride)
 *   and OW likewise, and the cache, which keeps `x` and `w` by reference.
 * @throws {ShapeError} if the channels disagree, or the filters are larger than the padded images.
 * @throws {RangeError} if a number is out of range, `groups` does not divide C and F, or `pad` is `'same'` and the
 *   stride is not 1.
 * @see https://cs231n.github.io/convolutional-networks/#conv
 */
export function convForwardNaive(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
): [out: NDArray, cache: ConvCache] {
  const shape = checkConv('convForwardNaive', x, w, b, convParam);
  return convolve(reference, x, w, b, shape, false);
}

/**
 * Backward pass of a convolution, by plain loops (same file): every output hands its gradient to the pixels and the
 * weights that made it, `dx[…] += dout · w[…]`, `dw[…] += dout · x[…]`, `db[f] += dout`.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link convForwardNaive} or {@link convForwardFast}.
 * @param needs - `{ x: false }` leaves out `dx`, for a layer whose input is data; `w` and `b` likewise. Default all.
 * @returns Gradients of the loss with respect to `x`, `w` and `b`, in new arrays, null for those left out.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function convBackwardNaive<N extends Needs = { x: true }>(
  dout: NDArray,
  cache: ConvCache,
  needs?: N,
): Needed<ConvGrads, N>;
export function convBackwardNaive(dout: NDArray, cache: ConvCache, needs?: Needs): Needed<ConvGrads> {
  checkConvBackward('convBackwardNaive', dout, cache);
  return convGradients(reference, dout, cache, byName('convBackwardNaive', needs));
}

/**
 * {@link convForwardNaive} at full speed: each thread packs the windows of a few pixels straight from the padded image
 * and multiplies them with the filters, so no matrix of columns is ever made.
 *
 * In float32 it adds in another order than the naive loops, or convolves by Winograd's method: compare the largest
 * difference with the largest output, `max |fast − naive| / max |naive|`, which stays below 1e-4. `relError` divides
 * each difference by its own value, and looks alarming where that is near zero; it is for float64, in which both agree
 * to 1e-9.
 */
export function convForwardFast(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
): [out: NDArray, cache: ConvCache] {
  const shape = checkConv('convForwardFast', x, w, b, convParam);
  return convolve(kernels(), x, w, b, shape, false);
}

/** {@link convBackwardNaive} at full speed. */
export function convBackwardFast<N extends Needs = { x: true }>(
  dout: NDArray,
  cache: ConvCache,
  needs?: N,
): Needed<ConvGrads, N>;
export function convBackwardFast(dout: NDArray, cache: ConvCache, needs?: Needs): Needed<ConvGrads> {
  checkConvBackward('convBackwardFast', dout, cache);
  return convGradients(kernels(), dout, cache, byName('convBackwardFast', needs));
}

/** {@link convBackwardFast} with `needs = { x: false }`. */
export function convBackwardWeights(dout: NDArray, cache: ConvCache): ConvWeightGrads {
  checkConvBackward('convBackwardWeights', dout, cache);
  const { dw, db } = convBackward(dout, cache, WEIGHTS);
  return { dw, db };
}

/** {@link convForwardFast}. */
export function convForward(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
): [out: NDArray, cache: ConvCache] {
  const shape = checkConv('convForward', x, w, b, convParam);
  return convolve(kernels(), x, w, b, shape, false);
}

/** {@link convBackwardFast}. */
export function convBackward<N extends Needs = { x: true }>(
  dout: NDArray,
  cache: ConvCache,
  needs?: N,
): Needed<ConvGrads, N>;
export function convBackward(dout: NDArray, cache: ConvCache, needs?: Needs): Needed<ConvGrads> {
  checkConvBackward('convBackward', dout, cache);
  return convGradients(kernels(), dout, cache, byName('convBackward', needs));
}

/** The sizes of a convolution. @throws {ShapeError | TypeError | RangeError} if it is given what does not fit. */
export function checkConv(fn: string, x: NDArray, w: NDArray, b: NDArray, convParam: ConvParam): ConvShape {
  // What the channels of filters in groups have to be, convShape knows.
  const channels = convParam?.groups === undefined || convParam.groups === 1 ? 'C' : 'D';
  checkShapes(fn, { x: [x, ['N?', 'C', 'H', 'W']], w: [w, ['F', channels, 'HH', 'WW']], b: [b, ['F']] });
  return convShape(fn, x.shape, w.shape, convParam);
}

/** The forward pass on a given set of kernels, with a ReLU in the same pass where asked. */
export function convolve(
  on: Kernels,
  x: NDArray,
  w: NDArray,
  b: NDArray,
  shape: ConvShape,
  relu: boolean,
): [out: NDArray, cache: ConvCache] {
  const out = empty([shape.N, shape.F, shape.OH, shape.OW], dtypeOf(x));
  on.convForward({
    x: operand(x),
    w: operand(w),
    b: operand(b),
    out: out.data,
    shape,
    relu,
  });
  return [out, { layer: 'conv', x, w, shape }];
}

/** Refuses a `dout` or a cache that the forward pass cannot have left. */
export function checkConvBackward(fn: string, dout: NDArray, cache: ConvCache): void {
  checkCache(fn, cache, 'conv');
  const { x, w, shape } = cache;
  const { N, C, H, W, F, HH, WW, groups, OH, OW } = shape;
  checkLike(fn, 'dout', dout, 'x', x, [N, F, OH, OW]);
  checkShapes(fn, { 'cache.x': [x, [N, C, H, W]], 'cache.w': [w, [F, C / groups, HH, WW]] });
  checkCached(fn, 'shape', shape, isConvShape(shape));
}

/** The backward pass on a given set of kernels. */
export function convGradients(
  on: Kernels,
  dout: NDArray,
  cache: ConvCache,
  { x, w, b }: NamedNeeds,
): Needed<ConvGrads> {
  const dx = x === false ? null : inputGradient(on, dout, cache);
  if (w === false) return { dx, dw: null, db: b === false ? null : biasGradient(on, dout, cache) };
  const db = b === false ? null : empty([cache.shape.F], dtypeOf(cache.x));
  return { dx, dw: filterGradient(on, dout, cache, db), db };
}

/** d(out)/d(x). */
function inputGradient(on: Kernels, dout: NDArray, { x, w, shape }: ConvCache): NDArray {
  const dx = empty(x.shape, dtypeOf(x));
  on.convBackwardInput(operand(dout), operand(w), dx.data, shape);
  return dx;
}

/** d(out)/d(w), and d(out)/d(b) to `db` if it is given: one pass over dout may yield both. */
function filterGradient(on: Kernels, dout: NDArray, { x, w, shape }: ConvCache, db: NDArray | null): NDArray {
  const dw = empty(w.shape, dtypeOf(x));
  on.convBackwardWeights(operand(dout), operand(x), dw.data, db === null ? null : db.data, shape);
  return dw;
}

/** d(out)/d(b): b is added to every pixel of its filter's plane. */
function biasGradient(on: Kernels, dout: NDArray, { x, shape }: ConvCache): NDArray {
  const db = empty([shape.F], dtypeOf(x));
  on.sumChannels(operand(dout), db.data, { N: shape.N, C: shape.F, S: shape.OH * shape.OW });
  return db;
}
