import { checkShapes, denseArg, dtypeOf, empty, type NDArray } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache, checkCached } from './cache.js';
import { matrixProduct, productLike, rowsOf } from './matrix-product.js';

/** What {@link affineBackward} needs from {@link affineForward}. Opaque: the fields may change. */
export interface AffineCache {
  readonly layer: 'affine';
  readonly x: NDArray;
  readonly w: NDArray;
}

/** The gradients of the parameters of an affine layer. */
export interface AffineWeightGrads {
  /** Shape (D, M), laid out in memory as `w`: by rows, or by columns where `w` is the transpose of a row-major array. */
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
 * Every axis of `x` after the first is flattened, D = d_1 · … · d_k, so a batch of images needs no reshape. Weights that
 * are stored as (M, D), PyTorch's order, are given as their transpose `w.transpose(1, 0)`: they are used where they lie.
 *
 * @param x - Input, shape (N, d_1, …, d_k).
 * @param w - Weights, shape (D, M).
 * @param b - Biases, shape (M,).
 * @returns `out`, a new array of shape (N, M), and the cache, which keeps `x` and `w` by reference: leave both unchanged
 *   until the backward pass.
 * @throws {ShapeError} if `w` is not (D, M) or `b` is not (M,).
 * @throws {TypeError} if the three are not of one dtype.
 * @see https://cs231n.github.io/neural-networks-1/#layers
 */
export function affineForward(x: NDArray, w: NDArray, b: NDArray): [out: NDArray, cache: AffineCache] {
  return affine('affineForward', x, w, b);
}

/** {@link affineForward} as a part of the function `fn`, which errors name. */
export function affine(fn: string, x: NDArray, w: NDArray, b: NDArray): [out: NDArray, cache: AffineCache] {
  const { N, M } = checkAffine(fn, x, w, b);
  const out = rowsTimes(x, w, N, M);
  kernels().addRow(denseArg(fn, 'b', b), out.data, N, M);
  return [out, { layer: 'affine', x, w }];
}

/**
 * Backward pass of an affine layer: `dx = dout · wᵀ`, `dw = rows(x)ᵀ · dout`, `db = Σ_n dout[n]`.
 *
 * @param dout - Upstream gradient, shape (N, M).
 * @param cache - From {@link affineForward}.
 * @returns Gradients of the loss with respect to `x`, `w` and `b`, in new arrays; `dw` has the memory layout of `w`.
 * @throws {ShapeError} if `dout` is not (N, M).
 */
export function affineBackward(dout: NDArray, cache: AffineCache): AffineGrads {
  checkCache('affineBackward', cache, 'affine');
  checkUpstream('affineBackward', dout, cache);
  return {
    dx: inputGradient(dout, cache),
    dw: weightGradient(dout, cache),
    db: sumOfRows('affineBackward', dout),
  };
}

/**
 * {@link affineBackward} without `dx`: for the first layer of a network, whose input is data.
 *
 * @param dout - Upstream gradient, shape (N, M).
 * @param cache - From {@link affineForward}.
 * @throws {ShapeError} if `dout` is not (N, M).
 */
export function affineBackwardWeights(dout: NDArray, cache: AffineCache): AffineWeightGrads {
  checkCache('affineBackwardWeights', cache, 'affine');
  checkUpstream('affineBackwardWeights', dout, cache);
  return {
    dw: weightGradient(dout, cache),
    db: sumOfRows('affineBackwardWeights', dout),
  };
}

/**
 * Those gradients of {@link affineBackward} that are needed, in the order x, w, b; null for the others.
 *
 * @param needs - Which.
 */
export function affineNeededGradients(
  dout: NDArray,
  cache: AffineCache,
  [x, w, b]: readonly boolean[],
): readonly (NDArray | null)[] {
  const fn = 'affineBackward';
  checkUpstream(fn, dout, cache);
  return [
    x ? inputGradient(dout, cache) : null,
    w ? weightGradient(dout, cache) : null,
    b ? sumOfRows(fn, dout) : null,
  ];
}

/** What {@link affineReluBackward} needs from {@link affineReluForward}. Opaque: the fields may change. */
export interface AffineReluCache {
  readonly layer: 'affine-relu';
  readonly affine: AffineCache;
  /** Positive just where the input of the ReLU was. */
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
  const { N, M } = checkAffine('affineReluForward', x, w, b);
  const out = rowsTimes(x, w, N, M);
  kernels().addRowRelu(denseArg('affineReluForward', 'b', b), out.data, N, M);
  return [out, { layer: 'affine-relu', affine: { layer: 'affine', x, w }, out }];
}

/**
 * Backward pass of affine, then ReLU: `da = dout · [out > 0]`, then as {@link affineBackward}.
 *
 * @param dout - Upstream gradient, shape (N, M).
 * @param cache - From {@link affineReluForward}.
 * @returns Gradients of the loss with respect to `x`, `w` and `b`, in new arrays; `dw` has the memory layout of `w`.
 * @throws {ShapeError} if `dout` is not (N, M).
 */
export function affineReluBackward(dout: NDArray, cache: AffineReluCache): AffineGrads {
  checkCache('affineReluBackward', cache, 'affine-relu');
  const { affine, out } = cache;
  checkUpstream('affineReluBackward', dout, affine);
  const { da, db } = throughRelu('affineReluBackward', dout, out);
  return {
    dx: inputGradient(da, affine),
    dw: weightGradient(da, affine),
    db,
  };
}

/**
 * {@link affineReluBackward} without `dx`: for the first layer of a network, whose input is data.
 *
 * @param dout - Upstream gradient, shape (N, M).
 * @param cache - From {@link affineReluForward}.
 * @throws {ShapeError} if `dout` is not (N, M).
 */
export function affineReluBackwardWeights(dout: NDArray, cache: AffineReluCache): AffineWeightGrads {
  checkCache('affineReluBackwardWeights', cache, 'affine-relu');
  const { affine, out } = cache;
  checkUpstream('affineReluBackwardWeights', dout, affine);
  const { da, db } = throughRelu('affineReluBackwardWeights', dout, out);
  return { dw: weightGradient(da, affine), db };
}

/**
 * Those gradients of {@link affineReluBackward} that are needed, in the order x, w, b; null for the others.
 *
 * @param needs - Which.
 */
export function affineReluNeededGradients(
  dout: NDArray,
  { affine, out }: AffineReluCache,
  [x, w, b]: readonly boolean[],
): readonly (NDArray | null)[] {
  const fn = 'affineReluBackward';
  checkUpstream(fn, dout, affine);
  const { da, db } = throughRelu(fn, dout, out);
  return [x ? inputGradient(da, affine) : null, w ? weightGradient(da, affine) : null, b ? db : null];
}

function checkAffine(fn: string, x: NDArray, w: NDArray, b: NDArray): { N: number; M: number } {
  const { N } = checkShapes(fn, { x: [x, ['N', '…']] });
  const D = x.size / N;
  const { M } = checkShapes(fn, { x: [x, [N, '…']], w: [w, [D, 'M']], b: [b, ['M']] });
  return { N, M };
}

function checkUpstream(fn: string, dout: NDArray, { x, w }: AffineCache): void {
  checkShapes(fn, { x: [x, x.shape], w: [w, ['D', 'M']], dout: [dout, [x.shape[0], w.shape[1]]] });
  checkCached(fn, 'w', w, w.shape[0] * x.shape[0] === x.size);
}

/** rows(x) · w, shape (N, M). */
function rowsTimes(x: NDArray, w: NDArray, N: number, M: number): NDArray {
  const out = empty([N, M], dtypeOf(x));
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
function sumOfRows(fn: string, dout: NDArray): NDArray {
  const [N, M] = dout.shape;
  const db = empty([M], dtypeOf(dout));
  kernels().sumRows(denseArg(fn, 'dout', dout), db.data, N, M);
  return db;
}

/** The gradient that reaches the affine layer under a ReLU, and its sum over the rows. */
function throughRelu(fn: string, dout: NDArray, out: NDArray): { da: NDArray; db: NDArray } {
  const { N, M } = checkShapes(fn, { dout: [dout, ['N', 'M']], 'cache.out': [out, dout.shape] });
  const da = empty([N, M], dtypeOf(out));
  const db = empty([M], dtypeOf(out));
  kernels().reluBackwardSumRows({
    dout: denseArg(fn, 'dout', dout),
    x: denseArg(fn, 'cache.out', out),
    dx: da.data,
    sums: db.data,
    N,
    M,
  });
  return { da, db };
}
