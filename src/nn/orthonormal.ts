/**
 * Makes the rows of a matrix orthonormal, in place, by the modified Gram–Schmidt method: with the rows as the columns
 * of A, the Q of A = Q · R with a positive diagonal of R.
 *
 * @param a - Rows of `length` values, no more than that, linearly independent.
 */
export function orthonormalize(a: Float64Array, length: number): void {
  const rows = Array.from({ length: a.length / length }, (_, n) => a.subarray(n * length, (n + 1) * length));
  rows.forEach((row, n) => {
    // The second time takes away what rounding has left of the rows before: twice is enough (Kahan, Parlett).
    for (let pass = 0; pass < 2; pass++) for (let k = 0; k < n; k++) subtractProjection(row, rows[k]);
    const inverse = 1 / Math.sqrt(dot(row, row));
    for (let i = 0; i < length; i++) row[i] *= inverse;
  });
}

/** Takes the part along `unit` away from `row`. */
function subtractProjection(row: Float64Array, unit: Float64Array): void {
  const share = dot(row, unit);
  for (let i = 0; i < row.length; i++) row[i] -= share * unit[i];
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
