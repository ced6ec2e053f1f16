import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { System } from '../../src/checkpoints/store.js';
import { loadCheckpoint } from '../../src/index.js';
import {
  failing,
  filesOf as list,
  checkpointName as name,
  someCheckpoint,
  systemWith,
  writerOf,
} from '../helpers/checkpoints.js';
import { temporaryDir } from '../helpers/cifar10.js';

describe('a save that fails', () => {
  /** One good checkpoint, then one with a system that fails. */
  function failure(replaced: Partial<System['fs']>): { dir: string; message: string } {
    const dir = temporaryDir();
    let isFailing = false;
    const functions = Object.entries(replaced).map(([key, broken]) => {
      const whole = fs[key as 'rmSync'] as (...args: unknown[]) => unknown;
      return [key, (...args: unknown[]) => (isFailing ? (broken as typeof whole) : whole)(...args)];
    });
    const writer = writerOf(dir, { system: systemWith(Object.fromEntries(functions)), keep: 1 });
    writer.save(someCheckpoint(1), { isBest: true });
    writer.flush();
    isFailing = true;
    writer.save(someCheckpoint(2), { isBest: true });
    let message = '';
    try {
      writer.flush();
    } catch (error) {
      message = (error as Error).message.replaceAll(dir, 'DIR');
    }
    isFailing = false;
    // The next one is saved, whatever was.
    writer.save(someCheckpoint(3));
    writer.flush();
    expect(loadCheckpoint(dir).iteration).toBe(3);
    return { dir, message };
  }

  test.each<[what: string, replaced: Partial<System['fs']>, message: string]>([
    [
      'a full disk, which writes nothing without an error',
      { writeSync: () => 0 },
      'ENOSPC: the disk is full); free some space, or choose another disk',
    ],
    [
      'a full disk',
      { writeSync: failing('ENOSPC') },
      'ENOSPC: the disk is full); free some space, or choose another disk',
    ],
    ['a fault of the disk', { fsyncSync: failing('EIO') }, 'EIO: the disk reports a fault); check the disk'],
    [
      'a read-only file system',
      { openSync: failing('EROFS') },
      'EROFS: the file system is read-only); choose another place',
    ],
    [
      'no permission',
      { openSync: failing('EACCES') },
      'EACCES: permission denied); change the permissions, or choose another place',
    ],
    [
      'a name that cannot be given',
      { renameSync: failing('EPERM') },
      'EPERM: the system does not permit it); change the permissions, or choose another place',
    ],
  ])('because of %s is told in words, and leaves no trace', (_, replaced, message) => {
    const failed = failure(replaced);
    expect(failed.message).toBe(`fit: cannot write DIR/${name(2)} (${message}`);
    expect(list(failed.dir)).toEqual(['best.safetensors', name(3)]);
    expect(loadCheckpoint(failed.dir, { best: true }).iteration).toBe(1);
  });

  test('is a success where links, or fsync of a folder, do not exist', () => {
    const noFolders: System['fs']['openSync'] = (file, ...rest) =>
      String(file).endsWith(path.sep) ? failing('EISDIR')() : fs.openSync(file, ...rest);
    const { dir, message } = failure({ linkSync: failing('EPERM'), openSync: noFolders });
    expect(message).toBe('');
    expect(loadCheckpoint(dir, { best: true }).iteration).toBe(2);
  });

  test('to give the best its name leaves the checkpoint', () => {
    expect(failure({ linkSync: failing('ENOSPC') }).message).toMatch(
      /^fit: cannot write DIR\/best.safetensors \(ENOSPC/,
    );
  });

  test('to remove an old one is told', () => {
    expect(failure({ readdirSync: failing('EIO') }).message).toMatch(/^fit: cannot remove DIR\/.* \(EIO/);
  });

  test('is reported by the next save, which is made all the same', () => {
    const dir = path.join(temporaryDir(), 'run');
    const errors: Error[] = [];
    const writer = writerOf(dir, { onFailure: (error) => errors.push(error) });
    writer.save(someCheckpoint(1));
    writer.flush();
    fs.rmSync(dir, { recursive: true });
    writer.save(someCheckpoint(2));
    writer.flush();
    expect(errors.map(({ message }) => message)).toEqual([
      `fit: cannot write ${path.join(dir, name(2))} (ENOENT: there is no such file or folder); check the path`,
    ]);
    expect(errors[0]).toMatchObject({ code: 'ENOENT' });
    expect(fs.existsSync(dir)).toBe(false);
    fs.mkdirSync(dir);
    writer.save(someCheckpoint(3));
    writer.close();
    expect(errors.length).toBe(1);
    expect(fs.readdirSync(dir)).toEqual([name(3)]);
  });

  test('throws where nobody takes the error', () => {
    const dir = path.join(temporaryDir(), 'run');
    const writer = writerOf(dir, {});
    fs.rmSync(dir, { recursive: true });
    writer.save(someCheckpoint(2));
    while (writer.isBusy);
    fs.mkdirSync(dir);
    expect(() => writer.save(someCheckpoint(3))).toThrow(/^fit: cannot write .* \(ENOENT/);
    writer.close();
    expect(fs.readdirSync(dir)).toEqual([name(3)]);
  });

  test('since another process took over while it was written leaves no trace', () => {
    const dir = temporaryDir();
    const lock = path.join(dir, '.checkpoints.lock');
    const system = systemWith({
      fsyncSync(fd) {
        fs.fsyncSync(fd);
        fs.writeFileSync(lock, 'another');
      },
    });
    const writer = writerOf(dir, { system });
    writer.save(someCheckpoint(1));
    expect(() => writer.close()).toThrow(`fit: ${dir} is being written by another process, which has taken it over`);
    expect(list(dir)).toEqual([]);
  });

  test('since another process has taken over the folder changes nothing in it', () => {
    const dir = temporaryDir();
    const writer = writerOf(dir);
    writer.save(someCheckpoint(1));
    writer.flush();
    const other = JSON.stringify({ place: 'elsewhere', host: 'node7', pid: 12 });
    fs.writeFileSync(path.join(dir, '.checkpoints.lock'), other);
    writer.save(someCheckpoint(2));
    expect(() => writer.close()).toThrow(
      `fit: ${dir} is being written by another process on node7 (process id 12); wait until it has ended, or choose ` +
        'another folder',
    );
    expect(list(dir)).toEqual([name(1)]);
    expect(fs.readFileSync(path.join(dir, '.checkpoints.lock'), 'utf8')).toBe(other);
  });
});
