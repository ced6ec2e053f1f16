import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  cifar10Size,
  downloadCifar10,
  loadCifar10,
  readCifar10Batch,
  writeSyntheticCifar10,
} from '../../src/data/index.js';
import { loadTar, unpack } from '../../src/data/unpack.js';
import { BATCHES, temporaryDir, writeBatches } from '../helpers/cifar10.js';
import { send, serve } from './archive-server.js';
import { archive, contents, errorOf, FOLDER, half, impatient, LOCK, PART, swift } from './downloading.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const tiny = { numTraining: 2, numValidation: 1, numTest: 1 };

/** Something in the way, by what the errors call it. */
const OBSTACLES: [what: string, put: (file: string) => void][] = [
  ['a FIFO (named pipe)', (file) => execFileSync('mkfifo', [file])],
  ['a character device', (file) => fs.symlinkSync('/dev/zero', file)],
  ['a folder', (file) => fs.mkdirSync(file)],
];

describe.skipIf(process.platform === 'win32')('reading CIFAR-10', () => {
  test.each(OBSTACLES)('refuses %s in the place of the class names', (what, put) => {
    const dir = writeBatches(temporaryDir(), 1);
    const file = path.join(dir, 'batches.meta.txt');
    put(file);
    expect(() => loadCifar10(dir, tiny)).toThrow(
      `loadCifar10: ${file} is ${what}, expected a regular file; remove the file to use the official names`,
    );
    expect(() => writeSyntheticCifar10(dir, { trainPerBatch: 1, test: 1 })).toThrow(
      `writeSyntheticCifar10: ${file} is `,
    );
  });

  test.each(OBSTACLES)('refuses %s in the place of a batch', (what, put) => {
    const dir = writeBatches(temporaryDir(), 1);
    const file = path.join(dir, 'data_batch_1.bin');
    fs.rmSync(file);
    put(file);
    for (const [fn, call] of [
      ['loadCifar10', () => loadCifar10(dir, tiny)],
      ['cifar10Size', () => cifar10Size(dir)],
      ['readCifar10Batch', () => readCifar10Batch(file)],
    ] as const) {
      expect(call).toThrow(`${fn}: ${file} is ${what}, expected a regular file; replace it by a batch file`);
    }
  });

  test('refuses class names without end', () => {
    const dir = writeBatches(temporaryDir(), 1);
    const file = path.join(dir, 'batches.meta.txt');
    fs.writeFileSync(file, '');
    fs.truncateSync(file, 2 ** 40);
    expect(() => loadCifar10(dir, tiny)).toThrow(
      `loadCifar10: ${file} has more than 65536 bytes; remove the file to use the official names`,
    );
  });

  test('says so where a batch does not fit into memory, and counts it', () => {
    const dir = writeBatches(temporaryDir(), 1);
    const file = path.join(dir, 'data_batch_1.bin');
    fs.truncateSync(file, 3073 * 1e9);
    expect(() => readCifar10Batch(file)).toThrow(
      `readCifar10Batch: ${file} holds 1,000,000,000 images, 3,072,000,000,000 bytes, which do not fit into memory; ` +
        'loadCifar10(dir, { numTraining }) reads a part of them',
    );
    expect(cifar10Size(dir).train).toBe(1e9 + 4);
    expect(loadCifar10(dir, tiny).yTrain.length).toBe(2);
  });

  test('names links that lead in a circle, instead of saying that nothing is there', () => {
    const dir = temporaryDir();
    const loop = path.join(dir, 'loop');
    fs.symlinkSync('loop', loop);
    const said =
      `cannot look at ${loop} (ELOOP: symbolic links lead in a circle); ` + 'remove them, or name the file itself';
    expect(() => loadCifar10(loop)).toThrow(`loadCifar10: ${said}`);
    expect(() => readCifar10Batch(loop)).toThrow(`readCifar10Batch: ${said}`);
  });

  test.each([
    ['loadCifar10', 'dir', (bad: string) => loadCifar10(bad)],
    ['cifar10Size', 'dir', (bad: string) => cifar10Size(bad)],
    ['readCifar10Batch', 'file', (bad: string) => readCifar10Batch(bad)],
    ['writeSyntheticCifar10', 'dir', (bad: string) => writeSyntheticCifar10(bad)],
  ])('%s refuses a path with a NUL', (fn, arg, call) => {
    expect(() => call('da\0ta')).toThrow(
      new RangeError(`${fn}: ${arg} has a NUL character at 2, expected a path, which has none`),
    );
  });
});

describe.skipIf(process.platform === 'win32')('writeSyntheticCifar10', () => {
  test('says so where its folder is a file, or below one', () => {
    const dir = temporaryDir();
    const file = path.join(dir, 'file');
    fs.writeFileSync(file, 'mine');
    expect(() => writeSyntheticCifar10(file)).toThrow(
      `writeSyntheticCifar10: cannot make ${file} (EEXIST: it is a file); move it away, or choose another name`,
    );
    const below = path.join(file, 'a', 'b');
    expect(() => writeSyntheticCifar10(below)).toThrow(
      `writeSyntheticCifar10: cannot make ${below} (ENOTDIR: ${file} is a file, not a folder); choose another place`,
    );
    expect(fs.readFileSync(file, 'utf8')).toBe('mine');
  });

  test('replaces no special file among its own', () => {
    const dir = writeSyntheticCifar10(temporaryDir(), { trainPerBatch: 1, test: 1 });
    const file = path.join(dir, 'data_batch_3.bin');
    fs.rmSync(file);
    execFileSync('mkfifo', [file]);
    expect(() => writeSyntheticCifar10(dir, { trainPerBatch: 1, test: 1 })).toThrow(
      `writeSyntheticCifar10: ${file} is a FIFO (named pipe), expected a regular file; choose another folder`,
    );
    expect(fs.lstatSync(file).isFIFO()).toBe(true);
  });

  test('says so where the disk is full, and leaves nothing', () => {
    const dir = temporaryDir();
    full('writeFileSync', (file) => String(file).endsWith('data_batch_2.bin'));
    expect(() => writeSyntheticCifar10(dir, { trainPerBatch: 1, test: 1 })).toThrow(
      /^writeSyntheticCifar10: cannot write .*data_batch_2\.bin \(ENOSPC: the disk is full\); free some space/,
    );
    expect(contents(dir)).toEqual([]);
  });
});

/** Has a function of `fs` say that the disk is full where `when` likes it. */
function full(name: 'writeSync' | 'writeFileSync', when: (...args: unknown[]) => boolean): void {
  const real = fs[name] as (...args: unknown[]) => unknown;
  vi.spyOn(fs, name).mockImplementation(((...args: unknown[]) => {
    if (!when(...args)) return real(...args);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  }) as never);
}

describe.skipIf(process.platform === 'win32')('downloadCifar10', () => {
  test.each([
    ...OBSTACLES,
    ['a symbolic link', (file: string) => fs.symlinkSync('precious', file)],
  ] as typeof OBSTACLES)('refuses %s in the place of what an earlier call left', async (what, put) => {
    const dir = temporaryDir();
    const precious = path.join(dir, 'precious');
    fs.writeFileSync(precious, 'not to be lost');
    put(path.join(dir, PART));
    const { url, ranges } = await serve(send(archive));
    const kind = what === 'a character device' ? 'a symbolic link' : what;
    const error = await errorOf(downloadCifar10(dir, { ...impatient, url }));
    expect(error.message).toBe(
      `downloadCifar10: ${path.join(dir, PART)} is ${kind}, expected a regular file; delete it, then call again`,
    );
    expect(ranges).toEqual([]);
    expect(fs.readFileSync(precious, 'utf8')).toBe('not to be lost');
    expect(contents(dir)).toEqual([PART, 'precious']);
  });

  test('follows no link in the place of its lock', async () => {
    const dir = temporaryDir();
    fs.symlinkSync('precious', path.join(dir, LOCK));
    const { url } = await serve(send(archive));
    await expect(downloadCifar10(dir, { ...swift, url })).rejects.toThrow(
      `downloadCifar10: ${path.join(dir, LOCK)} is a symbolic link, expected a regular file; delete it`,
    );
    expect(contents(dir)).toEqual([LOCK]);
  });

  test.each([
    ['a file', (folder: string) => fs.writeFileSync(folder, ''), 'is a file, expected a folder'],
    ['a link to nothing', (folder: string) => fs.symlinkSync('nothing', folder), 'is a symbolic link to nothing'],
    [
      'a folder with a FIFO',
      (folder: string) => {
        writeBatches(folder, 1);
        fs.rmSync(path.join(folder, BATCHES[1]));
        execFileSync('mkfifo', [path.join(folder, BATCHES[1])]);
      },
      'is there but data_batch_2.bin is a FIFO (named pipe), expected a regular file',
    ],
  ])('names %s where the data belong', async (_, put, said) => {
    const dir = temporaryDir();
    const folder = path.join(dir, FOLDER);
    put(folder);
    const before = contents(dir);
    const { url, ranges } = await serve(send(archive));
    await expect(downloadCifar10(dir, { ...swift, url })).rejects.toThrow(
      `downloadCifar10: ${folder} ${said}; move or delete it, then call again`,
    );
    expect(ranges).toEqual([]);
    expect(contents(dir)).toEqual(before);
  });

  test('names a file where its folder is to be made', async () => {
    const file = path.join(temporaryDir(), 'file');
    fs.writeFileSync(file, '');
    const { url } = await serve(send(archive));
    expect((await errorOf(downloadCifar10(file, { ...swift, url }))).message).toBe(
      `downloadCifar10: cannot make ${file} (EEXIST: it is a file); move it away, or choose another name`,
    );
  });

  test('keeps what it has where the disk is full', async () => {
    const dir = temporaryDir();
    const { url } = await serve(send(archive, { stopAfter: half }), send(archive));
    let written = 0;
    full('writeSync', (_fd, bytes) => {
      // What is shorter is the lock file.
      const { length } = bytes as Uint8Array;
      if (length > 1000) written += length;
      return written > half;
    });
    const error = await errorOf(downloadCifar10(dir, { ...swift, url }));
    const part = path.join(dir, PART);
    expect(error.message).toBe(
      `downloadCifar10: cannot write ${part} (ENOSPC: the disk is full); free some space, or choose another disk`,
    );
    expect(error).toMatchObject({ code: 'ENOSPC', path: part });
    expect(contents(dir)).toEqual([PART]);
    expect(fs.statSync(part).size).toBe(half);
  });

  test('says so where the disk is full while it unpacks', async () => {
    const dir = temporaryDir();
    const file = path.join(dir, 'archive.tar.gz');
    fs.writeFileSync(file, archive);
    full('writeSync', () => true);
    const wanted = { fn: 'test', archive: file, inside: FOLDER, names: BATCHES, folder: dir };
    const error = await errorOf(unpack(await loadTar('test'), { ...wanted, signal: undefined, onBytes: () => {} }));
    expect(error.message).toMatch(/^test: cannot write .*data_batch_1\.bin \(ENOSPC: the disk is full\)/);
  });
});
