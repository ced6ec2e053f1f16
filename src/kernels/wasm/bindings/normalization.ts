import type { Floats } from '../../../arrays/index.js';
import type { NormalizationKernels } from '../../types.js';
import { type Call, rowBlocks, stripes } from '../call.js';
import { Kernel } from '../protocol.js';

export function bindNormalization(call: Call): NormalizationKernels {
  type Forward = NormalizationKernels['batchnorm'];
  type Backward = NormalizationKernels['batchnormBackward'];

  /** Features go by stripes of columns, channels of several pixels one by one. */
  const forward = (columns: Kernel, channels: Kernel, ...args: Parameters<Forward>): void => {
    const [x, gamma, beta, out, mean, variance, { N, C, S }, epsilon, relu] = args;
    const given = columns === Kernel.NormalizeColumns;
    const places = [call.read(x), call.read(gamma), call.read(beta), call.written(out)];
    for (const statistic of [mean, variance]) places.push(given ? call.read(statistic) : call.written(statistic));
    const { width, items } = stripes(N, C);
    if (S === 1) call.run(columns, x, items, [...places, N, C, width, +relu], [epsilon]);
    else call.run(channels, x, C, [...places, N, C, S, +relu], [epsilon]);
  };

  const backward = (constant: boolean, ...args: Parameters<Backward>): void => {
    const [dout, x, y, mean, variance, gamma, dx, dgamma, dbeta, { N, C, S }, epsilon] = args;
    const places = gradients(dout, x, y, mean, variance, gamma, dx, dgamma, dbeta);
    const { width, items } = stripes(N, C);
    if (S === 1) call.run(Kernel.BatchnormColumnsBackward, x, items, [...places, N, C, width, +constant], [epsilon]);
    else call.run(Kernel.BatchnormChannelsBackward, x, C, [...places, N, C, S, +constant], [epsilon]);
  };

  /** The places of what every backward kernel reads and writes, in their order. */
  const gradients = (
    dout: Floats,
    x: Floats,
    y: Floats | null,
    mean: Floats,
    spread: Floats,
    gamma: Floats,
    ...written: Floats[]
  ): number[] => [
    ...[dout, x, mean, spread, gamma].map((values) => call.read(values)),
    ...written.map((values) => call.written(values)),
    y === null ? 0 : call.read(y),
  ];

  return {
    batchnorm: (...args) => forward(Kernel.BatchnormColumns, Kernel.BatchnormChannels, ...args),
    normalize: (...args) => forward(Kernel.NormalizeColumns, Kernel.NormalizeChannels, ...args),
    batchnormBackward: (...args) => backward(false, ...args),
    normalizeBackward: (...args) => backward(true, ...args),

    batchnormBackwardGraph(dout, x, mean, variance, gamma, dx, dgamma, dbeta, { N, C }, epsilon) {
      const places = gradients(dout, x, null, mean, variance, gamma, dx, dgamma, dbeta);
      const { width, items } = stripes(N, C);
      call.run(Kernel.BatchnormColumnsGraph, x, items, [...places, N, C, width], [epsilon]);
    },

    layernorm(x, gamma, beta, out, mean, inverse, N, D, epsilon, relu) {
      const places = [call.read(x), call.read(gamma), call.read(beta), call.written(out)];
      places.push(call.written(mean), call.written(inverse));
      call.run(Kernel.Layernorm, x, rowBlocks(N, D), [...places, N, D, +relu], [epsilon]);
    },

    layernormBackward(dout, x, y, mean, inverse, gamma, dx, dgamma, dbeta, N, D) {
      const places = gradients(dout, x, y, mean, inverse, gamma, dx, dgamma, dbeta);
      const { width, items } = stripes(N, D);
      call.job(Kernel.LayernormBackward, x, rowBlocks(N, D), [...places, N, D]);
      call.run(Kernel.LayernormWeights, x, items, [...places, N, D, width]);
    },

    groupnorm(x, gamma, beta, out, mean, inverse, { N, C, S }, G, epsilon) {
      const places = [call.read(x), call.read(gamma), call.read(beta), call.written(out)];
      places.push(call.written(mean), call.written(inverse));
      call.run(Kernel.Groupnorm, x, N * G, [...places, C, S, G], [epsilon]);
    },

    groupnormBackward(dout, x, mean, inverse, gamma, dx, dgamma, dbeta, { N, C, S }, G) {
      const places = gradients(dout, x, null, mean, inverse, gamma, dx, dgamma, dbeta);
      call.job(Kernel.GroupnormBackward, x, N * G, [...places, N, C, S, G]);
      call.run(Kernel.GroupnormWeights, x, C, [...places, N, C, S, G]);
    },
  };
}
