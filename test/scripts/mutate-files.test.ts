// @module-tag slow

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ['-r', 'ts-node/register', 'scripts/mutate-files.ts', ...args];
  return spawnSync(process.execPath, command, { encoding: 'utf8' });
}

test('says what became of the files of a format, in a process of its own', () => {
  const { status, stdout, stderr } = run('--count', '50', '--format', 'npy', '--seed', '3');
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const [head, row] = stdout.split('\n').map((line) => line.trim().split(/\s{2,}/));
  expect(head).toEqual(['format', 'files', 'refused', 'equal', 'otherwise', 'worst ms', 'worst MB', 'faults']);
  const [name, files, refused, equal, otherwise] = row;
  expect([name, files, row.at(-1)]).toEqual(['npy', '50', '0']);
  expect(Number(refused) + Number(equal) + Number(otherwise)).toBe(50);
});

test('says how one file was damaged, by its number', () => {
  expect(run('--format', 'npz', '--only', '5').stdout).toMatch(
    /^[\w, ]+: \d+ bytes, (FormatError: decodeNpz: |read: )/,
  );
  const { status, stderr } = run('--only', '5');
  expect([status, stderr.trim()]).toEqual([1, 'mutate-files: --only needs --format']);
});
