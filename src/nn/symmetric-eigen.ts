/**
 * Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's method: rotations of two axes at a time, each of
 * which makes one value outside of the diagonal zero, round after round until none is left.
 *
 * @param matrix - n × n values, row by row.
 * @returns The eigenvalues, largest first, and the eigenvectors of length 1 in the same order.
 * @see Golub and Van Loan 2013, Matrix Computations, 4th edition, section 8.5
 */
export function symmetricEigen(matrix: Float64Array, n: number): { values: number[]; vectors: Float64Array[] } {
  const a = matrix.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  // Convergence is quadratic: a handful of rounds. 50 are never reached.
  for (let round = 0; round < 50 && isFull(a, n); round++) {
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j] - a[i * n + i]);
  return {
    values: order.map((i) => a[i * n + i]),
    vectors: order.map((i) => Float64Array.from({ length: n }, (_, k) => v[k * n + i])),
  };
}

/** Whether values outside of the diagonal are still larger than rounding. */
function isFull(a: Float64Array, n: number): boolean {
  let [off, all] = [0, 0];
  for (let i = 0; i < n * n; i++) {
    all += a[i] * a[i];
    if (i % (n + 1) !== 0) off += a[i] * a[i];
  }
  return off > 1e-30 * all;
}

/** Rotates axes p and q of `a` so that a[p][q] becomes zero, and the columns of `v` with them. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q];
  if (apq === 0) return;
  const tau = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  const turn = (m: Float64Array, i: number, j: number): void => {
    const [x, y] = [m[i], m[j]];
    m[i] = c * x - s * y;
    m[j] = s * x + c * y;
  };
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q);
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k);
  for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q);
}
