import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random, type RandomCropOptions, transforms } from '../../../src/index.js';
import { numbered } from './images.js';

describe('randomCrop', () => {
  test('of the full size without padding is the identity', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 4, maxLength: 4 }),
        fc.integer(),
        (shape, seed) => {
          const X = numbered(shape);
          expect(transforms.randomCrop([shape[2], shape[3]])(X, new Random(seed))).toEqualBits(X);
        },
      ),
      { seed: 1 },
    );
  });

  test('is a window of each padded image, in all its channels', () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 8 }),
    );
    fc.assert(
      fc.property(sizes, sizes, fc.integer(), ([H, padH, lessH], [W, padW, lessW], seed) => {
        const [h, w] = [Math.max(1, H + 2 * padH - lessH), Math.max(1, W + 2 * padW - lessW)];
        const X = numbered([3, 2, H, W]);
        const out = transforms.randomCrop([h, w], { padding: [padH, padW], fill: -1 })(X, new Random(seed));
        expect(out.shape).toEqual([3, 2, h, w]);
        for (let n = 0; n < 3; n++) {
          const pixel = (c: number, i: number, j: number) =>
            i >= 0 && i < H && j >= 0 && j < W ? X.get(n, c, i, j) : -1;
          const isAt = (top: number, left: number): boolean => {
            for (let c = 0; c < 2; c++) {
              for (let i = 0; i < h; i++) {
                for (let j = 0; j < w; j++) if (out.get(n, c, i, j) !== pixel(c, top + i, left + j)) return false;
              }
            }
            return true;
          };
          const windows: string[] = [];
          for (let top = -padH; top <= H + padH - h; top++) {
            for (let left = -padW; left <= W + padW - w; left++) if (isAt(top, left)) windows.push(`${top} ${left}`);
          }
          expect(windows.length, `image ${n} is no window of its padded image`).toBeGreaterThan(0);
        }
      }),
      { seed: 2 },
    );
  });

  test('comes from every place as often as from the others, and from another one in each image', () => {
    // A 5×4 image padded by 1 has 4·3 windows of 4×4; the pixel in the middle of each tells which it is.
    const N = 12_000;
    const X = numbered([1, 1, 5, 4]);
    const many = numbered([N, 1, 5, 4]);
    for (let i = 0; i < many.size; i++) many.data[i] = X.data[i % X.size];
    const out = transforms.randomCrop(4, { padding: 1 })(many, new Random(3));
    const counts = new Map<number, number>();
    for (let n = 0; n < N; n++) {
      const middle = out.get(n, 0, 1, 1);
      counts.set(middle, (counts.get(middle) ?? 0) + 1);
    }
    expect(counts.size).toBe(4 * 3);
    // Chi-squared with 11 degrees of freedom is above 35 once in 4,000 runs.
    const chi2 = [...counts.values()].reduce((sum, count) => sum + (count - N / 12) ** 2 / (N / 12), 0);
    expect(chi2).toBeLessThan(35);
  });

  test('pads with zeros unless told otherwise', () => {
    const X = numbered([1, 1, 1, 1]);
    const run = (options: RandomCropOptions) => [...transforms.randomCrop(3, options)(X, new Random(0)).data];
    expect(run({ padding: 1 })).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0]);
    expect(run({ padding: [1, 1], fill: 5 })).toEqual([5, 5, 5, 5, 1, 5, 5, 5, 5]);
  });

  test('pads with pixels of the image where it reflects or replicates', () => {
    const X = numbered([1, 1, 1, 3]);
    const run = (paddingMode: 'reflect' | 'replicate') =>
      transforms.randomCrop([1, 7], { padding: [0, 2], paddingMode })(X, new Random(0));
    expect([...run('reflect').data]).toEqual([3, 2, 1, 2, 3, 2, 1]);
    expect([...run('replicate').data]).toEqual([1, 1, 1, 2, 3, 3, 3]);
    const tooWide = () => transforms.randomCrop(1, { padding: [0, 3], paddingMode: 'reflect' })(X, new Random(0));
    const message = 'randomCrop: padding is (0, 3), expected less than (1, 3), the images, to reflect them';
    expect(tooWide).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
  });

  test.each<[size: unknown, options: unknown, error: string, message: string]>([
    [0, {}, 'RangeError', 'randomCrop: size is 0, expected a whole number ≥ 1, or [vertical, horizontal] of such'],
    [
      [4, 4, 4],
      {},
      'RangeError',
      'randomCrop: size is [4, 4, 4], expected a whole number ≥ 1, or [vertical, horizontal] of such',
    ],
    [
      4,
      { padding: -1 },
      'RangeError',
      'randomCrop: padding is -1, expected a whole number ≥ 0, or [vertical, horizontal] of such',
    ],
    [4, { fill: 'black' }, 'RangeError', "randomCrop: fill is 'black', expected a finite number"],
    [4, { pad: 4 }, 'TypeError', "randomCrop: unknown option 'pad', expected padding, fill, paddingMode"],
    [4, 4, 'TypeError', 'randomCrop: options is 4, expected an object with any of padding, fill, paddingMode'],
  ])('names what is wrong: case %#', (size, options, name, message) => {
    const make = () => transforms.randomCrop(size as number, options as RandomCropOptions);
    expect(make).toThrow(expect.objectContaining({ name, message }));
  });

  test.each<[size: [number, number], options: RandomCropOptions, message: string]>([
    [[7, 3], { padding: 1 }, 'randomCrop: size is (7, 3), expected at most (6, 5), the padded images'],
    [[4, 4], {}, 'randomCrop: size is (4, 4), expected at most (4, 3), the padded images'],
  ])('refuses a size above that of the padded image: case %#', (size, options, message) => {
    const random = new Random(0);
    const before = random.state();
    const run = () => transforms.randomCrop(size, options)(numbered([1, 1, 4, 3]), random);
    expect(run).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
    expect(random.state()).toEqual(before);
  });
});
