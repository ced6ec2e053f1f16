import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import { array, checkLabels, type Labels, zeros } from '../../src/arrays/index.js';

describe('checkLabels', () => {
  test.each<[what: string, y: Labels]>([
    ['a list', [2, 0, 1]],
    ['Uint8Array', Uint8Array.of(2, 0, 1)],
    ['Int32Array', Int32Array.of(2, 0, 1)],
    ['Float64Array', Float64Array.of(2, 0, 1)],
    ['an array-like object', { length: 3, 0: 2, 1: 0, 2: 1 }],
    ['an array', array([2, 0, 1])],
    ['an ndarray of integers', ndarray(Int32Array.of(2, 0, 1))],
    ['a reversed view', array([1, 0, 2]).step(-1)],
    [
      'a column',
      array([
        [2, 9],
        [0, 9],
        [1, 9],
      ]).pick(null, 0),
    ],
  ])('copies %s to integers', (_, y) => {
    const labels = checkLabels('f', 'y', y, 3, 3);
    expect(labels).toEqual(Int32Array.of(2, 0, 1));
    expect(labels).not.toBe(y);
  });

  test('without a number of classes takes any integer ≥ 0', () => {
    expect(checkLabels('f', 'y', [2 ** 31 - 1, 0], 2)).toEqual(Int32Array.of(2 ** 31 - 1, 0));
    expect(() => checkLabels('f', 'y', [-1], 1)).toThrow('f: y[0] is -1, expected an integer ≥ 0');
    expect(() => checkLabels('f', 'y', [0, 0.5], 2)).toThrow('f: y[1] is 0.5, expected an integer ≥ 0');
    expect(() => checkLabels('f', 'y', [2 ** 31], 1)).toThrow('f: y[0] is 2147483648, expected an integer ≥ 0');
  });

  test.each<[y: unknown, message: string]>([
    [[0, 3], 'f: y[1] is 3, expected an integer in [0, C=3)'],
    [[-1, 0], 'f: y[0] is -1, expected an integer in [0, C=3)'],
    [[0, 1.5], 'f: y[1] is 1.5, expected an integer in [0, C=3)'],
    [[Number.NaN, 0], 'f: y[0] is NaN, expected an integer in [0, C=3)'],
    [[0, Number.POSITIVE_INFINITY], 'f: y[1] is Infinity, expected an integer in [0, C=3)'],
    [[0, '1'], "f: y[1] is '1', expected an integer in [0, C=3)"],
    [[0, undefined], 'f: y[1] is undefined, expected an integer in [0, C=3)'],
    [new Array(2), 'f: y[0] is undefined, expected an integer in [0, C=3)'],
    [array([0.5, 1]), 'f: y[0] is 0.5, expected an integer in [0, C=3)'],
  ])('names a label that is none: case %#', (y, message) => {
    expect(() => checkLabels('f', 'y', y as Labels, 2, 3)).toThrow(
      expect.objectContaining({ name: 'RangeError', message }),
    );
  });

  test.each<[y: Labels, message: string]>([
    [[0], 'f: y has shape (1,), expected (N=2,)'],
    [[], 'f: y has shape (0,), expected (N=2,)'],
    [Uint8Array.of(0, 1, 2), 'f: y has shape (3,), expected (N=2,)'],
    [zeros([3]), 'f: y has shape (3,), expected (N=2,)'],
    [zeros([2, 1]), 'f: y has shape (2, 1), expected (N,)'],
    [zeros([]), 'f: y has shape (), expected (N,)'],
  ])('names a wrong shape: case %#', (y, message) => {
    expect(() => checkLabels('f', 'y', y, 2, 3)).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
  });

  test.each<[y: unknown, described: string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [3, '3'],
    ['01', "'01'"],
    [new Map(), 'a Map'],
    [() => 0, 'a function'],
  ])('refuses what is no list: case %#', (y, described) => {
    expect(() => checkLabels('f', 'y', y as Labels, 2, 3)).toThrow(
      expect.objectContaining({ name: 'TypeError', message: `f: y is ${described}, expected a list of labels` }),
    );
  });
});
