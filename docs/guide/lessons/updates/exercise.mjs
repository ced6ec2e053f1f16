// Lesson 3, update rules: momentum, RMSProp and Adam.
//
// Fill in the functions, from the top; after each run `node check.mjs`, which says what is wrong.
// A rule changes w.data in place. What it has to remember it keeps in state, which is {} before the first step.

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
export function momentum(w, dw, settings, state) {
  state.velocity ??= Array.from(w.data, () => 0);
  throw new Error('momentum is yours to write: a loop over w.data');
}

/**
 * cache = decayRate * cache + (1 - decayRate) * dw², then w -= learningRate * dw / (√cache + epsilon).
 *
 * @param {NDArray} w
 * @param {NDArray} dw Shaped like w.
 * @param {{ learningRate: number, decayRate: number, epsilon: number }} settings
 * @param {{ cache?: number[] }} state
 */
export function rmsprop(w, dw, settings, state) {
  throw new Error('rmsprop is yours to write');
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
export function adam(w, dw, settings, state) {
  throw new Error('adam is yours to write');
}
