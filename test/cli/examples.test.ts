// @module-tag slow
// Every example of --help, as it stands, in the order of the commands, in a folder that was empty before the first.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { examplesOf } from '../../src/cli/examples.js';
import { makeIo } from '../../src/cli/io.js';
import { makeProgram } from '../../src/cli/program.js';
import { writeSyntheticCifar10 } from '../../src/data/index.js';
import { command } from '../helpers/command.js';

const nowhere = { write: () => {} };
const io = makeIo({ cwd: '.', env: {}, stdout: nowhere, stderr: nowhere, isJson: false, isVerbose: false });
const EXAMPLES = examplesOf(makeProgram(io, () => {}));
/** These serve until a signal comes: they run as processes of their own. */
const isEndless = (line: string): boolean => /^layerwise (serve|ui)\b/.test(line);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-examples-'));
  const cache = join(folder, 'cache');
  vi.stubEnv('XDG_CACHE_HOME', cache);
  vi.stubEnv('CIFAR10_DIR', '');
  // The synthetic pictures are drawn where they are missing: a few do here.
  writeSyntheticCifar10(join(cache, 'layerwise', 'synthetic-cifar10'), { trainPerBatch: 100, test: 100 });
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test.each(EXAMPLES.filter((line) => !isEndless(line)))('%s', async (line) => {
  const [program, ...args] = line.split(' ');
  expect(program).toBe('layerwise');
  const { code, out, err } = await command(folder, args, { env: process.env });
  expect([err, code]).toEqual([err, 0]);
  if (args.includes('--json')) for (const json of out.trim().split('\n')) JSON.parse(json);
});

test.each(EXAMPLES.filter(isEndless))('%s', async (line) => {
  const args = line.split(' ').slice(1);
  const [register, main] = ['node_modules/ts-node/register', 'src/cli/main.ts'].map((file) => resolve(file));
  const env = { ...process.env, TS_NODE_PROJECT: resolve('tsconfig.json') };
  const child = spawn(process.execPath, ['-r', register, main, ...args], { cwd: folder, env });
  let printed = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (text: Buffer) => {
      printed += text;
      // Once: a second signal ends it at once.
      if (printed.includes('http://') && !child.killed) child.kill('SIGTERM');
    });
  }
  const [exitCode] = await once(child, 'close');
  expect(printed).toContain('http://');
  // It ended in order, or says that a signal ended it.
  expect([0, 143]).toContain(exitCode);
});
