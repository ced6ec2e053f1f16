import type { Floats } from '../../../arrays/index.js';
import type { SmoothActivationKernels } from '../../types.js';
import { type Call, chunks } from '../call.js';
import { Kernel } from '../kernel.generated.js';

export function bindSmoothActivations(call: Call): SmoothActivationKernels {
  const forward = (kernel: Kernel, x: Floats, out: Floats, numbers?: readonly number[]): void => {
    call.run(kernel, x, chunks(x.length), [call.read(x), call.written(out), x.length], numbers);
  };

  /** `from` is what the derivative is computed from: the input or the output. */
  const backward = (kernel: Kernel, dout: Floats, from: Floats, dx: Floats, numbers?: readonly number[]): void => {
    const places = [call.read(dout), call.read(from), call.written(dx)];
    call.run(kernel, from, chunks(from.length), [...places, from.length], numbers);
  };

  return {
    sigmoid: (x, out) => forward(Kernel.Sigmoid, x, out),
    sigmoidBackward: (dout, out, dx) => backward(Kernel.SigmoidBackward, dout, out, dx),
    tanh: (x, out) => forward(Kernel.Tanh, x, out),
    tanhBackward: (dout, out, dx) => backward(Kernel.TanhBackward, dout, out, dx),
    elu: (x, out, alpha) => forward(Kernel.Elu, x, out, [alpha]),
    eluBackward: (dout, x, dx, alpha) => backward(Kernel.EluBackward, dout, x, dx, [alpha]),
    gelu: (x, out) => forward(Kernel.Gelu, x, out),
    geluBackward: (dout, x, dx) => backward(Kernel.GeluBackward, dout, x, dx),
    silu: (x, out) => forward(Kernel.Silu, x, out),
    siluBackward: (dout, x, dx) => backward(Kernel.SiluBackward, dout, x, dx),
  };
}
