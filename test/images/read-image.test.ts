import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { array, hostValues, type NDArray, toNested, zeros } from '../../src/arrays/index.js';
import { decodeImage, readImage, writeImage } from '../../src/images/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { exifOf, jpegOf, jpegWithExif, pngOf, pngWithChunk, smoothPixels } from '../helpers/pictures.js';

/** Writes bytes to a file of a new folder. */
function fileOf(name: string, bytes: Uint8Array): string {
  const file = path.join(temporaryDir(), name);
  fs.writeFileSync(file, bytes);
  return file;
}

const RGB = Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => 10 * i);
const PNG = pngOf({ width: 3, height: 2, channels: 3, depth: 8, data: RGB });
const JPEG = jpegOf(smoothPixels(48, 32), 48, 32);

/** The largest difference of two arrays of one shape. */
function worst(a: NDArray, b: NDArray): number {
  expect(a.shape).toEqual(b.shape);
  const [as, bs] = [hostValues(a), hostValues(b)];
  let most = 0;
  for (let i = 0; i < as.length; i++) most = Math.max(most, Math.abs(as[i] - bs[i]));
  return most;
}

describe('readImage of PNG', () => {
  test('has planes of rows of 0 to 255', () => {
    const image = readImage(fileOf('a.png', PNG));
    expect(image.shape).toEqual([3, 2, 3]);
    expect(image.data).toBeInstanceOf(Float32Array);
    expect(toNested(image)).toEqual([
      [
        [0, 30, 60],
        [90, 120, 150],
      ],
      [
        [10, 40, 70],
        [100, 130, 160],
      ],
      [
        [20, 50, 80],
        [110, 140, 170],
      ],
    ]);
    expect(decodeImage(PNG, { dtype: 'float64' }).data).toBeInstanceOf(Float64Array);
  });

  test.each([
    [1, [9], [9, 9, 9]],
    [2, [9, 100], [9, 9, 9]],
    [3, [1, 2, 3], [1, 2, 3]],
    [4, [1, 2, 3, 100], [1, 2, 3]],
  ])('of %d channels, 8 and 16 bits', (channels, pixel, expected) => {
    const eight = pngOf({ width: 1, height: 1, channels, depth: 8, data: Uint8Array.from(pixel) });
    expect([...decodeImage(eight).data]).toEqual(expected);
    const words = Uint16Array.from(pixel, (x) => x * 257 + 128);
    const sixteen = pngOf({ width: 1, height: 1, channels, depth: 16, data: words });
    const values = decodeImage(sixteen, { dtype: 'float64' });
    expect(values).toBeAllClose(
      array(
        expected.map((x) => x + 128 / 257),
        [3, 1, 1],
        'float64',
      ),
      { rtol: 1e-14 },
    );
  });
});

describe('readImage of JPEG', () => {
  const expected = (): NDArray =>
    decodeImage(pngOf({ width: 48, height: 32, channels: 4, depth: 8, data: smoothPixels(48, 32) }));

  test('is what was written, but for what JPEG loses', () => {
    expect(worst(readImage(fileOf('a.jpg', JPEG)), expected())).toBeLessThan(12);
    expect(worst(decodeImage(jpegOf(smoothPixels(48, 32), 48, 32, { progressive: true })), expected())).toBeLessThan(
      16,
    );
  });

  test('in grey', () => {
    const file = path.join(temporaryDir(), 'grey.jpeg');
    writeImage(
      file,
      array(
        smoothPixels(16, 16).filter((_, i) => i % 4 === 0),
        [16, 16],
      ),
    );
    const image = readImage(file);
    expect(image.shape).toEqual([3, 16, 16]);
    expect(worst(image.pick(0), image.pick(2))).toBe(0);
    expect(image.get(0, 8, 8)).toBeCloseTo(127, -1);
  });
});

describe('EXIF orientation', () => {
  // What is stored, by how it is to be shown: F is an upright letter, four rows of two.
  const F = [1, 2, 3, 4, 5, 6, 7, 8];
  const stored: Record<number, [width: number, data: number[]]> = {
    1: [2, F],
    2: [2, [2, 1, 4, 3, 6, 5, 8, 7]],
    3: [2, [8, 7, 6, 5, 4, 3, 2, 1]],
    4: [2, [7, 8, 5, 6, 3, 4, 1, 2]],
    5: [4, [1, 3, 5, 7, 2, 4, 6, 8]],
    6: [4, [2, 4, 6, 8, 1, 3, 5, 7]],
    7: [4, [8, 6, 4, 2, 7, 5, 3, 1]],
    8: [4, [7, 5, 3, 1, 8, 6, 4, 2]],
  };

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('%d', (orientation) => {
    const [width, data] = stored[orientation];
    const plain = pngOf({ width, height: 8 / width, channels: 1, depth: 8, data: Uint8Array.from(data) });
    for (const little of [true, false]) {
      const png = pngWithChunk(plain, 'eXIf', exifOf(orientation, little));
      const image = decodeImage(png, { channels: 1 });
      expect(image.shape).toEqual([1, 4, 2]);
      expect([...image.data]).toEqual(F);
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('%d, resized and cut as if it were stored upright', (orientation) => {
    const [width, data] = stored[orientation];
    const upright = pngOf({ width: 2, height: 4, channels: 1, depth: 8, data: Uint8Array.from(F) });
    const turned = pngOf({ width, height: 8 / width, channels: 1, depth: 8, data: Uint8Array.from(data) });
    const png = pngWithChunk(turned, 'eXIf', exifOf(orientation, true));
    for (const size of [1, 3, 5, [3, 5] as const, [7, 1] as const]) {
      const options = { size, channels: 1, dtype: 'float64' } as const;
      expect(decodeImage(png, options)).toBeAllClose(decodeImage(upright, options), { rtol: 1e-13 });
    }
  });

  test('in a JPEG', () => {
    const turned = decodeImage(jpegWithExif(JPEG, exifOf(6, false)));
    expect(turned.shape).toEqual([3, 48, 32]);
    expect(worst(turned, decodeImage(JPEG).transpose(0, 2, 1).step(1, 1, -1))).toBe(0);
  });

  test('that is none, or in damaged data, is no turn', () => {
    const damaged = [
      exifOf(0, true),
      exifOf(9, true),
      exifOf(6, true).fill(0, 0, 2),
      exifOf(6, true).subarray(0, 20),
      exifOf(6, true).subarray(0, 4),
      exifOf(6, true).fill(255, 4, 8),
    ];
    for (const exif of damaged) expect(decodeImage(jpegWithExif(JPEG, exif)).shape).toEqual([3, 32, 48]);
  });
});

describe('a picture that cannot be read is named', () => {
  /** A copy with some bytes replaced where `from` stands. */
  const patched = (bytes: Uint8Array, from: number, ...by: number[]): Uint8Array => {
    const copy = bytes.slice();
    copy.set(by, from);
    return copy;
  };
  const frame = JPEG.findIndex((byte, i) => byte === 0xff && JPEG[i + 1] === 0xc0);
  const text = (start: string) => Uint8Array.from(start.padEnd(40), (c) => c.charCodeAt(0));
  const tail = ', expected a PNG or JPEG image';

  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), `has no bytes${tail}`],
    ['half a PNG', PNG.subarray(0, 60), `is a PNG that is cut off: it has no end${tail}`],
    ['a PNG without its last byte', PNG.subarray(0, PNG.length - 1), `is a PNG that is cut off: it has no end${tail}`],
    ['the start of a PNG', PNG.subarray(0, 20), `is cut off: it ends within its header${tail}`],
    ['a PNG without a header', patched(PNG, 12, 65), `is a damaged PNG: it has no header${tail}`],
    ['a PNG of no pixels', patched(PNG, 16, 0, 0, 0, 0), `is a damaged PNG of 0 × 2 pixels${tail}`],
    [
      'a PNG with a wrong checksum',
      patched(PNG, 45, PNG[45] ^ 255),
      'is a PNG that cannot be decoded (the checksum of IDAT is wrong)',
    ],
    ['most of a JPEG', JPEG.subarray(0, JPEG.length - 100), `is a JPEG that is cut off: it has no end${tail}`],
    ['the start of a JPEG', JPEG.subarray(0, 30), `is cut off: it ends within its header${tail}`],
    ['a JPEG without a marker', patched(JPEG, 2, 0), `is a damaged JPEG: a marker is missing${tail}`],
    ['a JPEG without segments', Uint8Array.of(0xff, 0xd8, 0xff, 0xd9, 0, 2), `is a JPEG without a picture${tail}`],
    ['an arithmetic JPEG', patched(JPEG, frame + 1, 0xc9), 'is a lossless, hierarchical or arithmetically coded JPEG'],
    ['a JPEG of 12 bits', patched(JPEG, frame + 4, 12), `is a JPEG of 12 bits, which is not read${tail}`],
    ['a JPEG of no rows', patched(JPEG, frame + 5, 0, 0), `is a damaged JPEG of 48 × 0 pixels${tail}`],
    ['a JPEG in CMYK', patched(JPEG, frame + 9, 4), `is a JPEG in CMYK, which is not read: convert it to RGB${tail}`],
    ['a GIF', text('GIF89a'), `is a GIF${tail}`],
    ['a WebP', text('RIFF....WEBP'), `is a WebP${tail}`],
    ['a BMP', text('BM'), `is a BMP${tail}`],
    ['a TIFF', text('II*\0'), `is a TIFF${tail}`],
    ['a HEIC', text('....ftypheic'), `is a HEIC or a film${tail}`],
    ['an AVIF', text('....ftypavif'), `is an AVIF${tail}`],
    ['a page', text('<!doctype html>'), `is a page of HTML${tail}`],
    ['a text', text('cat'), `is something else${tail}`],
  ])('%s', (_, bytes, message) => {
    const file = fileOf('a.jpg', bytes);
    expect(() => readImage(file)).toThrow(`readImage: ${file} ${message}`);
    expect(() => decodeImage(bytes)).toThrow(`decodeImage: bytes ${message}`);
  });

  test('a small file of many pixels, before it is decoded', () => {
    // 65,535 × 65,535: 12 GB.
    const bomb = patched(JPEG, frame + 5, 255, 255, 255, 255);
    const file = fileOf('bomb.jpg', bomb);
    expect(() => readImage(file)).toThrow(
      `readImage: ${file} has 65535 × 65535 pixels, expected at most 100000000: raise maxPixels if that is what it has`,
    );
    expect(() => decodeImage(PNG, { maxPixels: 5 })).toThrow('bytes has 3 × 2 pixels, expected at most 5');
    expect(decodeImage(PNG, { maxPixels: 6 }).shape).toEqual([3, 2, 3]);
  });

  test('a path that is no file', () => {
    const dir = temporaryDir();
    expect(() => readImage(dir)).toThrow(
      `readImage: ${dir} is a folder, expected a regular file; name a PNG or JPEG file`,
    );
    expect(() => readImage(path.join(dir, 'no.png'))).toThrow(
      `readImage: cannot read ${dir}/no.png (ENOENT: there is no such file or folder); check the path`,
    );
    expect(() => readImage(7 as never)).toThrow('readImage: file is 7, expected a path');
    expect(() => decodeImage('abc' as never)).toThrow("decodeImage: bytes is 'abc', expected a Uint8Array");
    expect(() => decodeImage(new Uint16Array(4) as never)).toThrow('decodeImage: bytes is a Uint16Array, expected');
  });
});

describe('whatever the bytes are, the result is an image or an error that names them', () => {
  beforeAll(() => void decodeImage(PNG)); // loads the decoder

  const noise = Uint8Array.from({ length: 24 * 18 * 4 }, (_, i) => (i * i * 7919) >> 3);
  test.each([
    ['PNG', pngOf({ width: 24, height: 18, channels: 4, depth: 8, data: noise })],
    ['JPEG', jpegWithExif(jpegOf(noise, 24, 18), exifOf(3, true))],
    ['progressive JPEG', jpegOf(noise, 24, 18, { progressive: true })],
  ])('%s', (_, whole) => {
    const place = fc.integer({ min: 0, max: whole.length * 8 - 1 });
    // Two of three flips are in the headers.
    const early = fc.integer({ min: 0, max: 8 * Math.min(700, whole.length) - 1 });
    const flips = fc.array(fc.oneof(place, early, early), { maxLength: 5 });
    const length = fc.oneof(fc.constant(whole.length), fc.integer({ min: 0, max: whole.length }));
    const property = fc.property(flips, length, (bits, end) => {
      const bytes = whole.slice();
      for (const bit of bits) bytes[bit >> 3] ^= 1 << (bit & 7);
      try {
        const image = decodeImage(bytes.subarray(0, end), { size: 4, maxPixels: 1e5 });
        expect(image.shape).toEqual([3, 4, 4]);
        expect(image.data.every((x) => x >= 0 && x <= 255.001)).toBe(true);
      } catch (error) {
        expect((error as Error).message).toMatch(/^decodeImage: bytes (is|has) /);
      }
    });
    fc.assert(property, { seed: 231, numRuns: 40 });
  });
});

describe('writeImage', () => {
  test.each([[[1, 5, 7]], [[3, 5, 7]], [[4, 5, 7]], [[5, 7]]])('PNG of shape %s comes back', (shape) => {
    const file = path.join(temporaryDir(), 'a.PNG');
    const size = shape.reduce((a, b) => a * b);
    const image = array(
      Float32Array.from({ length: size }, (_, i) => (i * 37) % 256),
      shape,
    );
    writeImage(file, image);
    const channels = shape.length === 2 ? 1 : shape[0];
    const back = readImage(file, { channels: channels as 1 });
    // Grey from one channel is that channel.
    expect(back).toEqualBits(array(image, [channels, 5, 7]));
    expect(fs.readdirSync(path.dirname(file))).toEqual(['a.PNG']);
  });

  test('takes views, clamps and rounds', () => {
    const file = path.join(temporaryDir(), 'a.png');
    writeImage(
      file,
      array(
        [
          [-3, 0.4],
          [0.5, 254.6],
          [300, Number.POSITIVE_INFINITY],
        ],
        undefined,
        'float64',
      ).transpose(1, 0),
    );
    expect(toNested(readImage(file, { channels: 1 }))).toEqual([
      [
        [0, 1, 255],
        [0, 255, 255],
      ],
    ]);
  });

  test('JPEG comes back nearly, and the better the higher its quality', () => {
    const dir = temporaryDir();
    const image = decodeImage(JPEG);
    const sizes = [30, 95].map((quality) => {
      const file = path.join(dir, `${quality}.jpg`);
      writeImage(file, image, { quality });
      expect(worst(readImage(file), image)).toBeLessThan(quality === 95 ? 12 : 60);
      return fs.statSync(file).size;
    });
    expect(sizes[0]).toBeLessThan(sizes[1]);
  });

  const image = zeros([3, 2, 2]);
  test.each<[string, NDArray, object, string]>([
    ['a.gif', image, {}, "writeImage: file is 'a.gif', expected a name that ends in .png, .jpg or .jpeg"],
    ['a.jpg', image, { quality: 0 }, 'writeImage: quality is 0, expected a whole number from 1 to 100'],
    [
      'a.jpg',
      zeros([4, 2, 2]),
      {},
      'writeImage: image has shape (4, 2, 2), expected (C, H, W) with C of 1 or 3 (a JPEG has no opacity), or (H, W)',
    ],
    [
      'a.png',
      zeros([5, 2, 3]),
      {},
      'writeImage: image has shape (5, 2, 3), expected (C, H, W) with C of 1, 3 or 4, or (H, W), and no size of 0: ' +
        'the channels come first: image.transpose(2, 0, 1)',
    ],
    ['a.png', zeros([0, 2]), {}, 'writeImage: image has shape (0, 2), expected'],
    ['a.png', [1] as never, {}, 'writeImage: image is [1], expected an array of float32 or float64'],
    ['a.png', array([1, Number.NaN], [1, 2]), {}, 'writeImage: image is NaN at [0, 1], expected numbers'],
    ['a.png', array([1, Number.NaN], [1, 2, 1]), {}, 'writeImage: image is NaN at [0, 1, 0], expected numbers'],
    [
      'a.jpg',
      zeros([1, 65_501]),
      {},
      'writeImage: image has shape (1, 65501), expected at most 65500 pixels a side: write',
    ],
    ['no/a.png', image, {}, 'no to write a.png to'],
  ])('refuses case %#: %s', (name, value, options, message) => {
    const dir = temporaryDir();
    const file = /gif/.test(name) ? name : path.join(dir, name);
    expect(() => writeImage(file, value, options)).toThrow(message);
    expect(fs.readdirSync(dir)).toEqual([]);
  });
});
