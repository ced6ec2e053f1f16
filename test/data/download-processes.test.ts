// @module-tag slow

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BATCHES, temporaryDir } from '../helpers/cifar10.js';
import { send, serve } from './archive-server.js';
import { archive, contents, expectComplete, half, LOCK, swift } from './downloading.js';

// Each of the processes writes another stand-in into one folder, then downloads into another.
test('four processes with one folder: one works, the others wait, and go on where it is killed', async () => {
  const root = temporaryDir();
  const [dir, drawn] = ['downloaded', 'drawn'].map((name) => path.join(root, name));
  // The first process gets half of the archive and waits for the rest; the second gets the rest.
  const { url, ranges } = await serve(send(archive, { stopAfter: half, stall: true }), send(archive));
  const processes = [1, 2, 3, 4].map((seed) => {
    const options = JSON.stringify({ ...swift, url });
    const code = `
      const { downloadCifar10 } = require('./src/data/download-cifar10.ts');
      const { writeSyntheticCifar10 } = require('./src/data/synthetic-cifar10.ts');
      writeSyntheticCifar10(${JSON.stringify(drawn)}, { seed: ${seed}, trainPerBatch: ${seed}, test: ${seed} });
      console.log('drawn');
      downloadCifar10(${JSON.stringify(dir)}, ${options});
    `;
    const env = { ...process.env, TS_NODE_TRANSPILE_ONLY: 'true' };
    const started = spawn(process.execPath, ['-r', 'ts-node/register', '-e', code], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void started.kill('SIGKILL'));
    return started;
  });
  const ended = processes.map((each) => once(each, 'exit'));
  await Promise.all(processes.map((each) => once(each.stdout as NonNullable<ChildProcess['stdout']>, 'data')));

  // The stand-ins differ in length: those of one process are there, and not some of each.
  const lengths = new Set(BATCHES.map((name) => fs.statSync(path.join(drawn, name)).size));
  expect(lengths.size).toBe(1);
  expect(contents(drawn)).toEqual(['batches.meta.txt', ...BATCHES]);

  await expect.poll(() => fs.existsSync(path.join(dir, LOCK)) && ranges.length, { timeout: 30_000 }).toBe(1);
  const { pid } = JSON.parse(fs.readFileSync(path.join(dir, LOCK), 'utf8'));
  const at = processes.findIndex((each) => each.pid === pid);
  const part = path.join(dir, 'cifar-10-binary.tar.gz.part');
  await expect.poll(() => fs.statSync(part, { throwIfNoEntry: false })?.size, { timeout: 30_000 }).toBe(half);
  processes[at].kill('SIGKILL');

  const codes = await Promise.all(ended);
  expect(codes.map(([code]) => code).filter((_, i) => i !== at)).toEqual([0, 0, 0]);
  expect(ranges).toEqual([undefined, `bytes=${half}-`]);
  expectComplete(dir);
}, 240_000);
