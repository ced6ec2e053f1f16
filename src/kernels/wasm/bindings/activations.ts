import type { ActivationKernels } from '../../types.js';
import { type Call, chunks, stripes } from '../call.js';
import { Kernel } from '../protocol.js';

export function bindActivations(call: Call): ActivationKernels {
  return {
    relu(x, out) {
      call.run(Kernel.Relu, x, chunks(x.length), [call.read(x), call.written(out), x.length]);
    },

    reluBackward(dout, x, dx) {
      const places = [call.read(dout), call.read(x), call.written(dx)];
      call.run(Kernel.ReluBackward, x, chunks(x.length), [...places, x.length]);
    },

    reluBackwardSumRows(dout, x, dx, sums, N, M) {
      const places = [call.read(dout), call.read(x), call.written(dx), call.written(sums)];
      const { width, items } = stripes(N, M);
      call.run(Kernel.ReluBackwardSumRows, x, items, [...places, N, M, width]);
    },
  };
}
