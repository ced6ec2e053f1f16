import { describe, expect, test } from 'vitest';
import { array } from '../../src/arrays/index.js';
import { confusion, mostConfidentMistakes, shares } from '../../src/insight/index.js';

const SCORES = array([
  [2, 1, 0],
  [0, 1, 0],
  [0, 5, 0],
  [1, 0, 3],
]);

describe('confusion', () => {
  test('counts by true and predicted class', () => {
    expect(confusion(SCORES, [0, 0, 2, 2], 3)).toEqual([
      [1, 1, 0],
      [0, 0, 0],
      [0, 1, 1],
    ]);
    expect(confusion(Int32Array.of(0, 1), [1, 1], 2)).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  test('an example with a score of NaN counts nowhere', () => {
    const scores = array([
      [1, 0],
      [Number.NaN, 0],
    ]);
    expect(confusion(scores, [0, 0], 2)).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(confusion(array([[Number.NaN], [2]]), [1, 0], 2)).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });

  test('shares of each row; of an empty one zeros', () => {
    expect(
      shares([
        [1, 3],
        [0, 0],
      ]),
    ).toEqual([
      [0.25, 0.75],
      [0, 0],
    ]);
  });

  test('refuses labels beyond the classes, and scores that are none', () => {
    expect(() => confusion(SCORES, [0, 0, 2, 3], 3)).toThrow('confusionMatrix: targets[3] is 3, expected an integer');
    expect(() => confusion(array([[[Number.NaN]]]), [0], 2)).toThrow(
      'confusion: scores has shape (1, 1, 1), expected (N, C)',
    );
    expect(() => confusion(SCORES, [0, 0, 2, 2], 0)).toThrow('confusion: C is 0, expected a whole number ≥ 1');
  });
});

describe('mostConfidentMistakes', () => {
  test('the surest first', () => {
    const mistakes = mostConfidentMistakes(SCORES, [0, 0, 2, 1], 2);
    expect(mistakes.map(({ index, label, predicted }) => [index, label, predicted])).toEqual([
      [2, 2, 1],
      [3, 1, 2],
    ]);
    expect(mistakes[0].probability).toBeCloseTo(Math.exp(5) / (Math.exp(5) + 2), 6);
  });

  test('of one logit, and of probabilities', () => {
    const one = mostConfidentMistakes(array([[2], [-3]]), [0, 1], 5);
    expect(one.map(({ predicted }) => predicted)).toEqual([0, 1]);
    expect(one[0].probability).toBeCloseTo(1 / (1 + Math.exp(-3)), 6);
    const given = mostConfidentMistakes(array([[0.25], [0.75]]), [1, 0], 5, { areProbabilities: true });
    expect(given.map(({ probability }) => probability)).toEqual([0.75, 0.75]);
    const two = mostConfidentMistakes(array([[0.25, 0.75]]), [0], 5, { areProbabilities: true });
    expect(two[0].probability).toBe(0.75);
  });

  test('large and infinite scores overflow nowhere; NaN is left out', () => {
    const scores = array([
      [Number.POSITIVE_INFINITY, 0],
      [1e30, -1e30],
      [Number.NaN, 0],
    ]);
    expect(mostConfidentMistakes(scores, [1, 1, 1], 5).map(({ probability }) => probability)).toEqual([1, 1]);
  });

  test('refuses what does not fit', () => {
    expect(() => mostConfidentMistakes(SCORES, [0, 0, 2], 5)).toThrow('mostConfidentMistakes: labels');
    expect(() => mostConfidentMistakes(SCORES, [0, 0, 2, 9], 5)).toThrow('labels[3] is 9');
    expect(() => mostConfidentMistakes(SCORES, [0, 0, 2, 1], -1)).toThrow('n is -1, expected a whole number ≥ 0');
  });
});
