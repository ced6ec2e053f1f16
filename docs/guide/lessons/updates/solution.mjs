// Lesson 3, update rules: a solution.

// @ts-check

/** @typedef {import('layerwise').NDArray} NDArray */

/**
 * velocity = momentum * velocity - learningRate * dw, then w += velocity.
 *
 * @param {NDArray} w
 * @param {NDArray} dw Shaped like w.
 * @param {{ learningRate: number, momentum: number }} settings
 * @param {{ velocity?: number[] }} state The same object at every step of one parameter.
 */
export function momentum(w, dw, { learningRate, momentum }, state) {
  state.velocity ??= Array.from(w.data, () => 0);
  const { velocity } = state;
  for (let i = 0; i < w.size; i++) {
    velocity[i] = momentum * velocity[i] - learningRate * dw.data[i];
    w.data[i] += velocity[i];
  }
}

/**
 * cache = decayRate * cache + (1 - decayRate) * dw², then w -= learningRate * dw / (√cache + epsilon).
 *
 * @param {NDArray} w
 * @param {NDArray} dw Shaped like w.
 * @param {{ learningRate: number, decayRate: number, epsilon: number }} settings
 * @param {{ cache?: number[] }} state
 */
export function rmsprop(w, dw, { learningRate, decayRate, epsilon }, state) {
  state.cache ??= Array.from(w.data, () => 0);
  const { cache } = state;
  for (let i = 0; i < w.size; i++) {
    cache[i] = decayRate * cache[i] + (1 - decayRate) * dw.data[i] ** 2;
    w.data[i] -= (learningRate * dw.data[i]) / (Math.sqrt(cache[i]) + epsilon);
  }
}

/**
 * m and v, the averages of dw and dw², each over what is missing after t steps, 1 - beta^t;
 * w -= learningRate * m̂ / (√v̂ + epsilon). The first step has t = 1.
 *
 * @param {NDArray} w
 * @param {NDArray} dw Shaped like w.
 * @param {{ learningRate: number, beta1: number, beta2: number, epsilon: number }} settings
 * @param {{ m?: number[], v?: number[], t?: number }} state
 */
export function adam(w, dw, { learningRate, beta1, beta2, epsilon }, state) {
  state.m ??= Array.from(w.data, () => 0);
  state.v ??= Array.from(w.data, () => 0);
  state.t = (state.t ?? 0) + 1;
  const { m, v, t } = state;
  for (let i = 0; i < w.size; i++) {
    m[i] = beta1 * m[i] + (1 - beta1) * dw.data[i];
    v[i] = beta2 * v[i] + (1 - beta2) * dw.data[i] ** 2;
    const mean = m[i] / (1 - beta1 ** t);
    const square = v[i] / (1 - beta2 ** t);
    w.data[i] -= (learningRate * mean) / (Math.sqrt(square) + epsilon);
  }
}
