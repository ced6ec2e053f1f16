import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../../src/cli/run.js';
import { writeSyntheticCifar10 } from '../../src/data/index.js';
import { RunFolder, RunWriter } from '../../src/runs/index.js';
import { command } from '../helpers/command.js';

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'layerwise-train-'));
  writeSyntheticCifar10(join(dir, 'data'), { trainPerBatch: 14, test: 10 });
  const { code, err } = await train(...SETTINGS, '--run', 'first', '--epochs', '2', '--quiet');
  expect([code, err]).toEqual([0, '']);
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true }));

const SETTINGS = [
  'twolayer',
  '--data',
  'data',
  '--set',
  'hiddenDim=5',
  '--set',
  'numValidation=14',
  '--batch-size',
  '10',
];
const train = (...args: string[]) => command(dir, ['train', ...args]);
const read = (...names: string[]): string => readFileSync(join(dir, ...names), 'utf8');
const timeless = (text: string): string => text.replace(/,"(seconds|time)":("[^"]*"|[\d.e-]+)/g, '');

/** Files that two runs have in common, to the bit. */
function expectSame(one: string, other: string): void {
  for (const name of ['config.json', 'preprocessing.json', 'model.safetensors']) {
    expect(read(one, name) === read(other, name), name).toBe(true);
  }
  expect(timeless(read(one, 'metrics.jsonl'))).toBe(timeless(read(other, 'metrics.jsonl')));
}

describe('train', () => {
  test('leaves a folder that has all of the run', () => {
    const names = ['checkpoints', 'config.json', 'metrics.jsonl', 'model.safetensors', 'preprocessing.json'];
    expect(readdirSync(join(dir, 'first')).sort()).toEqual([...names, 'report.html'].sort());
    const { state, config, metrics } = { ...RunFolder.open(join(dir, 'first')), ...opened('first') };
    expect([state, config.training.epochs, config.training.batchSize]).toEqual(['finished', 2, 10]);
    expect([...metrics.steps.iteration]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(metrics.end).toMatchObject({ iteration: 10, epoch: 2, testAcc: expect.any(Number) });
    expect(metrics.end?.bestValAcc).toBe(Math.max(...metrics.epochs.map(({ valAcc }) => valAcc ?? 0)));
  });

  test('repeats a run to the bit by its config', async () => {
    const { code, out } = await train('--config', 'first/config.json', '--run', 'again', '--quiet');
    expect([code, out]).toEqual([0, 'again\n']);
    expectSame('first', 'again');
  });

  test('goes on with a finished run whose epochs are raised, as if they had been so from the start', {
    tags: 'slow',
  }, async () => {
    await train(...SETTINGS, '--run', 'short', '--epochs', '1', '--quiet');
    const { code } = await train('--resume', 'short', '--epochs', '2', '--quiet');
    expect(code).toBe(0);
    const starts = '{"kind":"start","iteration":5,"epoch":1}\n';
    const metrics = timeless(read('short', 'metrics.jsonl'));
    expect(metrics).toContain(starts);
    expect(metrics.replace(starts, '')).toBe(timeless(read('first', 'metrics.jsonl')));
    for (const name of ['config.json', 'model.safetensors'])
      expect(read('short', name) === read('first', name)).toBe(true);
  });

  test('says of a finished run that it is', async () => {
    const { code, out } = await train('--resume', 'first');
    expect([code, out]).toEqual([
      0,
      'first has finished its 2 epochs; to go on: layerwise train --resume first --epochs 4\n',
    ]);
    expect((await train('--resume', 'first', '--quiet')).out).toBe('first\n');
    expect(JSON.parse((await train('--resume', 'first', '--json')).out)).toMatchObject({
      kind: 'end',
      state: 'finished',
    });
  });

  test('tells of each event in JSON', async () => {
    const { code, out } = await train(...SETTINGS, '--run', 'json', '--epochs', '1', '--json');
    expect(code).toBe(0);
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const logged = events.filter(({ kind }) => kind === 'step' || kind === 'epoch');
    expect(events[0]).toMatchObject({
      kind: 'run',
      dir: join(dir, 'json'),
      model: 'twolayer',
      total: 5,
      isResumed: false,
    });
    expect(logged.map(({ kind, iteration }) => `${kind} ${iteration}`)).toEqual([
      ...['step 1', 'epoch 1', 'step 2', 'step 3', 'step 4', 'step 5', 'epoch 5'],
    ]);
    expect(events.at(-1)).toMatchObject({ kind: 'end', state: 'finished', iteration: 5, epoch: 1 });
    expect(events.length).toBe(9);
  });

  test('tells people what it does, and draws what came of it', { tags: 'slow' }, async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const { code, out } = await train(...SETTINGS, '--epochs', '1', '--plot', '--tensorboard');
    log.mockRestore();
    expect(code).toBe(0);
    const printed =
      /^data {6}.*data: 56 to train on.*\nmodel {5}twolayer by Solver, 15,425 parameters\nkernels {3}.*\n/;
    expect(out).toMatch(printed);
    expect(out).toContain('training  1 epoch, 5 iterations of 10 examples, sgd\nrun       runs/twolayer-cifar10-1\n');
    expect(out).toMatch(/loss by iteration\n[\s\S]*accuracy by iteration\n[\s\S]*\| *\**o* *validation/);
    expect(out).toMatch(/\nFinished in \d+ s: best validation accuracy \d+\.\d\d%, test accuracy \d+\.\d\d%\n/);
    expect(out).toContain('$ layerwise predict runs/twolayer-cifar10-1 test:0\n');
    expect(readdirSync(join(dir, 'runs/twolayer-cifar10-1/tensorboard')).length).toBe(1);
  });
});

/** What is known of a run on disk. */
function opened(name: string) {
  const folder = RunFolder.open(join(dir, name));
  return { state: folder.state, metrics: folder.metrics() };
}

describe('train refuses', () => {
  test.each([
    [[], 'train: expected a MODEL, --config FILE or --resume RUN, such as layerwise train twolayer'],
    [['twolayer', '--resume', 'first'], 'train: --resume takes all from the run, expected no MODEL beside it'],
    [
      ['--resume', 'first', '--data', 'data', '--run', 'other'],
      'train: --resume takes all from the run, expected no --data, --run beside it',
    ],
    [
      ['--resume', 'first', '--lr', '0.5'],
      'train: --resume first: only epochs and patience may change: training.lr is 0.5, was 0.001; ' +
        'for a new run with other settings: layerwise train --config first/config.json --set lr=0.5',
    ],
    [
      ['twolayer', '--ui', '--port', '65536'],
      "train: option '--port <n>' argument '65536' is invalid. expected a whole number from 0 to 65535",
    ],
    [['twolayer', '--port', '80'], 'train: --port is of the live page, expected --ui beside it'],
    [['twolayer', '--checkpoint-every', '0'], "train: option '--checkpoint-every <seconds>' argument '0' is invalid"],
  ])('%j', async (args, message) => {
    const { code, out, err } = await train(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err.match(/\n/g)?.length).toBe(1);
  });

  test.each([
    [['--resume', 'none'], 'none does not exist, expected the folder of a run'],
    [['--config', 'none.json'], 'none.json'],
    [[...SETTINGS, '--run', 'first'], 'has a run already; continue it with --resume '],
    [[...SETTINGS, '--run', 'data'], 'is not empty, expected a new folder for the run; name another'],
    [[...SETTINGS, '--run', 'data/readme/run'], 'readme'],
    [['--resume', 'first', '--epochs', '1'], 'numEpochs is 1, the checkpoint'],
  ])('%j, and leaves all as it is', async (args, message) => {
    writeFileSync(join(dir, 'data/readme'), '');
    const before = readdirSync(dir);
    const { code, err } = await train(...args, '--quiet');
    rmSync(join(dir, 'data/readme'));
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err.match(/\n/g)?.length).toBe(1);
    expect(readdirSync(dir)).toEqual(before);
    expect(opened('first').state).toBe('finished');
    expect(RunFolder.open(join(dir, 'first')).config.training.epochs).toBe(2);
  });

  test('a run that another process trains', async () => {
    const writer = new RunWriter('test', RunFolder.open(join(dir, 'first')), () => {});
    const { code, err } = await train('--resume', 'first', '--epochs', '3');
    writer.close();
    expect(code).toBe(1);
    expect(err).toContain(`first is being written by another run of this process (process id ${process.pid})`);
  });

  test('a config that is no JSON', async () => {
    writeFileSync(join(dir, 'broken.json'), '{"model":');
    const { code, err } = await train('--config', 'broken.json');
    expect([code, err.match(/\n/g)?.length]).toEqual([1, 1]);
    expect(err).toContain('broken.json');
  });
});

test('a folder that is removed while the run is trained ends it by one line', { tags: 'slow' }, async () => {
  let err = '';
  const args = ['train', ...SETTINGS, '--run', 'gone', '--epochs', '300', '--json'];
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const code = await run(args, {
    ...{ cwd: dir, env: {} },
    stdout: {
      write: (text: string) => {
        if (text.includes('"iteration":20,')) {
          // A thread may be writing a checkpoint there.
          rmSync(join(dir, 'gone'), { recursive: true, force: true, maxRetries: 50, retryDelay: 2 });
        }
      },
    },
    stderr: {
      write: (text: string) => {
        err += text;
      },
    },
  });
  expect(code).toBe(1);
  expect(err).toMatch(/^train: .*gone.*\n$/);
  expect(warn.mock.calls).toEqual([]);
  warn.mockRestore();
  expect(existsSync(join(dir, 'gone', 'config.json'))).toBe(false);
});

test('a report that cannot be written is a note', { tags: 'slow' }, async () => {
  mkdirSync(join(dir, 'noted'));
  const args = ['train', ...SETTINGS, '--run', 'noted', '--epochs', '1', '--json'];
  let err = '';
  const code = await run(args, {
    ...{ cwd: dir, env: {} },
    stdout: { write: () => mkdirSync(join(dir, 'noted', 'report.html'), { recursive: true }) },
    stderr: {
      write: (text: string) => {
        err += text;
      },
    },
  });
  expect(code).toBe(0);
  expect(err).toMatch(/^note: no report was written: .*EISDIR.*; to try again: layerwise report noted\n$/);
});
