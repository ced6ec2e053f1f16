import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { zeros } from '../../src/arrays/index.js';
import { encodeCheckpoint } from '../../src/checkpoints/index.js';
import { TwoLayerNet } from '../../src/classifiers/index.js';
import { save } from '../../src/formats/index.js';
import { BatchNorm1d, Linear, Sequential } from '../../src/nn/index.js';
import { bestEpoch, RunFolder, statusOf, summaryOf } from '../../src/runs/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { configOf, recordedRun, twoEpochs } from '../helpers/recorded-run.js';

test('a finished run', () => {
  const run = recordedRun(temporaryDir(), 'a', twoEpochs());
  const { info, status, last, best } = summaryOf(run);
  expect(info).toMatchObject({ id: 'a', title: 'a', fn: 'Solver', totalIterations: 4, totalEpochs: 2, batchSize: 10 });
  expect(info.startedAt).toBe(Date.parse('2026-01-02T03:04:05.000Z'));
  expect(status).toEqual({
    ...{ state: 'finished', iteration: 4, epoch: 2, loss: 0.5, learningRate: 0.1, seconds: 4, points: 4 },
    ...{ imagesPerSecond: null, secondsLeft: null, message: null },
  });
  expect(best).toMatchObject({ epoch: 1, valAcc: 0.5 });
  expect(last).toMatchObject({ epoch: 2, valAcc: 0.4, valLoss: null });
});

test('a run that was killed, or has failed', () => {
  const dir = temporaryDir();
  expect(summaryOf(recordedRun(dir, 'a', twoEpochs(null))).status.state).toBe('interrupted');
  const failed = recordedRun(dir, 'b', twoEpochs({ state: 'failed', message: 'fit: the loss is NaN' }));
  expect(summaryOf(failed).status).toMatchObject({ state: 'failed', message: 'fit: the loss is NaN' });
});

test('a run before its first step', () => {
  const { info, status, last, best } = summaryOf(recordedRun(temporaryDir(), 'a'));
  expect(info).toMatchObject({ startedAt: null, totalIterations: null, parameters: 0 });
  expect(status).toMatchObject({ iteration: 0, epoch: 0, loss: null, learningRate: null, points: 0 });
  expect([last, best]).toEqual([null, null]);
});

test('a running one: images a second over the last five, and what is left at this speed', () => {
  const run = recordedRun(temporaryDir(), 'a', [
    ...twoEpochs(null),
    { kind: 'step', iteration: 5, epoch: 2, loss: 1, learningRate: 0.1, seconds: 10 },
  ]);
  const { steps, ...rest } = run.metrics();
  const status = statusOf(configOf(null, { epochs: 10 }), { ...rest, steps }, 'running');
  // From iteration 4 at 4 s to iteration 5 at 10 s.
  expect(status.imagesPerSecond).toBeCloseTo(10 / 6);
  expect(status.secondsLeft).toBeCloseTo(15 * 6);
});

test('parameters are counted in the weights, and before there are any in a checkpoint; statistics are none', () => {
  const dir = temporaryDir();
  const run = recordedRun(dir, 'a');
  const model = new Sequential(new Linear(3, 4), new BatchNorm1d(4));
  const counted = () => summaryOf(RunFolder.open(run.dir)).info.parameters;
  const bytes = (kind: 'fit' | 'Solver', state: object) => {
    const file = path.join(run.checkpoints, 'checkpoint-000000002.safetensors');
    writeFileSync(file, encodeCheckpoint({ kind, iteration: 2, epoch: 1, config: {}, state }));
  };
  bytes('fit', { model: model.stateDict(), optimizer: { m: zeros([99]) } });
  expect(counted()).toBe(12 + 4 + 8);
  const { params } = new TwoLayerNet({ inputDim: 3, hiddenDim: 2, numClasses: 2 });
  bytes('Solver', { current: { params, statistics: [] }, best: { params }, configs: { W1: { v: zeros([6]) } } });
  expect(counted()).toBe(6 + 2 + 4 + 2);
  save(run.model, model);
  expect(counted()).toBe(12 + 4 + 8);
  writeFileSync(run.model, 'no such file');
  expect(counted()).toBe(0);
});

test('the best evaluation is the first with the highest accuracy, without any that with the lowest loss', () => {
  const row = (epoch: number, valAcc: number | null, valLoss: number | null) => {
    const none = { iteration: epoch, trainAcc: null, learningRate: null, seconds: 0, metrics: {} };
    return { ...none, epoch, valAcc, valLoss };
  };
  expect(bestEpoch([row(1, 0.2, 1), row(2, 0.3, 2), row(3, 0.3, 0.5)])?.epoch).toBe(2);
  expect(bestEpoch([row(1, null, 1), row(2, null, 0.5), row(3, null, null)])?.epoch).toBe(2);
  expect(bestEpoch([row(1, null, null)])).toBe(null);
});

test('paths are shown as a report may have them', () => {
  const here = path.join(process.cwd(), 'data', 'somewhere');
  const { config } = summaryOf(recordedRun(temporaryDir(), 'a', [], configOf(here))).info;
  expect(config.data).toMatchObject({ path: path.join('data', 'somewhere') });
});
