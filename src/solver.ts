import {
  argumentError,
  checkCount,
  checkOptions,
  checkSynchronous,
  type Labels,
  type NDArray,
  settingsOf,
} from './arrays/index.js';
import type { Model, Params } from './classifiers/model.js';
import { type Checkpoints, checkpointsOf } from './training/checkpointing.js';
import { communicatorOf } from './training/distributed-options.js';
import { checkSignal, drain, drainAsync, Guard, type Listener, observed, type Run } from './training/drive.js';
import type { TrainingEvent } from './training/events.js';
import { drawing, drawSamples, stepOn } from './training/examples.js';
import { Journal } from './training/journal.js';
import { Live, type LiveSubject } from './training/live.js';
import { solverFacts } from './training/live-facts.js';
import { sampleOfSolver } from './training/live-sample.js';
import type { Telling } from './training/parallel/index.js';
import { solverConfig } from './training/run-config.js';
import { evaluate, finish, score } from './training/solver-evaluation.js';
import { checkDataset, checkModel, type Dataset, keep } from './training/solver-model.js';
import {
  ACCURACY_OPTIONS,
  type AccuracyOptions,
  checkSolverOptions,
  type Rule,
  type SolverOptionsOf,
} from './training/solver-options.js';
import { SolverRun } from './training/solver-run.js';
import { loadSolverState, solverStateOf } from './training/solver-saving.js';
import { sharedStep } from './training/solver-shares.js';
import { onAll, prepare, shareState } from './training/solver-start.js';
import type { SolverState } from './training/solver-state.js';

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
 * `lossHistory` has one entry for each iteration, `trainAccHistory` and `valAccHistory` one for each evaluation: after
 * the first iteration, at the end of each epoch, and after the last iteration.
 *
 * Minibatches are drawn with replacement, as in cs231n. With a seed, two runs are equal to the last bit: for any number
 * of threads, in any module format, on Node 20 to 26, with turbo or without. Relaxed SIMD, plain SIMD and the reference
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
 *
 * @example
 * // Saved every 500 iterations: the program is started again where it was killed, and ends with the same bits.
 * new Solver(model, data, { checkpoint: { dir: 'runs/a', every: 500 }, resume: true }).train();
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
  /**
   * The loss of the validation examples at each evaluation, where targets are numbers; there are no accuracies then,
   * and the best parameters are those of the lowest loss.
   */
  readonly valLossHistory: number[] = [];
  /** The lowest validation loss so far, where targets are numbers; null before the first evaluation. */
  bestValLoss: number | null = null;
  /** Copies of the parameters that had it; of the initial ones before the first evaluation. */
  readonly bestParams: Params;
  /** Epochs that are complete. */
  epoch = 0;
  /** Iterations that are complete. */
  iteration = 0;

  readonly #state: SolverRun<Solver>;
  readonly #listener: Listener & { checkpoints: Checkpoints | null; live: Live | null; telling: Telling | null } = {
    fn: 'Solver',
    onStep: 'onIteration',
    checkpoints: null,
    live: null,
    telling: null,
    soFar: undefined,
    call: ({ kind }) => (kind === 'step' ? this.#state.options.onIteration(this) : this.#state.options.onEpoch(this)),
    stop: () => {
      this.#state.stopped = true;
    },
  };
  #numEpochs: number;
  readonly #guard = new Guard('Solver');

  /**
   * Trains `model` on `data` when {@link Solver.train} is called; nothing has changed before, unless it resumes a run.
   * With `distributed`, all ranks make one with the same arguments, call the same methods in the same order, and have
   * the state of rank 0 from here on.
   *
   * @param model - One of the classifiers, or any object with `params` and `loss(X, y)`.
   * @param data - `{ XTrain, yTrain, XVal, yVal }`: inputs of shape (N, …) and their labels; or numbers, in arrays of
   *   shape (N, …) with two axes or more, for a model of your own whose `loss` takes them.
   * @param options - The update rule and its `optimConfig`, epochs, batch size, callbacks: see {@link SolverOptions}.
   * @throws {RangeError | TypeError | ShapeError} naming the option, parameter or part of the data that does not fit.
   */
  constructor(model: Model, data: Dataset, options: SolverOptions<R> = {}) {
    const comm = communicatorOf('Solver', (options as { distributed?: unknown } | null)?.distributed);
    const state = onAll(comm, () => {
      const checked = checkSolverOptions<R, Solver>(options);
      checkModel(model);
      return new SolverRun<Solver>(model, checked, checkDataset(data), this);
    });
    this.model = model;
    this.#state = state;
    this.#numEpochs = state.options.numEpochs;
    this.bestParams = state.best.params;
    this.#listener.telling = state.ranks?.telling ?? null;
    const run = {
      ...{ fn: 'Solver', kind: 'Solver' as const, stateDict: () => this.stateDict(), isBest: () => state.isBest },
      now: () => ({ iteration: this.iteration, epoch: this.epoch, options: { numEpochs: this.#numEpochs } }),
      load: (saved: unknown) => this.loadStateDict(saved as SolverState),
    };
    prepare(state, () => {
      const { ui } = state.options;
      if (ui !== null) {
        const live = new Live(this.#liveSubject(), ui);
        this.#listener.live = live;
        state.updater.look = live.look;
      }
      const config = () => solverConfig(state.options, model, state.train, state.val);
      this.#listener.checkpoints = checkpointsOf(run, state.options, config);
    });
  }

  /**
   * Epochs that {@link Solver.train} completes. May be changed at any time: once it is raised, another `train()`
   * continues from the last parameters, as if it had been so from the start.
   */
  get numEpochs(): number {
    return this.#numEpochs;
  }

  /** @throws {RangeError} if it is no whole number ≥ 1. */
  set numEpochs(numEpochs: number) {
    checkCount('Solver', 'numEpochs', numEpochs, 1);
    this.#numEpochs = numEpochs;
  }

  /**
   * Runs until `numEpochs` epochs are complete or `onEpoch` returns `false`; then the model gets the best parameters.
   *
   * Another call continues where the last one ended: after an error, of a callback for example, with the evaluation
   * that the error prevented; after a complete run with the last parameters, not the best ones, unless the model's have
   * been changed since.
   *
   * @throws {DivergedError} if a loss is not finite, in which case the model keeps the parameters it had in that
   *   iteration; if an evaluation finds parameters that are not, or no evaluation had finite scores.
   * @throws {Error} if it is called by the model or a callback while it runs.
   */
  train(): void {
    drain(observed(this.#run('train'), this.#listener));
  }

  /**
   * {@link Solver.train} as a generator: yields each step and each evaluation once it is complete and its callback has
   * returned. Leaving the loop early leaves the model with the parameters of the last step; `train`, or another
   * generator, continues from there.
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
   * {@link Solver.train}, to the same bits, for programs that stay responsive: lets the event loop turn between steps,
   * and between the batches of an evaluation, before a frame of 16 ms is over; where one of them takes longer, after
   * each. It awaits promises that callbacks return; one for `false` from `onEpoch` ends the run too.
   *
   * @param options - `signal`: ends the run between two steps. The promise is rejected with the signal's reason, the
   *   model keeps the parameters of the last step, and `train` or `trainAsync` continues from there.
   */
  async trainAsync(options: { signal?: AbortSignal } = {}): Promise<void> {
    checkOptions('Solver.trainAsync', options, ['signal']);
    if ('aborted' in options) {
      const fault = { fn: 'Solver.trainAsync', arg: 'options', found: 'is an AbortSignal', expected: 'an object' };
      throw argumentError(TypeError, { ...fault, wayOut: 'give it as { signal }' });
    }
    await drainAsync(this.#run('trainAsync'), this.#listener, checkSignal('Solver.trainAsync', options.signal));
  }

  *#run(method: string): Run<void> {
    this.#guard.enter(method);
    const run = this.#state;
    const { loggers, options, ranks } = run;
    const journal = new Journal(options, this.#total);
    const { checkpoints, live } = this.#listener;
    let isComplete = false;
    let failure: unknown;
    try {
      live?.begin();
      onAll(options.distributed, () => {
        checkpoints?.open();
        this.#startLoggers();
      });
      if (ranks !== null) shareState(run, ranks.comm);
      while (!run.stopped && (run.due || this.iteration < this.#total)) {
        if (!run.due) {
          const loss = this.#step();
          const { iteration, epoch } = this;
          run.due = iteration === 1 || iteration % run.iterationsPerEpoch === 0 || iteration >= this.#total;
          journal.step(iteration, this.#total, loss);
          if (loggers.isActive) loggers.step(iteration, epoch, loss, run.rate);
          live?.step(iteration, epoch, loss, run.rate, options.batchSize);
          yield { kind: 'step', iteration, epoch, loss };
        } else {
          const { trainAcc, valAcc, valLoss } = yield* evaluate(run);
          run.due = false;
          const { iteration, epoch } = this;
          const loss = this.lossHistory[iteration - 1];
          const found: Record<string, number | null> =
            valLoss === null ? { 'train acc': trainAcc, val_acc: valAcc } : { loss, val_loss: valLoss };
          journal.epoch(epoch, this.#numEpochs, iteration, found);
          const learningRate = run.updater.learningRate ?? null;
          loggers.epoch({ iteration, epoch, loss, learningRate, trainAcc, valAcc, valLoss, metrics: {} });
          live?.epoch({ iteration, epoch, learningRate, trainAcc, valAcc, valLoss, metrics: {} });
          yield { kind: 'epoch', iteration, epoch, loss, trainAcc, valAcc };
        }
      }
      checkpoints?.finish();
      yield* finish(run);
      isComplete = true;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      journal.clear();
      loggers.close();
      this.#guard.leave();
      checkpoints?.close(!isComplete);
      if (isComplete) live?.finished();
      else live?.left(failure, checkpoints?.dir ?? null);
    }
  }

  /** What the live page asks of the run. */
  #liveSubject(): LiveSubject {
    const { options, model, train, val, updater, loggers, ranks } = this.#state;
    return {
      ...{ fn: 'Solver', loggers, model },
      sample: () => sampleOfSolver(val),
      info: () => ({
        totalIterations: this.#total,
        totalEpochs: this.#numEpochs,
        ...solverFacts(options, model, train, val),
        folder: this.#listener.checkpoints?.dir ?? null,
      }),
      now: () => ({ iteration: this.iteration, epoch: this.epoch, losses: this.lossHistory, rates: [] }),
      setRate: (rate) => {
        this.#listener.checkpoints?.changed();
        if (ranks === null) updater.setLearningRate(rate);
        else ranks.telling.setRate(rate);
        return true;
      },
    };
  }

  #startLoggers(): void {
    const { iteration, epoch } = this;
    const { loggers, due } = this.#state;
    // Also one that was stopped before its first checkpoint: what it logged comes again.
    const isResumed = iteration > 0 || this.#listener.checkpoints?.isRestarted === true;
    loggers.start({ iteration, epoch, isResumed, isEvaluationDue: due, metrics: [] });
    if (loggers.isActive && iteration === 0) this.#listener.checkpoints?.mark();
  }

  /**
   * One iteration: draws a minibatch, differentiates, updates the parameters; at the end of an epoch the learning rate
   * decays.
   *
   * A step that throws has not happened: parameters, running statistics and the update rule's state are as before.
   *
   * @returns The loss.
   * @throws {DivergedError} if it is not finite.
   * @throws {TypeError | ShapeError} if the model's `loss` returns something else than a loss and a gradient for every
   *   parameter, or an update rule something else than a parameter and a config.
   * @throws {Error} if it is called by the model or a callback while the Solver runs.
   */
  step(): number {
    this.#guard.enter('step');
    try {
      const loss = this.#step();
      checkSynchronous('Solver', 'onIteration', this.#state.options.onIteration(this));
      return loss;
    } finally {
      this.#guard.leave();
    }
  }

  #step(): number {
    const run = this.#state;
    const { model, train, updater, random, options, ranks } = run;
    run.best.resume();
    run.stopped = false;
    const loss = drawing(random, () => {
      const chosen = random.randint(0, train.N, options.batchSize);
      if (ranks !== null) return sharedStep(run, ranks, chosen);
      return stepOn(model, train, chosen, updater, () => run.progress);
    });
    this.lossHistory.push(loss);
    this.iteration++;
    if (run.loggers.isActive || this.#listener.live !== null) run.rate = updater.learningRate ?? null;
    if (this.iteration % run.iterationsPerEpoch === 0) {
      this.epoch++;
      updater.decay(options.lrDecay);
    }
    ranks?.listen();
    if (options.verify !== null && this.iteration % options.verify === 0) ranks?.verify(model, this.iteration);
    return loss;
  }

  /**
   * A copy of everything that the rest of the run depends on: parameters and running statistics, the best and the last
   * ones, configs of the update rule, generators, histories. To be called between steps, or by a callback.
   *
   * @returns A plain object of numbers, strings, booleans, null, lists, arrays, and objects of these.
   * @throws {TypeError} naming a field of a config that holds something else.
   */
  stateDict(): SolverState {
    return solverStateOf(this.#state);
  }

  /**
   * Takes over what {@link Solver.stateDict} returned for a Solver of such a model with the same data and options;
   * training continues to the same bits, in another process too.
   *
   * @throws {TypeError | RangeError | ShapeError} naming the entry that does not fit; nothing has changed then.
   * @throws {Error} if it is called while the Solver runs.
   */
  loadStateDict(given: SolverState): void {
    this.#guard.enter('loadStateDict');
    try {
      loadSolverState(this.#state, given);
    } finally {
      this.#guard.leave();
    }
  }

  /**
   * The share of examples whose highest score is that of their label. Where the model gives one score, a logit, those
   * whose label is 1 where it is above zero, and 0 elsewhere. An example with a score of NaN is never right. With
   * `distributed`, all ranks call it: each scores its part, and all get the share of all examples.
   *
   * @param X - Inputs, shape (N, …).
   * @param y - Their labels.
   * @returns A number in [0, 1].
   * @throws {RangeError} if a label is beyond the classes.
   */
  checkAccuracy(X: NDArray, y: Labels, options: AccuracyOptions = {}): number {
    const { numSamples, batchSize } = settingsOf('Solver.checkAccuracy', ACCURACY_OPTIONS, options);
    const examples = keep('Solver.checkAccuracy', ['X', 'y'], X, y, false);
    const chosen = drawSamples(this.#state.random, examples, numSamples);
    return drain(score(this.#state, 'y', examples, chosen, batchSize)).value;
  }

  /** Iterations of the whole run. */
  get #total(): number {
    return this.#numEpochs * this.#state.iterationsPerEpoch;
  }
}
