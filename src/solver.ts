import {
  argumentError,
  checkCount,
  checkOptions,
  checkSynchronous,
  type Labels,
  loadEntry,
  type NDArray,
  Random,
  type RandomState,
  settingsOf,
} from './arrays/index.js';
import type { Model, Params } from './classifiers/model.js';
import { Loggers } from './loggers/index.js';
import { Best } from './training/best.js';
import { type Checkpoints, checkpointsOf } from './training/checkpointing.js';
import { checkFinite, DivergedError, type Progress } from './training/diverged-error.js';
import {
  checkSignal,
  drain,
  drainAsync,
  Guard,
  type Listener,
  observed,
  type Run,
  type TURN,
} from './training/drive.js';
import type { TrainingEvent } from './training/events.js';
import { drawing, drawSamples, type Evaluated, scoreOf, stepOn } from './training/examples.js';
import { Journal } from './training/journal.js';
import { Live, type LiveSubject } from './training/live.js';
import { solverFacts } from './training/live-facts.js';
import { sampleOfSolver } from './training/live-sample.js';
import { solverConfig } from './training/run-config.js';
import { checkDataset, checkModel, type Dataset, type Kept, keep } from './training/solver-model.js';
import {
  ACCURACY_OPTIONS,
  type AccuracyOptions,
  type CheckedOptions,
  checkSolverOptions,
  type Rule,
  type SolverOptionsOf,
} from './training/solver-options.js';
import { checkedModel, checkSolverState, HISTORIES, type SolverState, savedModel } from './training/solver-state.js';
import { Updater } from './training/updater.js';

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
 * of threads, in any module format, on Node 20 to 24, with turbo or without. Relaxed SIMD, plain SIMD and the reference
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

  readonly #options: CheckedOptions<Solver>;
  readonly #train: Kept;
  readonly #val: Kept;
  readonly #updater: Updater;
  readonly #listener: Listener & { checkpoints: Checkpoints | null; live: Live | null } = {
    fn: 'Solver',
    onStep: 'onIteration',
    checkpoints: null,
    live: null,
    soFar: undefined,
    call: ({ kind }) => (kind === 'step' ? this.#options.onIteration(this) : this.#options.onEpoch(this)),
    stop: () => {
      this.#stopped = true;
    },
  };
  readonly #loggers: Loggers;
  readonly #best: Best;
  readonly #random: Random;
  /** Where the generator stood before the evaluation in progress, which is due to a run that continues from here. */
  #beforeEvaluation: RandomState | null = null;
  #numEpochs: number;
  readonly #guard = new Guard('Solver');
  /** Whether an evaluation is due: also when a callback threw before it. */
  #due = false;
  /** Whether `onEpoch` has ended the run. */
  #stopped = false;
  /** The learning rate of the last iteration, for loggers. */
  #rate: number | null = null;
  /** Whether the last evaluation was the best. */
  #isBest = false;

  /**
   * Trains `model` on `data` when {@link Solver.train} is called; nothing has changed before.
   *
   * @param model - One of the classifiers, or any object with `params` and `loss(X, y)`.
   * @param data - `{ XTrain, yTrain, XVal, yVal }`: inputs of shape (N, …) and their labels; or numbers, in arrays of
   *   shape (N, …) with two axes or more, for a model of your own whose `loss` takes them.
   * @param options - The update rule and its `optimConfig`, epochs, batch size, callbacks: see {@link SolverOptions}.
   * @throws {RangeError | TypeError | ShapeError} naming the option, parameter or part of the data that does not fit.
   */
  constructor(model: Model, data: Dataset, options: SolverOptions<R> = {}) {
    this.#options = checkSolverOptions(options);
    checkModel(model);
    this.model = model;
    [this.#train, this.#val] = checkDataset(data);
    this.#numEpochs = this.#options.numEpochs;
    this.#loggers = new Loggers('Solver', this.#options.loggers);
    this.#random = new Random(this.#options.seed);
    this.#updater = new Updater(model, this.#options);
    this.#best = new Best(model);
    this.bestParams = this.#best.params;
    const run = {
      ...{ fn: 'Solver', kind: 'Solver' as const, stateDict: () => this.stateDict(), isBest: () => this.#isBest },
      now: () => ({ iteration: this.iteration, epoch: this.epoch, options: { numEpochs: this.#numEpochs } }),
      load: (state: unknown) => this.loadStateDict(state as SolverState),
    };
    const { ui } = this.#options;
    if (ui !== null) {
      const live = new Live(this.#liveSubject(), ui);
      this.#listener.live = live;
      this.#updater.look = live.look;
    }
    const config = () => solverConfig(this.#options, model, this.#train, this.#val);
    this.#listener.checkpoints = checkpointsOf(run, this.#options, config);
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
    const journal = new Journal(this.#options, this.#total);
    const { checkpoints, live } = this.#listener;
    let isComplete = false;
    let failure: unknown;
    try {
      live?.begin();
      checkpoints?.open();
      this.#startLoggers();
      while (!this.#stopped && (this.#due || this.iteration < this.#total)) {
        if (!this.#due) {
          const loss = this.#step();
          const { iteration, epoch } = this;
          this.#due = iteration === 1 || iteration % this.#iterationsPerEpoch === 0 || iteration >= this.#total;
          journal.step(iteration, this.#total, loss);
          if (this.#loggers.isActive) this.#loggers.step(iteration, epoch, loss, this.#rate);
          live?.step(iteration, epoch, loss, this.#rate, this.#options.batchSize);
          yield { kind: 'step', iteration, epoch, loss };
        } else {
          const { trainAcc, valAcc, valLoss } = yield* this.#evaluate();
          this.#due = false;
          const { iteration, epoch } = this;
          const loss = this.lossHistory[iteration - 1];
          const found: Record<string, number | null> =
            valLoss === null ? { 'train acc': trainAcc, val_acc: valAcc } : { loss, val_loss: valLoss };
          journal.epoch(epoch, this.#numEpochs, iteration, found);
          const learningRate = this.#updater.learningRate ?? null;
          this.#loggers.epoch({ iteration, epoch, loss, learningRate, trainAcc, valAcc, valLoss, metrics: {} });
          live?.epoch({ iteration, epoch, learningRate, trainAcc, valAcc, valLoss, metrics: {} });
          yield { kind: 'epoch', iteration, epoch, loss, trainAcc, valAcc };
        }
      }
      checkpoints?.finish();
      yield* this.#finish();
      isComplete = true;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      journal.clear();
      this.#loggers.close();
      this.#guard.leave();
      checkpoints?.close(!isComplete);
      if (isComplete) live?.finished();
      else live?.left(failure, checkpoints?.dir ?? null);
    }
  }

  /** What the live page asks of the run. */
  #liveSubject(): LiveSubject {
    return {
      fn: 'Solver',
      loggers: this.#loggers,
      model: this.model,
      sample: () => sampleOfSolver(this.#val),
      info: () => ({
        totalIterations: this.#total,
        totalEpochs: this.#numEpochs,
        ...solverFacts(this.#options, this.model, this.#train, this.#val),
        folder: this.#listener.checkpoints?.dir ?? null,
      }),
      now: () => ({ iteration: this.iteration, epoch: this.epoch, losses: this.lossHistory, rates: [] }),
      setRate: (rate) => {
        this.#listener.checkpoints?.changed();
        this.#updater.setLearningRate(rate);
        return true;
      },
    };
  }

  #startLoggers(): void {
    const { iteration, epoch } = this;
    // Also one that was stopped before its first checkpoint: what it logged comes again.
    const isResumed = iteration > 0 || this.#listener.checkpoints?.isRestarted === true;
    this.#loggers.start({ iteration, epoch, isResumed, isEvaluationDue: this.#due, metrics: [] });
    if (this.#loggers.isActive && iteration === 0) this.#listener.checkpoints?.mark();
  }

  /** Puts the best parameters into the model, and keeps the last ones. */
  *#finish(): Run<void> {
    // Where every iteration was a call of step(), nothing has been evaluated yet.
    if (this.valAccHistory.length + this.valLossHistory.length === 0) yield* this.#evaluate();
    if (!this.#best.known) {
      const what = this.#hasLabels ? 'model.loss(X) gives scores' : 'model.loss(X, y) gives validation losses';
      const [loss, found] = [this.lossHistory[this.iteration - 1], `${what} that are not finite`];
      throw new DivergedError(this.#progress, loss, found, false);
    }
    this.#best.put();
    this.#stopped = false;
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
      checkSynchronous('Solver', 'onIteration', this.#options.onIteration(this));
      return loss;
    } finally {
      this.#guard.leave();
    }
  }

  #step(): number {
    this.#best.resume();
    this.#stopped = false;
    const { batchSize, lrDecay } = this.#options;
    const loss = drawing(this.#random, () => {
      const chosen = this.#random.randint(0, this.#train.N, batchSize);
      return stepOn(this.model, this.#train, chosen, this.#updater, () => this.#progress);
    });
    this.lossHistory.push(loss);
    this.iteration++;
    if (this.#loggers.isActive || this.#listener.live !== null) this.#rate = this.#updater.learningRate ?? null;
    if (this.iteration % this.#iterationsPerEpoch === 0) {
      this.epoch++;
      this.#updater.decay(lrDecay);
    }
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
    // A run that continues from here finds everything before it logged.
    this.#loggers.flush();
    const { iteration, epoch, bestValAcc, lossHistory, trainAccHistory, valAccHistory } = this;
    const { valLossHistory, bestValLoss } = this;
    return {
      ...structuredClone({ iteration, epoch, bestValAcc, lossHistory, trainAccHistory, valAccHistory }),
      ...structuredClone({ valLossHistory, bestValLoss }),
      ...{ due: this.#due, stopped: this.#stopped },
      ...this.#best.stateDict(),
      configs: this.#updater.stateDict('Solver.stateDict'),
      random: this.#beforeEvaluation ?? this.#random.stateDict(),
      ...savedModel(this.model),
    };
  }

  /**
   * Takes over what {@link Solver.stateDict} returned for a Solver of such a model with the same data and options;
   * training continues to the same bits, in another process too.
   *
   * @throws {TypeError | RangeError | ShapeError} naming the entry that does not fit; nothing has changed then.
   * @throws {Error} if it is called while the Solver runs.
   */
  loadStateDict(given: SolverState): void {
    const fn = 'Solver.loadStateDict';
    this.#guard.enter('loadStateDict');
    try {
      const state = checkSolverState(fn, given, this.#iterationsPerEpoch);
      loadEntry(fn, 'random', new Random(0), state.random);
      const parts = [checkedModel(fn, state, this.model), this.#best.checked(fn, state)];
      for (const take of [...parts, this.#updater.checked(fn, state.configs, state.iteration)]) take();
      this.#random.loadStateDict(state.random);
      for (const name of HISTORIES) Object.assign(this[name], state[name]).length = state[name].length;
      ({ iteration: this.iteration, epoch: this.epoch, bestValAcc: this.bestValAcc } = state);
      this.bestValLoss = state.bestValLoss;
      [this.#due, this.#stopped] = [state.due, state.stopped];
    } finally {
      this.#guard.leave();
    }
  }

  /**
   * The share of examples whose highest score is that of their label. Where the model gives one score, a logit, those
   * whose label is 1 where it is above zero, and 0 elsewhere. An example with a score of NaN is never right.
   *
   * @param X - Inputs, shape (N, …).
   * @param y - Their labels.
   * @returns A number in [0, 1].
   * @throws {RangeError} if a label is beyond the classes.
   */
  checkAccuracy(X: NDArray, y: Labels, options: AccuracyOptions = {}): number {
    const { numSamples, batchSize } = settingsOf('Solver.checkAccuracy', ACCURACY_OPTIONS, options);
    const examples = keep('Solver.checkAccuracy', ['X', 'y'], X, y, false);
    const chosen = drawSamples(this.#random, examples, numSamples);
    return drain(scoreOf(this.model, 'y', examples, chosen, batchSize)).value;
  }

  get #iterationsPerEpoch(): number {
    return Math.max(1, Math.floor(this.#train.N / this.#options.batchSize));
  }

  /** Iterations of the whole run. */
  get #total(): number {
    return this.#numEpochs * this.#iterationsPerEpoch;
  }

  get #progress(): Progress {
    const { iteration, lossHistory } = this;
    const rest = 'Histories and bestParams are intact.';
    return { fn: 'Solver', iteration, lossHistory, learningRate: this.#updater.learningRate, rest };
  }

  /** Whether targets are labels, rather than numbers. */
  get #hasLabels(): boolean {
    return this.#train.y instanceof Int32Array;
  }

  /** Scores the model. Its parameters become the best where both they and their scores are finite. */
  *#evaluate(): Generator<typeof TURN, Evaluation, unknown> {
    checkFinite(this.#progress, this.model.params);
    this.#isBest = false;
    const [train, val] = yield* this.#scores();
    if (train === null) {
      this.valLossHistory.push(val.value);
      if (val.finite && (this.bestValLoss === null || val.value < this.bestValLoss)) {
        this.bestValLoss = val.value;
        this.#take();
      }
      return { trainAcc: null, valAcc: null, valLoss: val.value };
    }
    this.trainAccHistory.push(train.value);
    this.valAccHistory.push(val.value);
    if (val.finite && (val.value > this.bestValAcc || !this.#best.known)) {
      this.bestValAcc = val.value;
      this.#take();
    }
    return { trainAcc: train.value, valAcc: val.value, valLoss: null };
  }

  #take(): void {
    this.#best.take();
    this.#isBest = true;
  }

  /**
   * Scores of training and validation examples; of the latter alone where targets are numbers. An error has drawn
   * nothing.
   */
  *#scores(): Generator<typeof TURN, [train: Evaluated | null, val: Evaluated], unknown> {
    const { numTrainSamples, numValSamples } = this.#options;
    const before = this.#random.stateDict();
    this.#beforeEvaluation = before;
    let isComplete = false;
    try {
      // Drawn before the event loop turns, where others may draw too.
      const some = this.#hasLabels ? drawSamples(this.#random, this.#train, numTrainSamples) : null;
      const valSome = drawSamples(this.#random, this.#val, numValSamples);
      // Training labels beyond the classes are the loss's to refuse: it may not be about classes at all.
      const train = this.#hasLabels ? yield* scoreOf(this.model, null, this.#train, some) : null;
      const val = yield* scoreOf(this.model, 'yVal', this.#val, valSome);
      isComplete = true;
      return [train, val];
    } finally {
      this.#beforeEvaluation = null;
      if (!isComplete) this.#random.loadStateDict(before);
    }
  }
}

/** What an evaluation has found; null what there is none of. */
interface Evaluation {
  readonly trainAcc: number | null;
  readonly valAcc: number | null;
  readonly valLoss: number | null;
}
