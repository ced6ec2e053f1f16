import { describe, expect, test } from 'vitest';
import { array, toNested, transforms, zeros } from '../../../src/index.js';

describe('normalize', () => {
  const X = array([10, 20, 30, 40, 50, 60, 70, 80], [2, 2, 1, 2], 'float64');

  test('subtracts and divides by channel', () => {
    expect(toNested(transforms.normalize([10, 30], [2, 5])(X))).toEqual([
      [[[0, 5]], [[0, 2]]],
      [[[20, 25]], [[8, 10]]],
    ]);
  });

  test('takes one number for all channels, for either', () => {
    const byChannel = transforms.normalize([10, 10], [4, 5])(X);
    expect(transforms.normalize(10, [4, 5])(X)).toEqualBits(byChannel);
    expect(transforms.normalize([20, 10], 4)(X)).toEqualBits(transforms.normalize([20, 10], [4, 4])(X));
  });

  test('keeps copies of the numbers', () => {
    const [mean, std] = [
      [10, 20],
      [1, 1],
    ];
    const transform = transforms.normalize(mean, std);
    const before = transform(X);
    mean[0] = std[0] = 9;
    expect(transform(X)).toEqualBits(before);
  });

  test.each<[mean: unknown, std: unknown, message: string]>([
    [Number.NaN, 1, 'normalize: mean is NaN, expected a finite number, or a list of such'],
    ['0', 1, "normalize: mean is '0', expected a finite number, or a list of such"],
    [[0, undefined], 1, 'normalize: mean[1] is undefined, expected a finite number'],
    [0, 0, 'normalize: std is 0, expected a finite number > 0, or a list of such'],
    [0, undefined, 'normalize: std is undefined, expected a finite number > 0, or a list of such'],
    [0, [1, -1], 'normalize: std[1] is -1, expected a finite number > 0'],
    [0, [Number.POSITIVE_INFINITY], 'normalize: std[0] is Infinity, expected a finite number > 0'],
  ])('refuses mean %j and std %j', (mean, std, message) => {
    const make = () => transforms.normalize(mean as number, std as number);
    expect(make).toThrow(expect.objectContaining({ name: 'RangeError', message }));
  });

  test.each<[mean: number | number[], std: number | number[], message: string]>([
    [[1, 2], 1, 'normalize: mean has 2 numbers, expected C=3, one to a channel of X'],
    [0, [1, 2, 3, 4], 'normalize: std has 4 numbers, expected C=3, one to a channel of X'],
    [[], 1, 'normalize: mean has 0 numbers, expected C=3, one to a channel of X'],
  ])('refuses as many numbers as there are no channels: case %#', (mean, std, message) => {
    const run = () => transforms.normalize(mean, std)(zeros([1, 3, 2, 2]));
    expect(run).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
  });
});
