import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, Random, toNested, transforms } from '../../../src/index.js';
import { numbered } from './images.js';

describe('randomHorizontalFlip', () => {
  test('mirrors the columns', () => {
    const X = array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [1, 2, 2, 3]);
    expect(toNested(transforms.randomHorizontalFlip(1)(X, new Random(0)))).toEqual([
      [
        [
          [3, 2, 1],
          [6, 5, 4],
        ],
        [
          [9, 8, 7],
          [12, 11, 10],
        ],
      ],
    ]);
  });

  test('twice with the same draws is the identity, and with p = 0 once', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (shape, seed, p) => {
        const X = numbered(shape);
        const flip = transforms.randomHorizontalFlip(p);
        expect(flip(flip(X, new Random(seed)), new Random(seed))).toEqualBits(X);
        expect(transforms.randomHorizontalFlip(0)(X, new Random(seed))).toEqualBits(X);
      }),
      { seed: 1 },
    );
  });

  test.each([
    ['its default', undefined],
    ['0.5', 0.5],
    ['0.2', 0.2],
  ])('flips each image by itself, as often as p says: %s', (_, p) => {
    const N = 10_000;
    const out = transforms.randomHorizontalFlip(p)(numbered([N, 1, 1, 2]), new Random(2));
    const firsts = Array.from({ length: N }, (_, n) => out.get(n, 0, 0, 0));
    const pairs = firsts.map((first, n) => [first, out.get(n, 0, 0, 1)].sort((x, y) => x - y));
    expect(pairs).toEqual(firsts.map((_, n) => [2 * n + 1, 2 * n + 2]));
    const flipped = firsts.filter((first, n) => first === 2 * n + 2).length;
    // Four standard deviations: outside once in 16,000 runs.
    expect(Math.abs(flipped / N - (p ?? 0.5))).toBeLessThan(4 * Math.sqrt(0.25 / N));
  });

  test.each([[-0.1], [1.1], [Number.NaN], ['0.5']])('refuses p = %j', (p) => {
    const described = typeof p === 'string' ? `'${p}'` : String(p);
    expect(() => transforms.randomHorizontalFlip(p as number)).toThrow(
      new RangeError(`randomHorizontalFlip: p is ${described}, expected a probability, in [0, 1]`),
    );
  });
});
