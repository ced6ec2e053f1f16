// @module-tag slow

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { placeOf } from '../../../src/files/place.js';
import { withTrial } from '../../../src/search/by-index/trial-lock.js';
import { temporaryDir } from '../../helpers/cifar10.js';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a trial is run by one at a time; the others say once for whom they wait', async () => {
  const dir = temporaryDir();
  const waits: number[] = [];
  let running = 0;
  const turn = () =>
    withTrial(
      'search',
      dir,
      async () => {
        expect(++running).toBe(1);
        await sleep(30);
        running--;
      },
      { onWait: ({ pid }) => waits.push(pid) },
    );
  await Promise.all([turn(), turn(), turn()]);
  expect(waits).toEqual([process.pid, process.pid]);
  expect(fs.readdirSync(dir)).toEqual([]);
});

test('what a trial throws comes out, and the lock goes', async () => {
  const dir = temporaryDir();
  await expect(withTrial('search', dir, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(fs.readdirSync(dir)).toEqual([]);
});

test('the lock of a trial that blocks its process shows signs of life', async () => {
  const dir = temporaryDir();
  const file = path.join(dir, '.lock');
  const beats = await withTrial('search', dir, async () => {
    const seen = new Set<number>();
    const end = performance.now() + 10_000;
    while (seen.size < 2 && performance.now() < end) seen.add(fs.statSync(file).mtimeMs);
    return seen.size;
  });
  expect(beats).toBe(2);
});

test('the lock of a machine that is gone is kept for no longer than its signs of life are missed', async () => {
  const dir = temporaryDir();
  const file = path.join(dir, '.lock');
  fs.writeFileSync(file, JSON.stringify({ place: 'another', host: 'node7', pid: 12, id: 'x' }));
  const beat = setInterval(() => fs.utimesSync(file, new Date(), new Date()), 20);
  const hosts: string[] = [];
  let isThere = true;
  const run = withTrial('search', dir, async () => isThere, { stale: 400, onWait: ({ host }) => hosts.push(host) });
  await sleep(800);
  isThere = false;
  clearInterval(beat);
  expect(await run).toBe(false);
  expect(hosts).toEqual(['node7']);
});

test('the lock of a process of this machine that was killed is taken over at once', async () => {
  const dir = temporaryDir();
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  fs.writeFileSync(path.join(dir, '.lock'), JSON.stringify({ place: placeOf('test'), pid: dead.pid, id: 'x' }));
  const start = performance.now();
  await withTrial('search', dir, async () => {});
  expect(performance.now() - start).toBeLessThan(5000);
});
