import { checkShapes, denseArg, dtypeOf, empty, type NDArray } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';

/** What {@link affineBackward} needs from {@link affineForward}. Opaque: the fields may change. */
export interface AffineCache {
  readonly layer: 'affine';
  readonly x: NDArray;
  readonly w: NDArray;
}

/** The gradients of the parameters of an affine layer. */
export interface AffineWeightGrads {
  /** Shape (D, M). */
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
 * Every axis of `x` after the first is flattened, D = d_1 · … · d_k, so a batch of images needs no reshape.
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
  const out = rowsTimes(fn, x, w, N, M);
  kernels().addRow(denseArg(fn, 'b', b), out.data, N, M);
  return [out, { layer: 'affine', x, w }];
}

/**
 * Backward pass of an affine layer: `dx = dout · wᵀ`, `dw = rows(x)ᵀ · dout`, `db = Σ_n dout[n]`.
 *
 * @param dout - Upstream gradient, shape (N, M).
 * @param cache - From {@link affineForward}.
 * @returns Gradients of the loss with respect to `x`, `w` and `b`, in new arrays.
 * @throws {ShapeError} if `dout` is not (N, M).
 */
export function affineBackward(dout: NDArray, cache: AffineCache): AffineGrads {
  checkUpstream('affineBackward', dout, cache);
  return {
    dx: inputGradient('affineBackward', dout, cache),
    dw: weightGradient('affineBackward', dout, cache),
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
  checkUpstream('affineBackwardWeights', dout, cache);
  return {
    dw: weightGradient('affineBackwardWeights', dout, cache),
    db: sumOfRows('affineBackwardWeights', dout),
  };
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
  const out = rowsTimes('affineReluForward', x, w, N, M);
  kernels().addRowRelu(denseArg('affineReluForward', 'b', b), out.data, N, M);
  return [out, { layer: 'affine-relu', affine: { layer: 'affine', x, w }, out }];
}

/**
 * Backward pass of affine, then ReLU: `da = dout · [out > 0]`, then as {@link affineBackward}.
 *
 * @param dout - Upstream gradient, shape (N, M).
 * @param cache - From {@link affineReluForward}.
 * @returns Gradients of the loss with respect to `x`, `w` and `b`, in new arrays.
 * @throws {ShapeError} if `dout` is not (N, M).
 */
export function affineReluBackward(dout: NDArray, { affine, out }: AffineReluCache): AffineGrads {
  checkUpstream('affineReluBackward', dout, affine);
  const { da, db } = throughRelu('affineReluBackward', dout, out);
  return {
    dx: inputGradient('affineReluBackward', da, affine),
    dw: weightGradient('affineReluBackward', da, affine),
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
export function affineReluBackwardWeights(dout: NDArray, { affine, out }: AffineReluCache): AffineWeightGrads {
  checkUpstream('affineReluBackwardWeights', dout, affine);
  const { da, db } = throughRelu('affineReluBackwardWeights', dout, out);
  return { dw: weightGradient('affineReluBackwardWeights', da, affine), db };
}

function checkAffine(fn: string, x: NDArray, w: NDArray, b: NDArray): { N: number; M: number } {
  const { N } = checkShapes(fn, { x: [x, ['N', '…']] });
  const D = x.size / N;
  const { M } = checkShapes(fn, { x: [x, [N, '…']], w: [w, [D, 'M']], b: [b, ['M']] });
  return { N, M };
}

function checkUpstream(fn: string, dout: NDArray, { x, w }: AffineCache): void {
  checkShapes(fn, { x: [x, [x.shape[0], '…']], dout: [dout, [x.shape[0], w.shape[1]]] });
}

/** rows(x) · w, shape (N, M). */
function rowsTimes(fn: string, x: NDArray, w: NDArray, N: number, M: number): NDArray {
  const out = empty([N, M], dtypeOf(x));
  kernels().gemm('NN', denseArg(fn, 'x', x), denseArg(fn, 'w', w), out.data, N, w.shape[0], M);
  return out;
}

/** d(out)/d(x): dx = dout · wᵀ. */
function inputGradient(fn: string, dout: NDArray, { x, w }: AffineCache): NDArray {
  const [N, M] = dout.shape;
  const dx = empty(x.shape, dtypeOf(x));
  kernels().gemm('NT', denseArg(fn, 'dout', dout), denseArg(fn, 'cache.w', w), dx.data, N, M, w.shape[0]);
  return dx;
}

/** d(out)/d(w): dw = rows(x)ᵀ · dout. */
function weightGradient(fn: string, dout: NDArray, { x, w }: AffineCache): NDArray {
  const [N, M] = dout.shape;
  const dw = empty(w.shape, dtypeOf(w));
  kernels().gemm('TN', denseArg(fn, 'cache.x', x), denseArg(fn, 'dout', dout), dw.data, w.shape[0], N, M);
  return dw;
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
  const [N, M] = out.shape;
  const da = empty([N, M], dtypeOf(out));
  const db = empty([M], dtypeOf(out));
  kernels().reluBackwardSumRows(denseArg(fn, 'dout', dout), denseArg(fn, 'cache.out', out), da.data, db.data, N, M);
  return { da, db };
}
