import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, linspace, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { visualizeGrid } from '../../src/pictures/index.js';

describe('visualizeGrid', () => {
  test('scales each image by its own extremes and leaves black between and after them', () => {
    // Two images of 1×2 grey pixels, in a grid of 2×2.
    const images = array([2, 4, -1, 1], [2, 1, 2, 1]);
    const expected = [
      [0, 255, 0, 0, 255],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ];
    expect(visualizeGrid(images)).toEqualBits(array(expected.flat(), [3, 5, 1]));
  });

  test('scales all channels of an image together', () => {
    const image = array([0, 5, 10, 2, 4, 6], [1, 1, 2, 3]);
    expect(visualizeGrid(image, { ubound: 1 })).toBeAllClose(array([0, 0.5, 1, 0.2, 0.4, 0.6], [1, 2, 3]));
  });

  test.each([
    [1, 1],
    [2, 2],
    [4, 2],
    [5, 3],
    [9, 3],
    [10, 4],
  ])('puts %d images into %d columns and as many rows', (N, G) => {
    const grid = visualizeGrid(new Random(1).rand([N, 3, 4, 2]), { padding: 2 });
    expect(grid.shape).toEqual([3 * G + 2 * (G - 1), 4 * G + 2 * (G - 1), 2]);
  });

  test('makes an image without contrast black, where NumPy would divide by zero', () => {
    expect(visualizeGrid(array([7, 7, 7, 7], [1, 2, 2, 1]))).toEqualBits(zeros([2, 2, 1]));
  });

  test('keeps the dtype and takes views', () => {
    const x = linspace(-3, 5, 2 * 3 * 2 * 2).data;
    const planes = array(x, [2, 3, 2, 2], 'float64');
    const grid = visualizeGrid(planes.transpose(0, 2, 3, 1));
    expect(grid.data).toBeInstanceOf(Float64Array);
    expect(grid).toEqualBits(visualizeGrid(array(planes.transpose(0, 2, 3, 1))));
    expect(grid.get(0, 0, 0)).toBe(0);
    expect(grid.get(1, 1, 2)).toBe(255);
  });

  test('each image has its whole range in its place, whatever the sizes', () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 11 }),
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 1, max: 4 }),
    );
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 }), ([N, H, W], padding, C) => {
        const images = new Random(N).randn([N, H, W, C]);
        const grid = visualizeGrid(images, { padding, ubound: 10 });
        const G = Math.ceil(Math.sqrt(N));
        let inside = 0;
        for (let n = 0; n < N; n++) {
          const values: number[] = [];
          for (let h = 0; h < H; h++) {
            for (let w = 0; w < W; w++) {
              for (let c = 0; c < C; c++) {
                values.push(grid.get(Math.floor(n / G) * (H + padding) + h, (n % G) * (W + padding) + w, c));
              }
            }
          }
          expect(Math.min(...values)).toBe(0);
          expect(Math.max(...values)).toBeCloseTo(10, 4);
          inside += values.reduce((sum, value) => sum + value, 0);
        }
        const all = Array.from(grid.data).reduce((sum, value) => sum + value, 0);
        expect(all).toBeCloseTo(inside, 3);
      }),
      { seed: 231, numRuns: 50 },
    );
  });

  const images = zeros([1, 2, 2, 1]);
  test.each<[string, () => NDArray, string]>([
    [
      'three axes',
      () => visualizeGrid(zeros([2, 2, 1])),
      'visualizeGrid: images has shape (2, 2, 1), expected (N, H, W, C)',
    ],
    ['no image', () => visualizeGrid(zeros([0, 2, 2, 1])), 'expected (N, H, W, C) with every size at least 1'],
    [
      'a list',
      () => visualizeGrid([] as never),
      'visualizeGrid: images is [], expected an array of float32 or float64: make it with array(images)',
    ],
    [
      'NaN',
      () => visualizeGrid(array([0, 1, Number.NaN, 3], [2, 2, 1, 1])),
      'visualizeGrid: images[1] holds NaN, expected finite numbers',
    ],
    ['infinity', () => visualizeGrid(array([1, -1 / 0], [1, 2, 1, 1])), 'visualizeGrid: images[0] holds -Infinity'],
    [
      'planes',
      () => visualizeGrid(zeros([4, 3, 8, 8])),
      'visualizeGrid: images has shape (4, 3, 8, 8), expected (N, H, W, C) with C ≤ 4; the channels come last: ' +
        'images.transpose(0, 2, 3, 1)',
    ],
    ['ubound 0', () => visualizeGrid(images, { ubound: 0 }), 'visualizeGrid: ubound is 0, expected a number > 0'],
    [
      'half a pixel',
      () => visualizeGrid(images, { padding: 0.5 }),
      'visualizeGrid: padding is 0.5, expected a whole number ≥ 0',
    ],
    [
      'an unknown option',
      () => visualizeGrid(images, { pad: 1 } as never),
      "visualizeGrid: unknown option 'pad', expected ubound, padding",
    ],
  ])('refuses %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
