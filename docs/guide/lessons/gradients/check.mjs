// Checks exercise.mjs: node check.mjs

import {
  array,
  evalNumericalGradientArray,
  Random,
  relError,
  reluBackward,
  reluForward,
  sigmoidForward,
  tanhBackward,
  tanhForward,
} from 'layerwise';
import { lesson, near, unchanged, wrong } from './lesson.mjs';

/** @typedef {import('layerwise').NDArray} NDArray */

const random = new Random(0);
const x = random.randn([4, 3], 'float64');
const dout = random.randn([4, 3], 'float64');

/**
 * The array with a function of each of its values.
 *
 * @param {NDArray} one @param {(value: number, i: number) => number} f
 */
const map = (one, f) => array(Array.from(one.data, f), one.shape, 'float64');

/** x · σ(x), and a backward pass that has forgotten the second term. @param {NDArray} x @returns {[NDArray, NDArray]} */
function swishForward(x) {
  const [gate] = sigmoidForward(x);
  return [map(x, (value, i) => value * gate.data[i]), gate];
}
/** @param {NDArray} dout @param {NDArray} gate */
const halfOfSwishBackward = (dout, gate) => map(dout, (gradient, i) => gradient * gate.data[i]);

/** That of tanh, for a gradient of ones. @param {NDArray} dout @param {any} cache */
const deafBackward = (dout, cache) =>
  tanhBackward(
    map(dout, () => 1),
    cache,
  );

/** x² + x, of one number. @param {NDArray} x */
const parabola = (x) => x.get(0, 0) ** 2 + x.get(0, 0);

/** Σ x² @param {NDArray} x */
const squares = (x) => Array.from(x.data).reduce((sum, value) => sum + value ** 2, 0);

await lesson({
  'numericalGradient: of Σ x²': ({ numericalGradient }) => {
    const gradient = unchanged({ x }, () => numericalGradient(squares, x, 1e-5));
    near(
      'the gradient',
      gradient,
      map(x, (value) => 2 * value),
      1e-8,
    );
  },

  'numericalGradient: centred': ({ numericalGradient }) => {
    const at = array([0], [1, 1], 'float64');
    const gradient = numericalGradient(parabola, at, 0.1);
    if (Math.abs(gradient.get(0, 0) - 1.1) < 1e-6) wrong('the two points are x and x + h: take x + h and x - h');
    near('the slope of x² + x at 0, with h = 0.1', gradient, [[1]], 1e-9);
  },

  'relativeError: the largest of all': ({ relativeError }) => {
    const [a, b] = [array([1, 2, 3, 4], [2, 2], 'float64'), array([1, 2, 3.5, 4], [2, 2], 'float64')];
    near('relativeError([[1, 2], [3, 4]], [[1, 2], [3.5, 4]])', relativeError(a, b), 0.5 / 6.5);
    near('relativeError of an array and itself', relativeError(a, a), 0);
  },

  'relativeError: of zeros': ({ relativeError }) => {
    const zero = array([0], [1, 1], 'float64');
    near('relativeError([[0]], [[0]])', relativeError(zero, zero), 0);
  },

  'isRight: of a right one': ({ isRight }) => {
    if (isRight(tanhForward, tanhBackward, x, dout) !== true) wrong('tanh is right, and isRight says that it is not');
  },

  'isRight: of one that ignores dout': ({ isRight }) => {
    if (isRight(tanhForward, deafBackward, x, dout) !== false) {
      wrong('a backward pass that ignores dout is right only where dout is 1: weigh the outputs with dout, then sum');
    }
  },

  'isRight: of one with a term missing': ({ isRight }) => {
    if (isRight(swishForward, halfOfSwishBackward, x, dout) !== false) {
      wrong('the derivative of x · σ(x) is more than σ(x), and isRight takes that for it');
    }
    if (isRight(reluForward, reluBackward, x, dout) !== true)
      wrong('the ReLU is right, and isRight says that it is not');
  },

  'softsignBackward: right': ({ softsignForward, softsignBackward }) => {
    const dx = unchanged({ x, dout }, () => softsignBackward(dout, softsignForward(x)[1]));
    const numerical = evalNumericalGradientArray((x) => softsignForward(x)[0], x, dout);
    if (relError(dx, numerical) > 1e-6) near('dx', dx, numerical);
  },
});
