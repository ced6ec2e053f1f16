import type { LossKernels } from '../../types.js';
import { type Call, rowBlocks } from '../call.js';
import { Kernel } from '../kernel.generated.js';

export function bindLosses(call: Call): LossKernels {
  return {
    softmaxLoss(x, y, dx, N, C) {
      const losses = call.partialSums(N);
      const places = [call.read(x), call.integers(y), call.written(dx), losses];
      return call.sum(Kernel.SoftmaxLoss, x, rowBlocks(N, C), [...places, N, C], losses, N) / N;
    },

    hingeLoss(x, y, dx, N, C) {
      const losses = call.partialSums(N);
      const places = [call.read(x), call.integers(y), call.written(dx), losses];
      return call.sum(Kernel.HingeLoss, x, rowBlocks(N, C), [...places, N, C], losses, N) / N;
    },
  };
}
