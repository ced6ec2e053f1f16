import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import {
  argmax,
  array,
  confusionMatrix,
  f1Score,
  heatMap,
  meanAbsoluteError,
  meanSquaredError,
  precision,
  r2Score,
  recall,
  tensor,
  topKAccuracy,
  zeros,
} from '../../src/index.js';
import { VIEWS } from '../helpers/views.js';

describe('argmax', () => {
  test('is the place of the largest value, the first of equal ones', () => {
    expect(argmax(array([[1, 3, 3], [5, 4, 5]]))).toEqual(Int32Array.of(1, 0)); // biome-ignore format: rows
    expect(argmax(array([[1, 3, 3], [5, 4, 5]]), 0)).toEqual(Int32Array.of(1, 1, 1)); // biome-ignore format: rows
    expect(argmax(array([1, 7, 2]))).toEqual(Int32Array.of(1));
  });

  test('of scores for each place of an image, and of NaN', () => {
    // (1, 2, 1, 3): class 0 has 1, 5, 2 and class 1 has 4, 4, 4.
    expect(argmax(array([[[[1, 5, 2]], [[4, 4, 4]]]]))).toEqual(Int32Array.of(1, 0, 1));
    expect(argmax(array([[1, Number.NaN, 3]]))).toEqual(Int32Array.of(1));
  });

  test.each(Object.entries(VIEWS))('takes a %s view', (_, viewOf) => {
    // biome-ignore format: rows
    expect(argmax(viewOf(array([[[1, 2], [3, 0]], [[9, 2], [3, 4]]])), 2)).toEqual(Int32Array.of(1, 0, 0, 1));
  });

  test('names an axis that there is not', () => {
    expect(() => argmax(zeros([2, 3]), 2)).toThrow('argmax: axis is 2, expected an axis with values of (2, 3)');
    expect(() => argmax([1] as never)).toThrow('argmax: x is [1], expected an array');
  });
});

describe('precision, recall, F1', () => {
  // sklearn.metrics on y_true = [0, 1, 2, 0, 1, 2, 2], y_pred = [0, 2, 1, 0, 0, 1, 2]:
  // class 0: TP 2, predicted 3, actual 2; class 1: TP 0, predicted 2, actual 2; class 2: TP 1, predicted 2, actual 3.
  const actual = [0, 1, 2, 0, 1, 2, 2];
  const predicted = [0, 2, 1, 0, 0, 1, 2];

  test('of each class', () => {
    expect(precision(predicted, actual, { average: null })).toEqual([2 / 3, 0, 1 / 2]);
    expect(recall(predicted, actual, { average: null })).toEqual([1, 0, 1 / 3]);
    expect(f1Score(predicted, actual, { average: null })).toEqual([4 / 5, 0, 2 / 5]);
  });

  test('averaged: the mean over classes, over examples of classes, over all examples', () => {
    expect(precision(predicted, actual)).toBeCloseTo((2 / 3 + 0 + 1 / 2) / 3, 12);
    expect(precision(predicted, actual, { average: 'weighted' })).toBeCloseTo((2 * (2 / 3) + 3 * (1 / 2)) / 7, 12);
    for (const metric of [precision, recall, f1Score]) {
      expect(metric(predicted, actual, { average: 'micro' })).toBeCloseTo(3 / 7, 12);
    }
    expect(f1Score(predicted, actual)).toBeCloseTo((4 / 5 + 0 + 2 / 5) / 3, 12);
    expect(recall(predicted, actual, { average: 'weighted' })).toBeCloseTo((2 * 1 + 3 * (1 / 3)) / 7, 12);
  });

  test('a class that does not occur counts in no mean, and one that is never predicted is 0', () => {
    // Scores of four classes, of which 1 and 3 are neither predicted nor true.
    const scores = array([[1, 0, 0, 0], [0, 0, 5, 0], [1, 0, 0, 0]]); // biome-ignore format: rows
    expect(precision(scores, [0, 2, 2])).toBe((1 / 2 + 1) / 2);
    expect(precision(scores, [0, 2, 2], { average: null })).toEqual([1 / 2, 0, 1, 0]);
    expect(precision([0, 0], [0, 1], { average: null })).toEqual([1 / 2, 0]);
  });

  test('of logits, with labels or numbers 0 and 1', () => {
    const logits = array([[2], [-1], [0.5], [-3]]);
    for (const targets of [[1, 1, 0, 0], array([[1], [1], [0], [0]]), array([1, 1, 0, 0])]) {
      expect(precision(logits, targets, { average: null })).toEqual([1 / 2, 1 / 2]);
    }
  });

  test('of the places of images', () => {
    const scores = array([[[[1, 5]], [[4, 4]]]]); // (1, 2, 1, 2): classes 1 and 0
    expect(recall(scores, array([[[1, 1]]]), { average: null })).toEqual([0, 1 / 2]);
    expect(recall(array([[[1, 0]]]), array([[[1, 1]]]), { average: null })).toEqual([0, 1 / 2]);
  });

  test('of the places of images, the classes in a list, as predict gives them', () => {
    const scores = array([[[[1, 5]], [[4, 4]]]]);
    expect(confusionMatrix(argmax(scores), array([[[1, 1]]]))).toEqual(confusionMatrix(scores, array([[[1, 1]]])));
    expect(confusionMatrix(argmax(scores), array([[[1, 1]]]))).toEqual([[0, 0], [1, 1]]); // biome-ignore format: rows
    expect(() => precision([1, 0, 0], array([[[1, 1]]]))).toThrow(
      'precision: predictions has shape (3,), expected classes (1, 1, 2) or scores (1, C, 1, 2), as the targets',
    );
  });

  test('of one logit for each example have two axes', () => {
    expect(() => f1Score(array([0.5, 2]), [0, 1])).toThrow(
      'f1Score: predictions[0] is 0.5, expected an integer ≥ 0: scores of one logit for each example are of shape ' +
        '(N, 1)',
    );
    expect(f1Score(array([0, 1]), [0, 1])).toBe(1);
  });

  test('the example of confusionMatrix runs', async () => {
    const values = confusionMatrix([0, 1], [0, 1]);
    const classes = ['cat', 'dog'];
    const chart = await heatMap({ values, rows: classes, columns: classes, xTitle: 'predicted', yTitle: 'true' });
    expect(chart).toContain('predicted');
  });
});

describe('confusionMatrix', () => {
  test('has a row for each true class, a column for each predicted one', () => {
    expect(confusionMatrix([0, 2, 1, 0, 0, 1, 2], [0, 1, 2, 0, 1, 2, 2])).toEqual([
      [2, 0, 0],
      [1, 0, 1],
      [0, 2, 1],
    ]);
    expect(confusionMatrix([1], [0], { numClasses: 3 })).toEqual([
      [0, 1, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });
});

describe('topKAccuracy', () => {
  test('counts labels among the k highest, the first of equal ones', () => {
    // scikit-learn's example of top_k_accuracy_score.
    // biome-ignore format: rows
    const scores = array([[0.5, 0.2, 0.2], [0.3, 0.4, 0.2], [0.2, 0.4, 0.3], [0.7, 0.2, 0.1]]);
    expect(topKAccuracy(scores, [0, 1, 2, 2], { k: 2 })).toBe(0.75);
    expect(topKAccuracy(scores, [0, 1, 2, 2], { k: 1 })).toBe(0.5);
    expect(topKAccuracy(array([[1, 1, 1]]), [1], { k: 1 })).toBe(0);
    expect(topKAccuracy(array([[1, 1, 1]]), [1], { k: 2 })).toBe(1);
    expect(topKAccuracy(scores, [0, 1, 2, 2])).toBe(1);
  });

  test('of the places of images', () => {
    const scores = array([[[[1, 5]], [[4, 4]], [[2, 6]]]]); // (1, 3, 1, 2): in order 1, 2, 0 and 2, 0, 1
    for (const targets of [array([[[2, 1]]]), Int32Array.of(2, 1)]) {
      expect(topKAccuracy(scores, targets, { k: 1 })).toBe(0);
      expect(topKAccuracy(scores, targets, { k: 2 })).toBe(1 / 2);
      expect(topKAccuracy(scores, targets, { k: 3 })).toBe(1);
    }
    expect(() => topKAccuracy(scores, zeros([1, 2, 1]))).toThrow(
      'topKAccuracy: targets has shape (1, 2, 1), expected (1, 1, 2), as the scores',
    );
    expect(() => topKAccuracy(scores, [0, 3])).toThrow(
      'topKAccuracy: targets[1] is 3, expected an integer in [0, C=3)',
    );
  });

  test('an example with NaN is never right', () => {
    expect(topKAccuracy(array([[1, Number.NaN]]), [0], { k: 2 })).toBe(0);
    expect(topKAccuracy(array([[1, Number.NaN]]), [1], { k: 2 })).toBe(0);
  });
});

describe('errors of numbers', () => {
  // scikit-learn's examples of mean_squared_error, mean_absolute_error and r2_score.
  const [actual, predicted] = [[3, -0.5, 2, 7], [2.5, 0, 2, 8]]; // biome-ignore format: pairs
  // biome-ignore format: rows
  const [actual2, predicted2] = [array([[0.5, 1], [-1, 1], [7, -6]]), array([[0, 2], [-1, 2], [8, -5]])];

  test('of one number', () => {
    expect(meanSquaredError(predicted, actual)).toBe(0.375);
    expect(meanAbsoluteError(predicted, actual)).toBe(0.5);
    expect(r2Score(predicted, actual)).toBeCloseTo(0.9486081370449679, 12);
    expect(meanSquaredError(array([[1], [2]]), Float32Array.of(1, 4))).toBe(2);
  });

  test('of several numbers', () => {
    expect(meanSquaredError(predicted2, actual2)).toBeCloseTo(0.7083333333333334, 6);
    expect(meanAbsoluteError(predicted2, actual2)).toBeCloseTo(0.75, 6);
    // 1 − 1.25 / 36.1666… and 1 − 3 / 32.6666…
    expect(r2Score(predicted2, actual2)).toBeCloseTo((1 - 1.25 / (217 / 6) + (1 - 3 / (98 / 3))) / 2, 6);
  });

  test('take arrays with one axis, also of whole numbers, beside lists and arrays (N, 1)', () => {
    const numbers = [1, 2.5, 4];
    const whole = ndarray(Int32Array.of(1, 2, 4)) as never;
    for (const metric of [meanSquaredError, meanAbsoluteError, r2Score]) {
      const expected = metric(numbers, [1, 2, 4]);
      for (const predictions of [array(numbers), array(numbers, [3, 1])]) {
        expect(metric(predictions, array([1, 2, 4]))).toBe(expected);
        expect(metric(predictions, whole)).toBe(expected);
      }
    }
  });

  test('refuse tensors, which are not read as lists', () => {
    const scores = tensor([[1], [2]]) as never;
    const message = 'predictions is a tensor of shape (2, 1), expected a list or an array of numbers: give its data, ';
    expect(() => r2Score(scores, [1, 2])).toThrow(`r2Score: ${message}predictions.data`);
    expect(() => f1Score(scores, [0, 1])).toThrow(`f1Score: ${message}predictions.data`);
    expect(() => argmax(scores)).toThrow(
      'argmax: x is a tensor of shape (2, 1), expected an array: give its data, x.data',
    );
  });

  test('R² of the mean is 0, of equal targets 1 or 0, of one example NaN', () => {
    expect(r2Score([2, 2, 2], [1, 2, 3])).toBe(0);
    expect(r2Score([3, 2, 1], [1, 2, 3])).toBe(-3);
    expect(r2Score([5, 5], [5, 5])).toBe(1);
    expect(r2Score([5, 4], [5, 5])).toBe(0);
    expect(r2Score([5], [4])).toBeNaN();
  });
});

test.each<[call: () => unknown, error: string, message: string]>([
  [
    () => precision([0, 1], [0, 1, 2]),
    'ShapeError',
    'precision: predictions has shape (2,), expected classes (3,) or scores (3, C), as the targets',
  ],
  [() => recall([0, 0.5], [0, 1]), 'RangeError', 'recall: predictions[1] is 0.5, expected an integer ≥ 0'],
  [() => f1Score([0, 1], [0, -1]), 'RangeError', 'f1Score: targets[1] is -1, expected an integer ≥ 0'],
  [() => f1Score(array([[1, 2]]), [2]), 'RangeError', 'f1Score: targets[0] is 2, expected an integer in [0, C=2)'],
  [
    () => f1Score(array([[1, 2], [1, Number.NaN]]), [0, 1]), // biome-ignore format: rows
    'RangeError',
    'f1Score: predictions[1] holds NaN, expected numbers',
  ],
  [
    () => precision([0], [0], { average: 'mean' as never }),
    'RangeError',
    "precision: average is 'mean', expected 'macro', 'micro', 'weighted' or null",
  ],
  [
    () => confusionMatrix([3], [0], { numClasses: 2 }),
    'RangeError',
    'confusionMatrix: numClasses is 2, expected at least 4, the classes that there are',
  ],
  [
    () => precision(3 as never, [0]),
    'TypeError',
    'precision: predictions is 3, expected a list or an array of numbers',
  ],
  [() => topKAccuracy(zeros([2, 3]), [0]), 'ShapeError', 'topKAccuracy: targets has shape (1,), expected (N=2,)'],
  [
    () => meanSquaredError(zeros([3, 2]), zeros([3])),
    'ShapeError',
    'meanSquaredError: predictions has shape (3, 2), expected (3,), as the targets',
  ],
  [() => r2Score([], []), 'ShapeError', 'r2Score: targets has shape (0,), expected at least one example'],
])('names what does not fit: case %#', (call, name, message) => {
  expect(call).toThrow(expect.objectContaining({ name, message }));
});
