// @module-tag slow

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('a training loop by hand keeps the resident set within 100 MB of where it was, in a workspace or not', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', 'ts-node/register', 'test/programs/hand-written-loop.ts'],
    { encoding: 'utf8', timeout: 60_000 },
  );
  expect(status, stderr).toBe(0);
  const { bare, inWorkspace } = JSON.parse(stdout);
  expect(bare.growth).toBeLessThan(100);
  expect(inWorkspace.growth).toBeLessThan(100);
  expect(bare.last).toBeLessThan(0.1 * bare.first);
  expect(inWorkspace.last).toBeLessThan(bare.last);
}, 60_000);
