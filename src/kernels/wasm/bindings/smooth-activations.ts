import type { SmoothActivationKernels } from '../../types.js';
import type { Call } from '../call.js';
import { elementwise } from '../elementwise.js';
import { Kernel } from '../kernel.generated.js';

export function bindSmoothActivations(call: Call): SmoothActivationKernels {
  const { forward, backward } = elementwise(call);
  return {
    sigmoid: (x, out) => forward(Kernel.Sigmoid, x, out),
    sigmoidBackward: (dout, out, dx) => backward(Kernel.SigmoidBackward, dout, out, dx),
    tanh: (x, out) => forward(Kernel.Tanh, x, out),
    tanhBackward: (dout, out, dx) => backward(Kernel.TanhBackward, dout, out, dx),
    elu: (x, out, alpha) => forward(Kernel.Elu, x, out, [alpha]),
    eluBackward: (dout, x, dx, alpha) => backward(Kernel.EluBackward, dout, x, dx, [alpha]),
    gelu: (x, out) => forward(Kernel.Gelu, x, out),
    geluBackward: (dout, x, dx) => backward(Kernel.GeluBackward, dout, x, dx),
    geluTanh: (x, out) => forward(Kernel.GeluTanh, x, out),
    geluTanhBackward: (dout, x, dx) => backward(Kernel.GeluTanhBackward, dout, x, dx),
    softplus: (x, out, beta, threshold) => forward(Kernel.Softplus, x, out, [beta, threshold, 1 / beta]),
    softplusBackward: (dout, x, dx, beta, threshold) =>
      backward(Kernel.SoftplusBackward, dout, x, dx, [beta, threshold]),
    silu: (x, out) => forward(Kernel.Silu, x, out),
    siluBackward: (dout, x, dx) => backward(Kernel.SiluBackward, dout, x, dx),
  };
}
