import type { ProductKernels } from '../types.js';

/** Matrix products. */
export const products: ProductKernels = {
  gemm({ form, a, b, out, N, K, M }) {
    const [aRow, aColumn] = form === 'TN' ? [1, N] : [K, 1];
    const [bRow, bColumn] = form === 'NT' ? [1, K] : [M, 1];
    const row = new Float64Array(M);
    for (let n = 0; n < N; n++) {
      row.fill(0);
      for (let k = 0; k < K; k++) {
        const factor = a[n * aRow + k * aColumn];
        for (let m = 0; m < M; m++) row[m] += factor * b[k * bRow + m * bColumn];
      }
      out.set(row, n * M);
    }
  },
};
