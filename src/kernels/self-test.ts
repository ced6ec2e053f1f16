import { type Floats, Random } from '../arrays/index.js';
import { reference } from './reference/index.js';
import { activations } from './self-tests/activations.js';
import { images } from './self-tests/images.js';
import { losses, softmaxes } from './self-tests/losses.js';
import { normalizations } from './self-tests/normalizations.js';
import type { Kernels, PlainKernels } from './types.js';

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
    const step = {
      learningRate: 0.1,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      t: 3,
      weightDecay: 0.01,
      decoupledDecay: 0.02,
    };
    const averaged = { learningRate: 0.1, decayRate: 0.9, epsilon: 1e-8, momentum: 0.9, weightDecay: 0.01 };
    const moved = { learningRate: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01 };
    const scaled = { learningRate: 0.1, epsilon: 1e-8, weightDecay: 0.01 };
    const squares = some(N * M).map((v) => v * v);
    /** A mean whose square is less than the mean of squares. */
    const small = squares.map((v) => v / (1 + v));

    const checks: Record<Exclude<keyof Kernels, 'name' | keyof PlainKernels>, () => boolean> = {
      gemm: () =>
        agrees([some(N * K), some(K * M), some(N * M)], (k, [a, b, out]) =>
          k.gemm({ form: 'NN', a, b, out, N, K, M }),
        ) &&
        agrees([some(N * K), some(K * M), some(N * M)], (k, [a, b, out]) =>
          k.gemm({ form: 'NT', a, b, out, N, K, M }),
        ) &&
        agrees([some(N * K), some(K * M), some(N * M)], (k, [a, b, out]) => k.gemm({ form: 'TN', a, b, out, N, K, M })),
      add: () => agrees(wide, (k, [a, b, out]) => k.add(a, b, out)),
      subtract: () => agrees(wide, (k, [a, b, out]) => k.subtract(a, b, out)),
      multiply: () => agrees(wide, (k, [a, b, out]) => k.multiply(a, b, out)),
      divide: () => agrees(wide, (k, [a, b, out]) => k.divide(a, b, out)),
      scale: () => agrees(wide, (k, [x, out]) => k.scale(x, out, 0.3)),
      lerp: () => agrees(wide, (k, [a, b]) => k.lerp(a, b, 0.3)),
      addRow: () => agrees([some(M), some(N * M)], (k, [b, out]) => k.addRow(b, out, N, M)),
      addRowRelu: () => agrees([some(M), some(N * M)], (k, [b, out]) => k.addRowRelu(b, out, N, M)),
      relu: () => agrees(wide, (k, [x, out]) => k.relu(x, out)),
      reluBackward: () => agrees(wide, (k, [dout, x, dx]) => k.reluBackward(dout, x, dx)),
      reluBackwardSumRows: () =>
        agrees([...wide, some(M)], (k, [dout, x, dx, sums]) => k.reluBackwardSumRows({ dout, x, dx, sums, N, M })),
      reluBackwardSumChannels: () =>
        agrees([...wide, some(M)], (k, [dout, x, dx, sums]) =>
          k.reluBackwardSumChannels(dout, x, dx, sums, { N: 1, C: M, S: N }),
        ),
      sumRows: () => agrees([wide[0], some(M)], (k, [x, out]) => k.sumRows(x, out, N, M)),
      scaleRows: () => agrees([wide[0], some(N), wide[1]], (k, [x, factors, out]) => k.scaleRows(x, factors, out, M)),
      sumColumns: () => agrees([wide[0], some(N)], (k, [x, out]) => k.sumColumns(x, out, N, M)),
      sumSquares: () => agrees(wide, (k, [x]) => k.sumSquares(x)),
      sumAbs: () => agrees(wide, (k, [x]) => k.sumAbs(x)),
      maxAbs: () => agrees(wide, (k, [x]) => k.maxAbs(x)),
      clamp: () => agrees(wide, (k, [x]) => k.clamp(x, 0.5)),
      addL2Gradient: () => agrees(wide, (k, [w, dw]) => k.addL2Gradient(w, dw, 0.3)),
      ...activations(agrees, wide, some),
      ...softmaxes(agrees, wide),
      ...normalizations(agrees, some),
      ...images(agrees, some),
      softmaxLoss: () => agrees(wide, (k, [x, dx]) => k.softmaxLoss(x, y, dx, N, M)),
      hingeLoss: () =>
        agrees([...wide, some(N)], (k, [x, dx, , values]) => k.hingeLoss({ x, y, dx, values, N, C: M, divisor: 1 })),
      ...losses(agrees, some),
      gatherRows: () => agrees([some(M * M), some(N * M)], (k, [source, out]) => k.gatherRows(source, y, out, M)),
      sgd: () => agrees(wide, (k, [w, dw]) => k.sgd(w, dw, 0.1, 0.01)),
      sgdMomentum: () => agrees(wide, (k, [w, dw, velocity]) => k.sgdMomentum({ w, dw, velocity, ...moved })),
      dampedMomentum: () => agrees(wide, (k, [w, dw, velocity]) => k.dampedMomentum({ w, dw, velocity, ...moved })),
      nesterov: () => agrees(wide, (k, [w, dw, velocity]) => k.nesterov({ w, dw, velocity, ...moved })),
      rmsprop: () =>
        agrees([...wide, squares, small], (k, [w, dw, velocity, cache, mean]) => {
          k.rmsprop({ w, dw, cache, velocity: null, mean: null, ...averaged });
          k.rmsprop({ w, dw, cache, velocity, mean, ...averaged });
        }),
      adagrad: () => agrees([wide[0], wide[1], squares], (k, [w, dw, cache]) => k.adagrad({ w, dw, cache, ...scaled })),
      adam: () =>
        agrees([...wide, squares, some(N * M)], (k, [w, dw, m, v, largest]) => {
          k.adam({ w, dw, m, v, largest: null, ...step });
          k.adam({ w, dw, m, v, largest, ...step });
        }),
    };
    for (const [name, check] of Object.entries(checks)) if (!check()) return `${name} (${dtype})`;
  }
  return null;
}

function isClose(actual: number, expected: number, tolerance: number): boolean {
  return Math.abs(actual - expected) <= tolerance * (1 + Math.abs(expected));
}
