// @module-tag slow
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

const PROGRAM = ['-r', 'ts-node/register', 'test/programs/worker-loader.ts'];

function run(args: readonly string[], flags: readonly string[] = [], limit = 'unlimited') {
  const command = `ulimit -v ${limit} && exec "$0" "$@"`;
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', command, process.execPath, ...flags, ...PROGRAM, ...args],
    { encoding: 'utf8', timeout: 60_000, env: { ...process.env, TS_NODE_TRANSPILE_ONLY: '1' } },
  );
  return { status, stderr, ended: Date.now(), result: JSON.parse(stdout || 'null') };
}

describe('workers of a loader', () => {
  test.each([
    ['leaves an epoch', 'break', 0, 1],
    ['calls process.exit', 'exit', 3, 1],
    ['throws', 'throw', 1, 1],
  ])('do not keep a process alive that %s', (_, way, expected, batches) => {
    const { status, stderr, result, ended } = run([way]);
    expect(status, stderr).toBe(expected);
    expect(result.batches).toBe(batches);
    expect(ended - result.at).toBeLessThan(5000);
  });

  test.skipIf(process.platform !== 'linux')('end when the loader is collected', () => {
    const { status, stderr, result } = run(['collect', '1'], ['--expose-gc']);
    expect(status, stderr).toBe(0);
    expect(result.during).toBeGreaterThanOrEqual(result.before + 3);
    expect(result.after).toBe(result.before);
  });

  // In kB: V8 ends a process in which a thread finds no address space.
  test.skipIf(process.platform !== 'linux').each([
    ['are as many as there is room for', '3500000', { batches: 6 }],
    [
      'are refused where there is room for none',
      '2000000',
      {
        batches: 0,
        message:
          'DataLoader: workers is 2, expected 0 where ulimit -v leaves no address space for a thread: raise the ' +
          'limit, by 1 GB for each worker',
      },
    ],
  ])('under ulimit -v %s', (_, limit, expected) => {
    const { status, stderr, result } = run(['all'], [], limit);
    expect(status, stderr).toBe(0);
    expect(result).toMatchObject(expected);
  });
});
