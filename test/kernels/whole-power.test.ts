import { expect, test } from 'vitest';
import { wholePower } from '../../src/kernels/reference/whole-power.js';

test('powers of whole exponents by hand', () => {
  expect([0, 1, 2, 3, 10].map((n) => wholePower(2, n))).toEqual([1, 2, 4, 8, 1024]);
  expect([0, 1].map((n) => wholePower(0, n))).toEqual([1, 0]);
  expect([0, 1, 7].map((n) => wholePower(0.5, n))).toEqual([1, 0.5, 2 ** -7]);
  // (0.9²)² · 0.9, each product rounded.
  expect(wholePower(0.9, 5)).toBe(0.9 * 1 * (0.9 * 0.9 * (0.9 * 0.9)));
});

test('they are those of Math.pow, but for a rounding with each factor', () => {
  for (const base of [0.9, 0.99, 0.999, 0.9999]) {
    for (const n of [1, 2, 3, 17, 1000, 12_345, 10 ** 7]) {
      expect(Math.abs(wholePower(base, n) - base ** n)).toBeLessThanOrEqual(n * Number.EPSILON * base ** n);
    }
  }
});
