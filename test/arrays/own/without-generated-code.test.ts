// @module-tag slow

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { trainedDigests } from '../../helpers/trained-digests.js';

test('node --disallow-code-generation-from-strings trains to the same bits', () => {
  const flags = ['--disallow-code-generation-from-strings', '-r', 'ts-node/register'];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, 'test/programs/without-generated-code.ts'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ allowed: false, digests: trainedDigests() });
});
