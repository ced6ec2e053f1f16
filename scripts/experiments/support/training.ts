// Trains nets, several times each, and measures the runs.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Cifar10,
  type Dataset,
  DivergedError,
  type Model,
  type PlotHistoryOptions,
  plotHistory,
  Solver,
  type SolverOptions,
  type TrainingHistory,
} from '../../../src/index.js';
import type { Lab } from './experiment.js';
import { loss, percent } from './words.js';

/** The histories of one training run. */
export interface Run extends TrainingHistory {
  readonly lossHistory: readonly number[];
  readonly trainAccHistory: readonly number[];
  readonly valAccHistory: readonly number[];
  readonly epoch: number;
  /** The iteration whose loss was not finite; null where all were. */
  readonly divergedAt: number | null;
}

/** The same training with several seeds. */
export interface Trial {
  readonly name: string;
  readonly runs: readonly Run[];
}

/** The mean of a quantity over the runs of a trial. */
export interface Measured {
  readonly values: readonly number[];
  readonly mean: number;
  /** Standard error of the mean. */
  readonly error: number;
}

/** The first training images, and all validation images. */
export function firstImages({ XTrain, yTrain, XVal, yVal }: Cifar10, count: number): Dataset & { yTrain: Int32Array } {
  const n = Math.min(count, yTrain.length);
  return { XTrain: XTrain.hi(n), yTrain: yTrain.subarray(0, n), XVal, yVal };
}

/** Trains a model and prints nothing. A run that diverges ends there. */
export function train(model: Model, data: Dataset, options: SolverOptions): Run {
  const solver = new Solver(model, data, { verbose: false, ...options });
  let divergedAt: number | null = null;
  try {
    solver.train();
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    divergedAt = error.iteration;
  }
  const { lossHistory, trainAccHistory, valAccHistory, epoch } = solver;
  return { lossHistory, trainAccHistory, valAccHistory, epoch, divergedAt };
}

/** Trains with `count` seeds, of which the lab's own is the first, and prints the results. */
export function repeat(
  { seed }: Pick<Lab, 'seed'>,
  name: string,
  count: number,
  trainOne: (seed: string) => Run,
): Trial {
  const seeds = Array.from({ length: count }, (_, i) => (i === 0 ? seed : `${seed}/${i + 1}`));
  const trial = { name, runs: seeds.map(trainOne) };
  console.log(`${nameOf(trial)}: best validation accuracy ${percent(measure(trial, bestValAcc).mean)}`);
  return trial;
}

/** The trial's name, with a note if it diverged. */
export function nameOf({ name, runs }: Trial): string {
  const diverged = runs.filter((run) => run.divergedAt !== null).length;
  if (diverged === 0) return name;
  return runs.length === 1 ? `${name} (diverged)` : `${name} (diverged in ${diverged} of ${runs.length} runs)`;
}

/** Measures every run of a trial. */
export function measure({ runs }: Trial, quantity: (run: Run) => number): Measured {
  const values = runs.map(quantity);
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { values, mean, error: Math.sqrt(variance / values.length) };
}

/** The sign of the difference of the means, or 0 if it is less than twice its standard error. */
export function compare(a: Measured, b: Measured): -1 | 0 | 1 {
  const difference = a.mean - b.mean;
  if (!(Math.abs(difference) > 2 * Math.hypot(a.error, b.error))) return 0;
  return difference > 0 ? 1 : -1;
}

/** Not a number where there was no evaluation. */
export function bestValAcc({ valAccHistory }: Run): number {
  return valAccHistory.length > 0 ? Math.max(...valAccHistory) : Number.NaN;
}

export function bestTrainAcc({ trainAccHistory }: Run): number {
  return trainAccHistory.length > 0 ? Math.max(...trainAccHistory) : Number.NaN;
}

export function finalValAcc({ valAccHistory }: Run): number {
  return valAccHistory.at(-1) ?? Number.NaN;
}

export function finalTrainAcc({ trainAccHistory }: Run): number {
  return trainAccHistory.at(-1) ?? Number.NaN;
}

/** The mean loss of the last `count` iterations; not a number where the run diverged. */
export function finalLoss(count: number): (run: Run) => number {
  return ({ lossHistory, divergedAt }) => {
    if (divergedAt !== null) return Number.NaN;
    const last = lossHistory.slice(-count);
    return last.reduce((sum, x) => sum + x, 0) / last.length;
  };
}

/** A mean accuracy and, of several runs, its standard error. */
export function accuracyText({ mean, error, values }: Measured): string {
  return values.length > 1 ? `${(100 * mean).toFixed(1)} ± ${(100 * error).toFixed(1)}%` : percent(mean);
}

/** A mean loss, or that there is none. */
export function lossText({ mean }: Measured): string {
  return Number.isFinite(mean) ? loss(mean) : 'diverged';
}

/** The mean of the runs' histories, as far as all of them go. */
export function meanHistory({ runs }: Trial): Run {
  const mean = (history: (run: Run) => readonly number[]): number[] => {
    const length = Math.min(...runs.map((run) => history(run).length));
    return Array.from({ length }, (_, i) => runs.reduce((sum, run) => sum + history(run)[i], 0) / runs.length);
  };
  const divergences = runs.flatMap(({ divergedAt }) => divergedAt ?? []);
  return {
    lossHistory: mean((run) => run.lossHistory),
    trainAccHistory: mean((run) => run.trainAccHistory),
    valAccHistory: mean((run) => run.valAccHistory),
    epoch: Math.min(...runs.map((run) => run.epoch)),
    divergedAt: divergences.length > 0 ? Math.min(...divergences) : null,
  };
}

/** The first evaluation whose training accuracy is at least `accuracy`; undefined where there is none. */
export function epochReaching(trial: Trial, accuracy: number): number | undefined {
  const epoch = meanHistory(trial).trainAccHistory.findIndex((value) => value >= accuracy);
  return epoch < 0 ? undefined : epoch;
}

/** The histories of the trials, means over their runs, as one chart. Those without a finite loss have no line. */
export async function historyChart(
  { folder }: Pick<Lab, 'folder'>,
  trials: readonly Trial[],
  options: PlotHistoryOptions = {},
): Promise<string> {
  const histories = trials
    .map((trial) => [nameOf(trial), meanHistory(trial)] as const)
    .filter(([, { lossHistory }]) => lossHistory.length > 0);
  const file = join(folder, 'history.svg');
  await plotHistory(Object.fromEntries(histories), file, options);
  return readFileSync(file, 'utf8');
}
