import { type Floats, Random } from '../arrays/index.js';
import { reference } from './reference/index.js';
import type { AvgPoolShape, ChannelShape, ConvShape, Kernels, PlainKernels } from './types.js';

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

type Agrees = (operands: Floats[], call: (k: Kernels, operands: Floats[]) => unknown) => boolean;

function activations(agrees: Agrees, wide: Floats[], some: (length: number) => Floats) {
  /** Channels of one value each, of several, and one channel of all: of 23 · 29 values. */
  const channels: readonly [C: number, inner: number][] = [
    [29, 1],
    [23, 29],
    [1, 667],
  ];
  return {
    leakyRelu: () => agrees(wide, (k, [x, out]) => k.leakyRelu(x, out, 0.3)),
    leakyReluBackward: () => agrees(wide, (k, [dout, x, dx]) => k.leakyReluBackward(dout, x, dx, 0.3)),
    relu6: () => agrees(wide, (k, [x, out]) => k.relu6(x, out)),
    relu6Backward: () => agrees(wide, (k, [dout, x, dx]) => k.relu6Backward(dout, x, dx)),
    hardswish: () => agrees(wide, (k, [x, out]) => k.hardswish(x, out)),
    hardswishBackward: () => agrees(wide, (k, [dout, x, dx]) => k.hardswishBackward(dout, x, dx)),
    hardsigmoid: () => agrees(wide, (k, [x, out]) => k.hardsigmoid(x, out)),
    hardsigmoidBackward: () => agrees(wide, (k, [dout, x, dx]) => k.hardsigmoidBackward(dout, x, dx)),
    prelu: () =>
      channels.every(([C, inner]) => agrees([...wide, some(C)], (k, [x, out, , a]) => k.prelu(x, a, out, inner))),
    preluBackward: () =>
      channels.every(([C, inner]) =>
        agrees([...wide, some(C), some(C)], (k, [dout, x, dx, a, da]) =>
          k.preluBackward({ dout, x, alpha: a, dx, dalpha: da, inner }),
        ),
      ),
    maxout: () => agrees([some(297), some(99)], (k, [x, out]) => k.maxout(x, out, 3)),
    maxoutBackward: () =>
      agrees([some(99), some(297), some(297)], (k, [dout, x, dx]) => k.maxoutBackward(dout, x, dx, 3)),
    sigmoid: () => agrees(wide, (k, [x, out]) => k.sigmoid(x, out)),
    sigmoidBackward: () => agrees(wide, (k, [dout, out, dx]) => k.sigmoidBackward(dout, out, dx)),
    tanh: () => agrees(wide, (k, [x, out]) => k.tanh(x, out)),
    tanhBackward: () => agrees(wide, (k, [dout, out, dx]) => k.tanhBackward(dout, out, dx)),
    elu: () => agrees(wide, (k, [x, out]) => k.elu(x, out, 0.7)),
    eluBackward: () => agrees(wide, (k, [dout, x, dx]) => k.eluBackward(dout, x, dx, 0.7)),
    gelu: () => agrees(wide, (k, [x, out]) => k.gelu(x, out)),
    geluBackward: () => agrees(wide, (k, [dout, x, dx]) => k.geluBackward(dout, x, dx)),
    geluTanh: () => agrees(wide, (k, [x, out]) => k.geluTanh(x, out)),
    geluTanhBackward: () => agrees(wide, (k, [dout, x, dx]) => k.geluTanhBackward(dout, x, dx)),
    softplus: () => agrees(wide, (k, [x, out]) => k.softplus(x, out, 1.5, 0.7)),
    softplusBackward: () => agrees(wide, (k, [dout, x, dx]) => k.softplusBackward(dout, x, dx, 1.5, 0.7)),
    silu: () => agrees(wide, (k, [x, out]) => k.silu(x, out)),
    siluBackward: () => agrees(wide, (k, [dout, x, dx]) => k.siluBackward(dout, x, dx)),
  };
}

function losses(agrees: Agrees, some: (length: number) => Floats) {
  const length = 67;
  const probabilities = (n: number): Floats => some(n).map((v) => 1 / (1 + Math.exp(v)));
  /** x, y, weights, and room for values, dx and dy. */
  const operands = (of = some): Floats[] => [
    of(length),
    probabilities(length),
    ...[1, 2, 3, 4].map(() => some(length)),
  ];
  const named = ([x, y, weight, values, dx, dy]: Floats[]) => ({ x, y, weight, values, dx, dy, scale: 0.7 });
  const [N, C, S] = [3, 7, 11];
  const shape = { N, C, S };
  const labels = Int32Array.from({ length: N * S }, (_, i) => (i % (C + 1)) - 1);
  const sizes = [N * C * S, N * C * S, C, N * S, N * C * S, N * C * S];
  return {
    squaredLoss: () => agrees(operands(), (k, o) => k.squaredLoss(named(o))),
    absoluteLoss: () => agrees(operands(), (k, o) => k.absoluteLoss(named(o))),
    huberLoss: () =>
      agrees(operands(), (k, o) => k.huberLoss({ ...named(o), threshold: 0.6, curvature: 1, slope: 0.6 })),
    bceLoss: () => agrees(operands(probabilities), (k, o) => k.bceLoss(named(o))),
    bceWithLogitsLoss: () =>
      agrees([...operands(), some(length)], (k, o) => k.bceWithLogitsLoss({ ...named(o), positive: o[6] })),
    klLoss: () => agrees(operands(), (k, o) => k.klLoss(named(o))),
    klLogLoss: () => agrees(operands(), (k, o) => k.klLogLoss(named(o))),
    crossEntropy: () =>
      [true, false].every((isLabelled) =>
        agrees(sizes.map(some), (k, [x, target, weight, values, dx, dtarget]) => {
          const of = isLabelled ? { labels, target: null, dtarget: null } : { labels: null, target, dtarget };
          return k.crossEntropy({ x, ...of, weight, values, dx, smoothing: 0.1, scale: 0.7, shape });
        }),
      ),
  };
}

function softmaxes(agrees: Agrees, wide: Floats[]) {
  /** Rows, and channels of pixels: of 23 · 29 values. */
  const shapes: readonly ChannelShape[] = [
    { N: 23, C: 29, S: 1 },
    { N: 1, C: 23, S: 29 },
  ];
  return {
    softmax: () => shapes.every((shape) => agrees(wide, (k, [x, out]) => k.softmax(x, out, shape))),
    softmaxBackward: () =>
      shapes.every((shape) => agrees(wide, (k, [dout, out, dx]) => k.softmaxBackward(dout, out, dx, shape))),
    logSoftmax: () => shapes.every((shape) => agrees(wide, (k, [x, out]) => k.logSoftmax(x, out, shape))),
    logSoftmaxBackward: () =>
      shapes.every((shape) =>
        agrees(wide, (k, [dout, out, dx]) =>
          k.logSoftmaxBackward(
            dout,
            out.map((v) => -Math.abs(v)),
            dx,
            shape,
          ),
        ),
      ),
  };
}

function normalizations(agrees: Agrees, some: (length: number) => Floats) {
  const [N, C, G] = [6, 10, 5];
  const squares = (length: number): Floats => some(length).map((v) => v * v);
  const epsilon = 1e-5;
  /** Passes both for features and for channels of several pixels, with and without a ReLU. */
  const both = (check: (size: number, shape: ChannelShape, relu: boolean) => boolean): boolean =>
    [1, 7].every((S) => [true, false].every((relu) => check(N * C * S, { N, C, S }, relu)));
  return {
    batchnorm: () =>
      both((n, shape, relu) =>
        agrees([some(n), some(C), some(C), some(n), some(C), some(C)], (k, [x, gamma, beta, out, mean, variance]) =>
          k.batchnorm({ x, gamma, beta, out, mean, variance, shape, epsilon, relu }),
        ),
      ),
    normalize: () =>
      both((n, shape, relu) =>
        agrees([some(n), some(C), some(C), some(n), some(C), squares(C)], (k, [x, gamma, beta, out, mean, variance]) =>
          k.normalize({ x, gamma, beta, out, mean, variance, shape, epsilon, relu }),
        ),
      ),
    batchnormBackward: () =>
      both((n, shape, relu) =>
        agrees(gradientOperands(some, squares, n, C), (k, [dout, x, y, mean, variance, gamma, ...out]) =>
          k.batchnormBackward({
            dout,
            x,
            y: relu ? y : null,
            mean,
            variance,
            gamma,
            dx: out[0],
            dgamma: out[1],
            dbeta: out[2],
            shape,
            epsilon,
          }),
        ),
      ),
    batchnormBackwardGraph: () =>
      agrees(gradientOperands(some, squares, N * C, C), (k, [dout, x, , mean, variance, gamma, ...out]) =>
        k.batchnormBackwardGraph({
          dout,
          x,
          mean,
          variance,
          gamma,
          dx: out[0],
          dgamma: out[1],
          dbeta: out[2],
          shape: { N, C, S: 1 },
          epsilon,
        }),
      ),
    normalizeBackward: () =>
      both((n, shape, relu) =>
        agrees(gradientOperands(some, squares, n, C), (k, [dout, x, y, mean, variance, gamma, ...out]) =>
          k.normalizeBackward({
            dout,
            x,
            y: relu ? y : null,
            mean,
            variance,
            gamma,
            dx: out[0],
            dgamma: out[1],
            dbeta: out[2],
            shape,
            epsilon,
          }),
        ),
      ),
    layernorm: () =>
      [true, false].every((relu) =>
        agrees([some(N * C), some(C), some(C), some(N * C), some(N), some(N)], (k, [x, gamma, beta, out, mean, inv]) =>
          k.layernorm({ x, gamma, beta, out, mean, inverse: inv, N, D: C, epsilon, relu }),
        ),
      ),
    layernormBackward: () =>
      [true, false].every((relu) =>
        agrees(gradientOperands(some, squares, N * C, C), (k, [dout, x, y, mean, inv, gamma, ...out]) =>
          k.layernormBackward({
            dout,
            x,
            y: relu ? y : null,
            mean,
            inverse: inv,
            gamma,
            dx: out[0],
            dgamma: out[1],
            dbeta: out[2],
            N,
            D: C,
          }),
        ),
      ),
    groupnorm: () =>
      both((n, shape) =>
        agrees([some(n), some(C), some(C), some(n), some(N * G), some(N * G)], (k, [x, gamma, beta, out, mean, inv]) =>
          k.groupnorm({ x, gamma, beta, out, mean, inverse: inv, shape, G, epsilon }),
        ),
      ),
    groupnormBackward: () =>
      both((n, shape) =>
        agrees(gradientOperands(some, squares, n, C, N * G), (k, [dout, x, , mean, inv, gamma, ...out]) =>
          k.groupnormBackward({
            dout,
            x,
            mean,
            inverse: inv,
            gamma,
            dx: out[0],
            dgamma: out[1],
            dbeta: out[2],
            shape,
            G,
          }),
        ),
      ),
    dropout: () => agrees([some(99), some(99), some(99)], (k, [x, mask, out]) => k.dropout(x, mask, out, 0.6, [3, 7])),
  };
}

function images(agrees: Agrees, some: (length: number) => Floats) {
  const [N, C, H, W, F] = [3, 4, 9, 11, 7];
  const conv = (
    stride: number,
    size: number,
    pad: number,
    sizes = { N, C, H, W, F },
    { groups = 1, dilation = 1 } = {},
  ): ConvShape => {
    const extent = dilation * (size - 1) + 1;
    const [OH, OW] = [sizes.H, sizes.W].map((length) => Math.floor((length + 2 * pad - extent) / stride) + 1);
    const [padH, padW] = [pad, pad];
    return {
      ...sizes,
      HH: size,
      WW: size,
      strideH: stride,
      strideW: stride,
      padH,
      padW,
      dilationH: dilation,
      dilationW: dilation,
      groups,
      OH,
      OW,
    };
  };
  const plain = [conv(1, 3, 1), conv(1, 2, 0), conv(2, 3, 1), conv(3, 1, 0)];
  const even = { N, C, H, W, F: 8 };
  const inGroups = [conv(1, 3, 2, even, { groups: 2, dilation: 2 }), conv(2, 3, 1, even, { groups: 2 })];
  const depthwise = [3, 5].flatMap((size) =>
    [1, 2].map((stride) => conv(stride, size, 1, { ...even, F: 4 * stride }, { groups: 4 })),
  );
  const shapes = [...plain, ...inGroups, ...depthwise];
  // For the tiles of Winograd's method: F(4×4, 3×3), F(2×2, 3×3), and F(4×4, 5×5) whole and in pieces.
  const [wide, low] = [
    { N, C: 33, H: 15, W: 17, F: 35 },
    { N: 17, C: 33, H: 2, W: 2, F: 35 },
  ];
  const tiled = [conv(1, 3, 1, wide), conv(1, 3, 1, low), conv(1, 5, 2, wide), conv(1, 7, 3, { ...wide, C: 5 })];
  // Its error goes by the largest output: small values keep all of them below 1.
  const small = (length: number): Floats => some(length).map((v) => v / 10);
  const each = (check: (s: ConvShape, x: Floats, w: Floats, out: Floats) => boolean): boolean =>
    [...shapes, ...tiled].every((s) => {
      const make = tiled.includes(s) ? small : some;
      return check(
        s,
        make(s.N * s.C * s.H * s.W),
        make((s.F * s.C * s.HH * s.WW) / s.groups),
        make(s.N * s.F * s.OH * s.OW),
      );
    });
  const pool = (size: number, strideW: number, pad: number): AvgPoolShape => ({
    planes: N * C,
    H,
    W,
    poolHeight: size,
    poolWidth: size,
    strideH: 2,
    strideW,
    padH: pad,
    padW: pad,
    dilationH: 1,
    dilationW: 1,
    OH: Math.floor((H + 2 * pad - size) / 2) + 1,
    OW: Math.floor((W + 2 * pad - size) / strideW) + 1,
    countIncludePad: true,
    divisor: null,
  });
  const pools = [pool(2, 2, 0), pool(3, 2, 0), pool(3, 2, 1), pool(3, 1, 1)];
  const eachPool = (check: (s: AvgPoolShape, x: Floats, out: Floats) => boolean): boolean =>
    pools.every((s) => check(s, some(N * C * H * W), some(N * C * s.OH * s.OW)));
  return {
    convForward: () =>
      each((s, x, w, out) =>
        agrees([x, w, some(s.F), out], (k, [a, b, bias, to]) =>
          k.convForward({ x: a, w: b, b: bias, out: to, shape: s, relu: true }),
        ),
      ),
    convBackwardInput: () =>
      each((s, x, w, out) => agrees([out, w, x], (k, [dout, b, dx]) => k.convBackwardInput(dout, b, dx, s))),
    convBackwardWeights: () =>
      each((s, x, w, out) =>
        agrees([out, x, w, some(s.F)], (k, [dout, a, dw, db]) => k.convBackwardWeights(dout, a, dw, db, s)),
      ),
    sumChannels: () => agrees([some(N * C * H), some(C)], (k, [x, out]) => k.sumChannels(x, out, { N, C, S: H })),
    maxPool: () => eachPool((s, x, out) => agrees([x, out], (k, [a, to]) => k.maxPool(a, to, s))),
    maxPoolBackward: () =>
      eachPool((s, x, out) =>
        agrees([out, x, some(x.length)], (k, [dout, a, dx]) => k.maxPoolBackward(dout, a, dx, s)),
      ),
    avgPool: () => eachPool((s, x, out) => agrees([x, out], (k, [a, to]) => k.avgPool(a, to, s))),
    avgPoolBackward: () => eachPool((s, x, out) => agrees([out, x], (k, [dout, dx]) => k.avgPoolBackward(dout, dx, s))),
  };
}

/** dout, x, y, mean, variance or inverse, gamma, dx, dgamma, dbeta of a normalization. */
function gradientOperands(
  some: (length: number) => Floats,
  squares: (length: number) => Floats,
  n: number,
  C: number,
  statistics = C,
): Floats[] {
  return [some(n), some(n), some(n), some(statistics), squares(statistics), some(C), some(n), some(C), some(C)];
}

function isClose(actual: number, expected: number, tolerance: number): boolean {
  return Math.abs(actual - expected) <= tolerance * (1 + Math.abs(expected));
}
