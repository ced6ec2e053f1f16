import { checkLike, checkShapes, denseArg, dtypeOf, empty, type NDArray } from '../arrays/index.js';
import { type ConvShape, type Kernels, kernels, reference } from '../kernels/index.js';
import { checkCache, checkCached } from './cache.js';
import { type ConvParam, convShape, isConvShape } from './conv-shape.js';

/** What the backward passes of a convolution need from the forward pass. Opaque: the fields may change. */
export interface ConvCache {
  readonly layer: 'conv';
  readonly x: NDArray;
  readonly w: NDArray;
  readonly shape: ConvShape;
}

/** The gradients of the parameters of a convolution. */
export interface ConvWeightGrads {
  /** Shape (F, C, HH, WW). */
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
 * Forward pass of a convolution, by the loops that a student reads:
 * `out[n, f, i, j] = b[f] + Σ x[n, c, i·stride + kh − pad, j·stride + kw − pad] · w[f, c, kh, kw]`, where `x` is 0 outside
 * of the image. (A cross-correlation: the filters are not turned.)
 *
 * @param x - Images, shape (N, C, H, W).
 * @param w - Filters, shape (F, C, HH, WW).
 * @param b - Biases, shape (F,).
 * @param convParam - `stride` and `pad`, a number or [vertical, horizontal].
 * @returns `out`, a new array of shape (N, F, 1 + floor((H + 2·pad − HH)/stride), 1 + floor((W + 2·pad − WW)/stride)), and
 *   the cache, which keeps `x` and `w` by reference.
 * @throws {ShapeError} if the channels disagree, or the filters are larger than the padded images.
 * @throws {RangeError} if a stride or pad is out of range.
 * @see https://cs231n.github.io/convolutional-networks/#conv
 */
export function convForwardNaive(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
): [out: NDArray, cache: ConvCache] {
  return convolve('convForwardNaive', reference, x, w, b, convParam, false);
}

/**
 * Backward pass of a convolution, by the loops: every output hands its gradient to the pixels and the weights that made
 * it, `dx[…] += dout · w[…]`, `dw[…] += dout · x[…]`, `db[f] += dout`.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link convForwardNaive} or {@link convForwardFast}.
 * @returns Gradients of the loss with respect to `x`, `w` and `b`, in new arrays.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function convBackwardNaive(dout: NDArray, cache: ConvCache): ConvGrads {
  checkCache('convBackwardNaive', cache, 'conv');
  return convGradients('convBackwardNaive', reference, dout, cache);
}

/**
 * {@link convForwardNaive} at full speed: each thread packs the windows of a few pixels straight from the padded image and
 * multiplies them with the filters, so no matrix of columns is ever made.
 *
 * In float32 it adds in another order than the naive loops, or convolves by Winograd's method: compare the largest difference
 * with the largest output, `max |fast − naive| / max |naive|`, which stays below 1e-4. `relError` divides each difference by
 * its own value, and looks alarming where that is near zero; it is for float64, in which both agree to 1e-9.
 */
export function convForwardFast(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
): [out: NDArray, cache: ConvCache] {
  return convolve('convForwardFast', kernels(), x, w, b, convParam, false);
}

/** {@link convBackwardNaive} at full speed. */
export function convBackwardFast(dout: NDArray, cache: ConvCache): ConvGrads {
  checkCache('convBackwardFast', cache, 'conv');
  return convGradients('convBackwardFast', kernels(), dout, cache);
}

/** {@link convBackwardFast} without `dx`: for the first layer of a network, whose input is data. */
export function convBackwardWeights(dout: NDArray, cache: ConvCache): ConvWeightGrads {
  checkCache('convBackwardWeights', cache, 'conv');
  return convWeightGradients('convBackwardWeights', kernels(), dout, cache);
}

/** {@link convForwardFast}. */
export function convForward(
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
): [out: NDArray, cache: ConvCache] {
  return convolve('convForward', kernels(), x, w, b, convParam, false);
}

/** {@link convBackwardFast}. */
export function convBackward(dout: NDArray, cache: ConvCache): ConvGrads {
  checkCache('convBackward', cache, 'conv');
  return convGradients('convBackward', kernels(), dout, cache);
}

/** The forward pass on a given set of kernels, with a ReLU in the same pass where asked. */
export function convolve(
  fn: string,
  on: Kernels,
  x: NDArray,
  w: NDArray,
  b: NDArray,
  convParam: ConvParam,
  relu: boolean,
): [out: NDArray, cache: ConvCache] {
  checkShapes(fn, { x: [x, ['N', 'C', 'H', 'W']], w: [w, ['F', 'C', 'HH', 'WW']], b: [b, ['F']] });
  const shape = convShape(fn, x.shape, w.shape, convParam);
  const out = empty([shape.N, shape.F, shape.OH, shape.OW], dtypeOf(x));
  on.convForward({
    x: denseArg(fn, 'x', x),
    w: denseArg(fn, 'w', w),
    b: denseArg(fn, 'b', b),
    out: out.data,
    shape,
    relu,
  });
  return [out, { layer: 'conv', x, w, shape }];
}

/** The backward pass on a given set of kernels. */
export function convGradients(fn: string, on: Kernels, dout: NDArray, cache: ConvCache): ConvGrads {
  return { dx: convInputGradient(fn, on, dout, cache), ...convWeightGradients(fn, on, dout, cache) };
}

/** d(out)/d(x). */
export function convInputGradient(fn: string, on: Kernels, dout: NDArray, cache: ConvCache): NDArray {
  checkUpstream(fn, dout, cache);
  const { x, w, shape } = cache;
  const dx = empty(x.shape, dtypeOf(x));
  on.convBackwardInput(denseArg(fn, 'dout', dout), denseArg(fn, 'cache.w', w), dx.data, shape);
  return dx;
}

/** The backward pass on a given set of kernels, without `dx`. */
export function convWeightGradients(fn: string, on: Kernels, dout: NDArray, cache: ConvCache): ConvWeightGrads {
  checkUpstream(fn, dout, cache);
  const db = empty([cache.shape.F], dtypeOf(cache.x));
  return { dw: filterGradient(fn, on, dout, cache, db), db };
}

/** d(out)/d(w). */
export function convFilterGradient(fn: string, on: Kernels, dout: NDArray, cache: ConvCache): NDArray {
  checkUpstream(fn, dout, cache);
  return filterGradient(fn, on, dout, cache, null);
}

/** d(out)/d(w), and d(out)/d(b) to `db` if it is given: one pass over dout may yield both. */
function filterGradient(fn: string, on: Kernels, dout: NDArray, cache: ConvCache, db: NDArray | null): NDArray {
  const { x, w, shape } = cache;
  const dw = empty(w.shape, dtypeOf(x));
  const given = [denseArg(fn, 'dout', dout), denseArg(fn, 'cache.x', x)] as const;
  on.convBackwardWeights(...given, dw.data, db === null ? null : db.data, shape);
  return dw;
}

/** d(out)/d(b): b is added to every pixel of its filter's plane. */
function biasGradient(fn: string, on: Kernels, dout: NDArray, cache: ConvCache): NDArray {
  checkUpstream(fn, dout, cache);
  const { x, shape } = cache;
  const db = empty([shape.F], dtypeOf(x));
  on.sumChannels(denseArg(fn, 'dout', dout), db.data, { N: shape.N, C: shape.F, S: shape.OH * shape.OW });
  return db;
}

/**
 * Those gradients of {@link convBackwardFast} that are needed, in the order x, w, b; null for the others.
 *
 * @param needs - Which.
 */
export function convNeededGradients(
  fn: string,
  dout: NDArray,
  cache: ConvCache,
  [x, w, b]: readonly boolean[],
): readonly (NDArray | null)[] {
  const dx = x ? convInputGradient(fn, kernels(), dout, cache) : null;
  if (w && b) {
    const { dw, db } = convWeightGradients(fn, kernels(), dout, cache);
    return [dx, dw, db];
  }
  const dw = w ? convFilterGradient(fn, kernels(), dout, cache) : null;
  return [dx, dw, b ? biasGradient(fn, kernels(), dout, cache) : null];
}

function checkUpstream(fn: string, dout: NDArray, { x, w, shape }: ConvCache): void {
  const { N, C, H, W, F, HH, WW, OH, OW } = shape;
  checkLike(fn, 'dout', dout, 'x', x, [N, F, OH, OW]);
  checkShapes(fn, { 'cache.x': [x, [N, C, H, W]], 'cache.w': [w, [F, C, HH, WW]] });
  checkCached(fn, 'shape', shape, isConvShape(shape));
}
