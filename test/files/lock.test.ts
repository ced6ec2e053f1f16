// @module-tag slow

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { LockLost, LockQueue, withLock } from '../../src/files/index.js';
import { placeOf } from '../../src/files/place.js';
import { temporaryDir } from '../helpers/cifar10.js';

const lockFile = () => path.join(temporaryDir(), 'test.lock');

/** Tries until there is a lock. */
async function wait(queue: LockQueue) {
  for (;;) {
    const lock = queue.try();
    if (lock !== null) return lock;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a lock', () => {
  test('is had by one at a time, and leaves nothing', () => {
    const file = lockFile();
    const [a, b] = [new LockQueue('test', file), new LockQueue('test', file)];
    const lock = a.try();
    expect(lock).not.toBeNull();
    expect(b.try()).toBeNull();
    lock?.confirm();
    lock?.release();
    expect(fs.existsSync(file)).toBe(false);
    b.try()?.release();
    expect(fs.readdirSync(path.dirname(file))).toEqual([]);
  });

  test('of a process of this machine that is gone is taken over, by one after the other', async () => {
    const file = lockFile();
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    fs.writeFileSync(file, JSON.stringify({ place: placeOf('test'), pid: dead.pid, id: 'x' }));
    let holders = 0;
    const turns = [1, 2, 3].map(async () => {
      const lock = await wait(new LockQueue('test', file));
      expect(++holders).toBe(1);
      expect(fs.readdirSync(path.dirname(file))).toEqual(['test.lock']);
      await new Promise((resolve) => setTimeout(resolve, 50));
      lock.confirm();
      holders--;
      lock.release();
    });
    await Promise.all(turns);
    expect(fs.existsSync(file)).toBe(false);
  });

  test('of another machine is kept while its holder gives signs of life, and taken over when none come', async () => {
    const file = lockFile();
    fs.writeFileSync(file, JSON.stringify({ place: 'elsewhere', pid: 1, id: 'x' }));
    // A clock that is hours behind.
    let beats = Date.now() / 1000 - 7200;
    const alive = setInterval(() => fs.utimesSync(file, beats, ++beats), 10);
    const queue = new LockQueue('test', file, 300);
    for (let i = 0; i < 30; i++) {
      expect(queue.try()).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(fs.readFileSync(file, 'utf8')).toContain('elsewhere');
    clearInterval(alive);
    (await wait(queue)).release();
    expect(fs.existsSync(file)).toBe(false);
  });

  test.each(['', 'nonsense', '{}', 'null'])('file that holds %j is left behind after a while', async (text) => {
    const file = lockFile();
    fs.writeFileSync(file, text);
    (await wait(new LockQueue('test', file, 50))).release();
    expect(fs.existsSync(file)).toBe(false);
  });

  test('that another took over is lost, and not released by the one that lost it', async () => {
    const file = lockFile();
    const lock = new LockQueue('test', file).try();
    // As if nothing else ran here for a while: the other does not see a sign of life.
    fs.writeFileSync(file, 'of another process');
    await expect.poll(() => caught(() => lock?.confirm()), { timeout: 10_000 }).toBeInstanceOf(LockLost);
    lock?.release();
    expect(fs.readFileSync(file, 'utf8')).toBe('of another process');
  });

  test('that one was about to have is given back when it leaves the line', async () => {
    const file = lockFile();
    fs.writeFileSync(file, '');
    const queue = new LockQueue('test', file, 0);
    expect(queue.try()).toBeNull();
    expect(fs.readFileSync(file, 'utf8')).toContain(`"pid":${process.pid}`);
    queue.leave();
    expect(fs.existsSync(file)).toBe(false);
  });

  test('gives signs of life', async () => {
    const file = lockFile();
    const lock = new LockQueue('test', file).try();
    fs.utimesSync(file, 1, 1);
    await expect.poll(() => fs.statSync(file).mtimeMs, { timeout: 10_000 }).toBeGreaterThan(1e9);
    lock?.release();
  });

  test('around some work is released where that throws', () => {
    const file = lockFile();
    expect(withLock('test', file, () => 5)).toBe(5);
    expect(() =>
      withLock('test', file, () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(fs.existsSync(file)).toBe(false);
  });

  test('names the folder that it cannot be made in', () => {
    const file = path.join(temporaryDir(), 'missing', 'test.lock');
    expect(() => new LockQueue('test', file).try()).toThrow(
      `test: cannot make ${file} (ENOENT: there is no such file or folder); check the path`,
    );
  });
});

function caught(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
