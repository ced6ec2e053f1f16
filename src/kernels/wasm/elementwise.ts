import type { Floats } from '../../arrays/index.js';
import { type Call, chunks } from './call.js';
import type { Kernel } from './kernel.generated.js';

/** Kernels of one array, and of an upstream gradient and one array. */
export interface Elementwise {
  forward(kernel: Kernel, x: Floats, out: Floats, numbers?: readonly number[]): void;
  /** `from` is what the derivative is computed from: the input or the output. */
  backward(kernel: Kernel, dout: Floats, from: Floats, dx: Floats, numbers?: readonly number[]): void;
}

/** Calls of kernels that go element by element. */
export function elementwise(call: Call): Elementwise {
  return {
    forward(kernel, x, out, numbers) {
      call.run(kernel, x, chunks(x.length), [call.read(x), call.written(out), x.length], numbers);
    },

    backward(kernel, dout, from, dx, numbers) {
      const places = [call.read(dout), call.read(from), call.written(dx)];
      call.run(kernel, from, chunks(from.length), [...places, from.length], numbers);
    },
  };
}
