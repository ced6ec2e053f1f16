import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cifar10Size, downloadCifar10 } from '../../src/data/index.js';
import { ArchiveError, loadTar, unpack } from '../../src/data/unpack.js';
import { BATCHES, temporaryDir } from '../helpers/cifar10.js';
import { batchEntries, md5, pack, send, serve } from './archive-server.js';
import { archive, contents, entries, errorOf, expectComplete, FOLDER, half, swift } from './downloading.js';

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

  test.each([
    ['that lacks a file', () => pack(entries.slice(0, 5)), 'test_batch.bin is missing'],
    [
      'with a file that is no batch',
      () => pack([...entries.slice(0, 5), file(`${FOLDER}/test_batch.bin`, 'short')]),
      'test_batch.bin has 5 bytes, expected a whole number of records of 3,073 bytes',
    ],
    ['that is none', async () => new TextEncoder().encode('<html>'), 'it cannot be unpacked (incorrect header check)'],
    ['that is cut off', async () => archive.subarray(0, half), 'it cannot be unpacked (unexpected end of file)'],
    [
      'whose contents are cut off',
      async () => {
        const { gunzipSync, gzipSync } = await import('node:zlib');
        return gzipSync(gunzipSync(archive).subarray(0, 12_000));
      },
      'it ends within data_batch_2.bin',
    ],
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
