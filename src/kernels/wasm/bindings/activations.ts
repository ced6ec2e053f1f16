import type { ActivationKernels } from '../../types.js';
import { type Call, chunks, rowBlocks, stripes } from '../call.js';
import { elementwise } from '../elementwise.js';
import { Kernel } from '../kernel.generated.js';
import type { Memory } from '../memory.js';

export function bindActivations(call: Call, memory: Memory): ActivationKernels {
  const { forward, backward } = elementwise(call);
  return {
    relu: (x, out) => forward(Kernel.Relu, x, out),
    reluBackward: (dout, x, dx) => backward(Kernel.ReluBackward, dout, x, dx),

    reluBackwardSumRows({ dout, x, dx, sums, N, M }) {
      const places = [call.read(dout), call.read(x), call.written(dx), call.written(sums)];
      const { width, items } = stripes(N, M);
      call.run(Kernel.ReluBackwardSumRows, x, items, [...places, N, M, width]);
    },

    reluBackwardSumChannels(dout, x, dx, sums, { N, C, S }) {
      const places = [call.read(dout), call.read(x), call.written(dx), call.written(sums)];
      call.run(Kernel.ReluBackwardSumChannels, x, C, [...places, N, C, S]);
    },

    leakyRelu: (x, out, alpha) => forward(Kernel.LeakyRelu, x, out, [alpha]),
    leakyReluBackward: (dout, x, dx, alpha) => backward(Kernel.LeakyReluBackward, dout, x, dx, [alpha]),
    relu6: (x, out) => forward(Kernel.Relu6, x, out),
    relu6Backward: (dout, x, dx) => backward(Kernel.Relu6Backward, dout, x, dx),
    hardswish: (x, out) => forward(Kernel.Hardswish, x, out),
    hardswishBackward: (dout, x, dx) => backward(Kernel.HardswishBackward, dout, x, dx),
    hardsigmoid: (x, out) => forward(Kernel.Hardsigmoid, x, out),
    hardsigmoidBackward: (dout, x, dx) => backward(Kernel.HardsigmoidBackward, dout, x, dx),

    prelu(x, alpha, out, inner) {
      const C = alpha.length;
      const places = [call.read(x), call.read(alpha), call.written(out)];
      if (inner === 1) {
        const N = x.length / C;
        call.run(Kernel.PreluRows, x, rowBlocks(N, C), [...places, N, C]);
      } else {
        const runs = x.length / inner;
        call.run(Kernel.PreluRuns, x, rowBlocks(runs * chunks(inner), inner), [...places, runs, C, inner]);
      }
    },

    preluBackward({ dout, x, alpha, dx, dalpha, inner }) {
      const C = alpha.length;
      const places = [call.read(dout), call.read(x), call.read(alpha), call.written(dx)];
      if (inner === 1) {
        const N = x.length / C;
        const { width, items } = stripes(N, C);
        const sums = call.partialSums(Math.ceil(C / 4) * 4);
        call.run(Kernel.PreluRowsBackward, x, items, [...places, call.written(dalpha), N, C, width, sums]);
        return;
      }
      const runs = x.length / inner;
      const strips = chunks(inner);
      const count = runs * strips;
      const partial = call.partialSums(count);
      call.job(Kernel.PreluRunsBackward, x, rowBlocks(count, inner), [...places, partial, runs, C, inner]);
      const sums = memory.view(partial, count, 'float64');
      const totals = new Float64Array(C);
      for (let i = 0; i < count; i++) totals[Math.floor(i / strips) % C] += sums[i];
      dalpha.set(totals);
      call.finish();
    },

    maxout(x, out, pieces) {
      const places = [call.read(x), call.written(out)];
      call.run(Kernel.Maxout, x, rowBlocks(out.length, pieces), [...places, out.length, pieces]);
    },

    maxoutBackward(dout, x, dx, pieces) {
      const places = [call.read(dout), call.read(x), call.written(dx)];
      call.run(Kernel.MaxoutBackward, x, rowBlocks(dout.length, pieces), [...places, dout.length, pieces]);
    },
  };
}
