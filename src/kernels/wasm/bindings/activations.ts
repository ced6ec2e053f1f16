import type { ActivationKernels } from '../../types.js';
import { type Call, chunks, rowBlocks, stripes } from '../call.js';
import { Kernel } from '../kernel.generated.js';
import type { Memory } from '../memory.js';

export function bindActivations(call: Call, memory: Memory): ActivationKernels {
  return {
    relu(x, out) {
      call.run(Kernel.Relu, x, chunks(x.length), [call.read(x), call.written(out), x.length]);
    },

    reluBackward(dout, x, dx) {
      const places = [call.read(dout), call.read(x), call.written(dx)];
      call.run(Kernel.ReluBackward, x, chunks(x.length), [...places, x.length]);
    },

    reluBackwardSumRows({ dout, x, dx, sums, N, M }) {
      const places = [call.read(dout), call.read(x), call.written(dx), call.written(sums)];
      const { width, items } = stripes(N, M);
      call.run(Kernel.ReluBackwardSumRows, x, items, [...places, N, M, width]);
    },

    reluBackwardSumChannels(dout, x, dx, sums, { N, C, S }) {
      const places = [call.read(dout), call.read(x), call.written(dx), call.written(sums)];
      call.run(Kernel.ReluBackwardSumChannels, x, C, [...places, N, C, S]);
    },

    leakyRelu(x, out, alpha) {
      call.run(Kernel.LeakyRelu, x, chunks(x.length), [call.read(x), call.written(out), x.length], [alpha]);
    },

    leakyReluBackward(dout, x, dx, alpha) {
      const places = [call.read(dout), call.read(x), call.written(dx)];
      call.run(Kernel.LeakyReluBackward, x, chunks(x.length), [...places, x.length], [alpha]);
    },

    relu6(x, out) {
      call.run(Kernel.Relu6, x, chunks(x.length), [call.read(x), call.written(out), x.length]);
    },

    relu6Backward(dout, x, dx) {
      const places = [call.read(dout), call.read(x), call.written(dx)];
      call.run(Kernel.Relu6Backward, x, chunks(x.length), [...places, x.length]);
    },

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
