// Checks exercise.mjs: node check.mjs

import { array, evalNumericalGradientArray, Random, TwoLayerNet } from 'layerwise';
import { lesson, near, unchanged, wrong } from './lesson.mjs';

const random = new Random(0);
/** @param {...number} shape */
const numbers = (...shape) => random.randn(shape, 'float64');

await lesson({
  'affineForward: out = x · w + b': ({ affineForward }) => {
    const [x, w, b] = [array([1, 2, 3, 4, 5, 6], [2, 3]), array([1, 0, 0, 1, 1, 1], [3, 2]), array([10, 20])];
    const result = affineForward(x, w, b);
    if (!Array.isArray(result)) wrong('affineForward returns no list: return [out, cache]');
    near('out', result[0], array([14, 25, 20, 31], [2, 2]));
  },

  'affineBackward: db is the sum of dout over the examples': ({ affineForward, affineBackward }) => {
    const [, cache] = affineForward(numbers(2, 3), numbers(3, 2), numbers(2));
    const { db } = affineBackward(array([1, 2, 30, 40], [2, 2], 'float64'), cache);
    near('db', db, [31, 42]);
  },

  'affineBackward: dw = xᵀ · dout': ({ affineForward, affineBackward }) => {
    const [x, w, b, dout] = [numbers(4, 3), numbers(3, 2), numbers(2), numbers(4, 2)];
    const { dw } = affineBackward(dout, affineForward(x, w, b)[1]);
    near(
      'dw',
      dw,
      evalNumericalGradientArray((w) => affineForward(x, w, b)[0], w, dout),
    );
  },

  'affineBackward: dx = dout · wᵀ': ({ affineForward, affineBackward }) => {
    const [x, w, b, dout] = [numbers(4, 3), numbers(3, 2), numbers(2), numbers(4, 2)];
    const { dx } = affineBackward(dout, affineForward(x, w, b)[1]);
    near(
      'dx',
      dx,
      evalNumericalGradientArray((x) => affineForward(x, w, b)[0], x, dout),
    );
  },

  'reluForward: max(0, x), in a new array': ({ reluForward }) => {
    const x = array([[-1, 2, -3, 4]]);
    unchanged({ x }, () => near('out', reluForward(x)[0], [[0, 2, 0, 4]]));
  },

  'reluBackward: the mask over dout': ({ reluForward, reluBackward }) => {
    const [, cache] = reluForward(array([[-1, 2, -3, 4]]));
    const dout = array([[10, 20, 30, -40]]);
    unchanged({ dout }, () => near('dx', reluBackward(dout, cache), [[0, 20, 0, -40]]));
  },

  'lossAndGrads: the loss and the gradients of TwoLayerNet': ({ lossAndGrads }) => {
    const net = new TwoLayerNet({
      inputDim: 5,
      hiddenDim: 7,
      numClasses: 3,
      weightScale: 1,
      dtype: 'float64',
      seed: 0,
    });
    const [X, y] = [numbers(6, 5), [0, 2, 1, 1, 0, 2]];
    const expected = net.loss(X, y);
    const { loss, grads } = lossAndGrads(net.params, X, y);
    near('loss', loss, expected.loss);
    for (const name of /** @type {const} */ (['W2', 'b2', 'W1', 'b1']))
      near(`grads.${name}`, grads[name], expected.grads[name]);
  },
});
