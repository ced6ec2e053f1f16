import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { writeSyntheticCifar10 } from '../../src/data/index.js';
import { save } from '../../src/formats/index.js';
import { jsonLinesLogger } from '../../src/loggers/index.js';
import { makeConfig, type Outcome, openTask, RunFolder, writePreprocessing } from '../../src/runs/index.js';

/** A run that was trained in this process. */
export interface TrainedRun {
  /** The folder above, in which commands run. */
  readonly dir: string;
  /** Its own folder, from `dir`. */
  readonly run: string;
  /** The data. */
  readonly data: string;
  readonly outcome: Outcome;
}

/** Trains a run before the tests of a file: a two-layer net on 100 pictures, as `layerwise train` leaves it. */
export function useTrainedRun(set: readonly string[] = []): TrainedRun {
  const made = {} as { -readonly [Name in keyof TrainedRun]: TrainedRun[Name] };
  beforeAll(async () => {
    made.dir = mkdtempSync(path.join(tmpdir(), 'layerwise-run-'));
    made.data = writeSyntheticCifar10(path.join(made.dir, 'data'), { trainPerBatch: 24, test: 30 });
    made.run = path.join('runs', 'a');
    made.outcome = await trainRun(path.join(made.dir, made.run), 'twolayer', made.data, set);
  });
  afterAll(() => rmSync(made.dir, { recursive: true, force: true }));
  return made;
}

/** Trains a run into a new folder. */
export async function trainRun(dir: string, model: string, data: string, set: readonly string[]): Promise<Outcome> {
  const few = ['batchSize=10', 'epochs=2', 'lr=1e-4'];
  const config = await makeConfig('train', { model, data, set: [...few, ...set] });
  mkdirSync(path.dirname(dir), { recursive: true });
  const run = RunFolder.create(dir, config);
  const task = await openTask(config);
  writePreprocessing('train', dir, task.data.preprocessing);
  const loggers = [jsonLinesLogger(path.join(dir, 'metrics.jsonl'))];
  const outcome = await task.train({ checkpoint: { dir: run.checkpoints }, loggers, verbose: false });
  save(run.model, task.model as never);
  return outcome;
}
