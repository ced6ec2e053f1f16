// @module-tag slow

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const TRIALS = 45;

test('tensors, Solvers with Adam and fits in one synchronous loop hold less than 300 MB of WebAssembly memory', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', 'ts-node/register', 'test/programs/synchronous-search.ts', String(TRIALS)],
    { encoding: 'utf8', timeout: 120_000 },
  );
  expect(status, stderr).toBe(0);
  const { most, each } = JSON.parse(stdout);
  expect(each * TRIALS).toBeGreaterThan(350e6);
  expect(most).toBeLessThan(300e6);
}, 120_000);
