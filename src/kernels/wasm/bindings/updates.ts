import type { Floats } from '../../../arrays/index.js';
import type { UpdateKernels } from '../../types.js';
import { type Call, chunks } from '../call.js';
import { Kernel } from '../protocol.js';

export function bindUpdates(call: Call): UpdateKernels {
  /** An update rule over w, dw and its state. */
  const update = (
    kernel: Kernel,
    w: Floats,
    dw: Floats,
    state: readonly Floats[],
    numbers: readonly number[],
  ): void => {
    const places = [call.changed(w), call.read(dw), ...state.map((s) => call.changed(s))];
    while (places.length < 4) places.push(0);
    call.run(kernel, w, chunks(w.length), [...places, w.length], numbers);
  };

  return {
    sgd(w, dw, learningRate) {
      update(Kernel.Sgd, w, dw, [], [learningRate]);
    },

    sgdMomentum(w, dw, velocity, learningRate, momentum) {
      update(Kernel.SgdMomentum, w, dw, [velocity], [learningRate, momentum]);
    },

    nesterov(w, dw, velocity, learningRate, momentum) {
      update(Kernel.Nesterov, w, dw, [velocity], [learningRate, momentum]);
    },

    rmsprop(w, dw, cache, learningRate, decayRate, epsilon) {
      update(Kernel.Rmsprop, w, dw, [cache], [learningRate, epsilon, decayRate, 1 - decayRate]);
    },

    adagrad(w, dw, cache, learningRate, epsilon) {
      update(Kernel.Adagrad, w, dw, [cache], [learningRate, epsilon]);
    },

    adam(w, dw, m, v, { learningRate, beta1, beta2, epsilon, t, weightDecay }) {
      const decayed = weightDecay !== 0;
      update(
        decayed ? Kernel.AdamW : Kernel.Adam,
        w,
        dw,
        [m, v],
        [
          learningRate,
          epsilon,
          beta1,
          1 - beta1,
          beta2,
          1 - beta2,
          1 / (1 - beta1 ** t),
          1 / (1 - beta2 ** t),
          learningRate * weightDecay,
        ],
      );
    },
  };
}
