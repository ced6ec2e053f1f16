import type { UpdateKernels } from '../types.js';

/** The update rules. */
export const updates: UpdateKernels = {
  sgd(w, dw, learningRate) {
    for (let i = 0; i < w.length; i++) w[i] -= learningRate * dw[i];
  },

  sgdMomentum(w, dw, velocity, learningRate, momentum) {
    for (let i = 0; i < w.length; i++) {
      velocity[i] = momentum * velocity[i] - learningRate * dw[i];
      w[i] += velocity[i];
    }
  },

  nesterov(w, dw, velocity, learningRate, momentum) {
    for (let i = 0; i < w.length; i++) {
      velocity[i] = momentum * velocity[i] + dw[i];
      w[i] -= learningRate * (dw[i] + momentum * velocity[i]);
    }
  },

  rmsprop(w, dw, cache, learningRate, decayRate, epsilon) {
    for (let i = 0; i < w.length; i++) {
      cache[i] = decayRate * cache[i] + (1 - decayRate) * dw[i] * dw[i];
      w[i] -= (learningRate * dw[i]) / (Math.sqrt(cache[i]) + epsilon);
    }
  },

  adagrad(w, dw, cache, learningRate, epsilon) {
    for (let i = 0; i < w.length; i++) {
      cache[i] += dw[i] * dw[i];
      w[i] -= (learningRate * dw[i]) / (Math.sqrt(cache[i]) + epsilon);
    }
  },

  adam(w, dw, m, v, step) {
    const { learningRate, beta1, beta2, epsilon, t, weightDecay } = step;
    for (let i = 0; i < w.length; i++) {
      m[i] = beta1 * m[i] + (1 - beta1) * dw[i];
      v[i] = beta2 * v[i] + (1 - beta2) * dw[i] * dw[i];
      const mHat = m[i] / (1 - beta1 ** t);
      const vHat = v[i] / (1 - beta2 ** t);
      w[i] -= learningRate * weightDecay * w[i];
      w[i] -= (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
    }
  },
};
