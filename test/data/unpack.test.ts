import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { TarEntry } from 'modern-tar';
import { describe, expect, test } from 'vitest';
import { cifar10Size, downloadCifar10 } from '../../src/data/index.js';
import { ArchiveError, loadTar, unpack } from '../../src/data/unpack.js';
import { BATCHES, temporaryDir } from '../helpers/cifar10.js';
import { batchEntries, md5, pack, send, serve } from './archive-server.js';
import { archive, contents, entries, errorOf, expectComplete, FOLDER, half, swift } from './downloading.js';

/** An archive whose contents end after so many bytes. */
function cut(bytes: Uint8Array, length: number): Uint8Array {
  return gzipSync(gunzipSync(bytes).subarray(0, length));
}

describe('an archive', () => {
  test('with another checksum is refused and deleted', async () => {
    const dir = temporaryDir();
    const other = await pack(entries.slice(1));
    const { url, ranges } = await serve(send(other));
    await expect(downloadCifar10(dir, { ...swift, url })).rejects.toThrow(
      `downloadCifar10: ${url}: the archive (${other.length.toLocaleString('en-US')} bytes) has MD5 ${md5(other)}, ` +
        `expected ${md5(archive)}; it was deleted. Call again, or pass { url } of another copy`,
    );
    expect(ranges.length).toBe(1);
    expect(contents(dir)).toEqual([]);
  });

  test('is compared with the official checksum by default', async () => {
    const { url } = await serve(send(archive));
    await expect(downloadCifar10(temporaryDir(), { url })).rejects.toThrow('expected c32a1d4ab5d03f1284b67883e8d87530');
  });

  test('may be given its checksum in capitals', async () => {
    const dir = temporaryDir();
    const { url } = await serve(send(archive));
    await downloadCifar10(dir, { ...swift, url, md5: swift.md5.toUpperCase() });
    expectComplete(dir);
  });

  const file = (name: string, body: string) => ({ header: { name, size: body.length, type: 'file' as const }, body });

  test('gives only the files that are known, and none outside the folder', async () => {
    const parent = temporaryDir();
    const dir = path.join(parent, 'data');
    const tricky = await pack([
      file('../escaped.bin', 'x'),
      file(`${FOLDER}/../../data_batch_1.bin`, 'x'),
      file('/data_batch_2.bin', 'x'),
      file(`other/test_batch.bin`, 'x'),
      file(`${FOLDER}/extra.sh`, 'x'),
      { header: { name: `${FOLDER}/readme.html`, size: 0, type: 'symlink', linkname: '/etc/passwd' } },
      ...batchEntries('./'),
    ]);
    const { url } = await serve(send(tricky));
    await downloadCifar10(dir, { ...swift, md5: md5(tricky), url });
    expect(contents(parent)).toEqual(
      ['data', `data/${FOLDER}`, ...BATCHES.map((name) => `data/${FOLDER}/${name}`)].sort(),
    );
    expect(cifar10Size(dir)).toEqual({ train: 15, test: 3 });
  });

  const small = (name: string) => file(name, 'x'.repeat(200));
  const folder = (name: string) => ({ header: { name: `${name}/`, size: 0, type: 'directory' as const } });
  const between = (...unwanted: TarEntry[]) => entries.flatMap((entry) => [...unwanted, entry]);

  test.each<[string, TarEntry[]]>([
    ['none', [...entries]],
    ['a small file first', [small('notes.txt'), ...entries]],
    ['a small file last', [...entries, small('notes.txt')]],
    ['a small file in the middle', [...entries.slice(0, 3), small('notes.txt'), ...entries.slice(3)]],
    ['small files before each batch', between(small('notes.txt'))],
    ['two small files before each batch', between(small('a.txt'), small('b.txt'))],
    ['what macOS adds', entries.flatMap((e) => [small(e.header.name.replace('data', '._data')), e])],
    ['what macOS adds to the folder', [small(`._${FOLDER}`), folder(FOLDER), ...entries]],
    ['a small file inside of the folder', [folder(FOLDER), small(`${FOLDER}/notes.txt`), ...entries]],
    ['a long name first', [small(`${FOLDER}/${'deep/'.repeat(30)}notes.txt`), ...entries]],
    ['long names before each batch', between(small(`${'long'.repeat(60)}.txt`))],
    ['folders before each batch', between(folder('other'))],
    ['empty files before each batch', between(file('empty', ''))],
    ['a file of one block first', [file('block', 'x'.repeat(512)), ...entries]],
    ['a large file before each batch', between(file('large', 'x'.repeat(300_000)))],
    [
      'files of all kinds before each batch',
      between(folder('other'), small('a.txt'), file('empty', ''), small('b.txt')),
    ],
  ])(
    'is unpacked with unwanted files: %s',
    async (_, configuration) => {
      const dir = temporaryDir();
      const bytes = await pack(configuration);
      const { url } = await serve(send(bytes));
      await downloadCifar10(dir, { ...swift, md5: md5(bytes), url });
      expect(fs.readdirSync(path.join(dir, FOLDER)).sort()).toEqual([...BATCHES].sort());
      for (const { header, body } of entries) {
        expect(fs.readFileSync(path.join(dir, header.name)).equals(body as Uint8Array)).toBe(true);
      }
    },
    20_000,
  );

  test.each([
    [
      'that ends within an unwanted file',
      async () => cut(await pack([file('large', 'x'.repeat(9000)), ...entries]), 4000),
    ],
    ['that ends between a small file and a batch', async () => cut(await pack([small('a'), ...entries]), 1024)],
    [
      'whose unwanted file is damaged',
      async () => (await pack([file('large', 'x'.repeat(9000))])).fill(255, 2000, 2400),
    ],
  ])(
    '%s comes to an end too',
    async (_, make) => {
      const dir = temporaryDir();
      const bytes = await make();
      const { url } = await serve(send(bytes));
      const error = await errorOf(downloadCifar10(dir, { ...swift, md5: md5(bytes), url }));
      expect(error.message).toContain('the archive has the MD5 expected, but ');
      expect(contents(dir)).toEqual([]);
    },
    20_000,
  );

  test('with a batch that would fill the disk is refused before it is written', async () => {
    const dir = temporaryDir();
    const bytes = await pack(entries);
    const tar = gunzipSync(bytes);
    // The size in the first header, in octal digits, and its checksum.
    tar.write('77777777777', 124, 'latin1');
    tar.fill(' ', 148, 156);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const bad = gzipSync(tar);
    const { url } = await serve(send(bad));
    await expect(downloadCifar10(dir, { ...swift, md5: md5(bad), url })).rejects.toThrow(
      'data_batch_1.bin has 8,589,934,591 bytes, expected 1,073,741,824 at most; it was deleted',
    );
    expect(contents(dir)).toEqual([]);
  });

  test.each([
    ['that lacks a file', () => pack(entries.slice(0, 5)), 'test_batch.bin is missing'],
    [
      'with a file that is no batch',
      () => pack([...entries.slice(0, 5), file(`${FOLDER}/test_batch.bin`, 'short')]),
      'test_batch.bin has 5 bytes, expected a whole number of records of 3,073 bytes',
    ],
    ['that is none', async () => new TextEncoder().encode('<html>'), 'it cannot be unpacked (incorrect header check)'],
    ['that is cut off', async () => archive.subarray(0, half), 'it cannot be unpacked (unexpected end of file)'],
    ['whose contents are cut off', async () => cut(archive, 12_000), 'it ends within data_batch_2.bin'],
  ])('%s is deleted, whatever its checksum', async (_, make, flaw) => {
    const dir = temporaryDir();
    const bad = await make();
    const { url } = await serve(send(bad));
    const error = await errorOf(downloadCifar10(dir, { ...swift, md5: md5(bad), url }));
    expect(error.message).toBe(
      `downloadCifar10: ${url}: the archive has the MD5 expected, but ${flaw}; it was deleted. ` +
        'Pass { url } and { md5 } of another one',
    );
    expect(contents(dir)).toEqual([]);
  });

  test('that the disk does not take is not blamed for it', async () => {
    const dir = temporaryDir();
    const file = path.join(dir, 'archive.tar.gz');
    fs.writeFileSync(file, archive);
    const folder = path.join(dir, 'missing');
    const wanted = { fn: 'test', archive: file, inside: FOLDER, names: BATCHES, folder };
    const error = await errorOf(unpack(await loadTar('test'), { ...wanted, signal: undefined, onBytes: () => {} }));
    expect(error).not.toBeInstanceOf(ArchiveError);
    expect(error).toMatchObject({ code: 'ENOENT', path: path.join(folder, BATCHES[0]) });
  });
});
