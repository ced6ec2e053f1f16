import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { argumentError } from '../../src/arrays/errors.js';
import { CliError, exitCodeOf, InterruptedError, oneLine, UsageError, withStack } from '../../src/cli/errors.js';
import { makeIo } from '../../src/cli/io.js';
import { makeProgram } from '../../src/cli/program.js';
import { report } from '../../src/cli/run.js';
import { version } from '../../src/cli/version.js';
import { command, type Place } from '../helpers/command.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const layerwise = (args: readonly string[], { cwd = process.cwd(), ...place }: Place & { cwd?: string } = {}) =>
  command(cwd, args, place);

describe('help', () => {
  test('of the program fits a screen of 80 columns and 24 lines', async () => {
    const { out, err, code } = await layerwise(['--help']);
    expect([code, err]).toEqual([0, '']);
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(out).toContain('$ layerwise train ');
  });

  test('is what the program prints without arguments', async () => {
    expect((await layerwise([])).out).toBe((await layerwise(['--help'])).out);
  });

  test.each([40, 20])('fits a terminal of %d columns', async (columns) => {
    const { out } = await layerwise(['--help'], { columns, env: { NO_COLOR: '1' } });
    const items = out
      .split('\n')
      .slice(3)
      .filter((line) => !line.startsWith('$'));
    expect(Math.max(...items.map((line) => line.length))).toBeLessThanOrEqual(Math.max(columns, 24));
  });

  test('of every command has a description, global options, and no undefined', async () => {
    const io = makeIo({ cwd: folder, env: {}, stdout: nowhere, stderr: nowhere, isJson: false, isVerbose: false });
    for (const command of makeProgram(io, () => {}).commands) {
      const { out, code } = await layerwise(['help', command.name()]);
      expect([command.name(), code]).toEqual([command.name(), 0]);
      expect(out).toContain(`Usage: layerwise ${command.name()}`);
      expect(out).toContain('--json');
      expect(out).not.toContain('undefined');
    }
  });

  test('has colours where the terminal has, or FORCE_COLOR says so', async () => {
    const bold = '\x1b[1m';
    expect((await layerwise(['--help'], { columns: 80 })).out).toContain(bold);
    expect((await layerwise(['help', 'info'], { env: { FORCE_COLOR: '1' } })).out).toContain(bold);
    expect((await layerwise(['help', 'info'], { columns: 80, env: { NO_COLOR: '1' } })).out).not.toContain('\x1b');
    expect((await layerwise(['--help'], { columns: 80, env: { TERM: 'dumb' } })).out).not.toContain('\x1b');
    expect((await layerwise(['--help'])).out).not.toContain('\x1b');
  });
});

test('--version prints the version', async () => {
  expect((await layerwise(['--version'])).out).toBe(`${version()}\n`);
});

describe('wrong use is one line, the way to the help, and exit code 2', () => {
  test.each([
    [['trian'], "unknown command 'trian'; did you mean train? (layerwise --help)"],
    [['xyzzy'], "unknown command 'xyzzy' (layerwise --help)"],
    [['help', 'evil'], "unknown command 'evil'; did you mean eval? (layerwise --help)"],
    [['data'], 'data: expected a command: download, synthetic, info (layerwise data --help)'],
    [['data', 'inof'], "data: unknown command 'inof'; did you mean info? (layerwise data --help)"],
    [['info', '--jsn'], "info: unknown option '--jsn'; did you mean --json? (layerwise info --help)"],
    [['info', 'x'], "info: too many arguments for 'info'. Expected 0 arguments but got 1 (layerwise info --help)"],
    [['data', 'info'], "data info: missing required argument 'path' (layerwise data info --help)"],
    [['bench', '--time'], "bench: option '--time <seconds>' argument missing (layerwise bench --help)"],
    [
      ['bench', '--time', '0'],
      "bench: option '--time <seconds>' argument '0' is invalid. expected a number > 0 (layerwise bench --help)",
    ],
    [
      ['bench', 'gemm_250_f32'],
      "bench: unknown workload 'gemm_250_f32'; did you mean gemm_256_f32? (layerwise bench --list)",
    ],
    [
      ['data', 'synthetic', '--train', '7'],
      "data synthetic: option '--train <n>' argument '7' is invalid. expected a multiple of 5: there are five files " +
        '(layerwise data synthetic --help)',
    ],
    [
      ['data', 'synthetic', '--test', '0'],
      "data synthetic: option '--test <n>' argument '0' is invalid. expected a whole number from 1 to 100000 " +
        '(layerwise data synthetic --help)',
    ],
  ])('%j', async (args, line) => {
    expect(await layerwise(args)).toEqual({ code: 2, out: '', err: `${line}\n` });
    const { out, code } = await layerwise([...args.slice(0, 1), '--json', ...args.slice(1)]);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toEqual({ error: line, exitCode: 2 });
  });

  test('with --json and no command', async () => {
    const { out, code } = await layerwise(['--json']);
    expect(code).toBe(2);
    expect(JSON.parse(out).error).toBe('expected a command (layerwise --help)');
  });
});

describe('an error', () => {
  const io = (isVerbose: boolean, written: string[]) => {
    const output = { write: (text: string) => written.push(text) };
    return makeIo({ cwd: folder, env: {}, stdout: output, stderr: output, isJson: false, isVerbose });
  };

  test('of a command is its message in one line, and exit code 1', () => {
    expect(oneLine(new CliError('eval: no \x1b[31mred'))).toBe('eval: no \ufffd[31mred');
    expect(oneLine(new CliError('eval: this\n  and that'))).toBe('eval: this and that');
    expect(exitCodeOf(new CliError('eval: no'))).toBe(1);
    expect(exitCodeOf(new UsageError('eval: no'))).toBe(2);
  });

  test('of a signal has the exit code that shells have', () => {
    expect(exitCodeOf(new InterruptedError('SIGINT', 'stopped'))).toBe(130);
    expect(exitCodeOf(new InterruptedError('SIGTERM', 'stopped'))).toBe(143);
  });

  test('that nobody foresaw says how to find out more', () => {
    const hint = ' (unexpected; run again with --verbose to see where)';
    expect(oneLine(new TypeError('x is not a function'))).toBe(`x is not a function${hint}`);
    expect(oneLine('a text')).toBe(`an error without a message: a text${hint}`);
    expect(oneLine(new TypeError(''))).toBe(`TypeError${hint}`);
    expect(oneLine(new Error('loadCifar10: there is no folder x'))).toBe('loadCifar10: there is no folder x');
    expect(oneLine(argumentError(TypeError, { fn: 'f', arg: 'x', found: 'is 1' }))).toBe('f: x is 1');
    expect(oneLine(Object.assign(new Error('the disk'), { code: 'ENOSPC' }))).toBe('the disk');
  });

  test('comes with the places it was thrown at, and its causes, with --verbose', () => {
    const error = new CliError('train: no', 1, { cause: new RangeError('deep down') });
    const written: string[] = [];
    expect(report(error, io(true, written))).toBe(1);
    expect(written.join('')).toMatch(/train: no\n +at .*program\.test[\s\S]*caused by RangeError: deep down\n +at /);
    const short: string[] = [];
    report(error, io(false, short));
    expect(short).toEqual(['train: no\n']);
    expect(withStack(null)).toContain('null');
  });
});

describe('info', () => {
  test('says what runs, what is there, and what may be installed', async () => {
    const { out, code } = await layerwise(['info'], { cwd: folder });
    expect(code).toBe(0);
    expect(out).toMatch(/^layerwise +\d+\.\d+\.\d+\nNode +\d+.*\nprocessor .*\nkernels +(wasm|reference), SIMD/m);
    expect(out).toMatch(/fast-png +\d+\.\d+\.\d+ +for PNG files/);
  });

  test('finds data, and says what is wrong with them', async () => {
    await layerwise(['data', 'synthetic', '--train', '10', '--test', '5'], { cwd: folder });
    const env = { CIFAR10_DIR: folder, XDG_CACHE_HOME: folder };
    const { out } = await layerwise(['info', '--json'], { cwd: folder, env });
    const { version: found, kernels, data, packages } = JSON.parse(out);
    expect(found).toBe(version());
    expect(kernels).toMatchObject({ threads: 1, notes: [] });
    expect(data).toEqual([
      {
        name: 'CIFAR-10',
        path: folder,
        examples: null,
        problem: expect.stringContaining('there is no file data_batch_1'),
      },
      { name: 'synthetic', path: join('data', 'synthetic'), examples: 15, problem: null },
    ]);
    expect(packages).toContainEqual(expect.objectContaining({ name: 'vega', use: 'charts' }));
  });
});

describe('data', () => {
  test('synthetic draws what info describes', async () => {
    const drawn = await layerwise(['data', 'synthetic', 'some', '--train', '50', '--test', '10', '--seed', 'x'], {
      cwd: folder,
    });
    expect(drawn).toMatchObject({ code: 0, out: 'The pictures are in some: --data some trains on them\n' });
    const { out } = await layerwise(['data', 'info', 'some', '--json'], { cwd: folder });
    const info = JSON.parse(out);
    expect(info).toMatchObject({ kind: 'cifar10', inputShape: [3, 32, 32] });
    expect(info.parts.map(({ examples }: { examples: number }) => examples)).toEqual([40, 10, 10]);
    expect(info.mean).toHaveLength(3);
    for (const mean of info.mean) expect(mean).toBeGreaterThan(50);
    const table = await layerwise(['data', 'info', 'some'], { cwd: folder });
    expect(table.out).toMatch(/class +train +validation +test\n/);
    expect(table.out).toMatch(/all +40 +10 +10\n$/);
  });

  test('info of what is not there names it', async () => {
    const { err, code } = await layerwise(['data', 'info', 'nothing'], { cwd: folder });
    expect(code).not.toBe(0);
    expect(err).toMatch(/^data info: .*nothing.*\n$/);
  });

  test.each(['cifar100', 'mnist', 'fashion-mnist'])('download says where %s is to be had', async (name) => {
    const { err, code } = await layerwise(['data', 'download', name], { cwd: folder });
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^data download: ${name} is not downloaded .* https://\\S+ and .* in data.*\\n$`));
  });
});

test('bench lists its workloads and times those that are named', async () => {
  const { out } = await layerwise(['bench', '--list']);
  expect(out.split('\n')).toContain('gemm_256_f32');
  const timed = await layerwise(['bench', 'two_layer_10_b10_sgd', '--time', '0.01', '--json']);
  expect(JSON.parse(timed.out)).toMatchObject({ workload: 'two_layer_10_b10_sgd', n: expect.any(Number) });
  expect((await layerwise(['bench', 'two_layer_10_b10_sgd', '--time', '0.01'])).out).toMatch(
    /two_layer_10_b10_sgd +0\.\d+/,
  );
});

const nowhere = { write: () => {} };

describe('as a process of its own', { tags: 'slow' }, () => {
  const main = [join('node_modules', 'ts-node', 'dist', 'bin.js'), join('src', 'cli', 'main.ts')];
  const shell = (command: string) => spawnSync('bash', ['-o', 'pipefail', '-c', command], { encoding: 'utf8' });
  const program = `'${process.execPath}' ${main.join(' ')}`;

  test('a reader that closes the pipe ends it quietly', () => {
    const { stderr, status } = shell(`${program} bench --list | head -1 > /dev/null; exit \${PIPESTATUS[0]}`);
    expect([stderr, status]).toEqual(['', 0]);
  });

  test('its exit code is that of the error', () => {
    expect(shell(`${program} trian`).status).toBe(2);
    expect(shell(`${program} data download mnist`).status).toBe(1);
  });

  test('a file of the user that ends it, or leaves a timer', () => {
    const dir = mkdtempSync(join(tmpdir(), 'layerwise-ends-'));
    const trials = {
      exits: 'process.exit(0)',
      leaves: 'setInterval(() => {}, 1000) && { valAcc: 1 }',
    };
    const results = Object.entries(trials).map(([name, body]) => {
      const file = join(dir, `${name}.mjs`);
      const code = `export default defineTrial(space({ x: 1 }), () => ${body});`;
      writeFileSync(file, `import { defineTrial, space } from 'layerwise/search';\n${code}\n`);
      const { status, stderr } = shell(
        `${program} search ${join(dir, name)} --trial ${file} --trials 1 --trial-index 0`,
      );
      return [status, stderr.trim().split(':')[0]];
    });
    rmSync(dir, { recursive: true });
    // An index of an array that ends with 0 is not started again.
    expect(results).toEqual([
      [1, 'layerwise'],
      [0, ''],
    ]);
  });
});
