import { Random, type RandomState } from '../arrays/index.js';
import type { Model } from '../classifiers/model.js';
import { Loggers } from '../loggers/index.js';
import { Best } from './best.js';
import type { Progress } from './diverged-error.js';
import type { Kept } from './solver-model.js';
import type { CheckedOptions } from './solver-options.js';
import { Updater } from './updater.js';

/** What a Solver shows of its run, and the parts of the run change. */
export interface SolverHistory {
  readonly lossHistory: number[];
  readonly trainAccHistory: number[];
  readonly valAccHistory: number[];
  readonly valLossHistory: number[];
  bestValAcc: number;
  bestValLoss: number | null;
  epoch: number;
  iteration: number;
}

/** What the parts of a Solver's run share. */
export class SolverRun<S = never> {
  readonly model: Model;
  readonly options: CheckedOptions<S>;
  readonly train: Kept;
  readonly val: Kept;
  readonly history: SolverHistory;
  readonly updater: Updater;
  readonly loggers: Loggers;
  readonly best: Best;
  readonly random: Random;
  /** Whether targets are labels, rather than numbers. */
  readonly hasLabels: boolean;
  readonly iterationsPerEpoch: number;
  /** Where the generator stood before the evaluation in progress, which is due to a run that continues from here. */
  beforeEvaluation: RandomState | null = null;
  /** Whether an evaluation is due: also when a callback threw before it. */
  due = false;
  /** Whether `onEpoch` has ended the run. */
  stopped = false;
  /** The learning rate of the last iteration, for loggers. */
  rate: number | null = null;
  /** Whether the last evaluation was the best. */
  isBest = false;

  constructor(model: Model, options: CheckedOptions<S>, [train, val]: readonly [Kept, Kept], history: SolverHistory) {
    this.model = model;
    this.options = options;
    this.train = train;
    this.val = val;
    this.history = history;
    this.hasLabels = train.y instanceof Int32Array;
    this.iterationsPerEpoch = Math.max(1, Math.floor(train.N / options.batchSize));
    this.loggers = new Loggers('Solver', options.loggers);
    this.random = new Random(options.seed);
    this.updater = new Updater(model, options);
    this.best = new Best(model);
  }

  get progress(): Progress {
    const { iteration, lossHistory } = this.history;
    const rest = 'Histories and bestParams are intact.';
    return { fn: 'Solver', iteration, lossHistory, learningRate: this.updater.learningRate, rest };
  }
}
