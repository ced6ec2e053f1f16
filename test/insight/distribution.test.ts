import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, hostValues, linspace, Random, zeros } from '../../src/arrays/index.js';
import { sampleOf } from '../../src/insight/distribution.js';
import { distributionOf } from '../../src/insight/index.js';

describe('distributionOf', () => {
  test('by hand', () => {
    const { histogram, ...numbers } = distributionOf(array([0, 0, 3, -1, Number.NaN, Number.POSITIVE_INFINITY]));
    expect(numbers).toEqual({
      mean: 0.5,
      std: Math.sqrt((0.25 + 0.25 + 6.25 + 2.25) / 4),
      min: -1,
      max: 3,
      zeros: 2 / 6,
      notFinite: 2 / 6,
    });
    expect([histogram.low, histogram.high]).toEqual([-1, 3]);
    // 0 is a quarter of the way from -1 to 3.
    expect(histogram.counts.flatMap((n, i) => (n > 0 ? [[i, n]] : []))).toEqual([
      [0, 1],
      [7, 2],
      [29, 1],
    ]);
  });

  test('of nothing finite, and of one value, there are numbers', () => {
    expect(distributionOf(array([Number.NaN]))).toMatchObject({ mean: 0, std: 0, min: 0, max: 0, notFinite: 1 });
    const { histogram } = distributionOf(array([2, 2]));
    expect(histogram).toMatchObject({ low: 1, high: 3 });
    expect(histogram.counts[15]).toBe(2);
  });

  test('each finite value is in one interval', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e100, max: 1e100 }), { minLength: 1 }), (values) => {
        const { histogram, min, max, mean } = distributionOf(array(values, undefined, 'float64'));
        expect(histogram.counts.reduce((sum, n) => sum + n, 0)).toBe(values.length);
        expect(mean).toBeGreaterThanOrEqual(min - 1e-9 * Math.abs(min));
        expect(mean).toBeLessThanOrEqual(max + 1e-9 * Math.abs(max));
      }),
    );
  });

  test('of a large array evenly spread values count, in each channel, row and column', () => {
    const large = new Random(1).randn([32, 32, 32, 32]);
    const sample = sampleOf(large);
    expect(sample.length).toBeGreaterThan(30_000);
    expect(sample.length).toBeLessThanOrEqual(2 ** 15);
    expect(distributionOf(large).mean).toBeCloseTo(0, 1);
    expect(distributionOf(large).std).toBeCloseTo(1, 1);
    // Of an array that counts its last axis, each number is there.
    const columns = zeros([64, 32, 32]);
    hostValues(columns).forEach((_, i, all) => {
      all[i] = i % 32;
    });
    expect(new Set(sampleOf(columns)).size).toBe(32);
  });

  test('a view counts with its own values', () => {
    const x = linspace(0, 5, 6);
    expect(distributionOf(array(x, [2, 3]).pick(1))).toMatchObject({ mean: 4, min: 3, max: 5 });
  });
});
