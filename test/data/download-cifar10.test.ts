import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  cifar10Size,
  type DownloadCifar10Options,
  type DownloadProgress,
  downloadCifar10,
} from '../../src/data/index.js';
import { temporaryDir, writeBatches } from '../helpers/cifar10.js';
import { md5, pack, refuse, send, serve } from './archive-server.js';
import { archive, contents, entries, errorOf, expectComplete, FOLDER, half, LOCK, PART, swift } from './downloading.js';

describe('downloadCifar10', () => {
  test('downloads, verifies, unpacks and returns the folder', async () => {
    const dir = path.join(temporaryDir(), 'new', 'data');
    const { url, ranges } = await serve(send(archive));
    const seen: DownloadProgress[] = [];
    const folder = await downloadCifar10(dir, { ...swift, url, onProgress: (progress) => seen.push(progress) });

    expect(folder).toBe(path.join(dir, FOLDER));
    expect(ranges).toEqual([undefined]);
    expectComplete(dir);
    expect(cifar10Size(dir)).toEqual({ train: 15, test: 3 });

    expect(new Set(seen.map(({ phase }) => phase))).toEqual(new Set(['download', 'verify', 'unpack']));
    for (const phase of ['download', 'verify', 'unpack']) {
      const received = seen.filter((progress) => progress.phase === phase).map((progress) => progress.received);
      expect(received).toEqual([...received].sort((a, b) => a - b));
      expect(received.at(-1)).toBe(archive.length);
    }
    expect(seen.every(({ total }) => total === archive.length)).toBe(true);
  });

  test('returns at once where the folder is complete', async () => {
    const dir = temporaryDir();
    writeBatches(path.join(dir, FOLDER), 1);
    fs.writeFileSync(path.join(dir, PART), 'left by a killed call');
    const { url, ranges } = await serve(send(archive));
    expect(await downloadCifar10(dir, { ...swift, url })).toBe(path.join(dir, FOLDER));
    expect(ranges).toEqual([]);
    expect(contents(dir)).not.toContain(PART);
  });

  test('leaves an incomplete folder as it is', async () => {
    const dir = temporaryDir();
    writeBatches(path.join(dir, FOLDER), 1);
    fs.rmSync(path.join(dir, FOLDER, 'data_batch_4.bin'));
    const before = contents(dir);
    const folder = path.join(dir, FOLDER);
    await expect(downloadCifar10(dir, { ...swift, url: 'http://127.0.0.1:1/' })).rejects.toThrow(
      `downloadCifar10: ${folder} is there but data_batch_4.bin is missing; move or delete it, then call again`,
    );
    expect(contents(dir)).toEqual(before);
  });

  test('does not take other data for the official', async () => {
    const dir = temporaryDir();
    writeBatches(path.join(dir, FOLDER), 2);
    await expect(downloadCifar10(dir)).rejects.toThrow(
      'is there but data_batch_1.bin has 6,146 bytes, expected 30,730,000; move or delete it',
    );
  });

  test('two calls for one folder do not get into each other’s way', async () => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(send(archive));
    const both = await Promise.all([downloadCifar10(dir, { ...swift, url }), downloadCifar10(dir, { ...swift, url })]);
    expect(both).toEqual([path.join(dir, FOLDER), path.join(dir, FOLDER)]);
    expect(ranges.length).toBe(1);
    expectComplete(dir);
  });

  test('a call goes on after one for the same folder that failed', async () => {
    const dir = temporaryDir();
    const { url } = await serve(refuse(404), send(archive));
    const first = downloadCifar10(dir, { ...swift, url });
    const second = downloadCifar10(dir, { ...swift, url });
    expect((await errorOf(first)).message).toContain('HTTP 404');
    await second;
    expectComplete(dir);
  });

  test('follows a redirection', async () => {
    const dir = temporaryDir();
    const { url } = await serve(refuse(302, { location: '/elsewhere' }), send(archive));
    await downloadCifar10(dir, { ...swift, url });
    expectComplete(dir);
  });
});

describe('what an earlier call left', () => {
  const leave = (bytes: Uint8Array): string => {
    const dir = temporaryDir();
    fs.writeFileSync(path.join(dir, PART), bytes);
    return dir;
  };

  test('is continued', async () => {
    const dir = leave(archive.subarray(0, half));
    const { url, ranges } = await serve(send(archive));
    const seen: DownloadProgress[] = [];
    await downloadCifar10(dir, { ...swift, url, onProgress: (progress) => seen.push(progress) });
    expect(ranges).toEqual([`bytes=${half}-`]);
    expect(seen[0]).toEqual({ phase: 'download', received: half, total: archive.length });
    expectComplete(dir);
  });

  test('is unpacked where it is the whole archive', async () => {
    const dir = leave(archive);
    const { url, ranges } = await serve(send(archive));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges).toEqual([`bytes=${archive.length}-`]);
    expectComplete(dir);
  });

  test('is unpacked where it is the whole archive and the server does not say how long that is', async () => {
    const dir = leave(archive);
    const { url, ranges } = await serve(refuse(416));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges.length).toBe(1);
    expectComplete(dir);
  });

  test('is unpacked where it is the whole archive and the server only sends whole files', async () => {
    const dir = leave(archive);
    const { url, ranges } = await serve(send(archive, { ranges: false, stopAfter: half }));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges.length).toBe(1);
    expectComplete(dir);
  });

  test('is fetched anew where it only has the length of the archive', async () => {
    const dir = leave(new Uint8Array(archive.length));
    const { url, ranges } = await serve(send(archive, { ranges: false }));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges).toEqual([`bytes=${archive.length}-`, undefined]);
    expectComplete(dir);
  });

  test('is thrown away where it is longer than the archive', async () => {
    const dir = leave(new Uint8Array(archive.length + 1));
    const { url, ranges } = await serve(send(archive));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges).toEqual([`bytes=${archive.length + 1}-`, undefined]);
    expectComplete(dir);
  });

  test('is thrown away where it is of another archive', async () => {
    const dir = leave(new Uint8Array(half));
    const { url, ranges } = await serve(send(archive));
    await downloadCifar10(dir, { ...swift, url });
    expect(ranges).toEqual([`bytes=${half}-`, undefined]);
    expectComplete(dir);
  });

  test('and does not fit leads to one fresh try, not more', async () => {
    const other = await pack(entries);
    const dir = leave(new Uint8Array(half));
    const { url, ranges } = await serve(send(other));
    const error = await errorOf(downloadCifar10(dir, { ...swift, url }));
    expect(error.message).toContain(`has MD5 ${md5(other)}, expected ${md5(archive)}`);
    expect(ranges).toEqual([`bytes=${half}-`, undefined]);
    expect(contents(dir)).toEqual([]);
  });

  test('and does not fit leads to one fresh try, also when that one is interrupted', async () => {
    const other = await pack(entries);
    const dir = leave(new Uint8Array(half));
    const { url, ranges } = await serve(send(other), send(other, { stopAfter: 9 }), send(other));
    const error = await errorOf(downloadCifar10(dir, { ...swift, url }));
    expect(error.message).toContain(`has MD5 ${md5(other)}`);
    expect(ranges).toEqual([`bytes=${half}-`, undefined, 'bytes=9-']);
    expect(contents(dir)).toEqual([]);
  });

  test('as folders is removed with the process that made them, and kept while it runs', async () => {
    const dir = temporaryDir();
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    const name = (pid: number | undefined) => `.unpacking-${os.hostname()}-${pid}-0`;
    for (const pid of [dead.pid, process.pid]) fs.mkdirSync(path.join(dir, name(pid)));
    const { url } = await serve(send(archive));
    await downloadCifar10(dir, { ...swift, url });
    expect(fs.readdirSync(dir).sort()).toEqual([name(process.pid), FOLDER].sort());
  });
});

describe('a download that is ended', () => {
  test('by its signal before it begins does nothing', async () => {
    const dir = path.join(temporaryDir(), 'data');
    const { url, ranges } = await serve(send(archive));
    const reason = new Error('changed my mind');
    expect(await errorOf(downloadCifar10(dir, { ...swift, url, signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(ranges).toEqual([]);
    expect(fs.existsSync(dir)).toBe(false);
  });

  test('by its signal while it waits for bytes keeps those it has', async () => {
    const dir = temporaryDir();
    const { url } = await serve(send(archive, { stopAfter: half, stall: true }));
    const end = new AbortController();
    const reason = new Error('changed my mind');
    const onProgress = ({ received }: DownloadProgress) => {
      if (received === half) setTimeout(() => end.abort(reason), 5);
    };
    const options = { ...swift, url, attempts: 1, signal: end.signal, onProgress };
    expect(await errorOf(downloadCifar10(dir, options))).toBe(reason);
    expect(fs.statSync(path.join(dir, PART)).size).toBe(half);
    expect(contents(dir)).toEqual([PART]);
  });

  test('by its signal between two attempts does not wait for the second', async () => {
    const end = new AbortController();
    const { url, ranges } = await serve((request, response) => {
      refuse(500)(request, response);
      setTimeout(() => end.abort(), 50);
    });
    const options = { ...swift, url, retryDelay: 120_000, signal: end.signal };
    expect((await errorOf(downloadCifar10(temporaryDir(), options))).name).toBe('AbortError');
    expect(ranges.length).toBe(1);
  });

  test('by its signal keeps nothing from a server that sends only whole files', async () => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(send(archive, { stopAfter: half, ranges: false }));
    const end = new AbortController();
    // The second answer is the whole file again.
    const onProgress = ({ received }: DownloadProgress) => ranges.length === 2 && received > 0 && end.abort();
    const error = await errorOf(downloadCifar10(dir, { ...swift, url, signal: end.signal, onProgress }));
    expect(error.name).toBe('AbortError');
    expect(contents(dir)).toEqual([]);
  });

  test('by an onProgress that returns a promise, which nothing would wait for', async () => {
    const { url } = await serve(send(archive));
    const onProgress = async () => {};
    expect(await errorOf(downloadCifar10(temporaryDir(), { ...swift, url, onProgress }))).toMatchObject({
      message: 'downloadCifar10: onProgress returned a promise, expected a synchronous function: await outside of it',
    });
  });

  test.each(['download', 'verify', 'unpack'])('by onProgress in phase %s keeps the archive', async (phase) => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(send(archive));
    const reason = new Error('cannot show this');
    const onProgress = (progress: DownloadProgress) => {
      if (progress.phase === phase && progress.received > 0) throw reason;
    };
    expect(await errorOf(downloadCifar10(dir, { ...swift, url, onProgress }))).toBe(reason);
    expect(ranges.length).toBe(1);
    expect(contents(dir)).toEqual([PART]);

    await downloadCifar10(dir, { ...swift, url });
    expectComplete(dir);
  });

  test('by its signal while it unpacks keeps the archive only', async () => {
    const dir = temporaryDir();
    const { url } = await serve(send(archive));
    const end = new AbortController();
    const onProgress = ({ phase }: DownloadProgress) => phase === 'unpack' && end.abort();
    const error = await errorOf(downloadCifar10(dir, { ...swift, url, signal: end.signal, onProgress }));
    expect(error.name).toBe('AbortError');
    expect(contents(dir)).toEqual([PART]);
  });

  test('by killing its process is continued by another', { tags: 'slow' }, async () => {
    const dir = temporaryDir();
    const { url, ranges } = await serve(send(archive, { stopAfter: half, stall: true }), send(archive));
    const start = () => {
      const options = JSON.stringify({ ...swift, url });
      const code = `require('./src/data/index.ts').downloadCifar10(${JSON.stringify(dir)}, ${options})`;
      return spawn(process.execPath, ['-r', 'ts-node/register', '-e', code], { stdio: 'inherit' });
    };
    const first = start();
    const part = path.join(dir, PART);
    await expect.poll(() => fs.existsSync(part) && fs.statSync(part).size, { timeout: 30_000 }).toBe(half);
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(contents(dir)).toEqual([LOCK, PART]);

    expect(await once(start(), 'exit')).toEqual([0, null]);
    expect(ranges).toEqual([undefined, `bytes=${half}-`]);
    expectComplete(dir);
  });
});

describe('refuses', () => {
  test.each([
    [{ url: 'file:///etc/passwd' }, RangeError, "url is 'file:///etc/passwd', expected one that begins with https://"],
    [{ url: 'cifar' }, RangeError, "url is 'cifar', expected one that begins with https:// or http://"],
    [{ md5: 'c32a' }, RangeError, "md5 is 'c32a', expected 32 hexadecimal digits"],
    [{ attempts: 0 }, RangeError, 'attempts is 0, expected a whole number ≥ 1'],
    [{ stallTimeout: 0 }, RangeError, 'stallTimeout is 0, expected a whole number from 1 to 2147483647'],
    [{ retryDelay: -1 }, RangeError, 'retryDelay is -1, expected a whole number from 0 to 2147483647'],
    [{ onProgress: true }, TypeError, 'onProgress is true, expected a function'],
    [{ signal: 'stop' }, TypeError, "signal is 'stop', expected an AbortSignal"],
    [
      { timeout: 5 },
      TypeError,
      "unknown option 'timeout', expected onProgress, url, md5, signal, stallTimeout, attempts, retryDelay",
    ],
  ])('%j and makes nothing', async (options, kind, message) => {
    const dir = path.join(temporaryDir(), 'data');
    const error = await errorOf(downloadCifar10(dir, options as DownloadCifar10Options));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(`downloadCifar10: ${message}`);
    expect(fs.existsSync(dir)).toBe(false);
  });

  test('a path that is none', async () => {
    await expect(downloadCifar10('')).rejects.toThrow(new TypeError("downloadCifar10: dir is '', expected a path"));
  });
});
