import { checkLike, checkShapes, dtypeOf, empty, isNDArray, type NDArray, operand, sizeOf } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache, checkCached } from './cache.js';
import { matrixProduct, productLike, rowsOf } from './matrix-product.js';
import { byName, type Needed, type Needs, WEIGHTS } from './needs.js';

/** What {@link affineBackward} needs from {@link affineForward}. Opaque: the fields may change. */
export interface AffineCache {
  readonly layer: 'affine';
  readonly x: NDArray;
  readonly w: NDArray;
}

/** The gradients of the parameters of an affine layer. */
export interface AffineWeightGrads {
  /** Shape (D, M), in the memory layout of `w`: row-major, or the transpose of a row-major array. */
  readonly dw: NDArray;
  /** Shape (M,). */
  readonly db: NDArray;
}

/** The gradients of an affine layer. */
export interface AffineGrads extends AffineWeightGrads {
  /** Shape (N, d_1, …, d_k), as `x`. */
  readonly dx: NDArray;
}

/**
 * Forward pass of an affine (fully connected) layer: `out = rows(x) · w + b`.
 *
 * Every axis of `x` after the first is flattened, D = d_1 · … · d_k, so a batch of images needs no reshape. Weights
 * that are stored as (M, D), PyTorch's order, are given as their transpose `w.transpose(1, 0)`: they are used in place.
 *
 * @param x - Input, shape (N, d_1, …, d_k).
 * @param w - Weights, shape (D, M).
 * @param b - Biases, shape (M,).
 * @returns `out`, a new array of shape (N, M), and the cache, which keeps `x` and `w` by reference: leave both
 *   unchanged until the backward pass.
 * @throws {ShapeError} if `w` is not (D, M) or `b` is not (M,).
 * @throws {TypeError} if the three are not of one dtype.
 * @see https://cs231n.github.io/neural-networks-1/#layers
 */
export function affineForward(x: NDArray, w: NDArray, b: NDArray): [out: NDArray, cache: AffineCache] {
  checkAffine('affineForward', x, w, b);
  return affine(x, w, b);
}

/** {@link affineForward} of arrays that have been checked. */
export function affine(x: NDArray, w: NDArray, b: NDArray): [out: NDArray, cache: AffineCache] {
  const out = rowsTimes(x, w);
  kernels().addRow(operand(b), out.data, out.shape[0], out.shape[1]);
  return [out, { layer: 'affine', x, w }];
}

/**
 * Backward pass of an affine layer: `dx = dout · wᵀ`, `dw = rows(x)ᵀ · dout`, `db = Σ_n dout[n]`.
 *
 * @param dout - Upstream gradient, shape (N, M).
 * @param cache - From {@link affineForward}.
 * @param needs - `{ x: false }` leaves out `dx`, for a layer whose input is data; `w` and `b` likewise. Default all.
 * @returns Gradients of the loss with respect to `x`, `w` and `b`, in new arrays, null for those left out; `dw` has the
 *   memory layout of `w`.
 * @throws {ShapeError} if `dout` is not (N, M).
 */
export function affineBackward<N extends Needs = { x: true }>(
  dout: NDArray,
  cache: AffineCache,
  needs?: N,
): Needed<AffineGrads, N>;
export function affineBackward(dout: NDArray, cache: AffineCache, needs?: Needs): Needed<AffineGrads> {
  checkBackward('affineBackward', dout, cache);
  const { x, w, b } = byName('affineBackward', needs);
  return {
    dx: x === false ? null : inputGradient(dout, cache),
    dw: w === false ? null : weightGradient(dout, cache),
    db: b === false ? null : sumOfRows(dout),
  };
}

/** {@link affineBackward} with `needs = { x: false }`. */
export function affineBackwardWeights(dout: NDArray, cache: AffineCache): AffineWeightGrads {
  checkBackward('affineBackwardWeights', dout, cache);
  const { dw, db } = affineBackward(dout, cache, WEIGHTS);
  return { dw, db };
}

/** What {@link affineReluBackward} needs from {@link affineReluForward}. Opaque: the fields may change. */
export interface AffineReluCache {
  readonly layer: 'affine-relu';
  readonly affine: AffineCache;
  /** Positive where the input of the ReLU was positive, and nowhere else. */
  readonly out: NDArray;
}

/**
 * Affine, then ReLU: `out = max(0, rows(x) · w + b)`, the bias and the ReLU in one pass.
 *
 * @param x - Input, shape (N, d_1, …, d_k).
 * @param w - Weights, shape (D, M), where D = d_1 · … · d_k.
 * @param b - Biases, shape (M,).
 * @returns `out`, a new array of shape (N, M), and the cache, which keeps `x`, `w` and `out` by reference: leave them
 *   unchanged until the backward pass.
 * @throws {ShapeError} if `w` is not (D, M) or `b` is not (M,).
 */
export function affineReluForward(x: NDArray, w: NDArray, b: NDArray): [out: NDArray, cache: AffineReluCache] {
  checkAffine('affineReluForward', x, w, b);
  return affineRelu(x, w, b);
}

/** {@link affineReluForward} of arrays that have been checked. */
export function affineRelu(x: NDArray, w: NDArray, b: NDArray): [out: NDArray, cache: AffineReluCache] {
  const out = rowsTimes(x, w);
  kernels().addRowRelu(operand(b), out.data, out.shape[0], out.shape[1]);
  return [out, { layer: 'affine-relu', affine: { layer: 'affine', x, w }, out }];
}

/**
 * Backward pass of affine, then ReLU: `da = dout · [out > 0]`, then as {@link affineBackward}.
 *
 * @param dout - Upstream gradient, shape (N, M).
 * @param cache - From {@link affineReluForward}.
 * @param needs - As for {@link affineBackward}.
 * @returns Gradients of the loss with respect to `x`, `w` and `b`, in new arrays, null for those left out; `dw` has the
 *   memory layout of `w`.
 * @throws {ShapeError} if `dout` is not (N, M).
 */
export function affineReluBackward<N extends Needs = { x: true }>(
  dout: NDArray,
  cache: AffineReluCache,
  needs?: N,
): Needed<AffineGrads, N>;
export function affineReluBackward(dout: NDArray, cache: AffineReluCache, needs?: Needs): Needed<AffineGrads> {
  checkReluBackward('affineReluBackward', dout, cache);
  const { x, w, b } = byName('affineReluBackward', needs);
  const { da, db } = throughRelu(dout, cache.out);
  return {
    dx: x === false ? null : inputGradient(da, cache.affine),
    dw: w === false ? null : weightGradient(da, cache.affine),
    db: b === false ? null : db,
  };
}

/** {@link affineReluBackward} with `needs = { x: false }`. */
export function affineReluBackwardWeights(dout: NDArray, cache: AffineReluCache): AffineWeightGrads {
  checkReluBackward('affineReluBackwardWeights', dout, cache);
  const { dw, db } = affineReluBackward(dout, cache, WEIGHTS);
  return { dw, db };
}

function checkAffine(fn: string, x: NDArray, w: NDArray, b: NDArray): void {
  checkShapes(fn, { x: [x, ['N?', '…']], w: [w, [rowSize(x), 'M']], b: [b, ['M']] });
}

/** D, the values of an example. */
export function rowSize(x: NDArray): number {
  if (!isNDArray(x)) return 0;
  return x.shape[0] === 0 ? sizeOf(x.shape.slice(1)) : x.size / x.shape[0];
}

function checkBackward(fn: string, dout: NDArray, cache: AffineCache): void {
  checkCache(fn, cache, 'affine');
  const { x, w } = cache;
  checkShapes(fn, { x: [x, ['N?', '…']], w: [w, ['D', 'M']], dout: [dout, [x.shape[0], w.shape[1]]] });
  checkCached(fn, 'w', w, w.shape[0] * x.shape[0] === x.size);
}

function checkReluBackward(fn: string, dout: NDArray, cache: AffineReluCache): void {
  checkCache(fn, cache, 'affine-relu');
  checkBackward(fn, dout, cache.affine);
  checkLike(fn, 'cache.out', cache.out, 'dout', dout);
}

/** rows(x) · w, shape (N, M). */
function rowsTimes(x: NDArray, w: NDArray): NDArray {
  const out = empty([x.shape[0], w.shape[1]], dtypeOf(x));
  matrixProduct(rowsOf(x, w.shape[0]), w, out.data);
  return out;
}

/** d(out)/d(x): dx = dout · wᵀ. */
function inputGradient(dout: NDArray, { x, w }: AffineCache): NDArray {
  const dx = empty(x.shape, dtypeOf(x));
  matrixProduct(dout, w.transpose(1, 0), dx.data);
  return dx;
}

/** d(out)/d(w): dw = rows(x)ᵀ · dout, laid out as w. */
function weightGradient(dout: NDArray, { x, w }: AffineCache): NDArray {
  return productLike(w, rowsOf(x, w.shape[0]).transpose(1, 0), dout);
}

/** d(out)/d(b): b is added to every row, so db = Σ_n dout[n]. */
function sumOfRows(dout: NDArray): NDArray {
  const [N, M] = dout.shape;
  const db = empty([M], dtypeOf(dout));
  kernels().sumRows(operand(dout), db.data, N, M);
  return db;
}

/** The gradient that reaches the affine layer under a ReLU, and its sum over the rows. */
function throughRelu(dout: NDArray, out: NDArray): { da: NDArray; db: NDArray } {
  const [N, M] = out.shape;
  const da = empty([N, M], dtypeOf(out));
  const db = empty([M], dtypeOf(out));
  kernels().reluBackwardSumRows({
    dout: operand(dout),
    x: operand(out),
    dx: da.data,
    sums: db.data,
    N,
    M,
  });
  return { da, db };
}
