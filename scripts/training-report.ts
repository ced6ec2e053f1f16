// What the training scripts print and write when they are done.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Solver } from '../src/index.js';
import type { LoadedImages } from './cifar10-data.js';

/** When a script began, had its data, and had trained, in milliseconds. */
export interface Times {
  readonly begin: number;
  readonly loaded: number;
  readonly trained: number;
}

/** Scores the test images, prints the accuracies and times, and writes the history to `file`, as JSON with `options`. */
export function reportTraining(
  solver: Solver,
  { data, source }: LoadedImages,
  { begin, loaded, trained }: Times,
  options: object,
  file: string,
): void {
  const testAcc = solver.checkAccuracy(data.XTest, data.yTest);
  const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(1)} s`;
  console.log(`Best validation accuracy ${solver.bestValAcc.toFixed(4)}, test accuracy ${testAcc.toFixed(4)}`);
  console.log(`Loading took ${seconds(begin, loaded)}, training ${seconds(loaded, trained)}`);

  const { bestValAcc, lossHistory, trainAccHistory, valAccHistory } = solver;
  const outcome = { bestValAcc, testAcc, seconds: (trained - loaded) / 1000 };
  const history = { data: source, options, ...outcome, lossHistory, trainAccHistory, valAccHistory };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(history)}\n`);
  console.log(`History written to ${file}`);
}
