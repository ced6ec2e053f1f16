import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, full, Random, transforms } from '../../../src/index.js';
import { numbered } from './images.js';

const SIZES = fc.tuple(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 9 }),
);

describe('resize', () => {
  test('to half the size weighs pixels 1, 3, 3, 1', () => {
    const X = array([[[[0, 8, 16, 24, 80, 0, 0, 0]]]], [1, 1, 1, 8], 'float64');
    // At the border the weights are 3, 3, 1.
    const expected = [(3 * 0 + 3 * 8 + 16) / 7, (8 + 3 * 16 + 3 * 24 + 80) / 8, (24 + 3 * 80) / 8, 0];
    expect(transforms.resize([1, 4])(X, new Random(0))).toBeAllClose(array(expected, [1, 1, 1, 4], 'float64'));
  });

  test('to the same size is the identity; of a constant image, that constant', () => {
    fc.assert(
      fc.property(SIZES, ([H, W, h, w]) => {
        const X = numbered([2, 2, H, W]);
        expect(transforms.resize([H, W])(X, new Random(0))).toEqualBits(X);
        const flat = transforms.resize([h, w])(full([1, 1, H, W], 5, 'float64'), new Random(0));
        expect(flat).toBeAllClose(full([1, 1, h, w], 5, 'float64'), { rtol: 1e-14 });
      }),
      { seed: 1 },
    );
  });

  test('by one number is by the shorter side', () => {
    const shape = (H: number, W: number) => transforms.resize(4)(numbered([1, 1, H, W]), new Random(0)).shape;
    expect([shape(8, 11), shape(11, 8), shape(5, 5)]).toEqual([
      [1, 1, 4, 5],
      [1, 1, 5, 4],
      [1, 1, 4, 4],
    ]);
  });

  test('refuses a size below 1', () => {
    const message = 'resize: size is 0, expected a whole number ≥ 1, or [vertical, horizontal] of such';
    expect(() => transforms.resize(0)).toThrow(expect.objectContaining({ name: 'RangeError', message }));
  });
});

describe('centerCrop', () => {
  test('is the middle; a half pixel goes to the even number', () => {
    const X = numbered([1, 1, 1, 6]);
    const crop = (w: number) => [...transforms.centerCrop([1, w])(X, new Random(0)).data];
    expect([crop(6), crop(5), crop(3)]).toEqual([
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5],
      [3, 4, 5],
    ]);
  });

  test('of a larger size has zeros around', () => {
    const crop = transforms.centerCrop([3, 6])(numbered([1, 1, 1, 3]), new Random(0));
    expect([...crop.data]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('randomResizedCrop', () => {
  test('of the whole image is resize', () => {
    fc.assert(
      fc.property(SIZES, fc.integer(), ([H, W, h, w], seed) => {
        const X = numbered([2, 2, H, W], 'float64');
        const whole = transforms.randomResizedCrop([h, w], { scale: [1, 1], ratio: [W / H, W / H] });
        expect(whole(X, new Random(seed))).toEqualBits(transforms.resize([h, w])(X, new Random(0)));
      }),
      { seed: 2 },
    );
  });

  test('draws areas and proportions of the ranges', () => {
    // The numbers of a plane that grows along both axes tell the sizes of the part that was resized to 2×2.
    const [H, W, N] = [60, 60, 500];
    const X = array(
      Float64Array.from({ length: H * W }, (_, p) => 1000 * Math.floor(p / W) + (p % W)),
      [1, 1, H, W],
      'float64',
    );
    const random = new Random(3);
    // Of a square, parts of up to 3/4 of the area fit in every proportion.
    const crop = transforms.randomResizedCrop(2, { scale: [0.1, 0.7] });
    const areas: number[] = [];
    const ratios: number[] = [];
    for (let n = 0; n < N; n++) {
      const out = crop(X, random);
      // Of n pixels in a row the two results lie n · 17/42 apart, give or take the rounding to whole pixels.
      const height = ((out.get(0, 0, 1, 0) - out.get(0, 0, 0, 0)) / 1000) * (42 / 17);
      const width = (out.get(0, 0, 0, 1) - out.get(0, 0, 0, 0)) * (42 / 17);
      areas.push((height * width) / (H * W));
      ratios.push(Math.log(width / height));
    }
    const span = (list: number[]) => [Math.min(...list), list.reduce((sum, n) => sum + n) / N, Math.max(...list)];
    const near = (numbers: number[], by: number) => numbers.map((n) => expect.toSatisfy((m) => Math.abs(m - n) < by));
    expect(span(areas)).toEqual(near([0.1, 0.4, 0.7], 0.03));
    expect(span(ratios)).toEqual(near([Math.log(3 / 4), 0, Math.log(4 / 3)], 0.06));
  });

  test('falls back to the middle in the nearest proportion', () => {
    const X = numbered([1, 1, 1, 9]);
    const out = transforms.randomResizedCrop(1, { scale: [1, 1] })(X, new Random(0));
    expect(out.data[0]).toBe(5);
  });

  test.each<[options: object, message: string]>([
    [{ scale: [0.5] }, 'scale is [0.5], expected [least, largest] share of the area, numbers > 0 and ≤ 1'],
    [{ scale: [0.5, 1.5] }, 'scale is [0.5, 1.5], expected [least, largest] share of the area, numbers > 0 and ≤ 1'],
    [{ ratio: [2, 1] }, 'ratio is [2, 1], expected [least, largest] proportion, numbers > 0'],
    [{ ratios: [1, 2] }, "unknown option 'ratios', expected scale, ratio"],
  ])('names the option that is wrong: %j', (options, message) => {
    expect(() => transforms.randomResizedCrop(4, options)).toThrow(`randomResizedCrop: ${message}`);
  });
});
