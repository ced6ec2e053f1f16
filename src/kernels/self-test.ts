import { type Floats, Random } from '../arrays/index.js';
import { reference } from './reference/index.js';
import type { Kernels } from './types.js';

/**
 * Runs every kernel against the reference on small operands that fill neither tiles nor lanes evenly.
 *
 * @returns The name of the first kernel that disagrees by more than rounding, with its dtype, or null.
 */
export function firstDisagreement(kernels: Kernels): string | null {
  for (const dtype of ['float32', 'float64'] as const) {
    const random = new Random('self-test');
    const tolerance = dtype === 'float32' ? 1e-4 : 1e-12;
    const some = (length: number): Floats => random.randn([length], dtype).data;
    const [N, K, M] = [23, 37, 29];
    const y = random.randint(0, M, N);

    /** Compares what `call` makes of equal copies of `operands`, its return value included. */
    const agrees = (operands: Floats[], call: (k: Kernels, operands: Floats[]) => unknown): boolean => {
      const [ours, theirs] = [operands.map((a) => a.slice()), operands.map((a) => a.slice())];
      const [result, expected] = [Number(call(kernels, ours) ?? 0), Number(call(reference, theirs) ?? 0)];
      return (
        isClose(result, expected, tolerance) &&
        ours.every((values, i) => values.every((value, j) => isClose(value, theirs[i][j], tolerance)))
      );
    };
    const wide = [some(N * M), some(N * M), some(N * M)];
    const step = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, t: 3, weightDecay: 0.01 };
    const squares = some(N * M).map((v) => v * v);

    const checks: Record<Exclude<keyof Kernels, 'name'>, () => boolean> = {
      gemm: () =>
        agrees([some(N * K), some(K * M), some(N * M)], (k, [a, b, out]) => k.gemm('NN', a, b, out, N, K, M)) &&
        agrees([some(N * K), some(K * M), some(N * M)], (k, [a, b, out]) => k.gemm('NT', a, b, out, N, K, M)) &&
        agrees([some(N * K), some(K * M), some(N * M)], (k, [a, b, out]) => k.gemm('TN', a, b, out, N, K, M)),
      addRow: () => agrees([some(M), some(N * M)], (k, [b, out]) => k.addRow(b, out, N, M)),
      addRowRelu: () => agrees([some(M), some(N * M)], (k, [b, out]) => k.addRowRelu(b, out, N, M)),
      relu: () => agrees(wide, (k, [x, out]) => k.relu(x, out)),
      reluBackward: () => agrees(wide, (k, [dout, x, dx]) => k.reluBackward(dout, x, dx)),
      reluBackwardSumRows: () =>
        agrees([...wide, some(M)], (k, [dout, x, dx, sums]) => k.reluBackwardSumRows(dout, x, dx, sums, N, M)),
      sumRows: () => agrees([wide[0], some(M)], (k, [x, out]) => k.sumRows(x, out, N, M)),
      sumColumns: () => agrees([wide[0], some(N)], (k, [x, out]) => k.sumColumns(x, out, N, M)),
      sumSquares: () => agrees(wide, (k, [x]) => k.sumSquares(x)),
      addL2Gradient: () => agrees(wide, (k, [w, dw]) => k.addL2Gradient(w, dw, 0.3)),
      softmaxLoss: () => agrees(wide, (k, [x, dx]) => k.softmaxLoss(x, y, dx, N, M)),
      hingeLoss: () => agrees(wide, (k, [x, dx]) => k.hingeLoss(x, y, dx, N, M)),
      gatherRows: () => agrees([some(M * M), some(N * M)], (k, [source, out]) => k.gatherRows(source, y, out, M)),
      sgd: () => agrees(wide, (k, [w, dw]) => k.sgd(w, dw, 0.1)),
      sgdMomentum: () => agrees(wide, (k, [w, dw, v]) => k.sgdMomentum(w, dw, v, 0.1, 0.9)),
      nesterov: () => agrees(wide, (k, [w, dw, v]) => k.nesterov(w, dw, v, 0.1, 0.9)),
      rmsprop: () => agrees([wide[0], wide[1], squares], (k, [w, dw, c]) => k.rmsprop(w, dw, c, 0.1, 0.9, 1e-8)),
      adagrad: () => agrees([wide[0], wide[1], squares], (k, [w, dw, c]) => k.adagrad(w, dw, c, 0.1, 1e-8)),
      adam: () => agrees([...wide, squares], (k, [w, dw, m, v]) => k.adam(w, dw, m, v, step)),
    };
    for (const [name, check] of Object.entries(checks)) if (!check()) return `${name} (${dtype})`;
  }
  return null;
}

function isClose(actual: number, expected: number, tolerance: number): boolean {
  return Math.abs(actual - expected) <= tolerance * (1 + Math.abs(expected));
}
