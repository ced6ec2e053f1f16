import type { Floats } from '../../arrays/index.js';
import type { Agrees } from './agrees.js';

/** Activation functions and their gradients. */
export function activations(agrees: Agrees, wide: Floats[], some: (length: number) => Floats) {
  /** Channels of one value each, of several, and one channel of all: of 23 · 29 values. */
  const channels: readonly [C: number, inner: number][] = [
    [29, 1],
    [23, 29],
    [1, 667],
  ];
  return {
    leakyRelu: () => agrees(wide, (k, [x, out]) => k.leakyRelu(x, out, 0.3)),
    leakyReluBackward: () => agrees(wide, (k, [dout, x, dx]) => k.leakyReluBackward(dout, x, dx, 0.3)),
    relu6: () => agrees(wide, (k, [x, out]) => k.relu6(x, out)),
    relu6Backward: () => agrees(wide, (k, [dout, x, dx]) => k.relu6Backward(dout, x, dx)),
    hardswish: () => agrees(wide, (k, [x, out]) => k.hardswish(x, out)),
    hardswishBackward: () => agrees(wide, (k, [dout, x, dx]) => k.hardswishBackward(dout, x, dx)),
    hardsigmoid: () => agrees(wide, (k, [x, out]) => k.hardsigmoid(x, out)),
    hardsigmoidBackward: () => agrees(wide, (k, [dout, x, dx]) => k.hardsigmoidBackward(dout, x, dx)),
    prelu: () =>
      channels.every(([C, inner]) => agrees([...wide, some(C)], (k, [x, out, , a]) => k.prelu(x, a, out, inner))),
    preluBackward: () =>
      channels.every(([C, inner]) =>
        agrees([...wide, some(C), some(C)], (k, [dout, x, dx, a, da]) =>
          k.preluBackward({ dout, x, alpha: a, dx, dalpha: da, inner }),
        ),
      ),
    maxout: () => agrees([some(297), some(99)], (k, [x, out]) => k.maxout(x, out, 3)),
    maxoutBackward: () =>
      agrees([some(99), some(297), some(297)], (k, [dout, x, dx]) => k.maxoutBackward(dout, x, dx, 3)),
    sigmoid: () => agrees(wide, (k, [x, out]) => k.sigmoid(x, out)),
    sigmoidBackward: () => agrees(wide, (k, [dout, out, dx]) => k.sigmoidBackward(dout, out, dx)),
    tanh: () => agrees(wide, (k, [x, out]) => k.tanh(x, out)),
    tanhBackward: () => agrees(wide, (k, [dout, out, dx]) => k.tanhBackward(dout, out, dx)),
    elu: () => agrees(wide, (k, [x, out]) => k.elu(x, out, 0.7)),
    eluBackward: () => agrees(wide, (k, [dout, x, dx]) => k.eluBackward(dout, x, dx, 0.7)),
    gelu: () => agrees(wide, (k, [x, out]) => k.gelu(x, out)),
    geluBackward: () => agrees(wide, (k, [dout, x, dx]) => k.geluBackward(dout, x, dx)),
    geluTanh: () => agrees(wide, (k, [x, out]) => k.geluTanh(x, out)),
    geluTanhBackward: () => agrees(wide, (k, [dout, x, dx]) => k.geluTanhBackward(dout, x, dx)),
    softplus: () => agrees(wide, (k, [x, out]) => k.softplus(x, out, 1.5, 0.7)),
    softplusBackward: () => agrees(wide, (k, [dout, x, dx]) => k.softplusBackward(dout, x, dx, 1.5, 0.7)),
    silu: () => agrees(wide, (k, [x, out]) => k.silu(x, out)),
    siluBackward: () => agrees(wide, (k, [dout, x, dx]) => k.siluBackward(dout, x, dx)),
  };
}
