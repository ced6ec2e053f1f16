// Checks exercise.mjs: node check.mjs

import { array, Random, TwoLayerNet } from 'layerwise';
import { lesson, near, unchanged, wrong } from './lesson.mjs';

const SIZES = { inputDim: 5, hiddenDim: 7, numClasses: 3, weightScale: 1, reg: 0.1, seed: 0 };
const model = new TwoLayerNet({ ...SIZES, dtype: 'float64' });
const X = new Random(0).randn([11, 5], 'float64');
const y = Array.from({ length: 11 }, (_, n) => n % 3);

const CONVOLUTIONS = { compute: 0.0535, update: 0.0005, bytes: 3.3e6 };
const TWO_LAYERS = { compute: 0.024, update: 0.007, bytes: 49e6 };
const FAST = { bandwidth: 3.1e9, latency: 20e-6 };
const SLOW = { bandwidth: 125e6, latency: 50e-6 };

await lesson({
  'cut: every row is in one share': ({ cut }) => {
    for (const [count, parts] of [
      [12, 4],
      [10, 4],
      [7, 7],
      [3, 5],
    ]) {
      const shares = cut(count, parts);
      if (shares?.length !== parts) wrong(`${count} rows in ${parts} shares are ${shares?.length} shares`);
      let at = 0;
      for (const [r, [from, to]] of shares.entries()) {
        if (from !== at) wrong(`share ${r} of ${count} rows in ${parts} shares begins at ${from}, expected ${at}`);
        at = to;
      }
      if (at !== count) wrong(`the last of ${parts} shares ends at ${at}, expected ${count}`);
    }
  },

  'cut: sizes differ by one at most, the larger ones first': ({ cut }) => {
    for (const [count, parts, expected] of /** @type {[number, number, string][]} */ ([
      [10, 4, '3, 3, 2, 2'],
      [12, 4, '3, 3, 3, 3'],
      [3, 5, '1, 1, 1, 0, 0'],
    ])) {
      const sizes = cut(count, parts)
        .map((/** @type {[number, number]} */ [from, to]) => to - from)
        .join(', ');
      if (sizes !== expected) wrong(`${count} rows in ${parts} shares have sizes ${sizes}, expected ${expected}`);
    }
  },

  'average: each share with the weight of its examples': ({ average }) => {
    const [a, b] = [
      { w: array([1, 2]), b: array([0]) },
      { w: array([4, 8]), b: array([3]) },
    ];
    const { w, b: bias } = average([a, b], [2, 1]);
    if (Math.abs(w?.get?.(0) - 2.5) < 1e-6) wrong('w is the plain mean: the first share has two of three examples');
    near('w', w, [2, 4]);
    near('b', bias, [1]);
  },

  'average: the gradients of the shares stay as they are': ({ average }) => {
    const [a, b] = [{ w: array([1, 2]) }, { w: array([4, 8]) }];
    unchanged({ first: a.w, second: b.w }, () => average([a, b], [2, 1]));
  },

  'lossOfShares: the loss and the gradients of the whole batch': ({ lossOfShares }) => {
    const whole = model.loss(X, y);
    for (const parts of [1, 2, 3, 4, 11]) {
      const { loss, grads } = lossOfShares(model, X, y, parts);
      near(`the loss of ${parts} shares`, loss, whole.loss, 1e-12);
      for (const name of /** @type {const} */ (['W1', 'b1', 'W2', 'b2'])) {
        near(`the gradient of ${name} from ${parts} shares`, grads[name], whole.grads[name], 1e-12);
      }
    }
  },

  'lossOfShares: more shares than examples': ({ lossOfShares }) => {
    const few = X.hi(2, 5);
    near(
      'the loss of 2 examples in 4 shares',
      lossOfShares(model, few, [0, 1], 4).loss,
      model.loss(few, [0, 1]).loss,
      1e-12,
    );
  },

  'stepTime: by the formula': ({ stepTime }) => {
    near('one replica', stepTime(CONVOLUTIONS, SLOW, 1), 0.054, 1e-12);
    near('four on the fast network', stepTime(CONVOLUTIONS, FAST, 4), 0.0155917741935484, 1e-12);
    near('two layers, two on the slow network', stepTime(TWO_LAYERS, SLOW, 2), 0.4111, 1e-12);
  },

  'bestReplicas: where a step is fastest': ({ bestReplicas }) => {
    near('convolutions on the fast network, up to 64', bestReplicas(CONVOLUTIONS, FAST, 64), 36);
    near('two layers on the slow network, up to 64', bestReplicas(TWO_LAYERS, SLOW, 64), 1);
    near(
      'a job without gradients, up to 8',
      bestReplicas({ ...CONVOLUTIONS, bytes: 0 }, { ...FAST, latency: 0 }, 8),
      8,
    );
  },
});
