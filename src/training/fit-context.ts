import { argumentError, checkSynchronous, type NDArray } from '../arrays/index.js';
import type { Module } from '../nn/index.js';
import { BatchPass } from './batch-pass.js';
import type { AsyncBatches, Batches } from './batches.js';
import type { Progress } from './diverged-error.js';
import { EpochScores } from './epoch-scores.js';
import type { CheckedFitOptions, Schedule } from './fit-options.js';
import { FitRanks } from './fit-ranks.js';
import { type Group, NO_GROUP } from './fit-state.js';
import { emptyHistory, type RunningHistory } from './history.js';
import { setLearningRate } from './learning-rate.js';
import { thresholdOf } from './scoring.js';
import { WeightAverage } from './weight-average.js';

/** One call of `fit`: what it was given, and where it is. Its steps, its validation and its states share it. */
export class FitContext {
  readonly fn: string;
  readonly model: Module<unknown>;
  readonly loader: Batches | AsyncBatches;
  readonly options: CheckedFitOptions;
  readonly pass: BatchPass;
  readonly average: WeightAverage | null;
  /** Null where this process is alone. */
  readonly ranks: FitRanks | null;
  readonly history: RunningHistory;
  best: Record<string, NDArray> | null = null;
  /** The last weights, once the model has the best or the averaged ones. */
  last: Record<string, NDArray> | null = null;
  /** Whether `onEpoch` has ended the run. */
  stopped = false;
  /** The epoch in progress: its batches, and what they were scored. */
  steps = 0;
  train: EpochScores;
  /** The batches whose gradients are added up. */
  group: Group = NO_GROUP;
  /**
   * Its seconds until this call, and since when it has been going on, by `performance.now()`; null between two epochs.
   */
  seconds = 0;
  since: number | null = null;

  constructor(fn: string, model: Module<unknown>, loader: Batches | AsyncBatches, options: CheckedFitOptions) {
    this.fn = fn;
    this.model = model;
    this.loader = loader;
    this.options = options;
    this.pass = new BatchPass(fn, model, options);
    this.history = emptyHistory(Object.keys(options.metrics));
    this.train = this.emptyScores('y');
    const { weightAverage: decay } = options;
    const { distributed, optimizer, schedule } = options;
    const setRate = (rate: number): void => void setLearningRate(optimizer, schedule, rate);
    this.ranks = distributed && new FitRanks(fn, distributed, options, setRate);
    this.average = decay === undefined ? null : new WeightAverage(model, { decay });
  }

  /** Scores of no example. With a loss of the caller's, which classes labels may name is for that to say. */
  emptyScores(arg: string): EpochScores {
    const { loss, metrics, ignoreIndex } = this.options;
    return new EpochScores(this.fn, loss === undefined ? arg : null, metrics, ignoreIndex, thresholdOf(this.model));
  }

  /** Batches of an epoch, where the loader says how many it has. */
  get length(): number | null {
    const { length } = this.loader as { length?: unknown };
    return typeof length === 'number' ? length : null;
  }

  /** The learning rate, where the optimizer shows it. */
  get rate(): number | undefined {
    return this.options.optimizer.paramGroups?.[0]?.lr;
  }

  /** Seconds of the epoch in progress. */
  get elapsed(): number {
    return this.seconds + (this.since === null ? 0 : (performance.now() - this.since) / 1000);
  }

  get hasMetrics(): boolean {
    return Object.keys(this.options.metrics).length > 0;
  }

  /** The name of the score by which epochs are compared. @param accuracy - Null where there is none. */
  monitor(accuracy: number | null): string {
    return this.options.monitor ?? (accuracy === null ? 'valLoss' : 'valAcc');
  }

  get isOver(): boolean {
    return this.stopped || this.history.epoch >= this.options.epochs || this.isOutOfPatience;
  }

  get isOutOfPatience(): boolean {
    const { patience } = this.options;
    const { epoch, bestEpoch } = this.history;
    return patience !== undefined && epoch - bestEpoch >= patience;
  }

  /** @param metric - What a schedule that takes one gets; null where it is not known. */
  advance(schedule: Schedule, metric?: number | null): void {
    if (metric === null) {
      const [found, expected] = ['takes an accuracy', "mode: 'min', which takes the loss, or a metric to monitor"];
      const wayOut = 'targets are no labels, so there is no accuracy';
      throw argumentError(TypeError, { fn: this.fn, arg: 'schedule', found, expected, wayOut });
    }
    checkSynchronous(this.fn, 'schedule.step', metric === undefined ? schedule.step() : schedule.step(metric));
  }

  /** Runs `work` while the model has the averaged weights, if there are any. */
  averaged<T>(work: () => T): T {
    return this.average === null ? work() : this.average.during(work);
  }

  /** The values of the parameters in training. */
  parameters(): Record<string, NDArray> {
    const trained = this.model.namedParameters().filter(([, { requiresGrad }]) => requiresGrad);
    return Object.fromEntries(trained.map(([name, { data }]) => [name, data]));
  }

  get progress(): Progress {
    const { fn } = this;
    const { iteration, lossHistory } = this.history;
    const rest = 'The history passed to onStep and onEpoch is intact.';
    return { fn, iteration, lossHistory, learningRate: this.rate, rest };
  }
}
