import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/formats/bytes.js';
import { crc32, slicedCrc32 } from '../../src/formats/crc32.js';
import { unzip } from '../../src/formats/zip.js';
import { zipEntries } from '../../src/formats/zip-directory.js';
import { zipStored } from '../../src/formats/zip-write.js';
import { type ZipEnd, type ZipPart, zipOf } from '../helpers/zips.js';

const SOURCE = { fn: 'load', file: 'x.npz' };

function unzipped(bytes: Uint8Array): [name: string, content: Buffer][] {
  return [...zipEntries(SOURCE, bytes).values()].map((entry) => {
    return [entry.name, Buffer.from(unzip(SOURCE, entry, bytes.length))];
  });
}

function written(files: readonly [name: string, content: Uint8Array][]): Uint8Array {
  return zipStored(
    files.map(([name, content]) => ({ name, content: [content.subarray(0, 7), content.subarray(7)] })),
    (found, expected) => new RangeError(`${found}, expected ${expected}`),
  );
}

test('the CRC-32 is that of zip files, whole or in parts', () => {
  const digits = Buffer.from('123456789');
  expect(crc32(digits)).toBe(0xcbf43926);
  expect(crc32(digits.subarray(4), crc32(digits.subarray(0, 4)))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(2 ** 32 - 1), (bytes, before) => {
      expect(slicedCrc32(bytes, before)).toBe(crc32(bytes, before));
    }),
  );
});

test('what is written is read, contents begin at multiples of 64 bytes', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 80 });
  const files = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 200 })), { selector: ([key]) => key });
  fc.assert(
    fc.property(files, (wanted) => {
      const bytes = written(wanted);
      expect(unzipped(bytes)).toEqual(wanted.map(([key, content]) => [key, Buffer.from(content)]));
      for (const { packed } of zipEntries(SOURCE, bytes).values()) expect(packed.byteOffset % 64).toBe(0);
      expect(written(wanted)).toEqual(bytes);
    }),
    { numRuns: 20 },
  );
});

test('stored and deflated entries are read, a comment at the end too', () => {
  const parts = [
    { name: 'a', content: 'stored' },
    { name: 'b', content: 'x'.repeat(10_000), deflate: true },
    { name: 'c', content: '', deflate: true },
  ];
  expect(unzipped(zipOf(parts, { comment: 'made by hand' })).map(([, content]) => content.toString())).toEqual(
    parts.map(({ content }) => content),
  );
  expect(unzipped(zipOf([]))).toEqual([]);
});

test('what a zip file cannot hold is not written', () => {
  expect(() => written(Array.from({ length: 65535 }, (_, i) => [`${i}`, new Uint8Array()]))).toThrow(
    'has 65535 entries, expected fewer than 65535',
  );
  expect(() => written([['x'.repeat(65536), new Uint8Array()]])).toThrow('has a name of 65536 bytes');
});

describe('refused', () => {
  const A: ZipPart = { name: 'a', content: 'content' };
  const B: ZipPart = { name: 'b', content: 'content' };
  const DEFLATED: ZipPart = { name: 'a', content: 'content '.repeat(20), deflate: true };
  const cases: [what: string, parts: readonly ZipPart[], end: ZipEnd, message: string][] = [
    ['a wrong CRC-32', [{ ...A, crc: 1, local: { crc: 1 } }], {}, "entry 'a' has CRC-32 0xfec530a9"],
    ['two of a name', [A, A], {}, "entry 'a' is there twice, expected one entry of a name"],
    ['entries over each other', [A, { ...B, offset: 0 }], {}, "entry 'b' lies over 'a'"],
    ['an encrypted entry', [{ ...A, flags: 1 }], {}, "entry 'a' is encrypted"],
    ['a patch', [{ ...A, flags: 32 }], {}, "entry 'a' is a patch"],
    ['bzip2', [{ ...A, method: 12 }], {}, "entry 'a' is packed with bzip2, expected stored or deflated"],
    ['a method that nobody knows', [{ ...A, method: 50 }], {}, "entry 'a' is packed with method 50"],
    ['a stored size of its own', [{ ...A, size: 6 }], {}, "entry 'a' is stored in 7 bytes and has 6, expected as many"],
    [
      'more than deflate can hold',
      [{ ...DEFLATED, size: 2 ** 32 - 2 }],
      {},
      "entry 'a' claims 4294967294 bytes from 13",
    ],
    ['fewer bytes than claimed', [{ ...DEFLATED, size: 161 }], {}, "entry 'a' inflates to 160, expected 161 bytes"],
    ['more bytes than claimed', [{ ...DEFLATED, size: 159 }], {}, "entry 'a' inflates to more, expected 159 bytes"],
    ['a damaged stream', [{ ...A, method: 8 }], {}, "entry 'a' cannot be inflated, expected 7 bytes: it is damaged"],
    ['a name that differs', [{ ...A, local: { name: 'b' } }], {}, "entry 'a' has another name in its header"],
    ['a size that differs', [{ ...A, local: { size: 1 } }], {}, "entry 'a' has another size in its header"],
    ['a method that differs', [{ ...A, local: { method: 8 } }], {}, "entry 'a' has another method in its header"],
    ['a checksum that differs', [{ ...A, local: { crc: 1 } }], {}, "entry 'a' has another CRC-32 in its header"],
    ['an entry elsewhere', [{ ...A, offset: 1 }], {}, "entry 'a' is not where the directory says"],
    ['an entry outside', [{ ...A, offset: 2 ** 31 }], {}, "header of 'a' at byte"],
    ['a packed size beyond the directory', [{ ...A, packedSize: 100, size: 100 }], {}, "content of 'a' at byte"],
    ['more entries than there is room for', [A], { count: 3 }, 'expected 3 records of 46 bytes or more'],
    ['fewer entries', [A, B], { count: 1 }, 'directory at byte 123 has 47 bytes more, expected the end'],
    ['a directory elsewhere', [A], { start: 3 }, 'expected its end at byte'],
    ['one of several files', [A], { disk: 1 }, 'zip file is a part of several'],
  ];
  test.each(cases)('%s', (_, parts, end, message) => {
    expect(() => unzipped(zipOf(parts, end))).toThrow(FormatError);
    expect(() => unzipped(zipOf(parts, end))).toThrow(`load: x.npz: ${message.startsWith('expected') ? '' : message}`);
    expect(() => unzipped(zipOf(parts, end))).toThrow(message);
  });

  test('every beginning of a file', () => {
    const bytes = zipOf([A, DEFLATED, B].map((part, i) => ({ ...part, name: `${i}` })));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => unzipped(bytes.subarray(0, length))).toThrow(FormatError);
    }
  });

  test('110 bytes that claim 4.3 GB, before anything is allocated', () => {
    const bytes = zipOf([{ name: 'a', content: 'ab', deflate: true, size: 2 ** 32 - 2 }]);
    expect(bytes.length).toBeLessThan(125);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => unzipped(bytes)).toThrow('claims 4294967294 bytes from 4 packed ones, expected at most 1032 from one');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });

  test('a claim of 1 GB within what deflate can hold: it is counted before it is allocated', () => {
    // Deflated, the one letter 'a'; the bytes behind it are not used.
    const packed = Buffer.concat([Buffer.from([0x4b, 0x04, 0x00]), Buffer.alloc(1_100_000)]);
    const size = 2 ** 30;
    const entry = { name: 'a', method: 'deflated', crc: 0, size, packed } as const;
    const before = process.memoryUsage().arrayBuffers;
    expect(() => unzip(SOURCE, entry, packed.length)).toThrow("entry 'a' inflates to another number of bytes");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64e6);
  });
});

test('of random changes none is read as another content', () => {
  const original = zipOf([
    { name: 'first', content: 'some content' },
    { name: 'second', content: 'and more '.repeat(9), deflate: true },
  ]);
  const wanted = unzipped(original);
  fc.assert(
    fc.property(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = Uint8Array.from(original);
      bytes[at] ^= change;
      let found: unknown;
      try {
        found = unzipped(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        return;
      }
      expect(found).toEqual(wanted); // in times and attributes, which are not read
    }),
    { numRuns: 400 },
  );
});
