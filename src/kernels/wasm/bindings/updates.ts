import type { Floats } from '../../../arrays/index.js';
import { wholePower } from '../../reference/whole-power.js';
import type { UpdateKernels } from '../../types.js';
import { type Call, chunks } from '../call.js';
import { Kernel } from '../kernel.generated.js';

/** No array: no kernel's operand begins at address 0. */
const NONE = 0;

export function bindUpdates(call: Call): UpdateKernels {
  /** An update rule over w, dw and up to three arrays of state, some of which it may do without. */
  const update = (
    kernel: Kernel,
    w: Floats,
    dw: Floats,
    state: readonly (Floats | null)[],
    numbers: readonly number[],
  ): void => {
    const places = [call.changed(w), call.read(dw), ...state.map((s) => (s === null ? NONE : call.changed(s)))];
    while (places.length < 5) places.push(NONE);
    call.run(kernel, w, chunks(w.length), [...places, w.length], numbers);
  };

  return {
    sgd(w, dw, learningRate, weightDecay) {
      update(Kernel.Sgd, w, dw, [], [weightDecay, learningRate]);
    },

    sgdMomentum({ w, dw, velocity, learningRate, momentum }) {
      update(Kernel.SgdMomentum, w, dw, [velocity], [0, learningRate, momentum]);
    },

    dampedMomentum({ w, dw, velocity, learningRate, momentum, dampening, weightDecay }) {
      update(Kernel.DampedMomentum, w, dw, [velocity], [weightDecay, learningRate, momentum, 1 - dampening]);
    },

    nesterov({ w, dw, velocity, learningRate, momentum, weightDecay }) {
      update(Kernel.Nesterov, w, dw, [velocity], [weightDecay, learningRate, momentum]);
    },

    rmsprop({ w, dw, cache, velocity, mean, learningRate, decayRate, epsilon, momentum, weightDecay }) {
      const numbers = [weightDecay, learningRate, epsilon, decayRate, 1 - decayRate, momentum];
      update(Kernel.Rmsprop, w, dw, [cache, velocity, mean], numbers);
    },

    adagrad({ w, dw, cache, learningRate, epsilon, weightDecay }) {
      update(Kernel.Adagrad, w, dw, [cache], [weightDecay, learningRate, epsilon]);
    },

    adam({ w, dw, m, v, largest, learningRate, beta1, beta2, epsilon, t, weightDecay, decoupledDecay }) {
      update(
        Kernel.Adam,
        w,
        dw,
        [m, v, largest],
        [
          weightDecay,
          learningRate,
          epsilon,
          beta1,
          1 - beta1,
          beta2,
          1 - beta2,
          1 / (1 - wholePower(beta1, t)),
          1 / (1 - wholePower(beta2, t)),
          learningRate * decoupledDecay,
        ],
      );
    },
  };
}
