import type { Floats } from '../../src/arrays/index.js';
import type { Kernels } from '../../src/kernels/index.js';
import type { Draw, Prepare } from './draw.js';

// Kernels that go by elements or by rows.

/** On either side of one work item, which has 16,384 values, and of more. */
const MOST = 40_000;

type Of<Arguments extends unknown[]> = {
  [Name in keyof Kernels]: Kernels[Name] extends (...given: Arguments) => unknown ? Name : never;
}[keyof Kernels];

/** A function of x and numbers. */
const unary =
  (name: Of<[Floats, Floats, ...number[]]>, ...numbers: number[]): Prepare =>
  (draw) => {
    const x = draw.values(draw.size(MOST));
    const out = draw.room(x.length);
    return (k) => (k[name] as (...given: unknown[]) => unknown)(x, out, ...numbers);
  };

/** A function of two arrays of equal size, and numbers: also a gradient. */
const binary =
  (name: Of<[Floats, Floats, Floats, ...number[]]>, ...numbers: number[]): Prepare =>
  (draw) => {
    const a = draw.values(draw.size(MOST));
    const [b, out] = [draw.values(a.length), draw.room(a.length)];
    return (k) => (k[name] as (...given: unknown[]) => unknown)(a, b, out, ...numbers);
  };

/** A loss of two arrays, element by element. */
function pairOf(draw: Draw, makeX: (length: number) => Floats = (length) => draw.values(length)) {
  const n = draw.size(MOST);
  return {
    x: makeX(n),
    y: draw.probabilities(n),
    weight: draw.perhaps(() => draw.values(n)),
    values: draw.perhaps(() => draw.room(n)),
    dx: draw.room(n),
    dy: draw.perhaps(() => draw.room(n)),
    scale: draw.number(),
  };
}

/** Sizes of a matrix. */
const matrix = (draw: Draw): [N: number, M: number] => [draw.size(300), draw.size(300)];

export const arithmetic = {
  add: binary('add'),
  subtract: binary('subtract'),
  multiply: binary('multiply'),
  divide: binary('divide'),
  scale: unary('scale', 0.3),
  lerp: (draw) => {
    const a = draw.values(draw.size(MOST));
    const [b, weight] = [draw.values(a.length), draw.number()];
    return (k) => k.lerp(a, b, weight);
  },
} satisfies Partial<Record<keyof Kernels, Prepare>>;

export const rows = {
  addRow: (draw) => {
    const [N, M] = matrix(draw);
    const [b, out] = [draw.values(M), draw.values(N * M)];
    return (k) => k.addRow(b, out, N, M);
  },
  addRowRelu: (draw) => {
    const [N, M] = matrix(draw);
    const [b, out] = [draw.values(M), draw.values(N * M)];
    return (k) => k.addRowRelu(b, out, N, M);
  },
  sumRows: (draw) => {
    const [N, M] = matrix(draw);
    const [x, out] = [draw.values(N * M), draw.room(M)];
    return (k) => k.sumRows(x, out, N, M);
  },
  scaleRows: (draw) => {
    const [N, M] = matrix(draw);
    const [x, factors, out] = [draw.values(N * M), draw.values(N), draw.room(N * M)];
    return (k) => k.scaleRows(x, factors, out, M);
  },
  sumColumns: (draw) => {
    const [N, M] = matrix(draw);
    const [x, out] = [draw.values(N * M), draw.room(N)];
    return (k) => k.sumColumns(x, out, N, M);
  },
  sumSquares: (draw) => {
    const x = draw.values(draw.size(MOST));
    return (k) => k.sumSquares(x);
  },
  sumAbs: (draw) => {
    const x = draw.values(draw.size(MOST));
    return (k) => k.sumAbs(x);
  },
  maxAbs: (draw) => {
    const x = draw.values(draw.size(MOST));
    return (k) => k.maxAbs(x);
  },
  clamp: (draw) => {
    const x = draw.values(draw.size(MOST));
    return (k) => k.clamp(x, 0.5);
  },
  addL2Gradient: (draw) => {
    const w = draw.values(draw.size(MOST));
    const dw = draw.values(w.length);
    return (k) => k.addL2Gradient(w, dw, 0.3);
  },
  gatherRows: (draw) => {
    const [N, M] = matrix(draw);
    const [source, indices] = [draw.values(N * M), draw.integers(draw.size(100), 0, N - 1)];
    const out = draw.room(indices.length * M);
    return (k) => k.gatherRows(source, indices, out, M);
  },
} satisfies Partial<Record<keyof Kernels, Prepare>>;

export const activations = {
  relu: unary('relu'),
  reluBackward: binary('reluBackward'),
  reluBackwardSumRows: (draw) => {
    const [N, M] = matrix(draw);
    const [dout, x, dx, sums] = [draw.values(N * M), draw.values(N * M), draw.room(N * M), draw.room(M)];
    return (k) => k.reluBackwardSumRows({ dout, x, dx, sums, N, M });
  },
  reluBackwardSumChannels: (draw) => {
    const shape = channels(draw);
    const n = shape.N * shape.C * shape.S;
    const [dout, x, dx, sums] = [draw.values(n), draw.values(n), draw.room(n), draw.room(shape.C)];
    return (k) => k.reluBackwardSumChannels(dout, x, dx, sums, shape);
  },
  leakyRelu: unary('leakyRelu', 0.3),
  leakyReluBackward: binary('leakyReluBackward', 0.3),
  relu6: unary('relu6'),
  relu6Backward: binary('relu6Backward'),
  hardswish: unary('hardswish'),
  hardswishBackward: binary('hardswishBackward'),
  hardsigmoid: unary('hardsigmoid'),
  hardsigmoidBackward: binary('hardsigmoidBackward'),
  prelu: (draw) => {
    const { N, C, S } = channels(draw);
    const [x, alpha, out] = [draw.values(N * C * S), draw.values(C), draw.room(N * C * S)];
    return (k) => k.prelu(x, alpha, out, S);
  },
  preluBackward: (draw) => {
    const { N, C, S } = channels(draw);
    const n = N * C * S;
    const [dout, x, alpha, dx, dalpha] = [
      ...[draw.values(n), draw.values(n), draw.values(C)],
      ...[draw.room(n), draw.room(C)],
    ];
    return (k) => k.preluBackward({ dout, x, alpha, dx, dalpha, inner: S });
  },
  maxout: (draw) => {
    const [groups, pieces] = [draw.size(5000), draw.whole(1, 9)];
    const [x, out] = [draw.values(groups * pieces), draw.room(groups)];
    return (k) => k.maxout(x, out, pieces);
  },
  maxoutBackward: (draw) => {
    const [groups, pieces] = [draw.size(5000), draw.whole(1, 9)];
    const [dout, x, dx] = [draw.values(groups), draw.values(groups * pieces), draw.room(groups * pieces)];
    return (k) => k.maxoutBackward(dout, x, dx, pieces);
  },
  sigmoid: unary('sigmoid'),
  sigmoidBackward: binary('sigmoidBackward'),
  tanh: unary('tanh'),
  tanhBackward: binary('tanhBackward'),
  elu: unary('elu', 0.7),
  eluBackward: binary('eluBackward', 0.7),
  gelu: unary('gelu'),
  geluBackward: binary('geluBackward'),
  geluTanh: unary('geluTanh'),
  geluTanhBackward: binary('geluTanhBackward'),
  softplus: unary('softplus', 1.5, 0.7),
  softplusBackward: binary('softplusBackward', 1.5, 0.7),
  silu: unary('silu'),
  siluBackward: binary('siluBackward'),
  dropout: (draw) => {
    const x = draw.values(draw.size(MOST));
    const [mask, out, p] = [draw.room(x.length), draw.room(x.length), 0.1 + 0.8 * draw.number()];
    const [key, start] = [[draw.whole(0, 1e9), draw.whole(0, 1e9)] as const, draw.of([0, 1, 7, 2 ** 31 - 3])];
    return (k) => k.dropout(x, mask, out, p, key, start);
  },
} satisfies Partial<Record<keyof Kernels, Prepare>>;

export const losses = {
  squaredLoss: (draw) => {
    const operands = pairOf(draw);
    return (k) => k.squaredLoss(operands);
  },
  absoluteLoss: (draw) => {
    const operands = pairOf(draw);
    return (k) => k.absoluteLoss(operands);
  },
  huberLoss: (draw) => {
    const operands = { ...pairOf(draw), threshold: 0.6, curvature: 1, slope: 0.6 };
    return (k) => k.huberLoss(operands);
  },
  bceLoss: (draw) => {
    const operands = pairOf(draw, (length) => draw.probabilities(length));
    return (k) => k.bceLoss(operands);
  },
  bceWithLogitsLoss: (draw) => {
    const pair = pairOf(draw);
    const positive = draw.perhaps(() => draw.values(pair.x.length));
    return (k) => k.bceWithLogitsLoss({ ...pair, positive });
  },
  klLoss: (draw) => {
    const operands = pairOf(draw);
    return (k) => k.klLoss(operands);
  },
  klLogLoss: (draw) => {
    const operands = pairOf(draw);
    return (k) => k.klLogLoss(operands);
  },
  softmaxLoss: (draw) => {
    const [N, C] = matrix(draw);
    const [x, y, dx] = [draw.values(N * C), draw.integers(N, 0, C - 1), draw.room(N * C)];
    return (k) => k.softmaxLoss(x, y, dx, N, C);
  },
  hingeLoss: (draw) => {
    const [N, C] = matrix(draw);
    const [x, y, dx] = [draw.values(N * C), draw.integers(N, 0, C - 1), draw.room(N * C)];
    const values = draw.perhaps(() => draw.room(N));
    return (k) => k.hingeLoss({ x, y, dx, values, N, C, divisor: N });
  },
  crossEntropy: (draw) => {
    const shape = channels(draw);
    const { N, C, S } = shape;
    const n = N * C * S;
    const isLabelled = draw.flag();
    const operands = {
      x: draw.values(n),
      labels: isLabelled ? draw.integers(N * S, -1, C - 1) : null,
      target: isLabelled ? null : draw.probabilities(n),
      weight: draw.perhaps(() => draw.probabilities(C)),
      smoothing: draw.of([0, 0.1]),
      values: draw.perhaps(() => draw.room(N * S)),
      dx: draw.room(n),
      dtarget: isLabelled ? null : draw.perhaps(() => draw.room(n)),
      scale: draw.number(),
      shape,
    };
    return (k) => k.crossEntropy(operands);
  },
} satisfies Partial<Record<keyof Kernels, Prepare>>;

/** Sizes (N, C, S): features as often as channels of pixels. */
export function channels(draw: Draw): { N: number; C: number; S: number } {
  return draw.flag()
    ? { N: draw.size(200), C: draw.size(200), S: 1 }
    : { N: draw.size(12), C: draw.size(40), S: draw.size(300) };
}
