import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/images/index.js';
import { type PngParts, pngOfParts } from '../helpers/pictures.js';

/** The pass of each pixel of 8 × 8, as the standard draws it. */
const PASSES = [
  [1, 6, 4, 6, 2, 6, 4, 6],
  [7, 7, 7, 7, 7, 7, 7, 7],
  [5, 6, 5, 6, 5, 6, 5, 6],
  [7, 7, 7, 7, 7, 7, 7, 7],
  [3, 6, 4, 6, 3, 6, 4, 6],
  [7, 7, 7, 7, 7, 7, 7, 7],
  [5, 6, 5, 6, 5, 6, 5, 6],
  [7, 7, 7, 7, 7, 7, 7, 7],
];

const CHANNELS = [1, 0, 3, 1, 2, 0, 4];

/** The values of a row, each of `depth` bits, in bytes. */
function packed(values: readonly number[], depth: number): number[] {
  if (depth === 16) return values.flatMap((value) => [value >> 8, value & 255]);
  const perByte = 8 / depth;
  return Array.from({ length: Math.ceil(values.length / perByte) }, (_, at) => {
    let byte = 0;
    for (let k = 0; k < perByte; k++) byte |= (values[at * perByte + k] ?? 0) << (8 - depth * (k + 1));
    return byte;
  });
}

/** A row as a filter leaves it, behind the number of the filter. */
function filtered(filter: number, row: readonly number[], above: readonly number[], step: number): number[] {
  const bytes = row.map((byte, i) => {
    const [a, b, c] = [row[i - step] ?? 0, above[i] ?? 0, above[i - step] ?? 0];
    const distances = [a, b, c].map((x) => Math.abs(a + b - c - x));
    const paeth = [a, b, c][distances.indexOf(Math.min(...distances))];
    return (byte - [0, a, b, (a + b) >> 1, paeth][filter]) & 255;
  });
  return [filter, ...bytes];
}

/** The rows of a picture whose value at (y, x, c) is `value`, each filtered by the next of `filters`. */
function rowsOf(
  { width, height, depth, colour, interlace }: Omit<PngParts, 'rows'>,
  value: (y: number, x: number, c: number) => number,
  filters: readonly number[],
): Uint8Array {
  const channels = CHANNELS[colour];
  const step = Math.max(1, (channels * depth) / 8);
  const bytes: number[] = [];
  let count = 0;
  for (const pass of interlace === 1 ? [1, 2, 3, 4, 5, 6, 7] : [0]) {
    let above: number[] = [];
    for (let y = 0; y < height; y++) {
      const columns = Array.from({ length: width }, (_, x) => x).filter((x) =>
        [0, PASSES[y % 8][x % 8]].includes(pass),
      );
      if (columns.length === 0) continue;
      const values = columns.flatMap((x) => Array.from({ length: channels }, (_, c) => value(y, x, c)));
      const row = packed(values, depth);
      bytes.push(...filtered(filters[count++ % filters.length], row, above, step));
      above = row;
    }
  }
  return Uint8Array.from(bytes);
}

describe('a PNG of any kind comes back', () => {
  const kinds = [
    ...[1, 2, 4, 8, 16].map((depth) => [0, depth]),
    ...[8, 16].flatMap((depth) => [2, 4, 6].map((colour) => [colour, depth])),
  ];

  test.each(kinds)('colour type %d of %d bits', (colour, depth) => {
    const channels = CHANNELS[colour];
    const side = fc.integer({ min: 1, max: 19 });
    const property = fc.property(
      side,
      side,
      fc.constantFrom(0, 1),
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 1e6 }),
      (width, height, interlace, filters, seed) => {
        const parts = { width, height, depth, colour, interlace };
        const value = (y: number, x: number, c: number) => ((y * 31 + x * 7 + c * 3 + 1) * seed) % 2 ** depth;
        const image = decodeImage(pngOfParts({ ...parts, rows: rowsOf(parts, value, filters) }), {
          channels: channels < 3 ? 1 : (channels as 3 | 4),
          dtype: 'float64',
        });
        const planes = channels === 2 ? 1 : channels;
        expect(image.shape).toEqual([planes, height, width]);
        let worst = 0;
        for (let i = 0; i < image.size; i++) {
          const [c, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
          worst = Math.max(worst, Math.abs(image.data[i] - (value(y, x, c) * 255) / (2 ** depth - 1)));
        }
        expect(worst).toBeLessThan(1e-10);
      },
    );
    fc.assert(property, { seed: 231, numRuns: 10 });
  });

  test.each([1, 2, 4, 8])('a palette of %d bits', (depth) => {
    const colours = 2 ** depth - 1;
    const palette = Array.from({ length: 3 * colours }, (_, i) => (i * 5) % 256);
    for (const interlace of [0, 1]) {
      const parts = { width: 9, height: 6, depth, colour: 3, interlace, palette, transparent: [77] };
      const rows = rowsOf(parts, (y, x) => (x + y) % colours, [0, 1, 2, 3, 4]);
      const image = decodeImage(pngOfParts({ ...parts, rows }), { channels: 4 });
      for (let y = 0; y < 6; y++) {
        for (let x = 0; x < 9; x++) {
          const k = (x + y) % colours;
          const expected = [palette[3 * k], palette[3 * k + 1], palette[3 * k + 2], k === 0 ? 77 : 255];
          expect([0, 1, 2, 3].map((c) => image.get(c, y, x))).toEqual(expected);
        }
      }
    }
  });
});

test('few bits of grey are stretched to 0 … 255', () => {
  const of = (depth: number, byte: number) => {
    const rows = Uint8Array.of(0, byte);
    return [...decodeImage(pngOfParts({ width: 8 / depth, height: 1, depth, colour: 0, rows }), { channels: 1 }).data];
  };
  expect(of(1, 0b10110001)).toEqual([255, 0, 255, 255, 0, 0, 0, 255]);
  expect(of(2, 0b00011011)).toEqual([0, 85, 170, 255]);
  expect(of(4, 0x1e)).toEqual([17, 238]);
});

test.each([
  [0, 8, [0, 7, 8], [0, 7], [0, 255]],
  [0, 4, [0, 0x78], [0, 8], [255, 0]],
  [2, 8, [0, 1, 2, 3, 1, 2, 4], [0, 1, 0, 2, 0, 4], [255, 0]],
  [0, 16, [0, 1, 2, 1, 3], [1, 2], [0, 255]],
])('the transparent colour of type %d, %d bits', (colour, depth, rows, transparent, expected) => {
  const png = pngOfParts({ width: 2, height: 1, depth, colour, rows: Uint8Array.from(rows), transparent });
  const image = decodeImage(png, { channels: 4 });
  expect([image.get(3, 0, 0), image.get(3, 0, 1)]).toEqual(expected);
});

test('an end that is longer than the file is named', () => {
  const png = Uint8Array.from(pngOfParts({ width: 1, height: 1, depth: 8, colour: 0, rows: new Uint8Array(2) }));
  png[png.length - 9] = 1;
  expect(() => decodeImage(png)).toThrow('decodeImage: bytes is a PNG that is cut off: it has no end');
});

describe('a damaged PNG is named', () => {
  const parts = { width: 2, height: 2, depth: 8, colour: 0, rows: new Uint8Array(6) };
  test.each<[string, Partial<PngParts>, string]>([
    ['too few rows', { rows: new Uint8Array(5) }, 'fewer rows than it is high'],
    ['too many rows', { rows: new Uint8Array(7) }, 'more rows than it is high'],
    ['rows that unpack to 10 MB', { rows: new Uint8Array(1e7) }, 'more rows than it is high'],
    ['an unknown filter', { rows: Uint8Array.of(0, 1, 1, 5, 1, 1) }, 'a row has filter 5'],
    ['an impossible depth', { depth: 4, colour: 2 }, 'colour type 2 of 4 bits'],
    ['an unknown colour type', { colour: 5 }, 'colour type 5 of 8 bits'],
    ['an unknown interlacing', { interlace: 2 }, 'an unknown way of coding'],
    ['no palette', { colour: 3 }, 'colour 0 of a palette of 0'],
    [
      'a short palette',
      { colour: 3, palette: [1, 2, 3], rows: Uint8Array.of(0, 0, 0, 0, 0, 4) },
      'colour 4 of a palette of 1',
    ],
  ])('%s', (_, changes, reason) => {
    expect(() => decodeImage(pngOfParts({ ...parts, ...changes }))).toThrow(
      `decodeImage: bytes is a PNG that cannot be decoded (${reason}), expected a PNG or JPEG image`,
    );
  });
});
