import type { Kernels } from '../../src/kernels/index.js';
import type { Draw, Prepare } from './draw.js';

/** Weights, their gradients, and what every rule has. */
function step(draw: Draw) {
  const w = draw.values(draw.size(40_000));
  const dw = draw.values(w.length);
  return { w, dw, learningRate: 0.1, weightDecay: draw.of([0, 0.01]), momentum: 0.9, dampening: 0.3, epsilon: 1e-8 };
}

export const updates = {
  sgd: (draw) => {
    const { w, dw, learningRate, weightDecay } = step(draw);
    return (k) => k.sgd(w, dw, learningRate, weightDecay);
  },
  sgdMomentum: (draw) => {
    const given = step(draw);
    const velocity = draw.values(given.w.length);
    return (k) => k.sgdMomentum({ ...given, velocity });
  },
  dampedMomentum: (draw) => {
    const given = step(draw);
    const velocity = draw.values(given.w.length);
    return (k) => k.dampedMomentum({ ...given, velocity });
  },
  nesterov: (draw) => {
    const given = step(draw);
    const velocity = draw.values(given.w.length);
    return (k) => k.nesterov({ ...given, velocity });
  },
  rmsprop: (draw) => {
    const given = step(draw);
    const n = given.w.length;
    const [cache, velocity] = [draw.squares(n), draw.perhaps(() => draw.values(n))];
    const mean = draw.perhaps(() => draw.values(n));
    return (k) => k.rmsprop({ ...given, cache, velocity, mean, decayRate: 0.9 });
  },
  adagrad: (draw) => {
    const given = step(draw);
    const cache = draw.squares(given.w.length);
    return (k) => k.adagrad({ ...given, cache });
  },
  adam: (draw) => {
    const given = step(draw);
    const n = given.w.length;
    const [m, v, largest] = [draw.values(n), draw.squares(n), draw.perhaps(() => draw.squares(n))];
    const rates = { beta1: 0.9, beta2: 0.99, t: draw.whole(1, 9), decoupledDecay: draw.of([0, 0.02]) };
    return (k) => k.adam({ ...given, ...rates, m, v, largest });
  },
} satisfies Partial<Record<keyof Kernels, Prepare>>;
