// The results that the training scripts print and write at their end.

import type { Solver } from '../src/index.js';
import type { LoadedImages } from './cifar10-data.js';
import type { KeptHistory } from './kept-history.js';

/** The times at which a script began, had loaded its data, and had trained, in milliseconds. */
export interface Times {
  readonly begin: number;
  readonly loaded: number;
  readonly trained: number;
}

/** The histories of a run, which may still be going on. */
export function historyOf({ bestValAcc, lossHistory, trainAccHistory, valAccHistory }: Solver): object {
  return { bestValAcc, lossHistory, trainAccHistory, valAccHistory };
}

/**
 * Scores the test images, prints the accuracies and times, and writes the history to `file`, as JSON with `options`.
 */
export function reportTraining(
  solver: Solver,
  { data, source }: LoadedImages,
  { begin, loaded, trained }: Times,
  options: object,
  kept: KeptHistory,
): void {
  const testAcc = solver.checkAccuracy(data.XTest, data.yTest);
  const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(1)} s`;
  console.log(`Best validation accuracy ${solver.bestValAcc.toFixed(4)}, test accuracy ${testAcc.toFixed(4)}`);
  console.log(`Loading took ${seconds(begin, loaded)}, training ${seconds(loaded, trained)}`);

  const outcome = { testAcc, seconds: (trained - loaded) / 1000 };
  kept.finish({ data: source, options, ...outcome, ...historyOf(solver) });
  console.log(`History written to ${kept.file}`);
}
