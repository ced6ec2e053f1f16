import type { LossKernels } from '../../types.js';
import { type Call, rowBlocks } from '../call.js';
import { Kernel } from '../kernel.generated.js';
import { CHUNK } from '../protocol.js';

export function bindLosses(call: Call): LossKernels {
  return {
    softmaxLoss(x, y, dx, N, C) {
      const losses = call.partialSums(N);
      const places = [call.read(x), call.integers(y), call.written(dx), losses];
      return call.sum(Kernel.SoftmaxLoss, x, rowBlocks(N, C), [...places, N, C], losses, N) / N;
    },

    hingeLoss({ x, y, dx, values, N, C, divisor }) {
      const losses = call.partialSums(N);
      const places = [call.read(x), call.integers(y), call.written(dx), losses];
      const arguments_ = [...places, N, C, values === null ? 0 : call.written(values)];
      return call.sum(Kernel.HingeLoss, x, rowBlocks(N, C), arguments_, losses, N, [divisor]);
    },

    crossEntropy({ x, labels, target, weight, smoothing, values, dx, dtarget, scale, shape: { N, C, S } }) {
      // Strips of whole cache lines.
      const width = Math.max(16, Math.floor(CHUNK / C / 16) * 16);
      const items = N * Math.ceil(S / width);
      const sums = call.partialSums(items);
      const places = [
        call.read(x),
        labels === null ? 0 : call.integers(labels),
        target === null ? 0 : call.read(target),
        weight === null ? 0 : call.read(weight),
        values === null ? 0 : call.written(values),
        call.written(dx),
        dtarget === null ? 0 : call.written(dtarget),
        sums,
      ];
      const numbers = [1 - smoothing, smoothing / C, scale];
      return call.sum(Kernel.CrossEntropy, x, items, [...places, C, S, width], sums, items, numbers);
    },
  };
}
