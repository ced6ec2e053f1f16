import type { Kernels } from '../../src/kernels/index.js';
import type { Draw, Prepare } from './draw.js';
import { channels } from './elements.js';

const EPSILON = 1e-5;

/** The operands of a normalization with so many values, weights and statistics. */
function forward(draw: Draw, n: number, weights: number, statistics: number) {
  return {
    x: draw.values(n),
    gamma: draw.values(weights),
    beta: draw.values(weights),
    out: draw.room(n),
    mean: draw.values(statistics),
    spread: draw.squares(statistics),
    epsilon: EPSILON,
    relu: draw.flag(),
  };
}

/** The same of its gradients. */
function backward(draw: Draw, n: number, weights: number, statistics: number) {
  return {
    dout: draw.values(n),
    x: draw.values(n),
    y: draw.perhaps(() => draw.values(n)),
    mean: draw.values(statistics),
    spread: draw.squares(statistics),
    gamma: draw.values(weights),
    dx: draw.room(n),
    dgamma: draw.room(weights),
    dbeta: draw.room(weights),
    epsilon: EPSILON,
  };
}

const ofChannels =
  (name: 'batchnorm' | 'normalize'): Prepare =>
  (draw) => {
    const shape = channels(draw);
    const { spread: variance, ...operands } = forward(draw, shape.N * shape.C * shape.S, shape.C, shape.C);
    return (k) => k[name]({ ...operands, variance, shape });
  };

const ofChannelsBackward =
  (name: 'batchnormBackward' | 'normalizeBackward' | 'batchnormBackwardGraph'): Prepare =>
  (draw) => {
    const drawn = channels(draw);
    const shape = name === 'batchnormBackwardGraph' ? { ...drawn, S: 1 } : drawn;
    const { spread: variance, ...operands } = backward(draw, shape.N * shape.C * shape.S, shape.C, shape.C);
    return (k) => k[name]({ ...operands, variance, shape });
  };

const softmax =
  (name: 'softmax' | 'logSoftmax'): Prepare =>
  (draw) => {
    const shape = channels(draw);
    const x = draw.values(shape.N * shape.C * shape.S);
    const out = draw.room(x.length);
    return (k) => k[name](x, out, shape);
  };

const softmaxBackward =
  (name: 'softmaxBackward' | 'logSoftmaxBackward'): Prepare =>
  (draw) => {
    const shape = channels(draw);
    const n = shape.N * shape.C * shape.S;
    const [dout, out, dx] = [draw.values(n), draw.probabilities(n), draw.room(n)];
    return (k) => k[name](dout, out, dx, shape);
  };

/** Sizes of a group normalization: as many groups as divide the channels. */
function groups(draw: Draw): { shape: { N: number; C: number; S: number }; G: number } {
  const [G, { N, C, S }] = [draw.size(8), channels(draw)];
  return { shape: { N, C: G * Math.ceil(C / G), S }, G };
}

export const normalizations = {
  softmax: softmax('softmax'),
  softmaxBackward: softmaxBackward('softmaxBackward'),
  logSoftmax: softmax('logSoftmax'),
  logSoftmaxBackward: softmaxBackward('logSoftmaxBackward'),
  batchnorm: ofChannels('batchnorm'),
  normalize: ofChannels('normalize'),
  batchnormBackward: ofChannelsBackward('batchnormBackward'),
  batchnormBackwardGraph: ofChannelsBackward('batchnormBackwardGraph'),
  normalizeBackward: ofChannelsBackward('normalizeBackward'),
  layernorm: (draw) => {
    const [N, D] = [draw.size(200), draw.size(300)];
    const { spread: inverse, ...operands } = forward(draw, N * D, D, N);
    return (k) => k.layernorm({ ...operands, inverse, N, D });
  },
  layernormBackward: (draw) => {
    const [N, D] = [draw.size(200), draw.size(300)];
    const { spread: inverse, ...operands } = backward(draw, N * D, D, N);
    return (k) => k.layernormBackward({ ...operands, inverse, N, D });
  },
  groupnorm: (draw) => {
    const { shape, G } = groups(draw);
    const { spread: inverse, ...operands } = forward(draw, shape.N * shape.C * shape.S, shape.C, shape.N * G);
    return (k) => k.groupnorm({ ...operands, inverse, shape, G });
  },
  groupnormBackward: (draw) => {
    const { shape, G } = groups(draw);
    const { spread: inverse, ...operands } = backward(draw, shape.N * shape.C * shape.S, shape.C, shape.N * G);
    return (k) => k.groupnormBackward({ ...operands, inverse, shape, G });
  },
} satisfies Partial<Record<keyof Kernels, Prepare>>;
