import {
  checkCount,
  checkLabels,
  checkOptions,
  checkShapes,
  checkSynchronous,
  dtypeOf,
  empty,
  heap,
  type Labels,
  type NDArray,
  Random,
  withStorage,
  wrap,
} from './arrays/index.js';
import type { Model, Params } from './classifiers/model.js';
import { rows } from './data/dataset.js';
import { isKeepingNothing, kernels, workspace } from './kernels/index.js';
import { checkFinite, DivergedError, divergedLoss, type Progress } from './training/diverged-error.js';
import { checkSignal, drain, drainAsync, type Listener, observed, type Run } from './training/drive.js';
import type { TrainingEvent } from './training/events.js';
import { Journal } from './training/journal.js';
import {
  copies,
  haveValuesOf,
  restore,
  restoreStatistics,
  type Statistics,
  statisticsOf,
} from './training/parameters.js';
import { isBest, Tally } from './training/scoring.js';
import { checkModel, checkResult, checkScores } from './training/solver-model.js';
import {
  type CheckedOptions,
  checkDataset,
  checkSolverOptions,
  type Dataset,
  type Rule,
  type SolverOptionsOf,
} from './training/solver-options.js';
import { Updater } from './training/updater.js';

/** Examples, dense and on the heap, and their labels. */
interface Examples {
  readonly X: NDArray;
  readonly y: Int32Array;
}

/**
 * Options of a {@link Solver}, all of which have defaults.
 *
 * `R` is the update rule, a name or the type of a function, and says what `optimConfig` takes. Default: any.
 *
 * @example
 * const options: SolverOptions<'adam'> = { updateRule: 'adam', optimConfig: { learningRate: 1e-3, beta1: 0.8 } };
 */
export interface SolverOptions<R extends Rule = Rule> extends SolverOptionsOf<R, Solver> {}

/**
 * Trains a classifier by minibatch gradient descent and watches its accuracy as it goes.
 *
 * Build one from a {@link Model}, data and {@link SolverOptions}, then call {@link Solver.train}. Afterwards the model
 * holds the parameters, and running statistics, of the evaluation with the best validation accuracy, not the last ones;
 * `lossHistory` has one entry for each iteration, `trainAccHistory` and `valAccHistory` one for each evaluation: after the
 * first iteration, at the end of each epoch, and after the last iteration.
 *
 * Minibatches are drawn with replacement, as in cs231n. With a seed, two runs are equal to the last bit: for any number of
 * threads, in any module format, on Node 20 to 24, with turbo or without. Relaxed SIMD, plain SIMD and the reference
 * differ in the last bits, and so does a call that falls back to the reference because memory is full.
 *
 * @example
 * const model = new TwoLayerNet({ hiddenDim: 100, reg: 1e-2, seed: 231 });
 * const solver = new Solver(model, data, {
 *   updateRule: 'sgd',
 *   optimConfig: { learningRate: 1e-3 },
 *   lrDecay: 0.95, // per epoch
 *   numEpochs: 10,
 *   batchSize: 100, // examples
 *   seed: 231,
 * });
 * solver.train();
 */
export class Solver<R extends Rule = 'sgd'> {
  readonly model: Model;
  /** The loss of each iteration. */
  readonly lossHistory: number[] = [];
  /** Training accuracy, in [0, 1], at each evaluation. */
  readonly trainAccHistory: number[] = [];
  /** Validation accuracy, in [0, 1], at each evaluation. */
  readonly valAccHistory: number[] = [];
  /** The best validation accuracy so far. */
  bestValAcc = 0;
  /** Copies of the parameters that had it; of the initial ones before the first evaluation. */
  readonly bestParams: Params;
  /** Epochs that are complete. */
  epoch = 0;
  /** Iterations that are complete. */
  iteration = 0;

  readonly #options: CheckedOptions<Solver>;
  readonly #train: Examples;
  readonly #val: Examples;
  readonly #updater: Updater;
  readonly #listener: Listener;
  #numEpochs: number;
  /** The running statistics that go with `bestParams`. A training pass makes new arrays, so these stay as they are. */
  #bestStatistics: readonly Statistics[] = [];
  #random: Random;
  /** The method that is running: a callback, or the model, may not start another. */
  #running: string | null = null;
  /** Whether an evaluation is due: also when a callback threw before it. */
  #due = false;
  /** Whether `onEpoch` has ended the run. */
  #stopped = false;
  /** Whether `bestParams` are those of an evaluation. */
  #hasBest = false;
  /** What to continue from while the model has the best parameters; null while it has the last ones. */
  #last: { readonly params: Params; readonly statistics: readonly Statistics[] } | null = null;

  /**
   * Trains `model` on `data` when {@link Solver.train} is called; nothing has changed before.
   *
   * @param model - One of the classifiers, or any object with `params` and `loss(X, y)`.
   * @param data - `{ XTrain, yTrain, XVal, yVal }`: inputs of shape (N, …) and their labels.
   * @param options - The update rule and its `optimConfig`, epochs, batch size, callbacks: see {@link SolverOptions}.
   * @throws {RangeError | TypeError | ShapeError} naming an option, a parameter or a part of the data that does not fit.
   */
  constructor(model: Model, data: Dataset, options: SolverOptions<R> = {}) {
    this.#options = checkSolverOptions(options);
    checkModel(model);
    const { yTrain, yVal } = checkDataset(data);
    this.model = model;
    this.#train = { X: rows(data.XTrain), y: yTrain };
    this.#val = { X: rows(data.XVal), y: yVal };
    this.#numEpochs = this.#options.numEpochs;
    this.#random = new Random(this.#options.seed);
    this.#updater = new Updater(model, this.#options);
    this.bestParams = copies(model.params);
    const { onIteration, onEpoch } = this.#options;
    this.#listener = {
      fn: 'Solver',
      onStep: 'onIteration',
      call: ({ kind }) => (kind === 'step' ? onIteration(this) : onEpoch(this)),
      stop: () => {
        this.#stopped = true;
      },
    };
  }

  /**
   * Epochs that {@link Solver.train} completes. May be changed at any time: once it is raised, another `train()` continues
   * from the last parameters, as if it had been so from the start.
   *
   * @throws {RangeError} if it is set to anything but a whole number ≥ 1.
   */
  get numEpochs(): number {
    return this.#numEpochs;
  }

  set numEpochs(numEpochs: number) {
    checkCount('Solver', 'numEpochs', numEpochs, 1);
    this.#numEpochs = numEpochs;
  }

  /**
   * Runs until `numEpochs` epochs are complete, or `onEpoch` returns `false`, then puts the best parameters into the model.
   *
   * Another call continues where the last one ended: after an error, of a callback for example, with the evaluation that the
   * error prevented; after a complete run with the last parameters, not the best ones, unless the model's have been changed
   * since.
   *
   * @throws {DivergedError} if a loss is not finite, in which case the model keeps the parameters it had in that iteration;
   *   if an evaluation finds parameters that are not, or no evaluation had finite scores.
   * @throws {Error} if it is called by the model or a callback while it runs.
   */
  train(): void {
    drain(observed(this.#run('train'), this.#listener));
  }

  /**
   * {@link Solver.train} as a generator: yields each step and each evaluation once it is complete and its callback has
   * returned. Leaving the loop early leaves the model with the parameters of the last step; `train`, or another generator,
   * continues from there.
   *
   * @throws {DivergedError | Error} as `train`.
   *
   * @example
   * for (const event of solver.steps()) {
   *   if (event.kind === 'epoch' && event.valAcc > 0.5) break;
   * }
   */
  steps(): Generator<TrainingEvent, void, void> {
    return observed(this.#run('steps'), this.#listener);
  }

  /**
   * {@link Solver.train} for programs that stay responsive: lets the event loop turn between steps, every 15 ms, and awaits
   * promises that callbacks return; one for `false` from `onEpoch` ends the run too. The bits are those of `train`.
   *
   * @param options - `signal`: ends the run between two steps. The promise is rejected with the signal's reason, the model
   *   keeps the parameters of the last step, and `train` or `trainAsync` continues from there.
   */
  async trainAsync(options: { signal?: AbortSignal } = {}): Promise<void> {
    checkOptions('Solver.trainAsync', options, ['signal']);
    await drainAsync(this.#run('trainAsync'), this.#listener, checkSignal('Solver.trainAsync', options.signal));
  }

  *#run(method: string): Run<void> {
    this.#enter(method);
    const journal = new Journal(this.#options, this.#total);
    try {
      while (!this.#stopped && (this.#due || this.iteration < this.#total)) {
        if (!this.#due) {
          const loss = this.#step();
          const { iteration, epoch } = this;
          this.#due = iteration === 1 || iteration % this.#iterationsPerEpoch === 0 || iteration >= this.#total;
          journal.step(iteration, this.#total, loss);
          yield { kind: 'step', iteration, epoch, loss };
        } else {
          const { trainAcc, valAcc } = this.#evaluate();
          this.#due = false;
          const { iteration, epoch } = this;
          journal.epoch(epoch, this.#numEpochs, iteration, trainAcc, valAcc);
          yield { kind: 'epoch', iteration, epoch, loss: this.#lastLoss, trainAcc, valAcc };
        }
      }
      this.#finish();
    } finally {
      journal.clear();
      this.#running = null;
    }
  }

  /** Puts the best parameters into the model, and keeps the last ones. */
  #finish(): void {
    // Where every iteration was a call of step(), nothing has been evaluated yet.
    if (this.valAccHistory.length === 0) this.#evaluate();
    if (!this.#hasBest) {
      const found = 'model.loss(X) gives scores that are not finite';
      throw new DivergedError(this.#progress, this.#lastLoss, found, false);
    }
    this.#last ??= { params: copies(this.model.params), statistics: statisticsOf(this.model) };
    restore(this.model.params, this.bestParams);
    restoreStatistics(this.model, this.#bestStatistics);
    this.#stopped = false;
  }

  /** Puts the last parameters back into the model, unless it has others than the best by now. */
  #resume(): void {
    if (this.#last !== null && haveValuesOf(this.model.params, this.bestParams)) {
      restore(this.model.params, this.#last.params);
      restoreStatistics(this.model, this.#last.statistics);
    }
    this.#last = null;
  }

  /**
   * One iteration: draws a minibatch, differentiates, updates the parameters; at the end of an epoch the learning rate
   * decays.
   *
   * A step that throws has not happened: parameters, running statistics, and the state of the update rule are as before.
   *
   * @returns The loss.
   * @throws {DivergedError} if it is not finite.
   * @throws {TypeError | ShapeError} if the model's `loss` returns something else than a loss and a gradient for every
   *   parameter, or an update rule something else than a parameter and a config.
   * @throws {Error} if it is called by the model or a callback while the Solver runs.
   */
  step(): number {
    this.#enter('step');
    try {
      const loss = this.#step();
      checkSynchronous('Solver', 'onIteration', this.#options.onIteration(this));
      return loss;
    } finally {
      this.#running = null;
    }
  }

  #step(): number {
    if (this.#last !== null) this.#resume();
    this.#stopped = false;
    const { batchSize, lrDecay } = this.#options;
    const random = this.#random.state();
    const statistics = statisticsOf(this.model);
    const chosen = this.#random.randint(0, this.#train.y.length, batchSize);
    const loss = this.#scope(() => {
      const { X, y } = gather(this.#train, chosen);
      try {
        const result = checkResult(this.model.loss(X, y), this.model.params);
        if (!Number.isFinite(result.loss)) {
          throw divergedLoss(this.#progress, result.loss, ['minibatch', X], this.model.params);
        }
        this.#updater.update(result.grads);
        return result.loss;
      } catch (error) {
        // A step that failed has not happened: the next one draws the same minibatch.
        this.#random = Random.fromState(random);
        restoreStatistics(this.model, statistics);
        throw error;
      }
    });
    this.lossHistory.push(loss);
    this.iteration++;
    if (this.iteration % this.#iterationsPerEpoch === 0) {
      this.epoch++;
      this.#updater.decay(lrDecay);
    }
    return loss;
  }

  /** Runs a pass of the model in a workspace; one that may keep what it is given gets arrays on the heap. */
  #scope<T>(fn: () => T): T {
    return isKeepingNothing(this.model.loss) ? workspace(fn) : withStorage(heap, fn);
  }

  /** @throws {Error} if something of this Solver is running. */
  #enter(method: string): void {
    if (this.#running !== null) {
      const wayOut = this.#running === 'steps' ? 'leave its loop first' : 'call it when that has returned';
      throw new Error(
        `Solver.${method}: ${this.#running}() is running, expected no call from a callback or the model: ${wayOut}`,
      );
    }
    this.#running = method;
  }

  /**
   * The share of examples whose highest score is that of their label. Where the model gives one score, a logit, those whose
   * label is 1 where it is above zero, and 0 elsewhere. An example with a score of NaN is never right.
   *
   * @param X - Inputs, shape (N, …).
   * @param y - Their labels.
   * @param options - `numSamples` examples drawn at random, with replacement (default null: all of them, once each), in
   *   batches of `batchSize` (default 100), which bounds memory.
   * @returns A number in [0, 1].
   * @throws {RangeError} if a label is beyond the classes.
   */
  checkAccuracy(X: NDArray, y: Labels, options: { numSamples?: number | null; batchSize?: number } = {}): number {
    const fn = 'Solver.checkAccuracy';
    checkOptions(fn, options, ['numSamples', 'batchSize']);
    const { numSamples = null, batchSize = 100 } = options;
    const { N } = checkShapes(fn, { X: [X, ['N', '…']] });
    const labels = checkLabels(fn, 'y', y, N);
    if (numSamples !== null) checkCount(fn, 'numSamples', numSamples, 1);
    checkCount(fn, 'batchSize', batchSize, 1);
    return this.#score('y', { X: rows(X), y: labels }, numSamples, batchSize).accuracy;
  }

  get #iterationsPerEpoch(): number {
    return Math.max(1, Math.floor(this.#train.y.length / this.#options.batchSize));
  }

  /** Iterations of the whole run. */
  get #total(): number {
    return this.#numEpochs * this.#iterationsPerEpoch;
  }

  get #lastLoss(): number {
    return this.lossHistory.at(-1) ?? Number.NaN;
  }

  get #progress(): Progress {
    const { iteration, lossHistory } = this;
    const { learningRate } = this.#updater;
    return { fn: 'Solver', iteration, lossHistory, learningRate, rest: 'Histories and bestParams are intact.' };
  }

  #score(arg: string | null, examples: Examples, numSamples: number | null, batchSize = 100): Tally {
    const { y } = examples;
    const chosen = numSamples !== null && numSamples < y.length ? this.#random.randint(0, y.length, numSamples) : null;
    const count = chosen?.length ?? y.length;
    const tally = new Tally('Solver', arg);
    for (let start = 0; start < count; start += batchSize) {
      const end = Math.min(count, start + batchSize);
      this.#scope(() => {
        const batch = chosen === null ? slice(examples, start, end) : gather(examples, chosen.subarray(start, end));
        tally.add(checkScores(this.model.loss(batch.X), batch.y.length), batch.y);
      });
    }
    return tally;
  }

  /** Scores the model. Its parameters become the best where both they and their scores are finite. */
  #evaluate(): { trainAcc: number; valAcc: number } {
    const { numTrainSamples, numValSamples } = this.#options;
    checkFinite(this.#progress, this.model.params);
    const random = this.#random.state();
    let train: Tally;
    let val: Tally;
    try {
      // Training labels beyond the classes are the loss's to refuse: it may not be about classes at all.
      train = this.#score(null, this.#train, numTrainSamples);
      val = this.#score('yVal', this.#val, numValSamples);
    } catch (error) {
      this.#random = Random.fromState(random);
      throw error;
    }
    this.trainAccHistory.push(train.accuracy);
    this.valAccHistory.push(val.accuracy);
    if (isBest(val, this.bestValAcc, this.#hasBest)) {
      this.#hasBest = true;
      this.bestValAcc = val.accuracy;
      restore(this.bestParams, this.model.params);
      this.#bestStatistics = statisticsOf(this.model);
    }
    return { trainAcc: train.accuracy, valAcc: val.accuracy };
  }
}

/** The examples at the given places, in new arrays. */
function gather({ X, y }: Examples, chosen: Int32Array): Examples {
  const batch = empty([chosen.length, ...X.shape.slice(1)], dtypeOf(X));
  kernels().gatherRows(X.data, chosen, batch.data, X.size / X.shape[0]);
  return { X: batch, y: chosen.map((i) => y[i]) };
}

/** Examples start … end, in the same memory. */
function slice({ X, y }: Examples, start: number, end: number): Examples {
  const length = X.size / X.shape[0];
  const shape = [end - start, ...X.shape.slice(1)];
  const part = withStorage(heap, () => wrap(X.data.subarray(start * length, end * length), shape));
  return { X: part, y: y.subarray(start, end) };
}
