import { afterAll, expect, test } from 'vitest';
import type { Kernels } from '../../src/kernels/index.js';
import { describeFirstQuick } from '../helpers/slow.js';
import { testEngine } from './engines.js';
import { convShape } from './trials.js';

// Every sum of float32 is within a millionth however long it is: one that goes through all values in float32 makes
// 100,958 of a million times 0.1. The reference sums in float64.

const engines = ([1, 3] as const).map((threads) => ({ threads, ...testEngine('relaxed', threads) }));
afterAll(() => {
  for (const engine of engines) engine.end();
});

const N = 200_000;
/** Not a multiple of a vector's lanes, and more than the four vectors that go together. */
const M = 21;
const tenth = Math.fround(0.1);

const filled = (length: number, value: number) => new Float32Array(length).fill(value);
/** Rows of M values, ±1 by turns. */
const turns = (rows: number, columns: number) =>
  Float32Array.from({ length: rows * columns }, (_, i) => (Math.floor(i / columns) % 2 ? -1 : 1));

/** Sums that a call leaves, and what each is. */
type Case = (k: Kernels) => readonly Sums[];
type Sums = readonly [sums: ArrayLike<number>, each: number];

const CASES: Record<string, Case> = {
  sumRows(k) {
    const out = filled(M, 0);
    k.sumRows(filled(N * M, tenth), out, N, M);
    return [[out, N * tenth]];
  },
  'sumRows of a million': (k) => {
    const out = filled(2, 0);
    k.sumRows(filled(2e6, tenth), out, 1e6, 2);
    return [[out, 1e6 * tenth]];
  },
  sumColumns(k) {
    const out = filled(2, 0);
    k.sumColumns(filled(2 * N, tenth), out, 2, N);
    return [[out, N * tenth]];
  },
  sumChannels(k) {
    const out = filled(2, 0);
    k.sumChannels(filled(8 * N, tenth), out, { N: 4, C: 2, S: N });
    return [[out, 4 * N * tenth]];
  },
  'sumSquares, sumAbs, addL2Gradient': (k) => {
    const x = filled(4 * N, tenth);
    const sums = [k.sumSquares(x), k.addL2Gradient(x, x.slice(), 1)];
    return [
      [sums, 4 * N * tenth ** 2],
      [[k.sumAbs(x)], 4 * N * tenth],
    ];
  },
  reluBackwardSumRows(k) {
    const out = filled(M, 0);
    k.reluBackwardSumRows({ dout: filled(N * M, tenth), x: filled(N * M, 1), dx: filled(N * M, 0), sums: out, N, M });
    return [[out, N * tenth]];
  },
  reluBackwardSumChannels(k) {
    const out = filled(2, 0);
    const length = 4 * N;
    k.reluBackwardSumChannels(filled(length, tenth), filled(length, 1), filled(length, 0), out, { N: 2, C: 2, S: N });
    return [[out, 2 * N * tenth]];
  },
  'preluBackward by columns and by runs': (k) => {
    const [columns, run] = [filled(M, 0), filled(1, 0)];
    k.preluBackward({
      dout: filled(N * M, tenth),
      x: filled(N * M, -1),
      alpha: filled(M, 0.5),
      dx: filled(N * M, 0),
      dalpha: columns,
      inner: 1,
    });
    k.preluBackward({
      dout: filled(N, tenth),
      x: filled(N, -1),
      alpha: filled(1, 0.5),
      dx: filled(N, 0),
      dalpha: run,
      inner: N,
    });
    return [
      [columns, -N * tenth],
      [run, -N * tenth],
    ];
  },
  'batchnorm of columns': (k) => {
    const [x, out, mean, variance] = [filled(N * M, 0), filled(N * M, 0), filled(M, 0), filled(M, 0)];
    // The first row lies apart, so that what is summed is a difference of 0.1.
    x.fill(tenth, M);
    k.batchnorm({
      x,
      gamma: filled(M, 1),
      beta: filled(M, 0),
      out,
      mean,
      variance,
      shape: { N, C: M, S: 1 },
      epsilon: 1e-5,
      relu: false,
    });
    const mu = (tenth * (N - 1)) / N;
    // (x − mean)² is next to nothing but in the first row.
    return [
      [mean, mu],
      [variance, (tenth ** 2 * (N - 1)) / N / N],
    ];
  },
  'variance of columns': (k) => {
    const [x, out, mean, variance] = [turns(N, M), filled(N * M, 0), filled(M, 0), filled(M, 0)];
    for (let i = 0; i < x.length; i++) x[i] *= tenth;
    k.batchnorm({
      x,
      gamma: filled(M, 1),
      beta: filled(M, 0),
      out,
      mean,
      variance,
      shape: { N, C: M, S: 1 },
      epsilon: 1e-5,
      relu: false,
    });
    return [[variance, tenth ** 2]];
  },
  'variance of channels': (k) => {
    const [x, out, mean, variance] = [turns(4 * N, 1), filled(4 * N, 0), filled(2, 0), filled(2, 0)];
    for (let i = 0; i < x.length; i++) x[i] *= tenth;
    k.batchnorm({
      x,
      gamma: filled(2, 1),
      beta: filled(2, 0),
      out,
      mean,
      variance,
      shape: { N: 2, C: 2, S: N },
      epsilon: 1e-5,
      relu: false,
    });
    return [[variance, tenth ** 2]];
  },
  ...Object.fromEntries(
    (['batchnormBackward', 'normalizeBackward', 'batchnormBackwardGraph'] as const).map((name) => [
      `${name} of columns`,
      (k: Kernels): readonly Sums[] => {
        const [dgamma, dbeta, shape] = [filled(M, 0), filled(M, 0), { N, C: M, S: 1 }];
        const [dout, x, dx] = [filled(N * M, tenth), filled(N * M, 1), filled(N * M, 0)];
        const [mean, variance, gamma] = [filled(M, 0), filled(M, 1), filled(M, 1)];
        if (name === 'batchnormBackwardGraph') {
          k.batchnormBackwardGraph({ dout, x, mean, variance, gamma, dx, dgamma, dbeta, shape, epsilon: 1e-9 });
        } else {
          k[name]({ dout, x, y: null, mean, variance, gamma, dx, dgamma, dbeta, shape, epsilon: 1e-9 });
        }
        return [
          [dgamma, N * tenth],
          [dbeta, N * tenth],
        ];
      },
    ]),
  ),
  'batchnormBackward of channels, by itself, with ReLU and with GELU': (k) => {
    const shape = { N: 2, C: 2, S: N };
    const length = 4 * N;
    return ['nothing', 'relu', 'gelu'].flatMap<Sums>((follows) => {
      const y = follows === 'relu' ? filled(length, 1) : null;
      // So far above 0 a GELU passes all.
      const beta = follows === 'gelu' ? filled(2, 20) : null;
      const [dgamma, dbeta, dx] = [filled(2, 0), filled(2, 0), filled(length, 0)];
      const [dout, x, ones] = [filled(length, tenth), filled(length, 1), filled(2, 1)];
      k.batchnormBackward({
        dout,
        x,
        y,
        beta,
        mean: filled(2, 0),
        variance: ones,
        gamma: ones,
        dx,
        dgamma,
        dbeta,
        shape,
        epsilon: 1e-9,
      });
      return [
        [dgamma, 2 * N * tenth],
        [dbeta, 2 * N * tenth],
      ];
    });
  },
  layernorm(k) {
    const [mean, inverse] = [filled(1, 0), filled(1, 0)];
    const x = turns(N, 1).map((v) => v * tenth);
    k.layernorm({
      x,
      gamma: filled(N, 1),
      beta: filled(N, 0),
      out: filled(N, 0),
      mean,
      inverse,
      N: 1,
      D: N,
      epsilon: 1e-9,
      relu: false,
    });
    return [[inverse, 1 / Math.sqrt(tenth ** 2 + 1e-9)]];
  },
  layernormBackward(k) {
    const [dgamma, dbeta, dx] = [filled(M, 0), filled(M, 0), filled(N * M, 0)];
    const [dout, x] = [filled(N * M, tenth), filled(N * M, 1)];
    k.layernormBackward({
      dout,
      x,
      y: null,
      mean: filled(N, 0),
      inverse: filled(N, 1),
      gamma: filled(M, 1),
      dx,
      dgamma,
      dbeta,
      N,
      D: M,
    });
    return [
      [dgamma, N * tenth],
      [dbeta, N * tenth],
    ];
  },
  groupnormBackward(k) {
    const [dgamma, dbeta, shape] = [filled(2, 0), filled(2, 0), { N: 2, C: 2, S: N }];
    const [dout, x, dx] = [filled(4 * N, tenth), filled(4 * N, 1), filled(4 * N, 0)];
    k.groupnormBackward({
      dout,
      x,
      mean: filled(2, 0),
      inverse: filled(2, 1),
      gamma: filled(2, 1),
      dx,
      dgamma,
      dbeta,
      shape,
      G: 1,
    });
    return [
      [dgamma, 2 * N * tenth],
      [dbeta, 2 * N * tenth],
    ];
  },
  'softmaxLoss over many classes': (k) => {
    const [scores, dx] = [filled(N, 0), filled(N, 0)];
    // One power of 1 and N − 1 of 0.1.
    scores[0] = Math.log(10);
    const loss = k.softmaxLoss(scores, Int32Array.of(0), dx, 1, N);
    const power = Math.exp(-scores[0]);
    return [
      [[Math.exp(loss)], 1 + (N - 1) * power],
      [dx.subarray(1), power / (1 + (N - 1) * power)],
    ];
  },
  'avgPool of long windows': (k) => {
    const sizes = { planes: 1, H: 1, W: N + 5, poolHeight: 1, poolWidth: N, OH: 1, OW: 6 };
    const plain = { strideH: 1, strideW: 1, padH: 0, padW: 0, dilationH: 1, dilationW: 1 };
    const shape = { ...sizes, ...plain, countIncludePad: true, divisor: null };
    const out = filled(6, 0);
    k.avgPool(filled(N + 5, tenth), out, shape);
    return [[out, tenth]];
  },
  'biases of a convolution': (k) => {
    const [images, filters] = [64, 3];
    return [
      convShape(images, 33, 32, 32, filters, 3, 3, { pad: [1, 1] }),
      convShape(images, 2, 32, 32, filters, 1, 1),
    ].map<Sums>((s) => {
      const db = filled(filters, 0);
      const x = filled(images * s.C * 1024, 0);
      k.convBackwardWeights(filled(images * filters * 1024, tenth), x, filled(filters * s.C * s.HH * s.WW, 0), db, s);
      return [db, images * 1024 * tenth];
    });
  },
};

describeFirstQuick(engines, 'on $threads threads', ({ kernels }) => {
  test.each(Object.entries(CASES))('%s', (_, run) => {
    for (const [sums, each] of run(kernels)) {
      const worst = Math.max(
        ...Array.from({ length: Math.min(sums.length, 1000) }, (_, i) => Math.abs(sums[i] / each - 1)),
      );
      expect(worst).toBeLessThan(1e-6);
    }
  });
});
