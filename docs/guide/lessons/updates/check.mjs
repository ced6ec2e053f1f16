// Checks exercise.mjs: node check.mjs

import { array, optim, Random, toNested } from 'layerwise';
import { lesson, near, unchanged, wrong } from './lesson.mjs';

/** @typedef {import('layerwise').NDArray} NDArray */

const SETTINGS = {
  momentum: { learningRate: 0.1, momentum: 0.5 },
  rmsprop: { learningRate: 0.1, decayRate: 0.75, epsilon: 1e-8 },
  adam: { learningRate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 1e-8 },
};
const RULES = { momentum: optim.sgdMomentum, rmsprop: optim.rmsprop, adam: optim.adam };

/** w = [1, 2] and dw = [10, -10] */
const start = () => [array([1, 2], [2], 'float64'), array([10, -10], [2], 'float64')];

/**
 * Takes five steps with random gradients, by a rule and by that of the library.
 *
 * @param {'momentum' | 'rmsprop' | 'adam'} name
 * @param {any} rule
 * @param {object} [settings] More of them.
 */
function five(name, rule, settings) {
  const random = new Random(0);
  const [w, expected] = [array([1, 2, 3, 4], [2, 2], 'float64'), array([1, 2, 3, 4], [2, 2], 'float64')];
  const all = { ...SETTINGS[name], ...settings };
  const state = {};
  /** @type {any} */
  let config = all;
  for (let step = 1; step <= 5; step++) {
    const dw = random.randn([2, 2], 'float64');
    unchanged({ dw }, () => rule(w, dw, all, state));
    [, config] = RULES[name](expected, dw, config);
    near(`w after step ${step}`, w, expected, 1e-9);
  }
}

await lesson({
  'momentum: the first step is that of gradient descent': ({ momentum }) => {
    const [w, dw] = start();
    const before = String(toNested(w));
    momentum(w, dw, SETTINGS.momentum, {});
    if (String(toNested(w)) === before) wrong('w is as it was: change w.data in place');
    near('w', w, [0, 3]);
  },

  'momentum: the second step remembers': ({ momentum }) => {
    const [w, dw] = start();
    const state = {};
    for (let i = 0; i < 2; i++) momentum(w, dw, SETTINGS.momentum, state);
    near('w after two steps', w, [-1.5, 4.5]);
  },

  'momentum: five steps': ({ momentum }) => five('momentum', momentum),

  'rmsprop: the first step': ({ rmsprop }) => {
    const [w, dw] = start();
    rmsprop(w, dw, SETTINGS.rmsprop, {});
    // The cache is a quarter of the square, its root half of the gradient.
    near('w', w, [0.8, 2.2]);
  },

  'rmsprop: five steps': ({ rmsprop }) => five('rmsprop', rmsprop),

  'rmsprop: epsilon stands outside of the root': ({ rmsprop }) => five('rmsprop', rmsprop, { epsilon: 0.5 }),

  'adam: the first step is one learning rate long': ({ adam }) => {
    const [w, dw] = start();
    adam(w, dw, SETTINGS.adam, {});
    if (Math.abs(w.get(0) - 0.9) > 1e-6)
      wrong(`w[0] is ${w.get(0)}, expected 0.9: are both averages corrected, with t = 1?`);
    near('w', w, [0.9, 2.1]);
  },

  'adam: five steps': ({ adam }) => five('adam', adam),

  'adam: epsilon stands outside of the root': ({ adam }) => five('adam', adam, { epsilon: 0.5 }),
});
