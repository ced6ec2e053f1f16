import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunConfig, RunEvent } from '../../src/runs/index.js';
import { RunFolder } from '../../src/runs/index.js';

/** A config of a run on pictures in `data`, with some settings replaced. */
export function configOf(data: string | null, training: Partial<RunConfig['training']> = {}): RunConfig {
  return {
    layerwise: '0.0.0',
    model: { name: 'twolayer', options: { hiddenDim: 8, weightScale: 1e-3, reg: 0 } },
    data: {
      kind: data === null ? 'synthetic' : 'cifar10',
      path: data,
      numTraining: null,
      numValidation: 20,
      numTest: 10_000,
    },
    training: {
      ...{ optimizer: 'sgd', lr: 1e-3, lrDecay: 0.95, batchSize: 10, epochs: 2, printEvery: 100 },
      ...training,
    },
    seed: 231,
  };
}

/** A run as `train` leaves it, with these lines in its metrics; nothing is trained. */
export function recordedRun(
  parent: string,
  name: string,
  events: readonly (Partial<RunEvent> | object)[] = [],
  config = configOf(null),
): RunFolder {
  const run = RunFolder.create(path.join(parent, name), config);
  mkdirSync(run.checkpoints, { recursive: true });
  writeFileSync(path.join(run.dir, 'metrics.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return run;
}

const TIME = '2026-01-02T03:04:05.000Z';

/** Two epochs of two steps, the first of which is the better one. */
export function twoEpochs(end: object | null = {}): object[] {
  const step = (iteration: number, loss: unknown, seconds: number) => {
    return { kind: 'step', iteration, epoch: 0, loss, learningRate: 0.1, seconds };
  };
  const epoch = (n: number, valAcc: number, seconds: number) => {
    const values = { iteration: 2 * n, epoch: n, loss: 1, learningRate: 0.1, trainAcc: 0.6, valAcc, seconds };
    return { kind: 'epoch', ...values, valLoss: null, metrics: {} };
  };
  const last = { iteration: 4, epoch: 2, state: 'finished', message: null, bestValAcc: 0.5, testAcc: 0.45, seconds: 4 };
  return [
    { kind: 'start', iteration: 0, epoch: 0, time: TIME },
    ...[step(1, 2, 1), step(2, 1, 2), epoch(1, 0.5, 2), step(3, 'NaN', 3), step(4, 0.5, 4), epoch(2, 0.4, 4)],
    ...(end === null ? [] : [{ kind: 'end', ...last, time: TIME, ...end }]),
  ];
}
