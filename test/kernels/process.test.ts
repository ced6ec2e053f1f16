import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { testFirstQuick } from '../helpers/slow.js';

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
  testFirstQuick(
    [
      { end: 'ends by itself', args: [], expected: 0 },
      { end: 'calls process.exit', args: ['--exit'], expected: 3 },
      { end: 'throws', args: ['--throw'], expected: 1 },
    ],
    'do not keep a process alive that $end',
    ({ args, expected }) => {
      const { status, result, ended, stderr } = run('threads-then-exit', ...args);
      expect(status, stderr).toBe(expected);
      expect(result.up).toBe(3);
      expect(ended - result.at).toBeLessThan(2000);
    },
  );
});

test('400,000 synchronous layer calls keep the resident set within 150 MB of where it was', { tags: 'slow' }, () => {
  const { status, result, stderr } = run('many-calls');
  expect(status, stderr).toBe(0);
  expect(result.finite).toBe(true);
  expect(result.growth).toBeLessThan(150);
});

const program = 'test/programs/threads-in-runtime.ts';

test.for([
  ['bun', ['run', program]],
  ['deno', ['run', '-A', '--no-check', '--unstable-sloppy-imports', program]],
] as const)('threads run in %s, where that is on the PATH', { tags: 'slow' }, ([command, args], { skip }) => {
  skip(spawnSync(command, ['--version']).status !== 0, `there is no ${command} on the PATH`);
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({ up: 2, threads: 2, notes: [], same: true });
});

// In kB. Node 20 with ts-node takes 1.5 GB, a memory 10 with what V8 guards around it, a worker up to 0.8: under the
// second limit the memory fits and the worker does not.
test.skipIf(process.platform !== 'linux').each([2_000_000, 12_100_000])(
  'ulimit -v %i ends no process',
  { tags: 'slow' },
  (limit) => {
    const node = `TS_NODE_TRANSPILE_ONLY=1 exec '${process.execPath}' -r ts-node/register ${program}`;
    const command = `ulimit -v ${limit} && ${node}`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8', timeout: 60_000 });
    expect(status, stderr).toBe(0);
    const { up, threads, notes, same } = JSON.parse(stdout);
    expect(same).toBe(true);
    expect(up).toBe(threads);
    expect(notes).toEqual(threads === 2 ? [] : [expect.stringContaining('ulimit -v leaves')]);
  },
);
