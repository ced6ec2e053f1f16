import { afterAll, describe, expect, test } from 'vitest';
import type { DType, Floats } from '../../src/arrays/index.js';
import { type Kernels, reference } from '../../src/kernels/index.js';
import { kindsOf } from '../helpers/special-values.js';
import { testEngine } from './engines.js';
import { convShape } from './trials.js';

// Zeros of either sign, infinities, NaN and numbers next to the ends of a dtype, at every place of a vector and behind
// the last whole one: the kernels' results are of the reference's kind, with its sign.

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const VALUES = [0, -0, inf, -inf, nan, 1, -1, 0.37, -0.37, 2, -3, 9, -9, 1e25, -1e25, 1e38, -1e38, 1e-42, -1e-42];

const engines = (['relaxed', 'plain'] as const).map((simd) => ({ simd, ...testEngine(simd, 1) }));
afterAll(() => {
  for (const engine of engines) engine.end();
});

/** A call on arrays of equal length, the first two of which hold every pair of values; all may change. */
type Call = (k: Kernels, a: Floats, b: Floats, out: Floats, small: Floats) => unknown;

const step = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, t: 3, weightDecay: 0, decoupledDecay: 0 };
const moved = { learningRate: 0.1, momentum: 0.9, dampening: 0, weightDecay: 0 };
const averaged = { learningRate: 0.1, decayRate: 0.9, epsilon: 1e-8, momentum: 0.9, weightDecay: 0 };

/** The arrays as a matrix of this many columns, and how many rows that has: pairs go around with the shift. */
const COLUMNS = 7;
const rowsOf = (a: Floats) => Math.floor(a.length / COLUMNS);
const head = (a: Floats, columns = COLUMNS) => a.subarray(0, rowsOf(a) * columns);

/** Of `small` the first few, as an array of `count` equal values. */
const filled = (small: Floats, at: number, count: number, value: number) => small.subarray(at, at + count).fill(value);

const CALLS: Record<string, Call> = {
  add: (k, a, b, out) => k.add(a, b, out),
  subtract: (k, a, b, out) => k.subtract(a, b, out),
  multiply: (k, a, b, out) => k.multiply(a, b, out),
  divide: (k, a, b, out) => k.divide(a, b, out),
  'scale by −1': (k, a, _, out) => k.scale(a, out, -1),
  'scale by 0': (k, a, _, out) => k.scale(a, out, 0),
  lerp: (k, a, b) => k.lerp(a, b, 0.3),
  'addRow of −0': (k, a, _, __, small) => k.addRow(filled(small, 0, COLUMNS, -0), head(a), rowsOf(a), COLUMNS),
  'addRowRelu of −0': (k, a, _, __, small) => k.addRowRelu(filled(small, 0, COLUMNS, -0), head(a), rowsOf(a), COLUMNS),
  'addRowRelu of 1': (k, a, _, __, small) => k.addRowRelu(filled(small, 0, COLUMNS, 1), head(a), rowsOf(a), COLUMNS),
  maxAbs: (k, a) => k.maxAbs(a.filter((v) => !Number.isNaN(v))),
  clamp: (k, a) => k.clamp(a, 1.5),
  'clamp to 0': (k, a) => k.clamp(a, 0),
  relu: (k, a, _, out) => k.relu(a, out),
  reluBackward: (k, a, b, out) => k.reluBackward(a, b, out),
  reluBackwardSumRows: (k, a, b, out, small) =>
    k.reluBackwardSumRows({
      dout: head(a),
      x: head(b),
      dx: head(out),
      sums: small.subarray(0, COLUMNS),
      N: rowsOf(a),
      M: COLUMNS,
    }),
  reluBackwardSumChannels: (k, a, b, out, small) =>
    k.reluBackwardSumChannels(head(a), head(b), head(out), small.subarray(0, 1), { N: 1, C: 1, S: head(a).length }),
  leakyRelu: (k, a, _, out) => k.leakyRelu(a, out, 0.3),
  leakyReluBackward: (k, a, b, out) => k.leakyReluBackward(a, b, out, 0.3),
  'prelu by columns': (k, a, _, out, small) => k.prelu(head(a), filled(small, 0, COLUMNS, 0.3), head(out), 1),
  'preluBackward by columns': (k, a, b, out, small) => {
    const alpha = filled(small, 0, COLUMNS, 0.3);
    k.preluBackward({
      dout: head(a),
      x: head(b),
      alpha,
      dx: head(out),
      dalpha: small.subarray(COLUMNS, 2 * COLUMNS),
      inner: 1,
    });
  },
  'prelu by runs': (k, a, _, out, small) => k.prelu(a, filled(small, 0, 1, 0.3), out, a.length),
  'preluBackward by runs': (k, a, b, out, small) =>
    k.preluBackward({
      dout: a,
      x: b,
      alpha: filled(small, 0, 1, 0.3),
      dx: out,
      dalpha: small.subarray(1, 2),
      inner: a.length,
    }),
  'maxout of 1': (k, a, _, out) => k.maxout(a, out, 1),
  'maxout of 7': (k, a, _, out) => k.maxout(head(a), head(out, 1), COLUMNS),
  'maxoutBackward of 7': (k, a, b, out) => k.maxoutBackward(head(a, 1), head(b), head(out), COLUMNS),
  sigmoid: (k, a, _, out) => k.sigmoid(a, out),
  sigmoidBackward: (k, a, b, out) =>
    k.sigmoidBackward(
      a,
      b.map((v) => Math.max(0, Math.min(v, 1))),
      out,
    ),
  tanh: (k, a, _, out) => k.tanh(a, out),
  tanhBackward: (k, a, b, out) =>
    k.tanhBackward(
      a,
      b.map((v) => Math.max(-1, Math.min(v, 1))),
      out,
    ),
  elu: (k, a, _, out) => k.elu(a, out, 0.7),
  eluBackward: (k, a, b, out) => k.eluBackward(a, b, out, 0.7),
  gelu: (k, a, _, out) => k.gelu(a, out),
  geluBackward: (k, a, b, out) => k.geluBackward(a, b, out),
  relu6: (k, a, _, out) => k.relu6(a, out),
  relu6Backward: (k, a, b, out) => k.relu6Backward(a, b, out),
  hardswish: (k, a, _, out) => k.hardswish(a, out),
  hardswishBackward: (k, a, b, out) => k.hardswishBackward(a, b, out),
  hardsigmoid: (k, a, _, out) => k.hardsigmoid(a, out),
  hardsigmoidBackward: (k, a, b, out) => k.hardsigmoidBackward(a, b, out),
  geluTanh: (k, a, _, out) => k.geluTanh(a, out),
  geluTanhBackward: (k, a, b, out) => k.geluTanhBackward(a, b, out),
  softplus: (k, a, _, out) => k.softplus(a, out, 2, 5),
  softplusBackward: (k, a, b, out) => k.softplusBackward(a, b, out, 2, 5),
  silu: (k, a, _, out) => k.silu(a, out),
  siluBackward: (k, a, b, out) => k.siluBackward(a, b, out),
  'softmax of rows': (k, a, _, out) => k.softmax(head(a), head(out), { N: rowsOf(a), C: COLUMNS, S: 1 }),
  'softmax of pixels': (k, a, _, out) => k.softmax(head(a), head(out), { N: 1, C: COLUMNS, S: rowsOf(a) }),
  'logSoftmax of rows': (k, a, _, out) => k.logSoftmax(head(a), head(out), { N: rowsOf(a), C: COLUMNS, S: 1 }),
  'logSoftmax of pixels': (k, a, _, out) => k.logSoftmax(head(a), head(out), { N: 1, C: COLUMNS, S: rowsOf(a) }),
  dropout: (k, a, b, out) => k.dropout(a, b, out, 0.5, [1, 2], 0),
  sgd: (k, a, b) => k.sgd(a, b, 0.1, 0),
  nesterov: (k, a, b, out) => k.nesterov({ w: a, dw: b, velocity: out.fill(0), ...moved }),
  sgdMomentum: (k, a, b, out) => k.sgdMomentum({ w: a, dw: b, velocity: out.fill(0), ...moved }),
  dampedMomentum: (k, a, b, out) => k.dampedMomentum({ w: a, dw: b, velocity: out.fill(0), ...moved }),
  adagrad: (k, a, b, out) =>
    k.adagrad({ w: a, dw: b, cache: out.fill(0), learningRate: 0.1, epsilon: 1e-8, weightDecay: 0 }),
  rmsprop: (k, a, b, out) => k.rmsprop({ w: a, dw: b, cache: out.fill(0), velocity: null, mean: null, ...averaged }),
  adam: (k, a, b, out) => k.adam({ w: a, dw: b, m: out.fill(0), v: out.slice(), largest: null, ...step }),
};
for (const relu of [false, true]) {
  const form = relu ? ' with ReLU' : '';
  for (const [N, C, S] of [
    [19, 19, 1],
    [1, 1, 361],
  ]) {
    const shape = { N, C, S };
    CALLS[`normalize ${N} × ${C} × ${S}${form}`] = (k, a, _, out, small) => {
      const [gamma, beta] = [filled(small, 0, C, 1), filled(small, 20, C, -0)];
      const [mean, variance] = [filled(small, 40, C, 0), filled(small, 60, C, 1)];
      k.normalize({
        x: a.subarray(0, 361),
        gamma,
        beta,
        out: out.subarray(0, 361),
        mean,
        variance,
        shape,
        epsilon: 1e-5,
        relu,
      });
    };
    CALLS[`normalizeBackward ${N} × ${C} × ${S}${form}`] = (k, a, b, out, small) => {
      const [gamma, mean, variance] = [filled(small, 0, C, 1), filled(small, 20, C, 0), filled(small, 40, C, 1)];
      const [dout, y] = [a.subarray(0, 361), b.subarray(0, 361)];
      const [dgamma, dbeta] = [small.subarray(60, 60 + C), small.subarray(80, 80 + C)];
      const x = y.slice().fill(0.5);
      k.normalizeBackward({
        dout,
        x,
        y: relu ? y : null,
        mean,
        variance,
        gamma,
        dx: out.subarray(0, 361),
        dgamma,
        dbeta,
        shape,
        epsilon: 1e-5,
      });
    };
  }
  CALLS[`layernorm${form}`] = (k, a, _, out, small) => {
    // Rows of one value: out is β, the row itself.
    const [gamma, mean, inverse] = [a.slice().fill(1), a.slice(), a.slice()];
    const x = a.slice().fill(0);
    const beta = a;
    k.layernorm({
      x,
      gamma,
      beta,
      out,
      mean: mean.subarray(0, 1),
      inverse: inverse.subarray(0, 1),
      N: 1,
      D: a.length,
      epsilon: 1e-5,
      relu,
    });
    small.fill(0);
  };
  for (const [what, side] of [
    ['', 1],
    [' of packed windows', 2],
  ] as const) {
    // A filter of a single one: out = x.
    CALLS[`convForward${what}${form}`] = (k, a, b, out, small) => {
      const shape = convShape(1, 1, 19, 19, 1, side, side);
      const w = filled(small, 0, side * side, 0);
      w[0] = 1;
      const x = a.subarray(0, 361).map((v) => (Number.isFinite(v) || side === 1 ? v : 0));
      const bias = small.subarray(9, 10).fill(0);
      k.convForward({ x, w, b: bias, out: out.subarray(0, shape.OH * shape.OW), shape, relu });
      b.fill(0);
    };
  }
}

describe.each(engines)('$simd SIMD', ({ kernels }) => {
  describe.each<DType>(['float32', 'float64'])('%s', (dtype) => {
    const make = dtype === 'float32' ? Float32Array : Float64Array;

    test.each(Object.entries(CALLS))('%s', (_, call) => {
      // Either side of every lane, and so that what is left behind the last whole vector differs.
      for (let shift = 0; shift < 5; shift++) {
        const pad = Array.from({ length: shift }, () => 0.5);
        const a = make.from([...pad, ...VALUES.flatMap((v) => VALUES.map(() => v))]);
        const b = make.from([...pad, ...VALUES.flatMap(() => VALUES)]);
        const run = (k: Kernels) => {
          const arrays = [a.slice(), b.slice(), a.slice().fill(0), new make(100)] as const;
          return [Number(call(k, ...arrays) ?? 0), arrays] as const;
        };
        const [[result, ours], [expected, theirs]] = [run(kernels), run(reference)];
        expect(kindsOf([result])).toEqual(kindsOf([expected]));
        const wrong = ours.flatMap((values, i) => {
          const kinds = kindsOf(theirs[i]);
          return kindsOf(values).flatMap((kind, at) =>
            kind === kinds[at]
              ? []
              : [`shift ${shift}, array ${i}, a ${a[at]}, b ${b[at]}: ${kind}, expected ${kinds[at]}`],
          );
        });
        expect(wrong).toEqual([]);
      }
    });

    test.each([
      { pool: 2, stride: 2, pad: 0 },
      { pool: 3, stride: 2, pad: 0 },
      { pool: 2, stride: 1, pad: 0 },
      { pool: 3, stride: 3, pad: 0 },
      { pool: 3, stride: 2, pad: 1 },
      { pool: 3, stride: 1, pad: 1 },
    ])('max pooling of $pool × $pool with stride $stride and pad $pad', ({ pool, stride, pad }) => {
      for (let shift = 0; shift < 5; shift++) {
        const [H, W] = [19, 19 + shift];
        // Mostly zeros, so that windows hold several.
        const x = new make(H * W);
        for (let i = 0; i < x.length; i += 5) x[i] = VALUES[i % VALUES.length];
        for (let i = 0; i < x.length; i += 3) x[i] *= -1;
        const [OH, OW] = [H, W].map((size) => Math.floor((size + 2 * pad - pool) / stride) + 1);
        const windows = { poolHeight: pool, poolWidth: pool, strideH: stride, strideW: stride, padH: pad, padW: pad };
        const shape = { planes: 1, H, W, ...windows, dilationH: 1, dilationW: 1, OH, OW };
        const run = (k: Kernels) => {
          const [out, dx] = [new make(OH * OW), new make(H * W)];
          k.maxPool(x, out, shape);
          k.maxPoolBackward(out.slice().fill(1), x, dx, shape);
          return [kindsOf(out), kindsOf(dx)];
        };
        expect(run(kernels)).toEqual(run(reference));
      }
    });
  });

  test('Winograd’s method: bias and ReLU', () => {
    const shape = convShape(2, 33, 15, 17, 35, 3, 3, { pad: [1, 1] });
    const x = new Float32Array(shape.N * shape.C * shape.H * shape.W);
    const w = new Float32Array(shape.F * shape.C * 9).fill(0.5);
    const bias = Float32Array.from({ length: shape.F }, (_, f) => VALUES[f % VALUES.length]);
    for (const relu of [false, true]) {
      const run = (k: Kernels) => {
        const out = new Float32Array(shape.N * shape.F * shape.OH * shape.OW);
        k.convForward({ x, w, b: bias, out, shape, relu });
        return kindsOf(out);
      };
      expect(run(kernels)).toEqual(run(reference));
    }
  });
});
