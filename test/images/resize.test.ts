import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { array } from '../../src/arrays/index.js';
import { imageFromPixels, type ReadImageOptions } from '../../src/images/index.js';

interface Case {
  readonly shape: [height: number, width: number, channels: 1 | 3 | 4];
  readonly size: number | [number, number];
  readonly out: { readonly shape: number[]; readonly data: number[] };
}

const file = path.join(__dirname, '..', 'fixtures', 'resize.json');
const { cases } = JSON.parse(fs.readFileSync(file, 'utf8')) as { cases: Case[] };

/** The bytes that scripts/golden/resize.py makes. */
function picture([height, width, channels]: Case['shape']) {
  const data = Uint8Array.from({ length: height * width * channels }, (_, i) => (i * i * 7 + i * 13) % 251);
  return { width, height, data };
}

describe.each(cases)('$shape to $size', ({ shape, size, out }) => {
  const options = { size, channels: shape[2] };
  test('as PyTorch resizes, in float64', () => {
    const image = imageFromPixels(picture(shape), { ...options, dtype: 'float64' });
    expect(image).toBeAllClose(array(out.data, out.shape, 'float64'), { rtol: 0, atol: 255e-10 });
  });

  test('as PyTorch resizes, in float32', () => {
    const image = imageFromPixels(picture(shape), options);
    expect(image.data).toBeInstanceOf(Float32Array);
    expect(image).toBeAllClose(array(out.data, out.shape), { rtol: 0, atol: 255e-5 });
  });
});

test('a picture of the wanted size keeps its bytes', () => {
  const pixels = { width: 3, height: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  for (const size of [undefined, [2, 3] as const]) {
    expect([...imageFromPixels(pixels, { size, channels: 1 }).data]).toEqual([1, 2, 3, 4, 5, 6]);
  }
});

test('halving takes each pixel with the weight of a triangle over four', () => {
  const pixels = { width: 8, height: 1, data: Uint8Array.of(0, 0, 0, 80, 0, 0, 0, 0) };
  // Centres at 1, 3, 5, 7 of 8; weights 1/8, 3/8, 3/8, 1/8; at the ends 3/7, 3/7, 1/7.
  const image = imageFromPixels(pixels, { size: [1, 4], channels: 1, dtype: 'float64' });
  expect(image).toBeAllClose(array([[[0, 30, 10, 0]]], undefined, 'float64'), { rtol: 1e-12 });
});

describe('channels', () => {
  const of = (data: number[], channels: ReadImageOptions['channels']) =>
    Array.from(imageFromPixels({ width: 1, height: 1, data: Uint8Array.from(data) }, { channels }).data);

  test.each([
    ['grey', [7], [7], [7, 7, 7], [7, 7, 7, 255]],
    ['grey and opacity', [7, 9], [7], [7, 7, 7], [7, 7, 7, 9]],
    ['colours', [10, 20, 30], [Math.fround(18.15)], [10, 20, 30], [10, 20, 30, 255]],
    ['colours and opacity', [10, 20, 30, 40], [Math.fround(18.15)], [10, 20, 30], [10, 20, 30, 40]],
  ])('%s', (_, data, one, three, four) => {
    expect(of(data, 1)).toEqual(one);
    expect(of(data, 3)).toEqual(three);
    expect(of(data, 4)).toEqual(four);
  });
});

describe('imageFromPixels refuses', () => {
  const pixels = { width: 2, height: 2, data: new Uint8Array(12) };
  test.each<[unknown, ReadImageOptions, string]>([
    [null, {}, 'imageFromPixels: pixels is null, expected { width, height, data }'],
    [{ ...pixels, width: 0 }, {}, 'imageFromPixels: pixels.width is 0, expected a whole number ≥ 1'],
    [
      { ...pixels, data: new Uint8Array(13) },
      {},
      'imageFromPixels: pixels.data has 13 bytes, expected 1 to 4 for each of 2 × 2 pixels',
    ],
    [{ ...pixels, data: [1] }, {}, 'imageFromPixels: pixels.data is [1], expected a Uint8Array or a Uint8ClampedArray'],
    [pixels, { size: 0 }, 'imageFromPixels: size is 0, expected a whole number from 1 to 16384, or [height, width]'],
    [pixels, { size: [1, 2, 3] as never }, 'imageFromPixels: size is [1, 2, 3], expected a whole number'],
    [pixels, { size: [1, 1e6] }, 'imageFromPixels: size is [1, 1000000], expected a whole number'],
    [
      pixels,
      { channels: 2 as never },
      'imageFromPixels: channels is 2, expected 1 (grey), 3 (red, green, blue) or 4 (and opacity)',
    ],
    [pixels, { dtype: 'uint7' as never }, "imageFromPixels: dtype is 'uint7', expected"],
    [pixels, { sise: 3 } as never, "imageFromPixels: unknown option 'sise', expected size, channels, dtype, maxPixels"],
  ])('%s %o', (value, options, message) => {
    expect(() => imageFromPixels(value as typeof pixels, options)).toThrow(message);
  });
});
