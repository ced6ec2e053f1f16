import type { PoolingKernels, PoolShape } from '../../types.js';
import type { Call } from '../call.js';
import { Kernel } from '../kernel.generated.js';

export function bindPooling(call: Call): PoolingKernels {
  /** The integers 3 to 10 of assembly/pooling.ts. */
  const sizes = (s: PoolShape): number[] => [s.H, s.W, s.poolHeight, s.poolWidth, s.strideH, s.strideW, s.OH, s.OW];
  const area = (s: PoolShape): number[] => [1 / (s.poolHeight * s.poolWidth)];

  return {
    maxPool(x, out, s) {
      call.run(Kernel.MaxPool, x, s.planes, [call.read(x), call.written(out), 0, ...sizes(s)]);
    },

    maxPoolBackward(dout, x, dx, s) {
      const places = [call.read(dout), call.read(x), call.written(dx)];
      call.run(Kernel.MaxPoolBackward, x, s.planes, [...places, ...sizes(s)]);
    },

    avgPool(x, out, s) {
      call.run(Kernel.AvgPool, x, s.planes, [call.read(x), call.written(out), 0, ...sizes(s)], area(s));
    },

    avgPoolBackward(dout, dx, s) {
      call.run(Kernel.AvgPoolBackward, dx, s.planes, [call.read(dout), 0, call.written(dx), ...sizes(s)], area(s));
    },
  };
}
