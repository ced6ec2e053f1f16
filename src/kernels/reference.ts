import ndarray from 'ndarray';
import ops from 'ndarray-ops';
import type { Floats } from '../arrays/index.js';
import type { AdamStep, Kernels, ProductForm } from './types.js';

/**
 * The kernels in plain TypeScript: the definition of each, the oracle that the fast ones are tested against, and what
 * runs where there is no WebAssembly. Sums are kept in float64, so this is the more exact side of a comparison.
 */
export const reference: Kernels = {
  name: 'reference',

  gemm(form: ProductForm, a: Floats, b: Floats, out: Floats, N: number, K: number, M: number): void {
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

  addRow(b: Floats, out: Floats, N: number, M: number): void {
    for (let n = 0; n < N; n++) for (let m = 0; m < M; m++) out[n * M + m] += b[m];
  },

  addRowRelu(b: Floats, out: Floats, N: number, M: number): void {
    reference.addRow(b, out, N, M);
    reference.relu(out, out);
  },

  relu(x: Floats, out: Floats): void {
    ops.maxs(ndarray(out), ndarray(x), 0);
  },

  reluBackward(dout: Floats, x: Floats, dx: Floats): void {
    for (let i = 0; i < x.length; i++) dx[i] = x[i] > 0 ? dout[i] : 0;
  },

  reluBackwardSumRows(dout: Floats, x: Floats, dx: Floats, sums: Floats, N: number, M: number): void {
    reference.reluBackward(dout, x, dx);
    reference.sumRows(dx, sums, N, M);
  },

  sumRows(x: Floats, out: Floats, N: number, M: number): void {
    for (let m = 0; m < M; m++) out[m] = ops.sum(ndarray(x, [N], [M], m));
  },

  sumColumns(x: Floats, out: Floats, N: number, M: number): void {
    for (let n = 0; n < N; n++) out[n] = ops.sum(ndarray(x, [M], [1], n * M));
  },

  sumSquares(x: Floats): number {
    return ops.norm2squared(ndarray(x));
  },

  addL2Gradient(w: Floats, dw: Floats, reg: number): number {
    for (let i = 0; i < w.length; i++) dw[i] += reg * w[i];
    return reference.sumSquares(w);
  },

  softmaxLoss(x: Floats, y: Int32Array, dx: Floats, N: number, C: number): number {
    const powers = new Float64Array(C);
    let loss = 0;
    for (let n = 0; n < N; n++) {
      const row = x.subarray(n * C, (n + 1) * C);
      // Shifting a row by its maximum changes no quotient and keeps every power at most 1.
      const largest = ops.sup(ndarray(row));
      let sum = 0;
      for (let c = 0; c < C; c++) sum += powers[c] = Math.exp(row[c] - largest);
      loss += Math.log(sum) - (row[y[n]] - largest);
      for (let c = 0; c < C; c++) dx[n * C + c] = (powers[c] / sum - (c === y[n] ? 1 : 0)) / N;
    }
    return loss / N;
  },

  hingeLoss(x: Floats, y: Int32Array, dx: Floats, N: number, C: number): number {
    let loss = 0;
    for (let n = 0; n < N; n++) {
      const right = x[n * C + y[n]];
      let positive = 0;
      for (let c = 0; c < C; c++) {
        const margin = x[n * C + c] - right + 1;
        // Written so that NaN counts: it must show in the loss.
        const counts = c !== y[n] && !(margin <= 0);
        if (counts) loss += margin;
        if (counts) positive++;
        dx[n * C + c] = counts ? 1 / N : 0;
      }
      dx[n * C + y[n]] = -positive / N;
    }
    return loss / N;
  },

  gatherRows(source: Floats, indices: Int32Array, out: Floats, D: number): void {
    indices.forEach((row, i) => {
      out.set(source.subarray(row * D, (row + 1) * D), i * D);
    });
  },

  sgd(w: Floats, dw: Floats, learningRate: number): void {
    for (let i = 0; i < w.length; i++) w[i] -= learningRate * dw[i];
  },

  sgdMomentum(w: Floats, dw: Floats, velocity: Floats, learningRate: number, momentum: number): void {
    for (let i = 0; i < w.length; i++) {
      velocity[i] = momentum * velocity[i] - learningRate * dw[i];
      w[i] += velocity[i];
    }
  },

  nesterov(w: Floats, dw: Floats, velocity: Floats, learningRate: number, momentum: number): void {
    for (let i = 0; i < w.length; i++) {
      velocity[i] = momentum * velocity[i] + dw[i];
      w[i] -= learningRate * (dw[i] + momentum * velocity[i]);
    }
  },

  rmsprop(w: Floats, dw: Floats, cache: Floats, learningRate: number, decayRate: number, epsilon: number): void {
    for (let i = 0; i < w.length; i++) {
      cache[i] = decayRate * cache[i] + (1 - decayRate) * dw[i] * dw[i];
      w[i] -= (learningRate * dw[i]) / (Math.sqrt(cache[i]) + epsilon);
    }
  },

  adagrad(w: Floats, dw: Floats, cache: Floats, learningRate: number, epsilon: number): void {
    for (let i = 0; i < w.length; i++) {
      cache[i] += dw[i] * dw[i];
      w[i] -= (learningRate * dw[i]) / (Math.sqrt(cache[i]) + epsilon);
    }
  },

  adam(w: Floats, dw: Floats, m: Floats, v: Floats, step: AdamStep): void {
    const { learningRate, beta1, beta2, epsilon, t, weightDecay } = step;
    for (let i = 0; i < w.length; i++) {
      m[i] = beta1 * m[i] + (1 - beta1) * dw[i];
      v[i] = beta2 * v[i] + (1 - beta2) * dw[i] * dw[i];
      const mHat = m[i] / (1 - beta1 ** t);
      const vHat = v[i] / (1 - beta2 ** t);
      w[i] -= learningRate * weightDecay * w[i];
      w[i] -= (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
    }
  },
};
