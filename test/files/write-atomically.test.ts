import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { zeros } from '../../src/arrays/index.js';
import { fileError, writeAtomically } from '../../src/files/index.js';
import { plotHistory, saveChart, savePng } from '../../src/pictures/index.js';
import { temporaryDir } from '../helpers/cifar10.js';

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"></svg>';
const run = { lossHistory: [1, 2], trainAccHistory: [], valAccHistory: [] };
const WRITERS: [fn: string, write: (file: string) => Promise<void>][] = [
  ['savePng', (file) => savePng(file, zeros([2, 2]))],
  ['saveChart', (file) => saveChart(file, svg)],
  ['plotHistory', (file) => plotHistory(run, file)],
];

afterEach(() => {
  vi.restoreAllMocks();
});

describe.skipIf(process.platform === 'win32').each(WRITERS)('%s', (fn, write) => {
  test.each([
    ['a FIFO (named pipe)', (file: string) => execFileSync('mkfifo', [file])],
    ['a character device', (file: string) => fs.symlinkSync('/dev/null', file)],
  ])('refuses %s, which stays', async (what, put) => {
    const dir = temporaryDir();
    const file = path.join(dir, 'a.svg');
    put(file);
    const { ino } = fs.lstatSync(file);
    await expect(write(file)).rejects.toThrow(`${fn}: ${file} is ${what}, expected a regular file; name another file`);
    expect(fs.lstatSync(file).ino).toBe(ino);
    expect(fs.readdirSync(dir)).toEqual(['a.svg']);
  });

  test('keeps the mode of the file that it replaces, and writes what a link leads to', async () => {
    const dir = temporaryDir();
    const [file, link] = ['real.svg', 'link.svg'].map((name) => path.join(dir, name));
    fs.writeFileSync(file, 'before');
    fs.chmodSync(file, 0o640);
    fs.symlinkSync('real.svg', link);
    await write(link);
    expect(fs.readlinkSync(link)).toBe('real.svg');
    expect(fs.readFileSync(file, 'utf8')).not.toBe('before');
    expect(fs.statSync(file).mode & 0o7777).toBe(0o640);
    expect(fs.readdirSync(dir).sort()).toEqual(['link.svg', 'real.svg']);
  });

  test('refuses a path with a NUL', async () => {
    await expect(write('a\0.svg')).rejects.toThrow(
      new RangeError(`${fn}: file has a NUL character at 1, expected a path, which has none`),
    );
  });
});

describe('writeAtomically', () => {
  test.each([217, 218, 240, 255])('writes files whose names have %d bytes', (length) => {
    const dir = temporaryDir();
    const name = `${'n'.repeat(length - 4)}.svg`;
    writeAtomically('test', path.join(dir, name), 'content');
    expect(fs.readdirSync(dir)).toEqual([name]);
  });

  test('names a name that is too long', () => {
    const dir = temporaryDir();
    const file = path.join(dir, 'n'.repeat(256));
    expect(() => writeAtomically('test', file, '')).toThrow(
      /^test: cannot .*n \(ENAMETOOLONG: the name is longer than the file system allows\); choose a shorter one$/,
    );
    expect(fs.readdirSync(dir)).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')('follows links over folders to a file that is not there yet', () => {
    const dir = temporaryDir();
    fs.mkdirSync(path.join(dir, 'deep', 'down'), { recursive: true });
    fs.symlinkSync('deep/down', path.join(dir, 'short'));
    // From the folder where the link really is, one up is `deep`.
    fs.symlinkSync('../new.txt', path.join(dir, 'deep', 'down', 'link'));
    writeAtomically('test', path.join(dir, 'short', 'link'), 'content');
    expect(fs.readFileSync(path.join(dir, 'deep', 'new.txt'), 'utf8')).toBe('content');
    expect(fs.lstatSync(path.join(dir, 'deep', 'down', 'link')).isSymbolicLink()).toBe(true);
  });

  test.skipIf(process.platform === 'win32')('names links that lead in a circle', () => {
    const file = path.join(temporaryDir(), 'loop');
    fs.symlinkSync('loop', file);
    expect(() => writeAtomically('test', file, '')).toThrow(
      `test: cannot look at ${file} (ELOOP: symbolic links lead in a circle); remove them, or name the file itself`,
    );
  });

  test('does not take a folder for a file', () => {
    const dir = temporaryDir();
    const said = (file: string) => `test: cannot write ${file} (EISDIR: it is a folder); name a file in it`;
    expect(() => writeAtomically('test', dir, '')).toThrow(said(dir));
    expect(() => writeAtomically('test', `${dir}/new/`, '')).toThrow(said(`${dir}/new/`));
    expect(fs.readdirSync(dir)).toEqual([]);
  });

  test.skipIf(process.platform === 'win32' || os.userInfo().uid === 0)(
    'does not replace a file that is read-only',
    () => {
      const file = path.join(temporaryDir(), 'a');
      fs.writeFileSync(file, 'before', { mode: 0o444 });
      expect(() => writeAtomically('test', file, '')).toThrow(`test: cannot write ${file} (EACCES: permission denied)`);
      expect(fs.readFileSync(file, 'utf8')).toBe('before');
    },
  );

  test('says so where the disk is full, and leaves what was there', () => {
    const dir = temporaryDir();
    const file = path.join(dir, 'a');
    fs.writeFileSync(file, 'before');
    vi.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
    });
    expect(() => writeAtomically('test', file, 'after')).toThrow(
      `test: cannot write ${file} (ENOSPC: the disk is full); free some space, or choose another disk`,
    );
    expect(fs.readFileSync(file, 'utf8')).toBe('before');
    expect(fs.readdirSync(dir)).toEqual(['a']);
  });
});

describe('fileError', () => {
  const raw = (code: string, message: string) =>
    Object.assign(new Error(message), { code, syscall: 'open', path: 'x' });

  test.each(['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'ELOOP', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'EIO', 'EBUSY'])(
    'says what %s means and what to do',
    (code) => {
      const error = fileError('test', 'write', '/a/b', raw(code, `${code}: raw, open 'x'`)) as Error;
      expect(error.message).toMatch(new RegExp(`^test: cannot write /a/b \\(${code}: .+\\); .+`));
      expect(error.message).not.toContain('raw');
      expect(error).toMatchObject({ code, path: '/a/b', syscall: 'open' });
    },
  );

  test('gives the reason of a code that it does not know', () => {
    const error = fileError('test', 'read', '/a', raw('ESTRANGE', "ESTRANGE: odd thing, open 'x'")) as Error;
    expect(error.message).toBe('test: cannot read /a (ESTRANGE: odd thing); choose another place');
  });

  test('leaves other errors alone', () => {
    const error = new RangeError('mine');
    expect(fileError('test', 'read', '/a', error)).toBe(error);
  });

  test('writes on after a part, and syncs the file before its name and the folder after it where that is asked', () => {
    const dir = temporaryDir();
    const file = path.join(dir, 'a');
    const calls: string[] = [];
    const { writeSync, fsyncSync, renameSync } = fs;
    vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, bytes: Uint8Array, at: number, length: number) => {
      calls.push('write');
      return writeSync(fd, bytes, at, Math.min(length, 3));
    }) as never);
    vi.spyOn(fs, 'fsyncSync').mockImplementation((fd) => {
      calls.push(fs.fstatSync(fd).isDirectory() ? 'sync folder' : 'sync');
      fsyncSync(fd);
    });
    vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      calls.push('rename');
      renameSync(from, to);
    });
    writeAtomically('test', file, Uint8Array.of(1, 2, 3, 4, 5), true);
    expect([...fs.readFileSync(file)]).toEqual([1, 2, 3, 4, 5]);
    writeAtomically('test', file, 'ö');
    expect(fs.readFileSync(file, 'utf8')).toBe('ö');
    expect(calls).toEqual(['write', 'write', 'sync', 'rename', 'sync folder', 'write', 'rename']);
  });
});
