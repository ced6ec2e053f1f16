import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gunzip, gunzipBeginning, inflated } from '../../src/data/gunzip.js';
import { decodeIdx, readIdx } from '../../src/data/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { idxFile } from '../helpers/idx.js';

/** Writes bytes to a file of a new folder. */
function fileOf(bytes: Uint8Array): string {
  const file = path.join(temporaryDir(), 'a-idx');
  fs.writeFileSync(file, bytes);
  return file;
}

describe('readIdx', () => {
  test.each([
    [8, [1, 255], Uint8Array.of(1, 255)],
    [9, [1, 255], Int8Array.of(1, -1)],
    [11, [1, 2, 255, 254], Int16Array.of(258, -2)],
    [12, [0, 0, 1, 0, 255, 255, 255, 255], Int32Array.of(256, -1)],
    [13, [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], Float32Array.of(1, -2)],
    [14, [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], Float64Array.of(1, -2)],
  ])('type %d, packed or not', (type, bytes, numbers) => {
    for (const pack of [(file: Uint8Array) => file, gzipSync]) {
      const file = pack(idxFile(type, [2, 1], bytes));
      expect(readIdx(fileOf(file))).toEqual({ shape: [2, 1], data: numbers });
      expect(decodeIdx(new Uint8Array(file))).toEqual({ shape: [2, 1], data: numbers });
    }
  });

  const whole = idxFile(8, [2, 3], [1, 2, 3, 4, 5, 6]);
  const packed = new Uint8Array(gzipSync(whole));
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'has no bytes, expected an IDX file: get the file again'],
    ['something else', Uint8Array.of(0, 1, 8, 1), 'is something else, expected an IDX file'],
    ['an unknown type', idxFile(10, [1], [1]), 'is something else, expected an IDX file'],
    ['no axes', idxFile(8, [], [1]), 'is something else, expected an IDX file'],
    ['half a header', whole.subarray(0, 9), 'ends within its header, expected a header of 12 bytes'],
    ['too few numbers', whole.subarray(0, 17), 'has 17 bytes, expected 18, for 2 × 3 numbers: get the file again'],
    ['too many numbers', Uint8Array.from([...whole, 7]), 'has 19 bytes, expected 18, for 2 × 3 numbers'],
    [
      'absurd sizes',
      idxFile(14, [2 ** 31, 2 ** 31], [1]),
      'asks for 36,893,488,147,419,103,000 bytes, expected at most',
    ],
    [
      'a packed file that is cut off',
      packed.subarray(0, 20),
      'cannot be unpacked (unexpected end of file), expected a',
    ],
    ['a packed file that is damaged', packed.map((x, i) => (i === 12 ? x ^ 255 : x)), 'cannot be unpacked (invalid'],
    [
      'a packed file of too few numbers',
      gzipSync(whole.subarray(0, 17)),
      'has 17 bytes when it is unpacked, expected 18, for 2 × 3 numbers',
    ],
    [
      'a packed file that unpacks to 20 MB',
      gzipSync(Uint8Array.from({ length: 2e7 }, (_, i) => whole[i] ?? 0)),
      'has more bytes when it is unpacked, expected 18, for 2 × 3 numbers',
    ],
  ])('refuses %s', (_, bytes, message) => {
    const file = fileOf(bytes);
    expect(() => readIdx(file)).toThrow(`readIdx: ${file} ${message}`);
    expect(() => decodeIdx(bytes)).toThrow(`decodeIdx: bytes ${message}`);
  });

  test('refuses what is no file', () => {
    const dir = temporaryDir();
    expect(() => readIdx(path.join(dir, 'no'))).toThrow(`readIdx: cannot read ${dir}/no (ENOENT`);
    expect(() => readIdx(dir)).toThrow(`readIdx: ${dir} is a folder, expected a regular file; name an IDX file`);
    expect(() => readIdx('')).toThrow("readIdx: file is '', expected a path");
  });

  test('whatever the bytes are, the result is numbers or an error that names the file', () => {
    const file = path.join(temporaryDir(), 'a-idx');
    const property = fc.property(
      fc.constantFrom(whole, packed),
      fc.array(fc.integer({ min: 0, max: 143 }), { maxLength: 3 }),
      fc.integer({ min: 0, max: 60 }),
      (good, bits, cut) => {
        const bytes = good.slice();
        for (const bit of bits) bytes[bit >> 3] ^= 1 << (bit & 7);
        fs.writeFileSync(file, bytes.subarray(0, cut > 40 ? cut - 40 : undefined));
        try {
          const { shape, data } = readIdx(file);
          expect(data.length).toBe(shape.reduce((a, b) => a * b));
        } catch (error) {
          expect((error as Error).message).toContain(`readIdx: ${file} `);
        }
      },
    );
    fc.assert(property, { seed: 231, numRuns: 300 });
  });
});

test('decodeIdx takes bytes and nothing else', () => {
  expect(() => decodeIdx('file' as never)).toThrow("decodeIdx: bytes is 'file', expected a Uint8Array");
});

describe('without zlib', () => {
  const long = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);
  const packed = new Uint8Array(gzipSync(long));

  test('fflate unpacks the same, also the beginning alone', () => {
    expect(inflated(packed, { most: long.length })).toEqual(new Uint8Array(gunzip(packed, long.length)));
    const start = inflated(packed, { enough: 100 });
    expect(start.length).toBeGreaterThanOrEqual(100);
    expect(start).toEqual(long.subarray(0, start.length));
    expect(new Uint8Array(gunzipBeginning(packed, 100)).subarray(0, 100)).toEqual(start.subarray(0, 100));
  });

  test('fflate unpacks what was stored as it is', () => {
    const stored = new Uint8Array(gzipSync(long, { level: 0 }));
    expect(inflated(stored, { most: long.length })).toEqual(long);
    const start = inflated(stored, { enough: 100 });
    expect(start.length).toBeGreaterThanOrEqual(100);
    expect(start.length).toBeLessThan(long.length);
  });

  test('refuses what is longer than it may be, is cut off or damaged', () => {
    expect(() => inflated(packed, { most: long.length - 1 })).toThrow('more than 299999 bytes come out');
    expect(() => inflated(packed.subarray(0, packed.length >> 1))).toThrow('unexpected EOF');
    expect(() => inflated(packed.map((x, i) => (i === 12 ? x ^ 255 : x)))).toThrow();
  });
});
