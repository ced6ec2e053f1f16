import { describe, expect, test } from 'vitest';
import { array, channelStats, type NDArray, Random, TensorDataset, transforms, zeros } from '../../src/index.js';
import { VIEWS } from '../helpers/views.js';

describe('channelStats', () => {
  test('is the mean and the deviation from it, by hand', () => {
    // Two images of two channels of 1×2 pixels.
    const X = array([1, 3, 10, 10, 5, 7, 10, 10], [2, 2, 1, 2]);
    expect(channelStats(X)).toEqual({ mean: [4, 10], std: [Math.sqrt((9 + 1 + 1 + 9) / 4), 0] });
  });

  test('what normalize makes with it has mean 0 and deviation 1', () => {
    const X = new Random(1).randn([7, 3, 4, 5], 'float64');
    const { mean, std } = channelStats(X);
    const normalized = channelStats(transforms.normalize(mean, std)(X));
    for (const m of normalized.mean) expect(m).toBeCloseTo(0, 14);
    for (const s of normalized.std) expect(s).toBeCloseTo(1, 14);
  });

  test('a large mean costs the deviation no digits', () => {
    const noise = new Random(2).rand([50, 1, 8, 8], 'float64');
    const shifted = array(noise);
    for (let i = 0; i < shifted.size; i++) shifted.data[i] += 2 ** 30;
    expect(channelStats(shifted).std[0] / channelStats(noise).std[0]).toBeCloseTo(1, 6);
  });

  test.each(Object.entries(VIEWS))('takes a %s view', (_, viewOf) => {
    const X = new Random(3).randn([3, 2, 4, 4]);
    expect(channelStats(viewOf(X))).toEqual(channelStats(X));
  });

  test('of a dataset, image by image, whatever their sizes', () => {
    const X = new Random(4).randn([5, 3, 4, 6], 'float64');
    const y = [0, 1, 2, 3, 4];
    expect(channelStats(new TensorDataset(X, y))).toEqual(channelStats(X));
    const parts = [array([1, 2, 3, 4], [1, 1, 4]), array([6, 8], [1, 2, 1])];
    const sizes = channelStats({ length: 2, get: (i: number): [NDArray] => [parts[i]] });
    const all = channelStats(array([1, 2, 3, 4, 6, 8], [1, 1, 1, 6]));
    expect(sizes.mean[0]).toBeCloseTo(all.mean[0], 12);
    expect(sizes.std[0]).toBeCloseTo(all.std[0], 12);
    const odd = { length: 2, get: (i: number): [NDArray] => [zeros([1 + i, 2, 2])] };
    expect(() => channelStats(odd)).toThrow('channelStats: x of X.get(1) has shape (2, 2, 2), expected (1, H, W)');
  });

  test.each<[X: NDArray, message: string]>([
    [zeros([3, 32, 32]), 'channelStats: X has shape (3, 32, 32), expected (N, C, H, W)'],
    [zeros([0, 3, 2, 2]), 'channelStats: X has shape (0, 3, 2, 2), expected (N, C, H, W) with every size at least 1'],
  ])('refuses another shape', (X, message) => {
    expect(() => channelStats(X)).toThrow(message);
  });
});
