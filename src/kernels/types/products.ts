import type { Floats } from '../../arrays/index.js';

/**
 * Which operand of a product is stored transposed: `'NN'` neither; `'NT'` b is (M, K); `'TN'` a is (K, N).
 */
export type ProductForm = 'NN' | 'NT' | 'TN';

/** Matrix products. */
export interface ProductKernels {
  /** out (N, M) = op(a) · op(b), summed over K. */
  gemm(operands: ProductOperands): void;
}

/** The operands of a matrix product and its sizes. */
export interface ProductOperands {
  readonly form: ProductForm;
  readonly a: Floats;
  readonly b: Floats;
  readonly out: Floats;
  readonly N: number;
  readonly K: number;
  readonly M: number;
}

/** Arithmetic on arrays of equal size, element by element. `out` may be one of the operands. */
export interface ArithmeticKernels {
  /** out = a + b. */
  add(a: Floats, b: Floats, out: Floats): void;
  /** out = a − b. */
  subtract(a: Floats, b: Floats, out: Floats): void;
  /** out = a · b. */
  multiply(a: Floats, b: Floats, out: Floats): void;
  /** out = a / b. */
  divide(a: Floats, b: Floats, out: Floats): void;
  /** out = factor · x. */
  scale(x: Floats, out: Floats, factor: number): void;
  /** a += weight · (b − a): `a` moves towards `b` by this share of the way, as torch.lerp. */
  lerp(a: Floats, b: Floats, weight: number): void;
}

/**
 * What goes by the rows of a matrix: biases, sums, and picking rows; and what goes over all values: norms and bounds.
 */
export interface RowKernels {
  /** out[n, m] += b[m]. */
  addRow(b: Floats, out: Floats, N: number, M: number): void;
  /** out[n, m] = max(0, out[n, m] + b[m]). */
  addRowRelu(b: Floats, out: Floats, N: number, M: number): void;

  /** out[m] = Σ_n x[n, m]. */
  sumRows(x: Floats, out: Floats, N: number, M: number): void;
  /** out[n, m] = factors[n] · x[n, m], rows of M values. */
  scaleRows(x: Floats, factors: Floats, out: Floats, M: number): void;
  /** out[n] = Σ_m x[n, m]. */
  sumColumns(x: Floats, out: Floats, N: number, M: number): void;
  /** Σ x². */
  sumSquares(x: Floats): number;
  /** Σ |x|. */
  sumAbs(x: Floats): number;
  /** The largest |x|; NaN is the largest. 0 for no values. */
  maxAbs(x: Floats): number;
  /** x = limit where x > limit, −limit where x < −limit; NaN stays NaN. */
  clamp(x: Floats, limit: number): void;
  /** dw += reg · w, and returns Σ w²: the penalty ½·reg·Σw² and its gradient in one pass. */
  addL2Gradient(w: Floats, dw: Floats, reg: number): number;

  /** out[i, :] = source[indices[i], :], rows of D values. Indices are in range. */
  gatherRows(source: Floats, indices: Int32Array, out: Floats, D: number): void;
}
