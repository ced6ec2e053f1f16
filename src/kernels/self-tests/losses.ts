import type { Floats } from '../../arrays/index.js';
import type { ChannelShape } from '../types.js';
import type { Agrees } from './agrees.js';

/** Losses with their gradients. */
export function losses(agrees: Agrees, some: (length: number) => Floats) {
  const length = 67;
  const probabilities = (n: number): Floats => some(n).map((v) => 1 / (1 + Math.exp(v)));
  /** x, y, weights, and room for values, dx and dy. */
  const operands = (of = some): Floats[] => [
    of(length),
    probabilities(length),
    ...[1, 2, 3, 4].map(() => some(length)),
  ];
  const named = ([x, y, weight, values, dx, dy]: Floats[]) => ({ x, y, weight, values, dx, dy, scale: 0.7 });
  const [N, C, S] = [3, 7, 11];
  const shape = { N, C, S };
  const labels = Int32Array.from({ length: N * S }, (_, i) => (i % (C + 1)) - 1);
  const sizes = [N * C * S, N * C * S, C, N * S, N * C * S, N * C * S];
  return {
    squaredLoss: () => agrees(operands(), (k, o) => k.squaredLoss(named(o))),
    absoluteLoss: () => agrees(operands(), (k, o) => k.absoluteLoss(named(o))),
    huberLoss: () =>
      agrees(operands(), (k, o) => k.huberLoss({ ...named(o), threshold: 0.6, curvature: 1, slope: 0.6 })),
    bceLoss: () => agrees(operands(probabilities), (k, o) => k.bceLoss(named(o))),
    bceWithLogitsLoss: () =>
      agrees([...operands(), some(length)], (k, o) => k.bceWithLogitsLoss({ ...named(o), positive: o[6] })),
    klLoss: () => agrees(operands(), (k, o) => k.klLoss(named(o))),
    klLogLoss: () => agrees(operands(), (k, o) => k.klLogLoss(named(o))),
    crossEntropy: () =>
      [true, false].every((isLabelled) =>
        agrees(sizes.map(some), (k, [x, target, weight, values, dx, dtarget]) => {
          const of = isLabelled ? { labels, target: null, dtarget: null } : { labels: null, target, dtarget };
          return k.crossEntropy({ x, ...of, weight, values, dx, smoothing: 0.1, scale: 0.7, shape });
        }),
      ),
  };
}

/** Softmaxes and their gradients. */
export function softmaxes(agrees: Agrees, wide: Floats[]) {
  /** Rows, and channels of pixels: of 23 · 29 values. */
  const shapes: readonly ChannelShape[] = [
    { N: 23, C: 29, S: 1 },
    { N: 1, C: 23, S: 29 },
  ];
  return {
    softmax: () => shapes.every((shape) => agrees(wide, (k, [x, out]) => k.softmax(x, out, shape))),
    softmaxBackward: () =>
      shapes.every((shape) => agrees(wide, (k, [dout, out, dx]) => k.softmaxBackward(dout, out, dx, shape))),
    logSoftmax: () => shapes.every((shape) => agrees(wide, (k, [x, out]) => k.logSoftmax(x, out, shape))),
    logSoftmaxBackward: () =>
      shapes.every((shape) =>
        agrees(wide, (k, [dout, out, dx]) =>
          k.logSoftmaxBackward(
            dout,
            out.map((v) => -Math.abs(v)),
            dx,
            shape,
          ),
        ),
      ),
  };
}
