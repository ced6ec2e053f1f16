import type { Floats } from '../../../arrays/index.js';
import type { ChannelShape, SoftmaxKernels } from '../../types.js';
import { type Call, rowBlocks, stripes } from '../call.js';
import { Kernel } from '../kernel.generated.js';

export function bindSoftmax(call: Call): SoftmaxKernels {
  /** Runs the kernel of rows where there is one pixel, else that of pixels; `places` are the operands. */
  const run = (rows: Kernel, pixels: Kernel, like: Floats, places: number[], { N, C, S }: ChannelShape): void => {
    if (S === 1) {
      call.run(rows, like, rowBlocks(N, C), [...places, N, C]);
      return;
    }
    const { width, items } = stripes(C, S);
    call.run(pixels, like, N * items, [...places, C, S, width]);
  };
  const forward = (rows: Kernel, pixels: Kernel, x: Floats, out: Floats, shape: ChannelShape): void => {
    run(rows, pixels, x, [call.read(x), call.written(out)], shape);
  };
  const backward = (rows: Kernel, pixels: Kernel, dout: Floats, out: Floats, dx: Floats, shape: ChannelShape): void => {
    run(rows, pixels, out, [call.read(dout), call.read(out), call.written(dx)], shape);
  };

  return {
    softmax: (x, out, shape) => forward(Kernel.SoftmaxRows, Kernel.SoftmaxPixels, x, out, shape),
    softmaxBackward: (dout, out, dx, shape) =>
      backward(Kernel.SoftmaxRowsBackward, Kernel.SoftmaxPixelsBackward, dout, out, dx, shape),
    logSoftmax: (x, out, shape) => forward(Kernel.LogSoftmaxRows, Kernel.LogSoftmaxPixels, x, out, shape),
    logSoftmaxBackward: (dout, out, dx, shape) =>
      backward(Kernel.LogSoftmaxRowsBackward, Kernel.LogSoftmaxPixelsBackward, dout, out, dx, shape),
  };
}
