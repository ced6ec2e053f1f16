import type { UpdateKernels } from '../types.js';
import { wholePower } from './whole-power.js';

/** The update rules. */
export const updates: UpdateKernels = {
  sgd(w, dw, learningRate, weightDecay) {
    for (let i = 0; i < w.length; i++) w[i] -= learningRate * gradient(w[i], dw[i], weightDecay);
  },

  sgdMomentum({ w, dw, velocity, learningRate, momentum }) {
    for (let i = 0; i < w.length; i++) {
      velocity[i] = momentum * velocity[i] - learningRate * dw[i];
      w[i] += velocity[i];
    }
  },

  dampedMomentum({ w, dw, velocity, learningRate, momentum, dampening, weightDecay }) {
    for (let i = 0; i < w.length; i++) {
      velocity[i] = momentum * velocity[i] + (1 - dampening) * gradient(w[i], dw[i], weightDecay);
      w[i] -= learningRate * velocity[i];
    }
  },

  nesterov({ w, dw, velocity, learningRate, momentum, weightDecay }) {
    for (let i = 0; i < w.length; i++) {
      const g = gradient(w[i], dw[i], weightDecay);
      velocity[i] = momentum * velocity[i] + g;
      w[i] -= learningRate * (g + momentum * velocity[i]);
    }
  },

  rmsprop({ w, dw, cache, velocity, mean, learningRate, decayRate, epsilon, momentum, weightDecay }) {
    for (let i = 0; i < w.length; i++) {
      const g = gradient(w[i], dw[i], weightDecay);
      cache[i] = decayRate * cache[i] + (1 - decayRate) * g * g;
      let square = cache[i];
      if (mean !== null) {
        mean[i] = decayRate * mean[i] + (1 - decayRate) * g;
        // Rounding may leave less than nothing of a variance of zero.
        square = Math.max(0, square - mean[i] * mean[i]);
      }
      const root = Math.sqrt(square) + epsilon;
      if (velocity === null) {
        w[i] -= (learningRate * g) / root;
      } else {
        velocity[i] = momentum * velocity[i] + g / root;
        w[i] -= learningRate * velocity[i];
      }
    }
  },

  adagrad({ w, dw, cache, learningRate, epsilon, weightDecay }) {
    for (let i = 0; i < w.length; i++) {
      const g = gradient(w[i], dw[i], weightDecay);
      cache[i] += g * g;
      w[i] -= (learningRate * g) / (Math.sqrt(cache[i]) + epsilon);
    }
  },

  adam({ w, dw, m, v, largest, learningRate, beta1, beta2, epsilon, t, weightDecay, decoupledDecay }) {
    const [weight1, weight2] = [1 - wholePower(beta1, t), 1 - wholePower(beta2, t)];
    for (let i = 0; i < w.length; i++) {
      const g = gradient(w[i], dw[i], weightDecay);
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      if (largest !== null) largest[i] = Math.max(largest[i], v[i]);
      const mHat = m[i] / weight1;
      const vHat = (largest ?? v)[i] / weight2;
      if (decoupledDecay !== 0) w[i] -= learningRate * decoupledDecay * w[i];
      w[i] -= (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
    }
  },
};

/** The gradient of the loss with the penalty ½ · weightDecay · w². */
function gradient(w: number, dw: number, weightDecay: number): number {
  return weightDecay === 0 ? dw : dw + weightDecay * w;
}
