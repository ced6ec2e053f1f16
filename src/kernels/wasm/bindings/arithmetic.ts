import type { Floats } from '../../../arrays/index.js';
import type { ArithmeticKernels } from '../../types.js';
import { type Call, chunks } from '../call.js';
import { Kernel } from '../kernel.generated.js';

export function bindArithmetic(call: Call): ArithmeticKernels {
  const combine = (kernel: Kernel, a: Floats, b: Floats, out: Floats): void => {
    const places = [call.read(a), call.read(b), call.written(out)];
    call.run(kernel, a, chunks(a.length), [...places, a.length]);
  };
  return {
    add: (a, b, out) => combine(Kernel.Add, a, b, out),
    subtract: (a, b, out) => combine(Kernel.Subtract, a, b, out),
    multiply: (a, b, out) => combine(Kernel.Multiply, a, b, out),
    divide: (a, b, out) => combine(Kernel.Divide, a, b, out),

    scale(x, out, factor) {
      call.run(Kernel.Scale, x, chunks(x.length), [call.read(x), call.written(out), x.length], [factor]);
    },

    lerp(a, b, weight) {
      call.run(Kernel.Lerp, a, chunks(a.length), [call.changed(a), call.read(b), a.length], [weight]);
    },
  };
}
