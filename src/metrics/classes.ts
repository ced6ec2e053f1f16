import {
  argumentError,
  checkLabels,
  describe,
  hostValues,
  isNDArray,
  isView,
  type Labels,
  type NDArray,
  remedyFor,
  ShapeError,
  tuple,
} from '../arrays/index.js';

/** Classes of examples, or scores that say them: one more axis than the targets, the second, has the classes. */
export type Predicted = Labels | NDArray;

/**
 * The place of the largest value along an axis, the first of equal ones, as NumPy's `argmax`. NaN is larger than any
 * number.
 *
 * @param x - Scores (N, C), or any other array.
 * @param axis - Default 1, that of the classes; of an array with one axis that one.
 * @returns The places for the other axes, in row-major order: for scores (N, C) N classes.
 * @throws {RangeError} if there is no such axis.
 */
export function argmax(x: NDArray, axis?: number): Int32Array {
  const fn = 'argmax';
  if (!isNDArray(x)) {
    const wayOut = remedyFor('x', x);
    throw argumentError(TypeError, { fn, arg: 'x', found: `is ${describe(x)}`, expected: 'an array', wayOut });
  }
  const { shape } = x;
  const along = axis ?? Math.min(1, shape.length - 1);
  if (!Number.isInteger(along) || along < 0 || along >= shape.length || shape[along] === 0) {
    const found = `is ${describe(axis)}`;
    throw argumentError(RangeError, { fn, arg: 'axis', found, expected: `an axis with values of ${tuple(shape)}` });
  }
  const values = hostValues(x);
  const C = shape[along];
  const inner = shape.slice(along + 1).reduce((size, length) => size * length, 1);
  const places = new Int32Array(values.length / C);
  for (let i = 0; i < places.length; i++) {
    const start = Math.floor(i / inner) * C * inner + (i % inner);
    let best = 0;
    let highest = values[start];
    for (let c = 1; c < C && !Number.isNaN(highest); c++) {
      const value = values[start + c * inner];
      if (!(value > highest) && !Number.isNaN(value)) continue;
      highest = value;
      best = c;
    }
    places[i] = best;
  }
  return places;
}

/**
 * The class that scores (N, C, …) say: the highest; of one score, 1 where it is above `threshold`, that of logits by
 * default, else 0.
 */
export function highestClass(scores: NDArray, threshold = 0): Int32Array {
  const isOne = scores.shape[1] === 1;
  return isOne ? Int32Array.from(hostValues(scores), (score) => Number(score > threshold)) : argmax(scores, 1);
}

/** Predicted and true classes of the same examples. */
export interface Classes {
  readonly predicted: Int32Array;
  readonly actual: Int32Array;
  /** Classes that the scores are of, or the highest class and one. */
  readonly count: number;
}

/**
 * Predicted and true classes. Predictions are classes themselves if they have as many axes as the targets, or are a
 * list of as many classes in row-major order, as `predict` gives; they are scores if they have one axis more, the
 * classes' one in the second place. Targets of shape (N, 1) are taken for (N,).
 *
 * @throws {ShapeError | RangeError | TypeError} naming what does not fit.
 */
export function classesOf(fn: string, predictions: Predicted, targets: Labels): Classes {
  const shape = shapeOf(fn, 'targets', targets);
  const labels = shape.length === 2 && shape[1] === 1 ? shape.slice(0, 1) : shape;
  const N = labels.reduce((size, length) => size * length, 1);
  const actual = checkLabels(fn, 'targets', flat(targets), N);
  const given = shapeOf(fn, 'predictions', predictions);
  if (tuple(given) === tuple(labels) || (given.length === 1 && given[0] === N)) {
    checkClasses(fn, predictions);
    const predicted = checkLabels(fn, 'predictions', flat(predictions), N);
    return { predicted, actual, count: highest(predicted, highest(actual, 0)) };
  }
  if (
    !isNDArray(predictions) ||
    given.length !== labels.length + 1 ||
    tuple([given[0], ...given.slice(2)]) !== tuple(labels)
  ) {
    const scores = tuple([labels[0], 'C', ...labels.slice(1)]);
    const expected = `classes ${tuple(labels)} or scores ${scores}, as the targets`;
    throw argumentError(ShapeError, { fn, arg: 'predictions', found: `has shape ${tuple(given)}`, expected });
  }
  const nan = hostValues(predictions).findIndex(Number.isNaN);
  if (nan >= 0) {
    const found = 'holds NaN';
    throw argumentError(RangeError, {
      fn,
      arg: `predictions[${Math.floor((nan * given[0]) / predictions.size)}]`,
      found,
      expected: 'numbers',
    });
  }
  const C = Math.max(2, given[1]);
  return { predicted: highestClass(predictions), actual: checkLabels(fn, 'targets', actual, N, C), count: C };
}

/** @throws {RangeError} if an array of as many axes as the targets holds scores. */
function checkClasses(fn: string, predictions: Predicted): void {
  if (!isNDArray(predictions) || predictions.shape.length !== 1) return;
  const values = hostValues(predictions);
  const at = values.findIndex((value) => !Number.isInteger(value) || value < 0);
  if (at < 0) return;
  const [found, expected] = [`is ${describe(values[at])}`, 'an integer ≥ 0'];
  const wayOut = 'scores of one logit for each example are of shape (N, 1)';
  throw argumentError(RangeError, { fn, arg: `predictions[${at}]`, found, expected, wayOut });
}

function highest(classes: Int32Array, least: number): number {
  return classes.reduce((max, c) => Math.max(max, c + 1), least);
}

/** The shape of labels or of an array. @throws {TypeError} if they are none. */
export function shapeOf(fn: string, arg: string, values: Predicted): readonly number[] {
  const { shape, length } = (values ?? {}) as { shape?: unknown; length?: unknown };
  if (Array.isArray(shape) && isView(values)) return shape as number[];
  if (typeof values === 'object' && typeof length === 'number') return [length];
  throw argumentError(TypeError, {
    fn,
    arg,
    found: `is ${describe(values)}`,
    expected: 'a list or an array of numbers',
    wayOut: remedyFor(arg, values),
  });
}

/** The values in row-major order. */
export function flat(values: Predicted): Labels {
  return isNDArray(values) ? hostValues(values) : values;
}
