// @module-tag slow
// `mpiexec -n 2 layerwise train … --distributed`, as a user starts it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bundledCommand } from '../../scripts/bundled-command.js';
import { load, type NDArray, writeSyntheticCifar10 } from '../../src/index.js';
import { RunFolder } from '../../src/runs/index.js';
import { command } from '../helpers/command.js';
import { describeMpi, mpiexecOf } from '../helpers/mpi.js';

let dir: string;
let program: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'layerwise-train-on-ranks-'));
  program = bundledCommand(join(dir, 'program'));
  writeSyntheticCifar10(join(dir, 'data'), { trainPerBatch: 52, test: 20 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const job of running) job.kill();
});

/** Notes the exit code of each process in which Node loads it first. */
const CODES = `process.on('exit', (code) => {
  require('node:fs').appendFileSync(process.env.CODES, code + '\\n');
});`;

/** The command on some ranks. */
function start(
  ranks: number,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): { job: ChildProcess; ended: Promise<[number, string, string]> } {
  const env = { ...process.env, NODE_PATH: resolve('node_modules'), LAYERWISE_THREADS: '1', npm_command: '', ...more };
  const words = ['-n', String(ranks), process.execPath, program, 'train', ...args, '--distributed'];
  const job = spawn(mpiexecOf('mpich') as string, words, { cwd: dir, env });
  running.add(job);
  const [out, err] = [job.stdout, job.stderr].map((stream) => {
    const texts: string[] = [];
    stream.setEncoding('utf8').on('data', (text: string) => texts.push(text));
    return texts;
  });
  const ended = once(job, 'close').then(([code]): [number, string, string] => {
    running.delete(job);
    return [code, out.join(''), err.join('')];
  });
  return { job, ended };
}

const SETTINGS = [
  ...['mlp', '--data', 'data', '--set', 'numTraining=100', '--set', 'numValidation=31', '--batch-size', '16'],
  ...['--set', 'hiddenDims=[12]', '--set', 'batchNorm=true', '--set', 'dropout=0.2', '--set', 'crop=2'],
  ...['--set', 'flip=true', '--set', 'optimizer=SGD', '--lr', '0.02'],
];
const SYNCHRONIZED = ['--sync-batchnorm', '--verify', '1'];
// About a second from the first checkpoint to the end.
const EPOCHS = ['--epochs', '20', '--checkpoint-every', '0.05'];

const weights = (run: string): Record<string, NDArray> => load(join(dir, run, 'model.safetensors'));
const metricsOf = (run: string) => RunFolder.open(join(dir, run)).metrics();

/** Two runs are the same but for rounding. */
function expectClose(one: string, other: string): void {
  const [a, b] = [weights(one), weights(other)];
  expect(Object.keys(a)).toEqual(Object.keys(b));
  for (const [name, array] of Object.entries(a)) expect(array).toBeAllClose(b[name], { rtol: 1e-2, atol: 1e-3 });
  expect(metricsOf(one).steps.iteration).toEqual(metricsOf(other).steps.iteration);
}

/** Waits for the first checkpoint of a run. */
async function untilCheckpoint(run: string): Promise<void> {
  const folder = join(dir, run, 'checkpoints');
  const hasOne = (): boolean =>
    existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('checkpoint-'));
  await vi.waitFor(() => expect(hasOne()).toBe(true), { timeout: 60_000, interval: 5 });
}

describeMpi('train --distributed', () => {
  test('trains as one process does; rank 0 alone prints, and keeps the run', { timeout: 120_000 }, async () => {
    const args = [...SETTINGS, ...EPOCHS];
    const { ended } = start(2, [...args, ...SYNCHRONIZED, '--run', 'both']);
    const alone = await command(dir, ['train', ...args, '--run', 'alone']);
    const [code, out, err] = await ended;
    expect([code, err, alone.code]).toEqual([0, '', 0]);
    expect(out).toMatch(/^kernels .* 1 thread in each of 2 ranks$/m);
    const about = (text: string): string[] => text.split('\n').filter((line) => /^(model|training)/.test(line));
    expect(about(out)).toEqual(about(alone.out));
    expect(out.match(/Finished in/g)).toHaveLength(1);
    expectClose('both', 'alone');
    expect(metricsOf('both').end?.testAcc).toBeCloseTo(metricsOf('alone').end?.testAcc as number, 6);
  });

  test('ends with a signal, and goes on to the same bits', { timeout: 120_000 }, async () => {
    writeFileSync(join(dir, 'codes.cjs'), CODES);
    const env = { NODE_OPTIONS: `--require=${join(dir, 'codes.cjs')}`, CODES: join(dir, 'codes') };
    const first = start(2, [...SETTINGS, ...EPOCHS, ...SYNCHRONIZED, '--run', 'stopped'], env);
    await untilCheckpoint('stopped');
    first.job.kill('SIGINT');
    const [, , err] = await first.ended;
    // Of the ranks: MPICH's mpiexec returns 0 now and then when it was interrupted itself, whatever they return.
    expect(readFileSync(env.CODES, 'utf8')).toBe('130\n130\n');
    expect(RunFolder.open(join(dir, 'stopped')).state).toBe('interrupted');
    expect(err).toMatch(/to go on: mpiexec -n 2 layerwise train --resume stopped --distributed\n/);
    expect(err.match(/ended by SIGINT/g)).toHaveLength(1);
    const [again] = await start(2, ['--resume', 'stopped', ...SYNCHRONIZED]).ended;
    expect(again).toBe(0);
    const bytes = (run: string): Buffer => readFileSync(join(dir, run, 'model.safetensors'));
    expect(bytes('stopped').equals(bytes('both'))).toBe(true);
  });

  test('says what went wrong on one rank, once, and makes no run', { timeout: 120_000 }, async () => {
    const text = `if (process.env.PMI_RANK === '1') throw new Error('net: there is no such device here');
      const zeros = (shape) => require('${resolve('node_modules/ndarray')}')(new Float32Array(10), shape);
      exports.model = { params: { b: zeros([10]) }, loss: (X) => zeros([X.shape[0], 10]) };`;
    writeFileSync(join(dir, 'net.cjs'), text);
    const [code, out, err] = await start(2, ['./net.cjs', '--data', 'data', '--run', 'none']).ended;
    expect([code, out, existsSync(join(dir, 'none'))]).toEqual([1, '', false]);
    expect(err).toMatch(/^train: rank 1 of 2: .*there is no such device here.*\n$/);
  });

  test.each([0, 1])('says what went wrong on rank %i alone in a run', { timeout: 60_000 }, async (rank) => {
    const text = `const zeros = (shape) => require('${resolve('node_modules/ndarray')}')(new Float32Array(1000), shape);
      const params = { b: zeros([10]) };
      let [steps, reads] = [0, 0];
      exports.model = {
        get params() {
          const isHot = process.env.PMI_RANK === '${rank}' && steps >= 3 && ++reads > 1;
          if (isHot) throw new Error('net: too hot');
          return params;
        },
        loss: (X, y) => (y === undefined ? zeros([X.shape[0], 10]) : (steps++, { loss: 1, grads: { b: zeros([10]) } })),
      };`;
    writeFileSync(join(dir, 'hot.cjs'), text);
    const args = ['./hot.cjs', '--data', 'data', '--batch-size', '16', '--quiet', '--run', `hot-${rank}`];
    const [code, out, err] = await start(2, args).ended;
    expect([code, err]).toEqual([1, expect.stringMatching(`^rank ${rank} of 2: (net|train): too hot\n`)]);
    expect(out + err).not.toContain('do not match');
  });
});

describe('without ranks', () => {
  test('the way to call it on ranks is that of the user', async () => {
    const call = async (env: Record<string, string>): Promise<string> =>
      (await command(dir, ['train', 'mlp', '--distributed'], { env })).err.split('start it as ')[1];
    expect(await call({})).toBe('mpiexec -n 2 layerwise train … --distributed\n');
    expect(await call({ npm_command: 'exec' })).toBe("npx -c 'mpiexec -n 2 layerwise train … --distributed'\n");
  });

  test.each([
    [['--distributed'], 1, '--distributed: this process is none of a job, start it as mpiexec -n 2 layerwise train …'],
    [['--sync-batchnorm'], 2, '--sync-batchnorm is for several ranks, expected --distributed beside it'],
    [['--verify', '3'], 2, '--verify is for several ranks, expected --distributed beside it'],
  ])('%j is refused', async (args, code, message) => {
    const said = await command(dir, ['train', 'mlp', ...args]);
    expect([said.code, said.err]).toEqual([code, expect.stringContaining(`train: ${message}`)]);
  });
});
