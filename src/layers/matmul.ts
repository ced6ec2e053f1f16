import {
  argumentError,
  checkLike,
  checkShapes,
  dtypeOf,
  empty,
  type NDArray,
  ndarray,
  operand,
  ShapeError,
  sizeOf,
  tuple,
  wrap,
} from '../arrays/index.js';
import { broadcastShape, broadcastView, type ElementwiseGrads, sumTo } from './broadcasting.js';
import { checkCache, checkCached } from './cache.js';
import { matrixProduct, productLike, rowsOf } from './matrix-product.js';
import { anyShape } from './operands.js';

/** What {@link matmulBackward} needs from {@link matmulForward}. Opaque: the fields may change. */
export interface MatmulCache {
  readonly layer: 'matmul';
  readonly a: NDArray;
  readonly b: NDArray;
  readonly shape: readonly number[];
}

/**
 * Forward pass of a matrix product: `out[…, n, m] = Σ_k a[…, n, k] · b[…, k, m]`.
 *
 * As NumPy's: the axes before the last two are batches of matrices, and broadcast; an `a` of one axis is a row, a `b`
 * of one axis a column, and that axis is not in `out`. A transposed matrix is used in place.
 *
 * @param a - Shape (…, N, K) or (K,).
 * @param b - Shape (…, K, M) or (K,).
 * @returns `out`, a new array of shape (…, N, M), and the cache, which keeps `a` and `b` by reference: leave both
 *   unchanged until the backward pass.
 * @throws {ShapeError} if an array has no axes, the two K differ, or the batches do not broadcast.
 * @throws {TypeError} if the two are not of one dtype.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.matmul.html
 */
export function matmulForward(a: NDArray, b: NDArray): [out: NDArray, cache: MatmulCache] {
  const fn = 'matmulForward';
  checkShapes(fn, { a: [a, anyShape(a)], b: [b, anyShape(b)] });
  for (const [name, { shape }] of [
    ['a', a],
    ['b', b],
  ] as const) {
    if (shape.length === 0)
      throw argumentError(ShapeError, { fn, arg: name, found: 'has shape ()', expected: 'at least one axis' });
  }
  const K = a.shape[a.shape.length - 1];
  if (b.shape[Math.max(0, b.shape.length - 2)] !== K) {
    const expected = b.shape.length === 1 ? `(K=${K},)` : `(${'…, '.repeat(b.shape.length > 2 ? 1 : 0)}K=${K}, M)`;
    throw argumentError(ShapeError, { fn, arg: 'b', found: `has shape ${tuple(b.shape)}`, expected });
  }
  broadcastShape(fn, a.shape.slice(0, -2), b.shape.slice(0, -2), [a.shape, b.shape]);

  const product = batchProduct(asRows(a), asColumns(b));
  const shape = product.shape.slice(0, -2);
  if (a.shape.length > 1) shape.push(a.shape[a.shape.length - 2]);
  if (b.shape.length > 1) shape.push(b.shape[b.shape.length - 1]);
  return [
    shape.length === product.shape.length ? product : wrap(product.data, shape),
    { layer: 'matmul', a, b, shape },
  ];
}

/**
 * Backward pass of a matrix product: `da = dout · bᵀ`, `db = aᵀ · dout`, summed over the batches that were stretched.
 *
 * @param dout - Upstream gradient, of the shape of `out`.
 * @param cache - From {@link matmulForward}.
 * @returns Gradients with respect to `a` and `b`, in new arrays; that of a `b` of two axes has the memory layout of
 *   `b`.
 * @throws {ShapeError} if `dout` has another shape than `out`.
 */
export function matmulBackward(dout: NDArray, cache: MatmulCache): ElementwiseGrads {
  checkCache('matmulBackward', cache, 'matmul');
  const { a, b, shape } = cache;
  checkLike('matmulBackward', 'b', b, 'a', a, b.shape);
  checkLike('matmulBackward', 'dout', dout, 'a', a, shape);
  const [rows, columns] = [asRows(a), asColumns(b)];
  const [N, M] = [rows.shape[rows.shape.length - 2], columns.shape[columns.shape.length - 1]];
  const batches = shape.slice(0, shape.length - Number(a.shape.length > 1) - Number(b.shape.length > 1));
  checkCached('matmulBackward', 'shape', shape, sizeOf(batches) * N * M === dout.size);
  const upstream = ndarray(operand(dout), [...batches, N, M]) as NDArray;

  const da = sumTo(batchProduct(upstream, swapped(columns)), rows.shape);
  const db =
    columns.shape.length === 2
      ? weightGradient(columns, rows, upstream)
      : sumTo(batchProduct(swapped(rows), upstream), columns.shape);
  return {
    da: a.shape.length === 1 ? wrap(da.data, a.shape) : da,
    db: b.shape.length === 1 ? wrap(operand(db), b.shape) : db,
  };
}

/** The gradient of a matrix that every batch of `a` was multiplied with: a product over the rows of all batches. */
function weightGradient(b: NDArray, a: NDArray, dout: NDArray): NDArray {
  const [K, M] = b.shape;
  const rows = a.shape.length === 2 ? a : rowsOf(a, K);
  return productLike(b, rows.transpose(1, 0), rowsOf(dout, M));
}

/** a · b for matrices (…, N, K) and (…, K, M), a new array. */
function batchProduct(a: NDArray, b: NDArray): NDArray {
  const [aRank, bRank] = [a.shape.length, b.shape.length];
  const [N, K, M] = [a.shape[aRank - 2], a.shape[aRank - 1], b.shape[bRank - 1]];
  const batches = broadcastShape('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const out = empty([...batches, N, M], dtypeOf(a));
  if (bRank === 2 && aRank > 2) {
    // One matrix for all batches: they are rows of one product.
    matrixProduct(rowsOf(a, K), b, out.data);
    return out;
  }
  const [as, bs] = [broadcastView(a, [...batches, N, K]), broadcastView(b, [...batches, K, M])];
  for (let i = 0; i < out.size / (N * M); i++) {
    matrixProduct(matrixOf(as, i), matrixOf(bs, i), out.data.subarray(i * N * M, (i + 1) * N * M));
  }
  return out;
}

/** Matrix number `i` of a batch, in row-major order. */
function matrixOf({ data, shape, stride, offset }: NDArray, i: number): NDArray {
  let at = offset;
  for (let axis = shape.length - 3, rest = i; axis >= 0; axis--) {
    at += (rest % shape[axis]) * stride[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return ndarray(data, shape.slice(-2), stride.slice(-2), at);
}

/** A view of an array of one axis as a matrix of one row; others are matrices. */
function asRows(a: NDArray): NDArray {
  return a.shape.length === 1 ? ndarray(a.data, [1, a.shape[0]], [a.shape[0] * a.stride[0], a.stride[0]], a.offset) : a;
}

/** A view of an array of one axis as a matrix of one column; others are matrices. */
function asColumns(b: NDArray): NDArray {
  return b.shape.length === 1 ? ndarray(b.data, [b.shape[0], 1], [b.stride[0], 1], b.offset) : b;
}

/** A view with the last two axes exchanged. */
function swapped(a: NDArray): NDArray {
  const axes = a.shape.map((_, axis) => axis);
  const last = axes.pop() as number;
  return a.transpose(...axes.slice(0, -1), last, axes[axes.length - 1]);
}
