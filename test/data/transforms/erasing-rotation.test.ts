import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, ones, Random, type RandomErasingOptions, transforms, zeros } from '../../../src/index.js';
import { numbered } from './images.js';

describe('randomErasing', () => {
  test('fills one rectangle of each image, the same in all channels, and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 2, max: 12 }), fc.integer(), (H, W, seed) => {
        const X = numbered([3, 2, H, W]);
        const out = transforms.randomErasing({ p: 1, value: [-1, -2] })(X, new Random(seed));
        for (let n = 0; n < 3; n++) {
          let [top, left, end, right, erased, wrong] = [H, W, 0, 0, 0, 0];
          for (let i = 0; i < H; i++) {
            for (let j = 0; j < W; j++) {
              const isErased = out.get(n, 0, i, j) === -1;
              if (out.get(n, 1, i, j) !== (isErased ? -2 : X.get(n, 1, i, j))) wrong++;
              if (!isErased) {
                if (out.get(n, 0, i, j) !== X.get(n, 0, i, j)) wrong++;
                continue;
              }
              erased++;
              [top, left, end, right] = [
                Math.min(top, i),
                Math.min(left, j),
                Math.max(end, i + 1),
                Math.max(right, j + 1),
              ];
            }
          }
          expect(wrong).toBe(0);
          if (erased > 0) expect(erased).toBe((end - top) * (right - left));
          expect(erased).toBeLessThan(H * W);
        }
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  test('of as many images as p says, of an area in the range', () => {
    const out = transforms.randomErasing()(ones([1000, 1, 32, 32]), new Random(2));
    const shares = Array.from({ length: 1000 }, (_, n) => {
      let left = 0;
      for (let p = 0; p < 1024; p++) left += out.data[n * 1024 + p];
      return 1 - left / 1024;
    });
    const erased = shares.filter((share) => share > 0);
    expect(Math.abs(erased.length / 1000 - 0.5)).toBeLessThan(0.05);
    expect(Math.min(...erased)).toBeGreaterThan(0.015);
    expect(Math.max(...erased)).toBeLessThan(0.35);
  });

  test("'random' draws normal numbers", () => {
    const out = transforms.randomErasing({ p: 1, value: 'random', scale: [0.9, 0.9], ratio: [1, 1] })(
      array(new Float32Array(10_000).fill(9), [1, 1, 100, 100]),
      new Random(3),
    );
    const drawn = [...out.data].filter((value) => value !== 9);
    expect(drawn.length).toBe(95 * 95);
    expect(drawn.reduce((sum, v) => sum + v) / drawn.length).toBeCloseTo(0, 1);
    expect(drawn.reduce((sum, v) => sum + v * v) / drawn.length).toBeCloseTo(1, 1);
  });

  test('with p = 0 is the identity', () => {
    const X = numbered([3, 2, 4, 4]);
    expect(transforms.randomErasing({ p: 0 })(X, new Random(0))).toEqualBits(X);
  });

  test.each<[options: object, message: string]>([
    [{ p: 2 }, 'p is 2, expected a probability, in [0, 1]'],
    [{ value: 'black' }, "value is 'black', expected a finite number, a list of one to a channel, or 'random'"],
    [{ scale: 0.1 }, 'scale is 0.1, expected [least, largest] share of the area, numbers > 0 and ≤ 1'],
    [{ ratio: [0, 1] }, 'ratio is [0, 1], expected [least, largest] proportion, numbers > 0'],
  ])('names the option that is wrong: %j', (options, message) => {
    expect(() => transforms.randomErasing(options as RandomErasingOptions)).toThrow(`randomErasing: ${message}`);
  });

  test('needs as many values as channels', () => {
    const run = () => transforms.randomErasing({ value: [1, 2, 3] })(zeros([1, 2, 4, 4]), new Random(0));
    const message = 'randomErasing: value has 3 numbers, expected C=2, one to a channel of X';
    expect(run).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
  });
});

describe('randomRotation', () => {
  test('by right angles moves whole pixels, counter-clockwise', () => {
    const X = array([1, 2, 3, 4], [1, 1, 2, 2]);
    const turned = (degrees: number) => [...transforms.randomRotation([degrees, degrees])(X, new Random(0)).data];
    expect(turned(90)).toEqual([2, 4, 1, 3]);
    expect(turned(-90)).toEqual([3, 1, 4, 2]);
    expect(turned(180)).toEqual([4, 3, 2, 1]);
    expect(turned(-360)).toEqual([1, 2, 3, 4]);
  });

  test('by 0 is the identity; there and back gives nearly the middle again', () => {
    const X = numbered([2, 2, 9, 9], 'float64');
    expect(transforms.randomRotation(0)(X, new Random(0))).toEqualBits(X);
    const turn = (degrees: number) => transforms.randomRotation([degrees, degrees]);
    const back = turn(-20)(turn(20)(X, new Random(0)), new Random(0));
    // A plane that grows evenly is interpolated without error.
    expect(back.get(1, 1, 4, 4)).toBeCloseTo(X.get(1, 1, 4, 4), 9);
    expect(back.get(1, 0, 3, 5)).toBeCloseTo(X.get(1, 0, 3, 5), 9);
  });

  test('turns each image by an angle of its own', () => {
    const X = ones([50, 1, 5, 5], 'float64');
    for (let n = 0; n < 50; n++) X.set(n, 0, 0, 2, 100);
    const out = transforms.randomRotation(10)(X, new Random(1));
    expect(new Set(Array.from({ length: 50 }, (_, n) => out.get(n, 0, 0, 2))).size).toBe(50);
  });

  test.each<[degrees: unknown, options: object, message: string]>([
    [-1, {}, 'degrees is -1, expected a number ≥ 0, or [least, largest]'],
    [[10, 5], {}, 'degrees is [10, 5], expected a number ≥ 0, or [least, largest]'],
    [10, { fill: Number.NaN }, 'fill is NaN, expected a finite number'],
  ])('names what is wrong: case %#', (degrees, options, message) => {
    expect(() => transforms.randomRotation(degrees as number, options)).toThrow(`randomRotation: ${message}`);
  });
});
