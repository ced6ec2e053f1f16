import { argumentError, Random, type RandomState } from '../arrays/index.js';
import type { Model } from '../classifiers/model.js';
import { Loggers } from '../loggers/index.js';
import { Best } from './best.js';
import type { Progress } from './diverged-error.js';
import type { Kept } from './solver-model.js';
import type { CheckedOptions } from './solver-options.js';
import { SolverRanks } from './solver-ranks.js';
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

/** Options of a process that does not print, log, show or save. */
const SILENT = { verbose: false, loggers: [], ui: null, checkpoint: null, resume: null };

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
  /** The processes of the run; null for one. */
  readonly ranks: SolverRanks | null;
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
    const { distributed: comm, syncBatchnorm, batchSize } = options;
    if (comm !== null && batchSize < comm.size) {
      const expected = `at least ${comm.size}, an example for each rank`;
      const wayOut = 'take larger minibatches or fewer ranks';
      throw argumentError(RangeError, { fn: 'Solver', arg: 'batchSize', found: `is ${batchSize}`, expected, wayOut });
    }
    // Rank 0 speaks for all.
    this.options = comm === null || comm.rank === 0 ? options : { ...options, ...SILENT };
    this.train = train;
    this.val = val;
    this.history = history;
    this.hasLabels = train.y instanceof Int32Array;
    this.iterationsPerEpoch = Math.max(1, Math.floor(train.N / batchSize));
    this.loggers = new Loggers('Solver', this.options.loggers);
    this.random = new Random(options.seed);
    this.updater = new Updater(model, options);
    this.best = new Best(model);
    const setRate = (rate: number) => this.updater.setLearningRate(rate);
    this.ranks = comm && new SolverRanks(comm, syncBatchnorm, setRate);
  }

  get progress(): Progress {
    const { iteration, lossHistory } = this.history;
    const rest = 'Histories and bestParams are intact.';
    return { fn: 'Solver', iteration, lossHistory, learningRate: this.updater.learningRate, rest };
  }
}
