import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  accuracyText,
  bestValAcc,
  compare,
  epochReaching,
  finalLoss,
  finalTrainAcc,
  historyChart,
  lossText,
  meanHistory,
  measure,
  nameOf,
  type Run,
  repeat,
  train,
} from '../../scripts/experiments/support/training.js';
import { list, logspace, loss, percent, ratio } from '../../scripts/experiments/support/words.js';
import { FullyConnectedNet, Random } from '../../src/index.js';

function history(losses: number[], accuracies: number[], divergedAt: number | null = null): Run {
  return { lossHistory: losses, trainAccHistory: accuracies, valAccHistory: accuracies, epoch: 1, divergedAt };
}

const good = history([3, 2, 1], [0.1, 0.5, 0.4]);
const better = history([3, 1, 0], [0.3, 0.5, 0.8]);
const broken = history([3], [0.1], 2);

describe('train', () => {
  const random = new Random(1);
  const data = {
    XTrain: random.randn([20, 4]),
    yTrain: random.randint(0, 3, 20),
    XVal: random.randn([10, 4]),
    yVal: random.randint(0, 3, 10),
  };
  const net = () => new FullyConnectedNet([5], { inputDim: 4, numClasses: 3, weightScale: 1, seed: 2 });

  test('tells where a run diverged, and keeps what came before', () => {
    const run = train(net(), data, { optimConfig: { learningRate: 1e30 }, batchSize: 10, numEpochs: 10, seed: 1 });
    expect(run.divergedAt).toBe(run.lossHistory.length + 1);
    expect(run.divergedAt).toBeLessThanOrEqual(5);
    expect(run.lossHistory.every(Number.isFinite)).toBe(true);
  });

  test('gives the whole of a run that does not', () => {
    const run = train(net(), data, { batchSize: 10, numEpochs: 3, seed: 1 });
    expect(run).toMatchObject({ divergedAt: null, epoch: 3 });
    expect(run.lossHistory).toHaveLength(6);
    expect(run.valAccHistory).toHaveLength(4);
  });

  test('lets other errors through', () => {
    expect(() => train(net(), data, { batchSize: 0 })).toThrow('batchSize');
  });
});

describe('measurements', () => {
  const trial = { name: 'net', runs: [good, better] };

  test('are means over the runs, with their standard error', () => {
    const { values, mean, error } = measure(trial, finalTrainAcc);
    expect(values).toEqual([0.4, 0.8]);
    expect(mean).toBeCloseTo(0.6, 12);
    // The standard deviation is √0.08, over √2 runs.
    expect(error).toBeCloseTo(0.2, 12);
    expect(accuracyText({ values, mean, error })).toBe('60.0 ± 20.0%');
    expect(accuracyText(measure({ name: 'one', runs: [good] }, bestValAcc))).toBe('50.0%');
    expect(lossText(measure(trial, finalLoss(2)))).toBe('1.00');
  });

  test('differ where the difference is more than twice its standard error', () => {
    const of = (mean: number, error: number) => ({ values: [mean], mean, error });
    expect(compare(of(0.5, 0.03), of(0.4, 0.04))).toBe(0);
    expect(compare(of(0.51, 0.03), of(0.4, 0.04))).toBe(1);
    expect(compare(of(0.4, 0.03), of(0.51, 0.04))).toBe(-1);
    expect(compare(of(Number.NaN, 0), of(0.4, 0))).toBe(0);
  });

  test('of a run that diverged say so', () => {
    const diverged = { name: 'net', runs: [good, broken] };
    expect(nameOf(diverged)).toBe('net (diverged in 1 of 2 runs)');
    expect(nameOf({ name: 'net', runs: [broken] })).toBe('net (diverged)');
    expect(nameOf(trial)).toBe('net');
    expect(lossText(measure(diverged, finalLoss(1)))).toBe('diverged');
    expect(meanHistory(diverged)).toMatchObject({ lossHistory: [3], trainAccHistory: [0.1], divergedAt: 2 });
    expect(measure({ name: 'net', runs: [history([], [], 1)] }, bestValAcc).mean).toBeNaN();
  });

  test('the mean history reaches an accuracy in an epoch, or never', () => {
    expect(meanHistory(trial)).toMatchObject({ lossHistory: [3, 1.5, 0.5], divergedAt: null });
    expect(epochReaching(trial, 0.5)).toBe(1);
    expect(epochReaching(trial, 0.9)).toBeUndefined();
  });
});

describe('a lab', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-lab-'));
    vi.spyOn(console, 'log').mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  test('repeats a training with different seeds, its own the first', () => {
    const seeds: string[] = [];
    const { runs } = repeat({ seed: 's' }, 'net', 3, (seed) => {
      seeds.push(seed);
      return good;
    });
    expect(seeds).toEqual(['s', 's/2', 's/3']);
    expect(runs).toHaveLength(3);
    expect(console.log).toHaveBeenCalledWith('net: best validation accuracy 50.0%');
  });

  test('draws diverged runs by their name, and leaves out those without a loss', async () => {
    const trials = [
      { name: 'sound', runs: [good] },
      { name: 'broken', runs: [broken] },
      { name: 'empty', runs: [history([], [], 1)] },
    ];
    const svg = await historyChart({ folder }, trials);
    expect(svg).toContain('broken (diverged)');
    expect(svg).not.toContain('empty');
    expect(fs.readFileSync(path.join(folder, 'history.svg'), 'utf8')).toBe(svg);
  });
});

describe('words', () => {
  test('say numbers as people read them', () => {
    expect([0.123456, Number.NaN].map(percent)).toEqual(['12.3%', '–']);
    expect([2.304, 0.01234, 31234].map(loss)).toEqual(['2.30', '0.0123', '3.1e4']);
    expect([2.345, 0.00123, 2.3e-7, 0].map(ratio)).toEqual(['2.3', '0.0012', '2e−7', '0']);
    expect([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
    expect(logspace(-4, 0, 5)).toEqual([1e-4, 1e-3, 1e-2, 0.1, 1]);
  });
});
