import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { array, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { type ImageGridOptions, imageGrid } from '../../src/pictures/index.js';
import { expectSound, textsOf } from './svg.js';

/** The images in a grid: where they stand, and their pixels. */
function imagesIn(svg: string) {
  return [...svg.matchAll(/<image ([^>]*)href="data:image\/png;base64,([^"]+)"\/>/g)].map(([, place, base64]) => {
    const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) =>
      Number(new RegExp(` ${name}="([^"]+)"`).exec(place)?.[1]),
    );
    return { x, y, width, height, png: decode(Buffer.from(base64, 'base64')) };
  });
}

describe('imageGrid', () => {
  test('shows each image under its title, row by row', async () => {
    const images = array([0, 255, 10, 20, 30, 300], [3, 1, 2]);
    const svg = await imageGrid(images, { titles: ['cat', '<b> & "c"', ''], columns: 2, scale: 4 });
    expectSound(svg);
    expect(textsOf(svg)).toEqual(['cat', '<b> & "c"']);
    expect(svg).toContain('aria-label="3 images: cat, &lt;b&gt; &amp; &quot;c&quot;, "');
    const [a, b, c] = imagesIn(svg);
    expect([a, b, c].map(({ png }) => [...png.data])).toEqual([
      [0, 255],
      [10, 20],
      [30, 255],
    ]);
    expect([a.width, a.height]).toEqual([8, 4]);
    expect(a.y).toBe(b.y);
    expect(a.x).toBe(c.x);
    expect(b.x).toBeGreaterThanOrEqual(a.x + a.width);
    expect(c.y).toBeGreaterThanOrEqual(a.y + a.height);
  });

  test('takes colours, and images of any sizes in a list', async () => {
    const colours = new Random(1).rand([4, 5, 6, 3]);
    expect(imagesIn(await imageGrid(colours)).map(({ png }) => [png.height, png.width, png.channels])).toEqual(
      Array(4).fill([5, 6, 3]),
    );
    const svg = await imageGrid([zeros([2, 3]), zeros([8, 4, 3]), zeros([1, 1, 4])], { scale: 1 });
    expect(imagesIn(svg).map(({ width, height }) => [width, height])).toEqual([
      [3, 2],
      [4, 8],
      [1, 1],
    ]);
    const [size] = /width="\d+" height="\d+"/.exec(svg) ?? [];
    for (const { x, y, width, height } of imagesIn(svg)) {
      const [, w, h] = /width="(\d+)" height="(\d+)"/.exec(size ?? '') ?? [];
      expect(x + width).toBeLessThanOrEqual(Number(w));
      expect(y + height).toBeLessThanOrEqual(Number(h));
    }
  });

  test('scales each image by its own extremes where asked to', async () => {
    const svg = await imageGrid(array([-1, 1, 3, 0.5, 0.5, 0.5], [2, 1, 3]), { normalize: true });
    expect(imagesIn(svg).map(({ png }) => [...png.data])).toEqual([
      [0, 128, 255],
      [0, 0, 0],
    ]);
  });

  test('enlarges small images to where they can be seen', async () => {
    const [{ width }] = imagesIn(await imageGrid(zeros([1, 32, 32, 3])));
    expect(width).toBe(96);
  });

  const two = zeros([2, 4, 4]);
  test.each<[string, NDArray | NDArray[], object, string]>([
    ['no image', [], {}, 'imageGrid: images is [], expected an array, or a list of at least one'],
    ['a single image', zeros([4, 4]), {}, 'imageGrid: images has shape (4, 4), expected (N, H, W)'],
    [
      'channels first',
      zeros([2, 3, 8, 8]),
      {},
      'imageGrid: images[0] has shape (3, 8, 8), expected (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); the channels ' +
        'come last: images[0].transpose(1, 2, 0)',
    ],
    ['NaN', [zeros([1, 1]), array([Number.NaN], [1, 1])], {}, 'imageGrid: images[1] is NaN at [0, 0]'],
    [
      'NaN, scaled',
      [array([Number.NaN], [1, 1])],
      { normalize: true },
      'imageGrid: images[0] holds NaN, expected finite numbers',
    ],
    ['one title', two, { titles: ['a'] }, 'imageGrid: titles has 1 texts, expected 2'],
    ['no columns', two, { columns: 0 }, 'imageGrid: columns is 0, expected a whole number ≥ 1'],
    ['no scale', two, { scale: -1 }, 'imageGrid: scale is -1, expected a number > 0'],
    ['a word for a flag', two, { normalize: 'yes' }, "imageGrid: normalize is 'yes', expected true or false"],
    [
      'an unknown option',
      two,
      { rows: 2 },
      "imageGrid: unknown option 'rows', expected titles, columns, scale, normalize",
    ],
  ])('refuses %s', async (_, images, options, message) => {
    await expect(imageGrid(images, options as ImageGridOptions)).rejects.toThrow(message);
  });
});
