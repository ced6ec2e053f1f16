import type { AvgPoolShape, PoolingKernels, PoolShape } from '../../types.js';
import type { Call } from '../call.js';
import { Kernel } from '../kernel.generated.js';

export function bindPooling(call: Call): PoolingKernels {
  /** The integers 3 to 10 of assembly/pooling.ts. */
  const sizes = (s: PoolShape): number[] => [s.H, s.W, s.poolHeight, s.poolWidth, s.strideH, s.strideW, s.OH, s.OW];
  /** With the integers 11 to 14 of assembly/pooling-padded.ts. */
  const padded = (s: PoolShape): number[] => [...sizes(s), s.padH, s.padW, s.dilationH, s.dilationW];
  const area = (s: AvgPoolShape): number[] => [1 / (s.divisor ?? s.poolHeight * s.poolWidth)];

  return {
    maxPool(x, out, s) {
      const places = [call.read(x), call.written(out), 0];
      if (isInside(s)) call.run(Kernel.MaxPool, x, s.planes, [...places, ...sizes(s)]);
      else call.run(Kernel.MaxPoolPadded, x, s.planes, [...places, ...padded(s)]);
    },

    maxPoolBackward(dout, x, dx, s) {
      const places = [call.read(dout), call.read(x), call.written(dx)];
      if (isInside(s)) call.run(Kernel.MaxPoolBackward, x, s.planes, [...places, ...sizes(s)]);
      else call.run(Kernel.MaxPoolPaddedBackward, x, s.planes, [...places, ...padded(s)]);
    },

    avgPool(x, out, s) {
      const places = [call.read(x), call.written(out), 0];
      if (isInside(s)) call.run(Kernel.AvgPool, x, s.planes, [...places, ...sizes(s)], area(s));
      else call.run(Kernel.AvgPoolPadded, x, s.planes, [...places, ...padded(s), +s.countIncludePad], [s.divisor ?? 0]);
    },

    avgPoolBackward(dout, dx, s) {
      const places = [call.read(dout), 0, call.written(dx)];
      if (isInside(s)) call.run(Kernel.AvgPoolBackward, dx, s.planes, [...places, ...sizes(s)], area(s));
      else {
        const integers = [...places, ...padded(s), +s.countIncludePad];
        call.run(Kernel.AvgPoolPaddedBackward, dx, s.planes, integers, [s.divisor ?? 0]);
      }
    },
  };
}

/** Whether all windows lie in the image, without gaps between their places. */
function isInside(s: PoolShape): boolean {
  if (s.padH !== 0 || s.padW !== 0 || s.dilationH !== 1 || s.dilationW !== 1) return false;
  return (s.OH - 1) * s.strideH + s.poolHeight <= s.H && (s.OW - 1) * s.strideW + s.poolWidth <= s.W;
}
