// Checks exercise.mjs: node check.mjs

import { array, evalNumericalGradientArray, full, ones, Random, zeros } from 'layerwise';
import { lesson, near, unchanged, wrong } from './lesson.mjs';

const random = new Random(0);
/** @param {...number} shape */
const numbers = (...shape) => random.randn(shape, 'float64');

/** One feature of four examples, of mean 3 and variance 3.5. */
const x = array([1, 2, 3, 6], [4, 1], 'float64');
const one = ones([1], 'float64');
const zero = zeros([1], 'float64');

/** @param {number} [D] Features. @param {'train' | 'test'} [mode] */
const bnParam = (D = 1, mode = 'train') => ({
  mode,
  eps: 1e-5,
  momentum: 0.9,
  runningMean: zeros([D], 'float64'),
  runningVar: zeros([D], 'float64'),
});

/** The values of the feature, less their mean, over a divisor. @param {number} divisor */
const centredOver = (divisor) => [1, 2, 3, 6].map((value) => [(value - 3) / divisor]);

/** Whether an array is what it is compared with. @param {unknown} found @param {unknown} expected */
function is(found, expected) {
  try {
    near('', found, expected);
    return true;
  } catch {
    return false;
  }
}

/** A batch, parameters and an upstream gradient. */
function sample() {
  const [batch, dout] = [numbers(6, 3), numbers(6, 3)];
  return { batch, gamma: array([1, 2, -0.5], [3], 'float64'), beta: numbers(3), dout };
}

/**
 * The gradients of a backward pass against numerical ones.
 *
 * @param {any} exercise
 * @param {'batchnormBackward' | 'batchnormBackwardAlt'} name
 * @param {'dbeta' | 'dgamma' | 'dx'} gradient
 */
function compare(exercise, name, gradient) {
  const { batchnormForward, [name]: backward } = exercise;
  const { batch, gamma, beta, dout } = sample();
  const of = { dx: batch, dgamma: gamma, dbeta: beta }[gradient];
  const [, cache] = batchnormForward(batch, gamma, beta, bnParam(3));
  const grads = unchanged({ dout }, () => backward(dout, cache));
  if (grads === undefined) wrong(`${name} returns nothing: return { dx, dgamma, dbeta }`);
  const forward = () => batchnormForward(batch, gamma, beta, bnParam(3))[0];
  near(gradient, grads[gradient], evalNumericalGradientArray(forward, of, dout));
}

/**
 * What a wrong dx tells of the mistake.
 *
 * @param {any} exercise
 */
function lookAtDx({ batchnormForward, batchnormBackward }) {
  // With gamma 1, and eps next to nothing: x̂ is the last value of the forward pass.
  const dout = array([0.1, -0.4, 0.3, 0.2], [4, 1], 'float64');
  const [xhat, cache] = batchnormForward(x, one, zero, bnParam());
  const { dx } = batchnormBackward(dout, cache);
  const sigma = Math.sqrt(3.5 + 1e-5);
  const [d, h] = [dout, xhat].map(({ data }) => Array.from(data));
  const dgamma = d.reduce((sum, value, n) => sum + value * h[n], 0);
  const mean = d.reduce((sum, value) => sum + value, 0) / 4;
  /** @param {(d: number, h: number) => number} f */
  const by = (f) => d.map((value, n) => [f(value, h[n]) / sigma]);
  const alone = by((d) => d);
  const withoutVariance = by((d) => d - mean);
  const withoutMean = by((d, h) => d - (h * dgamma) / 4);
  if (is(dx, alone)) {
    wrong('dx is dout / σ: as if the mean and the variance were constants. x goes into both of them too');
  }
  if (is(dx, withoutVariance)) {
    wrong('dx lacks what comes back along the variance: v = Σ c² / N, so dc gets 2 / N · c · dv beside dx̂ / σ');
  }
  if (is(dx, withoutMean)) {
    wrong('dx lacks what comes back along the mean: every x[n] has a share of 1 / N in μ');
  }
}

await lesson({
  'batchnormForward: mean 0, standard deviation 1': ({ batchnormForward }) => {
    const result = unchanged({ x }, () => batchnormForward(x, one, zero, bnParam()));
    if (!Array.isArray(result)) wrong('batchnormForward returns no list: return [out, cache]');
    const [out] = result;
    if (is(out, centredOver(Math.sqrt(14 / 3 + 1e-5))))
      wrong('the variance is a sum over N − 1: here it is divided by N');
    if (is(out, centredOver(3.5 + 1e-5))) wrong('out is divided by the variance: divide by its root');
    near('out', out, centredOver(Math.sqrt(3.5 + 1e-5)), 1e-4);
  },

  'batchnormForward: eps is added to the variance': ({ batchnormForward }) => {
    const [out] = batchnormForward(x, one, zero, { ...bnParam(), eps: 0.5 });
    if (is(out, centredOver(Math.sqrt(3.5) + 0.5)))
      wrong('eps is added to the root: it belongs under it, √(var + eps)');
    near('with eps = 0.5 out', out, centredOver(2));
    const [same] = batchnormForward(full([3, 1], 7, 'float64'), one, zero, bnParam());
    near('of a feature that is the same everywhere, out', same, [[0], [0], [0]]);
  },

  'batchnormForward: gamma and beta, feature by feature': ({ batchnormForward }) => {
    const batch = array(
      [
        [1, 10],
        [3, 30],
      ],
      undefined,
      'float64',
    );
    const [gamma, beta] = [array([2, 3], [2], 'float64'), array([5, -5], [2], 'float64')];
    const [out] = batchnormForward(batch, gamma, beta, { ...bnParam(2), eps: 1e-12 });
    near('out', out, [
      [3, -8],
      [7, -2],
    ]);
  },

  'batchnormForward: running averages': ({ batchnormForward }) => {
    const param = bnParam();
    batchnormForward(x, one, zero, param);
    if (is(param.runningMean, [0]))
      wrong('bnParam.runningMean has not changed: training puts new averages into bnParam');
    if (is(param.runningMean, [2.7])) {
      wrong('bnParam.runningMean has moved by 0.9 of the way: momentum is the weight of the old average');
    }
    near('after one batch of mean 3, bnParam.runningMean', param.runningMean, [0.3]);
    if (is(param.runningVar, [0.1 * Math.sqrt(3.5)]))
      wrong('bnParam.runningVar has the deviation: average the variance');
    near('after one batch of variance 3.5, bnParam.runningVar', param.runningVar, [0.35]);
    batchnormForward(x, one, zero, param);
    near('after two batches bnParam.runningMean', param.runningMean, [0.57]);
  },

  'batchnormForward: test mode': ({ batchnormForward }) => {
    const param = bnParam(1, 'test');
    param.runningMean.set(0, 1);
    param.runningVar.set(0, 4);
    const [out] = batchnormForward(x, one, zero, param);
    if (is(out, centredOver(Math.sqrt(3.5 + 1e-5)))) {
      wrong('in test mode out is normalized by the batch: use the running averages there');
    }
    near(
      'in test mode out',
      out,
      [1, 2, 3, 6].map((value) => [(value - 1) / Math.sqrt(4 + 1e-5)]),
    );
    near('in test mode bnParam.runningMean', param.runningMean, [1]);
    near('in test mode bnParam.runningVar', param.runningVar, [4]);
  },

  'batchnormBackward: dbeta = Σ dout': (exercise) => compare(exercise, 'batchnormBackward', 'dbeta'),
  'batchnormBackward: dgamma = Σ dout·x̂': (exercise) => compare(exercise, 'batchnormBackward', 'dgamma'),
  'batchnormBackward: dx': (exercise) => {
    lookAtDx(exercise);
    compare(exercise, 'batchnormBackward', 'dx');
  },

  'batchnormBackwardAlt: the same gradients by the formula': (exercise) => {
    compare(exercise, 'batchnormBackwardAlt', 'dbeta');
    compare(exercise, 'batchnormBackwardAlt', 'dgamma');
    compare(exercise, 'batchnormBackwardAlt', 'dx');
  },
});
