import type { Floats } from '../../../arrays/index.js';
import type {
  BatchnormGradientOperands,
  BatchnormOperands,
  GroupnormGradientOperands,
  GroupnormOperands,
  LayernormGradientOperands,
  LayernormOperands,
  NormalizationKernels,
} from '../../types.js';
import { type Call, rowBlocks, stripes } from '../call.js';
import { Kernel } from '../kernel.generated.js';
import { FOLLOWED_BY_GELU, FOLLOWED_BY_RELU } from '../protocol.js';

export function bindNormalization(call: Call): NormalizationKernels {
  /** Features are cut into stripes of columns; channels of several pixels are an item each. */
  const forward = (columns: Kernel, channels: Kernel, operands: BatchnormOperands): void => {
    const { x, gamma, beta, out, mean, variance, shape, epsilon, relu, gelu } = operands;
    const { N, C, S } = shape;
    const given = columns === Kernel.NormalizeColumns;
    const places = [call.read(x), call.read(gamma), call.read(beta), call.written(out)];
    for (const statistic of [mean, variance]) places.push(given ? call.read(statistic) : call.written(statistic));
    const { width, items } = stripes(N, C);
    const follows = gelu ? FOLLOWED_BY_GELU : relu ? FOLLOWED_BY_RELU : 0;
    if (S === 1) call.run(columns, x, items, [...places, N, C, width, follows], [epsilon]);
    else call.run(channels, x, C, [...places, N, C, S, follows], [epsilon]);
  };

  const backward = (constant: boolean, operands: BatchnormGradientOperands): void => {
    const { x, y, beta, variance, shape, epsilon } = operands;
    const { N, C, S } = shape;
    const places = gradients(operands, variance, y);
    const { width, items } = stripes(N, C);
    const shift = beta ? call.read(beta) : 0;
    if (S === 1) {
      call.run(Kernel.BatchnormColumnsBackward, x, items, [...places, N, C, width, +constant, shift], [epsilon]);
    } else {
      call.run(Kernel.BatchnormChannelsBackward, x, C, [...places, N, C, S, +constant, shift], [epsilon]);
    }
  };

  /** The places of mean, 1/√(variance + ε) and what else a layer or group normalization reads and writes. */
  const outputs = ({ x, gamma, beta, out, mean, inverse }: LayernormOperands | GroupnormOperands): number[] => [
    ...[call.read(x), call.read(gamma), call.read(beta)],
    ...[call.written(out), call.written(mean), call.written(inverse)],
  ];

  type Gradients = BatchnormGradientOperands | LayernormGradientOperands | GroupnormGradientOperands;

  /** The places of what every backward kernel reads and writes, in their order. `spread`: its variance or inverse. */
  const gradients = (operands: Omit<Gradients, 'y'>, spread: Floats, y: Floats | null): number[] => {
    const { dout, x, mean, gamma, dx, dgamma, dbeta } = operands;
    return [
      ...[call.read(dout), call.read(x), call.read(mean), call.read(spread), call.read(gamma)],
      ...[call.written(dx), call.written(dgamma), call.written(dbeta)],
      y === null ? 0 : call.read(y),
    ];
  };

  return {
    batchnorm: (operands) => forward(Kernel.BatchnormColumns, Kernel.BatchnormChannels, operands),
    normalize: (operands) => forward(Kernel.NormalizeColumns, Kernel.NormalizeChannels, operands),
    batchnormBackward: (operands) => backward(false, operands),
    normalizeBackward: (operands) => backward(true, operands),

    batchnormBackwardGraph(operands) {
      const { x, variance, epsilon } = operands;
      const { N, C } = operands.shape;
      const places = gradients(operands, variance, null);
      const { width, items } = stripes(N, C);
      call.run(Kernel.BatchnormColumnsGraph, x, items, [...places, N, C, width], [epsilon]);
    },

    layernorm(operands) {
      const { x, N, D, epsilon, relu } = operands;
      call.run(Kernel.Layernorm, x, rowBlocks(N, D), [...outputs(operands), N, D, +relu], [epsilon]);
    },

    layernormBackward(operands) {
      const { x, y, inverse, N, D } = operands;
      const places = gradients(operands, inverse, y);
      const { width, items } = stripes(N, D);
      call.job(Kernel.LayernormBackward, x, rowBlocks(N, D), [...places, N, D]);
      call.run(Kernel.LayernormWeights, x, items, [...places, N, D, width]);
    },

    groupnorm(operands) {
      const { x, shape, G, epsilon } = operands;
      const { N, C, S } = shape;
      call.run(Kernel.Groupnorm, x, N * G, [...outputs(operands), C, S, G], [epsilon]);
    },

    groupnormBackward(operands) {
      const { x, inverse, shape, G } = operands;
      const { N, C, S } = shape;
      const places = gradients(operands, inverse, null);
      call.job(Kernel.GroupnormBackward, x, N * G, [...places, N, C, S, G]);
      call.run(Kernel.GroupnormWeights, x, C, [...places, N, C, S, G]);
    },
  };
}
