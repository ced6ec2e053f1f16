// @module-tag slow
// Every example of --help, as it stands, in the order of the commands, in a folder that was empty before the first.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { examplesOf } from '../../src/cli/examples.js';
import { makeIo } from '../../src/cli/io.js';
import { makeProgram } from '../../src/cli/program.js';
import { run } from '../../src/cli/run.js';
import { writeSyntheticCifar10 } from '../../src/data/index.js';
import { command } from '../helpers/command.js';

const nowhere = { write: () => {} };
const io = makeIo({ cwd: '.', env: {}, stdout: nowhere, stderr: nowhere, isJson: false, isVerbose: false });
const EXAMPLES = examplesOf(makeProgram(io, () => {}));
/** These serve until a signal comes. */
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
  let printed = '';
  let isEnded = false;
  const write = (text: string): void => {
    printed += text;
    if (isEnded || !printed.includes('http://')) return;
    // Once: a second signal ends it at once.
    isEnded = true;
    setImmediate(() => process.emit('SIGTERM', 'SIGTERM'));
  };
  const place = { cwd: folder, env: process.env, stdout: { write }, stderr: { write } };
  expect(await run(line.split(' ').slice(1), place)).toBe(0);
  expect(printed).toContain('http://');
});
