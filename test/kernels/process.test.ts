import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

/** Runs a program of test/programs with ts-node, as a user runs a script. */
function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', 'ts-node/register', `test/programs/${program}.ts`, ...args],
    { encoding: 'utf8', timeout: 60_000 },
  );
  return { status, stderr, ended: Date.now(), result: JSON.parse(stdout || 'null') };
}

describe('worker threads', () => {
  test.each([
    ['ends by itself', [], 0],
    ['calls process.exit', ['--exit'], 3],
    ['throws', ['--throw'], 1],
  ] as const)('do not keep a process alive that %s', (_, args, expected) => {
    const { status, result, ended, stderr } = run('threads-then-exit', ...args);
    expect(status, stderr).toBe(expected);
    expect(result.up).toBe(3);
    expect(ended - result.at).toBeLessThan(2000);
  });
});

test('a million synchronous layer calls keep the resident set within 200 MB of where it was', () => {
  const { status, result, stderr } = run('million-calls');
  expect(status, stderr).toBe(0);
  expect(result.finite).toBe(true);
  expect(result.growth).toBeLessThan(200);
}, 60_000);
