import { adopted, dtypeOf, empty, type Floats, type NDArray, ndarray, operand, sizeOf } from '../arrays/index.js';
import { kernels } from '../kernels/index.js';

// Products of matrices in row-major or column-major order, used in place, so that a transpose costs nothing.

/** out (N, M) = a (N, K) · b (K, M). Only a matrix in neither row-major nor column-major order is copied. */
export function matrixProduct(a: NDArray, b: NDArray, out: Floats): void {
  const [N, K] = a.shape;
  const M = b.shape[1];
  if (isColumnMajor(b)) kernels().gemm({ form: 'NT', a: operand(a), b: operand(b.transpose(1, 0)), out, N, K, M });
  else if (isColumnMajor(a)) kernels().gemm({ form: 'TN', a: operand(a.transpose(1, 0)), b: operand(b), out, N, K, M });
  else kernels().gemm({ form: 'NN', a: operand(a), b: operand(b), out, N, K, M });
}

/** a · b as a new array in the memory layout of `like`: column-major if `like` is, else row-major. */
export function productLike(like: NDArray, a: NDArray, b: NDArray): NDArray {
  const [N, M] = [a.shape[0], b.shape[1]];
  if (isColumnMajor(like)) {
    const transposed = empty([M, N], dtypeOf(like));
    // (a · b)ᵀ = bᵀ · aᵀ
    matrixProduct(b.transpose(1, 0), a.transpose(1, 0), transposed.data);
    return adopted(transposed.transpose(1, 0));
  }
  const out = empty([N, M], dtypeOf(like));
  matrixProduct(a, b, out.data);
  return out;
}

/** The dense values of `x` as a matrix of rows of `D`. Not to be returned: see `adopted`. */
export function rowsOf(x: NDArray, D: number): NDArray {
  const rows = D === 0 ? sizeOf(x.shape.slice(0, -1)) : x.size / D;
  return ndarray(operand(x), [rows, D]);
}

/** Whether a matrix is in column-major order: the transpose of a dense row-major one. */
function isColumnMajor({ shape, stride }: NDArray): boolean {
  return stride[0] === 1 && stride[1] === shape[0];
}
