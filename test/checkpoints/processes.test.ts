// @module-tag slow

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NDArray } from '../../src/arrays/index.js';
import { checkpointIn } from '../../src/checkpoints/folder.js';
import { CheckpointWriter, latestCheckpoint } from '../../src/checkpoints/index.js';
import { lockRun } from '../../src/checkpoints/run-lock.js';
import { placeOf } from '../../src/files/place.js';
import { checkpointName as name, someCheckpoint } from '../helpers/checkpoints.js';
import { temporaryDir } from '../helpers/cifar10.js';

/** The program in one file, which starts faster than with ts-node. Bundlers wrap functions to keep their names. */
const program = path.join(os.tmpdir(), `layerwise-checkpoints-${process.pid}.cjs`);
beforeAll(async () => {
  const entryPoints = ['test/programs/checkpoint-writer.ts'];
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', target: 'node20', keepNames: true });
});
afterAll(() => fs.rmSync(program));
const command = (dir: string, way: string) => [program, dir, way];

/** Runs the program to its end. */
function run(dir: string, way: string) {
  return spawnSync(process.execPath, command(dir, way), { encoding: 'utf8' });
}

/** Starts the program, and returns when it has the lock. */
async function start(dir: string, way: string) {
  const child = spawn(process.execPath, command(dir, way), { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

function unfinished(dir: string): number {
  return fs.readdirSync(dir).filter((file) => file.endsWith('.tmp')).length;
}

describe('what was saved is on the disk when a process ends', () => {
  test.each([
    ['stop', 0, 2],
    ['exit', 3, 1],
    ['throw', 1, 1],
  ])('%s', (way, status, last) => {
    const dir = temporaryDir();
    const ended = run(dir, way);
    expect(ended.status).toBe(status);
    expect(ended.stderr).not.toContain('thread');
    expect(latestCheckpoint('test', dir)?.checkpoint.iteration).toBe(last);
    expect(fs.readdirSync(dir)).toEqual(Array.from({ length: last }, (_, i) => name(i + 1)));
  });
});

test('processes that are killed within a save leave the checkpoint before', { timeout: 120_000 }, async () => {
  const dir = temporaryDir();
  const left: number[] = [];
  for (let i = 0; i < 6; i++) {
    const child = await start(dir, 'endless');
    let last = 0;
    child.stdout.on('data', (text: string) => {
      last = Number(String(text).trim().split('\n').at(-1));
    });
    await sleep(60 + 37 * i);
    // Every other one when there is a file to be left.
    while (i % 2 === 1 && unfinished(dir) === 0) await sleep(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    left.push(unfinished(dir));
    const found = latestCheckpoint('test', dir);
    expect(found?.refused ?? []).toEqual([]);
    // A save returns when the one before it is on the disk.
    expect(found?.checkpoint.iteration ?? 0).toBeGreaterThanOrEqual(last - 1);
    if (found !== null) {
      const { iteration, state } = found.checkpoint;
      expect(new Set((state.w as NDArray).data)).toEqual(new Set([iteration]));
    }
    for (const file of fs.readdirSync(dir))
      if (file.endsWith('.safetensors')) checkpointIn('test', path.join(dir, file));
  }
  expect(Math.max(...left)).toBe(1);
  new CheckpointWriter('test', dir, { goesOn: true }).close();
  expect(fs.readdirSync(dir).filter((file) => !file.endsWith('.safetensors'))).toEqual([]);
});

describe('the lock of a run', () => {
  test('is refused at once while another process has it, and taken over at once when that is killed', async () => {
    const dir = temporaryDir();
    const child = await start(dir, 'hold');
    const begun = performance.now();
    expect(() => new CheckpointWriter('fit', dir)).toThrow(
      `fit: ${dir} is being written by another process (process id ${child.pid}); wait until it has ended, or choose ` +
        'another folder',
    );
    expect(performance.now() - begun).toBeLessThan(1000);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const killed = performance.now();
    new CheckpointWriter('fit', dir).close();
    expect(performance.now() - killed).toBeLessThan(2000);
    expect(fs.readdirSync(dir)).toEqual([]);
  });

  test('is refused while another thread has it, and taken over at once when that is terminated', async () => {
    const dir = temporaryDir();
    const worker = new Worker(program, { argv: [dir, 'hold'], stdout: true });
    await once(worker.stdout, 'data');
    expect(() => new CheckpointWriter('fit', dir)).toThrow(
      `fit: ${dir} is being written by another run of this process (process id ${process.pid}); end that run`,
    );
    await worker.terminate();
    expect(fs.readdirSync(dir)).toEqual(['.checkpoints.lock']);
    if (process.platform !== 'linux') return;
    new CheckpointWriter('fit', dir).close();
    expect(fs.readdirSync(dir)).toEqual([]);
  });

  test('is taken over from a process whose number another has now', () => {
    const dir = temporaryDir();
    const file = path.join(dir, '.checkpoints.lock');
    const mine = { place: placeOf('test'), host: 'x', pid: process.pid, start: 1, id: 'x' };
    fs.writeFileSync(file, JSON.stringify(mine));
    if (process.platform === 'linux') lockRun('test', dir).release();
    else expect(() => lockRun('test', dir)).toThrow(/being written/);
  });

  test('of another machine is respected while its holder gives signs of life', async () => {
    const dir = temporaryDir();
    const file = path.join(dir, '.checkpoints.lock');
    fs.writeFileSync(file, JSON.stringify({ place: 'elsewhere', host: 'node7', pid: 12, id: 'x' }));
    const beat = "setInterval(() => require('fs').utimesSync(process.argv[1], new Date(), new Date()), 300)";
    const child = spawn(process.execPath, ['-e', beat, file]);
    try {
      expect(() => lockRun('fit', dir)).toThrow(
        `fit: ${dir} is being written by another process on node7 (process id 12)`,
      );
    } finally {
      child.kill();
    }
  });

  test('has signs of life while the thread that trains is busy', async () => {
    const dir = temporaryDir();
    const child = await start(dir, 'busy');
    const beat = (): number => fs.statSync(path.join(dir, '.checkpoints.lock')).mtimeMs;
    const first = beat();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(beat() - first).toBeGreaterThan(900);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});

describe('a disk of its own (skipped without the right to mount one)', () => {
  /** Mounts a disk of 9 MB. Null without the right to. */
  function mounted(): string | null {
    const disk = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-disk-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=9m', 'tmpfs', disk]).status === 0) return disk;
    fs.rmdirSync(disk);
    return null;
  }

  function unmount(disk: string): void {
    execFileSync('umount', [disk]);
    fs.rmdirSync(disk);
  }

  test('that is full keeps the last good checkpoint', (context) => {
    const disk = mounted();
    if (disk === null) return context.skip('no right to mount');
    try {
      const { status, stderr } = run(disk, 'fill');
      expect(status).toBe(1);
      expect(stderr).toContain(
        `fit: cannot write ${path.join(disk, name(2))} (ENOSPC: the disk is full); free some space, or choose another`,
      );
      expect(fs.readdirSync(disk)).toEqual([name(1)]);
      expect(latestCheckpoint('test', disk)?.checkpoint.iteration).toBe(1);
    } finally {
      unmount(disk);
    }
  });

  test('that becomes read-only too, and is written again when it can be', (context) => {
    const disk = mounted();
    if (disk === null) return context.skip('no right to mount');
    const remount = (how: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${how}`, disk]);
    try {
      const writer = new CheckpointWriter('fit', disk);
      writer.save(someCheckpoint(1));
      writer.flush();
      remount('ro');
      expect(() => new CheckpointWriter('fit', path.join(disk, 'a'))).toThrow(
        `fit: cannot make ${path.join(disk, 'a')} (EROFS: the file system is read-only); choose another place`,
      );
      writer.save(someCheckpoint(2));
      expect(() => writer.flush()).toThrow(
        `fit: cannot write ${path.join(disk, name(2))} (EROFS: the file system is read-only); choose another place`,
      );
      expect(latestCheckpoint('test', disk)?.checkpoint.iteration).toBe(1);
      remount('rw');
      writer.save(someCheckpoint(3));
      writer.close();
      expect(fs.readdirSync(disk)).toEqual([name(1), name(3)]);
    } finally {
      unmount(disk);
    }
  });
});

describe('a limit of the shell', () => {
  test.skipIf(process.platform === 'win32')('for the size of files is told in words', () => {
    const dir = temporaryDir();
    const words = [process.execPath, ...command(dir, 'limit')].map((word) => `'${word}'`);
    const shell = `ulimit -f 1000; exec ${words.join(' ')}`;
    const { status, stderr } = spawnSync('bash', ['-c', shell], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain(`fit: cannot write ${path.join(dir, name(1))} (EFBIG: the file is larger than`);
    expect(fs.readdirSync(dir)).toEqual([]);
  });
});
