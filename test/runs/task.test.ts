import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultGenerator, manualSeed } from '../../src/autograd/index.js';
import type { TrainingEvent } from '../../src/index.js';
import { openTask, openTrained } from '../../src/runs/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { bitsOf, tinyConfig, tinyImages, trained } from '../helpers/runs.js';

/** What a test trains: both loops, with all that draws. */
const RUNS = [
  ['fc', ['hiddenDims=8,6', 'dropout=0.7', 'normalization=batchnorm']],
  [
    'mlp',
    ['hiddenDims=8', 'dropout=0.3', 'batchNorm=true', 'crop=2', 'flip=true', 'weightAverage=0.9', 'schedule=cosine'],
  ],
] as const;

describe('the same config gives the same bits', () => {
  test.each(RUNS)('%s', { tags: 'slow' }, async (model, set) => {
    const config = await tinyConfig(model, tinyImages(), set);
    const { task, bits } = await trained(config);
    // Something else draws in between.
    manualSeed(5).randn([3]);
    expect((await trained(JSON.parse(JSON.stringify(config)))).bits).toEqual(bits);
    const other = await trained({ ...config, seed: 1 });
    expect(other.bits).not.toEqual(bits);
    expect(task.total).toBe(2 * 5);
  });

  test('also if something draws between opening and training, and with workers', { tags: 'slow' }, async () => {
    const [model, set] = RUNS[1];
    const config = await tinyConfig(model, tinyImages(), set);
    const { bits } = await trained(config);
    const task = await openTask(config);
    defaultGenerator().randn([7]);
    for (const _ of task.data.train.loader);
    await task.train({ verbose: false });
    expect(bitsOf(task.model)).toEqual(bits);
    const threaded = { ...config, data: { ...config.data, workers: 2 } };
    expect((await trained(threaded)).bits).toEqual(bits);
  });

  test.each(RUNS)('%s, continued from its checkpoints', { tags: 'slow' }, async (model, set) => {
    const config = await tinyConfig(model, tinyImages(), set);
    const dir = join(temporaryDir(), 'checkpoints');
    const { bits } = await trained(config, { checkpoint: { dir, every: 1, keep: 20 } });
    expect(bits).toEqual((await trained(config)).bits);

    for (const at of [3, 7]) {
      const part = join(temporaryDir(), 'checkpoints');
      const stop = new AbortController();
      const onEvent = ({ kind, iteration }: TrainingEvent): void => {
        if (kind === 'step' && iteration === at) stop.abort(new Error('enough'));
      };
      const options = { checkpoint: { dir: part, every: 2 }, onEvent, signal: stop.signal };
      await expect(trained(config, options)).rejects.toThrow('enough');
      const { bits: continued } = await trained(config, { checkpoint: { dir: part, every: 2 }, resume: true });
      expect(continued).toEqual(bits);
    }
  });
});

test('another process ends with the same bits', { tags: 'slow' }, async () => {
  const dir = temporaryDir();
  const [model, set] = RUNS[1];
  const config = await tinyConfig(model, tinyImages(), set);
  const { bits } = await trained(config);
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  const program = [join('node_modules', 'ts-node', 'dist', 'bin.js'), join('src', 'cli', 'main.ts')];
  const command = ['train', '--config', join(dir, 'config.json'), '--run', join(dir, 'run'), '--quiet'];
  execFileSync(process.execPath, [...program, ...command], { stdio: 'pipe' });
  const run = { dir: join(dir, 'run'), config, checkpoints: join(dir, 'run', 'checkpoints') };
  expect(bitsOf((await openTrained(run)).model)).toEqual(bits);
});

describe('a task', () => {
  test('tells of steps and evaluations, and ends with the best weights', async () => {
    const config = await tinyConfig('twolayer', tinyImages(), ['hiddenDim=5']);
    const task = await openTask(config);
    const events: TrainingEvent[] = [];
    const outcome = await task.train({ verbose: false, onEvent: (event) => events.push(event) });
    expect(events.filter(({ kind }) => kind === 'step')).toHaveLength(task.total);
    expect(outcome).toMatchObject({ epoch: 2, iteration: task.total, bestValLoss: null });
    expect(outcome.bestValAcc).toBe(Math.max(...outcome.history.valAccHistory));
    await expect(task.train()).rejects.toThrow('train: it has been called before');
  });

  test('has its data: prepared batches, pictures as they are, labels', async () => {
    const config = await tinyConfig('mlp', tinyImages(), ['numTest=10']);
    const { data } = await openTask(config);
    expect([data.train.length, data.val?.length, data.test?.length]).toEqual([80, 20, 10]);
    expect(data.classes).toHaveLength(10);
    expect(data.source).toMatch(/^CIFAR-10 in .*: 80 to train on, 20 to validate, 10 to test$/);
    const pixels = data.train.pictures([3])?.data as Float32Array;
    expect([...new Set(pixels)]).toEqual([30, 31, 32]);
    const { mean, std } = data.preprocessing as unknown as { mean: number[]; std: number[] };
    const batch = data.train.batch([3]);
    expect(batch.shape).toEqual([1, 3, 32, 32]);
    expect(batch.data[0]).toBeCloseTo((30 - mean[0]) / std[0], 4);
    expect(data.test?.labels).toEqual(Int32Array.from({ length: 10 }, (_, i) => i));
    const [[X, y]] = [...(data.val?.loader ?? [])];
    expect([X.shape[0], y]).toEqual([20, data.val?.labels]);
  });

  test('subtracts the mean image to the bit as loadCifar10 does', async () => {
    const { loadCifar10 } = await import('../../src/data/index.js');
    const dir = tinyImages();
    const { data } = await openTask(await tinyConfig('twolayer', dir, []));
    const expected = loadCifar10(dir, { numTraining: 80, numValidation: 20, numTest: 20 });
    const rows = Int32Array.from({ length: 80 }, (_, i) => i);
    expect(data.train.batch(rows).data).toEqual(expected.XTrain.data);
    expect(data.val?.batch([19]).data).toEqual(expected.XVal.pick(19).data.slice(19 * 3072, 20 * 3072));
  });

  test('is refused where there are too few examples', async () => {
    const dir = tinyImages();
    await expect(openTask(await tinyConfig('mlp', dir, ['numTraining=99']), { fn: 'train' })).rejects.toThrow(
      /^train: data\.numValidation is 20, expected at most 1: there are 100 and 20 to test in /,
    );
    await expect(openTask(await tinyConfig('mlp', dir, ['numTest=21']), { fn: 'train' })).rejects.toThrow(
      /^train: data\.numTest is 21, expected at most 20/,
    );
  });

  test('trains with every optimizer and schedule', async () => {
    const dir = tinyImages();
    const small = ['epochs=1', 'numTraining=16', 'hiddenDims=4'];
    for (const optimizer of ['SGD', 'Adam', 'AdamW', 'RMSprop', 'Adagrad']) {
      const { task } = await trained(await tinyConfig('mlp', dir, [...small, `optimizer=${optimizer}`]));
      expect(task.kind).toBe('fit');
    }
    for (const schedule of ['step', 'cosine', 'onecycle', 'constant']) {
      await trained(await tinyConfig('mlp', dir, [...small, `schedule=${schedule}`, 'weightDecayOf=matrices']));
    }
    for (const rule of ['sgd', 'sgd_momentum', 'nesterov', 'rmsprop', 'adagrad', 'adam', 'adamw']) {
      await trained(await tinyConfig('fc', dir, [...small, `optimizer=${rule}`, 'lr=1e-4']));
    }
  });
});
