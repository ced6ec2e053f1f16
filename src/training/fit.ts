import { argumentError, checkSynchronous, describe, type NDArray, tuple } from '../arrays/index.js';
import { Tensor } from '../autograd/index.js';
import type { Module } from '../nn/index.js';
import { clipGradNorm, type Trainable } from '../optim/index.js';
import { type AsyncBatches, type Batches, eachBatch, forEachBatch, isAsync, type Visit } from './batches.js';
import { checkFinite, divergedLoss, type Progress } from './diverged-error.js';
import { drain, drainAsync, type Listener, observed, type Pending, type Run } from './drive.js';
import { checkScores, evaluating } from './evaluation.js';
import type { StepEvent, TrainingEvent } from './events.js';
import {
  type CheckedFitOptions,
  checkFit,
  type FitAsyncOptions,
  type FitOptions,
  type Schedule,
} from './fit-options.js';
import {
  CURRENT_GENERATOR,
  checkFitState,
  type FitState,
  generatorsOf,
  loadParts,
  type PartName,
  type Parts,
  type Resumable,
  requiredStateful,
  statefulOf,
} from './fit-state.js';
import { emptyHistory, type FitHistory, type RunningHistory } from './history.js';
import { Journal } from './journal.js';
import { heapCopies, heapCopy } from './saved.js';
import { isBest, Tally } from './scoring.js';
import { WeightAverage } from './weight-average.js';

/**
 * Trains a module: for each batch of each epoch forward, loss, backward, and a step of the optimizer.
 *
 * Each step runs in a workspace of its own, so that it makes nothing new once warm: tensors that the model keeps from a
 * step end with it. Gradients belong to their parameters: those that the optimizer does not have are added up.
 *
 * @param model - Gives scores (B, C) for a batch. It is in training mode afterwards.
 * @param loader - A `DataLoader`, or another iterable of batches `[X, y]` that can be gone through once an epoch.
 * @returns Losses, accuracies and times.
 * @throws {TypeError | RangeError} naming an argument or option that does not fit, before anything has changed.
 * @throws {DivergedError} if a loss is not finite, or at the end of an epoch a parameter; the model keeps the weights
 *   it had in that iteration.
 * @throws {RangeError} if a label is beyond the classes that the model scores.
 *
 * @example
 * const optimizer = new optim.SGD(model.parameters(), { lr: 1e-2, momentum: 0.9, nesterov: true });
 * const history = fit(model, loaderTrain, { optimizer, epochs: 10, valLoader });
 */
export function fit(model: Module, loader: Batches, options: FitOptions): FitHistory {
  const run = new Fit('fit', model, loader, options);
  return drain(observed(run.events(), run));
}

/**
 * {@link fit} as a generator: yields each step and each epoch once it is complete and its callback has returned.
 * Leaving the loop early leaves the model with the weights of the last step.
 *
 * @returns The generator, with the `history` of the run so far, which it also returns in the end, and `stateDict()`,
 *   for the option `state` of another call. Arguments are checked at once.
 * @throws {TypeError | RangeError | DivergedError} as `fit`.
 *
 * @example
 * for (const event of fitSteps(model, loaderTrain, { optimizer, valLoader })) {
 *   if (event.kind === 'epoch') console.log(event.epoch, event.valAcc);
 * }
 */
export function fitSteps(model: Module, loader: Batches, options: FitOptions): FitRun {
  const run = new Fit('fitSteps', model, loader, options);
  return Object.assign(observed(run.events(), run), { history: run.history, ...run.saving });
}

/**
 * {@link fit} for programs that stay responsive: lets the event loop turn between steps, every 15 ms, takes loaders of
 * batches that have to be awaited, awaits promises that callbacks return (one for `false` from `onEpoch` ends the
 * training), and stops between two steps when `signal` is aborted. The bits are those of `fit`.
 *
 * @param loader - As for `fit`, or an asynchronous iterable of batches `[X, y]`.
 * @returns Losses, accuracies and times. Rejected with the reason of the signal once that is aborted: the model has the
 *   weights of the last step then.
 * @throws {TypeError | RangeError | DivergedError} as `fit`, by rejecting the promise.
 *
 * @example
 * const stop = new AbortController();
 * button.onclick = () => stop.abort();
 * await fitAsync(model, loader, { optimizer, epochs: 10, onEpoch: (history) => draw(history), signal: stop.signal });
 */
export async function fitAsync(
  model: Module,
  loader: Batches | AsyncBatches,
  options: FitAsyncOptions,
): Promise<FitHistory> {
  const run = new Fit('fitAsync', model, loader, options);
  return drainAsync(run.events(), run, run.signal);
}

/** What {@link fitSteps} returns. */
export interface FitRun extends Generator<TrainingEvent, FitHistory, void>, Resumable {
  /** Losses, accuracies and times so far. */
  readonly history: FitHistory;
}

/** One call of {@link fit}. */
class Fit implements Listener {
  readonly fn: string;
  readonly onStep = 'onStep';
  readonly history: RunningHistory = emptyHistory();
  /** What callbacks receive. */
  readonly saving: Resumable = { stateDict: () => this.#stateDict() };
  readonly #model: Module;
  readonly #loader: Batches | AsyncBatches;
  readonly #options: CheckedFitOptions;
  readonly #average: WeightAverage | null;
  readonly #journal: Journal;
  /** Iterations of the whole run, where the loader says how many batches it has. */
  readonly #total: number | null;
  #best: Record<string, NDArray> | null = null;
  /** The last weights, once the model has the best or the averaged ones. */
  #last: Record<string, NDArray> | null = null;
  /** Whether `onEpoch` has ended the run. */
  #stopped = false;
  /** Whether it was left, or has failed, before its end. */
  #isLeft = false;
  /** The epoch in progress: its steps, examples that were scored right, examples. */
  #steps = 0;
  #right = 0;
  #examples = 0;
  /**
   * Its seconds until this call, and since when it has been going on, by `performance.now()`; null between two epochs.
   */
  #seconds = 0;
  #since: number | null = null;

  constructor(fn: string, model: Module, loader: Batches | AsyncBatches, options: FitOptions | FitAsyncOptions) {
    this.fn = fn;
    this.#model = model;
    this.#loader = loader;
    this.#options = checkFit(fn, model, loader, options);
    const { weightAverage: decay, epochs } = this.#options;
    this.#average = decay === undefined ? null : new WeightAverage(model, { decay });
    const { length } = loader as { length?: unknown };
    this.#total = typeof length === 'number' ? epochs * length : null;
    this.#journal = new Journal(this.#options, this.#total);
    if (this.#options.state !== undefined) this.#load(this.#options.state);
  }

  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  call({ kind }: TrainingEvent): unknown {
    const { onStep, onEpoch } = this.#options;
    return kind === 'step' ? onStep(this.history, this.saving) : onEpoch(this.history, this.saving);
  }

  stop(): void {
    this.#stopped = true;
  }

  *events(): Run<FitHistory> {
    let isComplete = false;
    try {
      while (!this.#isOver) yield* this.#epoch();
      isComplete = true;
    } finally {
      this.#isLeft = !isComplete;
      this.#journal.clear();
    }
    const best = this.#options.keepBest ? this.#best : null;
    if (best !== null || this.#average !== null) this.#last = this.#model.stateDict();
    if (best !== null) this.#model.loadStateDict(best);
    else this.#average?.copyToModel();
    return this.history;
  }

  get #isOver(): boolean {
    const { epochs, patience } = this.#options;
    const { epoch, bestEpoch } = this.history;
    return this.#stopped || epoch >= epochs || (patience !== undefined && epoch - bestEpoch >= patience);
  }

  *#epoch(): Run<void> {
    const { schedule, epochs } = this.#options;
    const { history } = this;
    const { length } = this.#loader as { length?: unknown };
    this.#since = performance.now();
    this.#model.train();
    // A saved state may be that of the last step of an epoch.
    if (!(typeof length === 'number' && length > 0 && this.#steps >= length)) {
      const skip = statefulOf(this.#loader) === null ? this.#steps : 0;
      const step: Visit = (X, y) => this.#step(X, y);
      yield* eachBatch(this.fn, this.#loader, step, () => this.#stepped(), skip);
    }
    checkFinite(this.#progress, this.#parameters());
    if (schedule !== undefined && schedule.every !== 'step') this.#advance(schedule);
    const trainAcc = this.#right / this.#examples;
    [this.#steps, this.#right, this.#examples] = [0, 0, 0];
    history.epoch++;
    history.trainAccHistory.push(trainAcc);
    const valAcc = yield* this.#validate();
    history.secondsHistory.push(this.#elapsed);
    [this.#seconds, this.#since] = [0, null];
    const { epoch, iteration } = history;
    this.#journal.epoch(epoch, epochs, iteration, trainAcc, valAcc);
    yield { kind: 'epoch', iteration, epoch, loss: history.lossHistory[iteration - 1], trainAcc, valAcc };
  }

  /** Seconds of the epoch in progress. */
  get #elapsed(): number {
    return this.#seconds + (this.#since === null ? 0 : (performance.now() - this.#since) / 1000);
  }

  #stateDict(): FitState {
    const { fn, history } = this;
    if (this.#isLeft || history.secondsHistory.length < history.epoch) {
      const found = this.#isLeft ? 'the run has been left before its end' : 'the run is validating';
      throw new Error(`${fn}: ${found}, expected stateDict() to be called between its steps, or by a callback`);
    }
    const states = Object.entries(this.#parts()).map(([name, part]) => [name, part?.stateDict() ?? null]);
    const gradients = this.#model.namedParameters().flatMap(([name, parameter]) => {
      const gradient = parameter.lendGrad();
      return gradient === null ? [] : [[name, gradient.data] as const];
    });
    return {
      ...(Object.fromEntries(states) as Pick<FitState, PartName>),
      ...(this.#last && { model: heapCopies(this.#last) }),
      generators: Object.fromEntries(
        Object.entries(generatorsOf(this.#model)).map(([path, random]) => [path, random.stateDict()]),
      ),
      gradients: heapCopies(Object.fromEntries(gradients)),
      best: this.#best && heapCopies(this.#best),
      history: structuredClone(history),
      inEpoch: { steps: this.#steps, right: this.#right, examples: this.#examples, seconds: this.#elapsed },
      stopped: this.#stopped,
    };
  }

  /** The objects that have state of their own. */
  #parts(): Parts {
    const { fn } = this;
    const { optimizer, schedule, valLoader } = this.#options;
    return {
      model: statefulOf(this.#model),
      optimizer: requiredStateful(fn, 'optimizer', optimizer),
      schedule: requiredStateful(fn, 'schedule', schedule),
      loader: statefulOf(this.#loader),
      valLoader: statefulOf(valLoader),
      weightAverage: statefulOf(this.#average),
      generator: CURRENT_GENERATOR,
    };
  }

  /** Continues from a state. @throws {Error} naming what does not fit; nothing has changed then. */
  #load(state: FitState): void {
    checkFitState(this.fn, state, this.#model);
    loadParts(this.fn, this.#parts(), generatorsOf(this.#model), state);
    for (const [name, parameter] of this.#model.namedParameters()) {
      const has = Object.hasOwn(state.gradients, name);
      parameter.grad = has ? new Tensor(heapCopy(state.gradients[name])) : null;
    }
    this.#best = state.best && heapCopies(state.best);
    Object.assign(this.history, structuredClone(state.history));
    const { steps, right, examples, seconds } = state.inEpoch;
    [this.#steps, this.#right, this.#examples, this.#seconds] = [steps, right, examples, seconds];
    this.#stopped = state.stopped;
  }

  /** One step, within a workspace. */
  #step(X: NDArray, y: Int32Array): void {
    const { optimizer, loss: lossOf, clipGradNorm: maxNorm, schedule } = this.#options;
    const { fn, history } = this;
    const scores = this.#model.forward(X);
    const tally = new Tally(fn, 'y');
    tally.add(checkScores(fn, scores, y.length), y);
    const loss = checkLoss(fn, lossOf(scores, y));
    const value = loss.item();
    const rate = optimizer.paramGroups?.[0]?.lr;
    if (!Number.isFinite(value)) throw divergedLoss(this.#progress, value, ['batch', X], this.#parameters());
    optimizer.zeroGrad();
    loss.backward();
    if (maxNorm !== undefined) clipGradNorm(this.#trained(), maxNorm);
    checkSynchronous(fn, 'optimizer.step', optimizer.step());
    // The next step needs their memory for its activations.
    optimizer.zeroGrad();
    this.#average?.update();
    history.iteration++;
    history.lossHistory.push(value);
    if (rate !== undefined) history.learningRates.push(rate);
    if (schedule?.every === 'step') this.#advance(schedule);
    this.#steps++;
    this.#right += tally.right;
    this.#examples += y.length;
  }

  /** The event of the step that was just made. */
  #stepped(): StepEvent {
    const { iteration, epoch, lossHistory } = this.history;
    const loss = lossHistory[iteration - 1];
    this.#journal.step(iteration, this.#total, loss);
    return { kind: 'step', iteration, epoch, loss };
  }

  #advance(schedule: Schedule): void {
    checkSynchronous(this.fn, 'schedule.step', schedule.step());
  }

  /** The optimizer's parameters, if it lists them. The gradients of others are sums over many steps. */
  #trained(): Trainable[] {
    const groups = this.#options.optimizer.paramGroups ?? [];
    const params = groups.flatMap((group) => group.params ?? []);
    return params.length > 0 ? params : this.#model.parameters();
  }

  /** Scores the validation examples, and keeps the weights if they are the best. */
  *#validate(): Generator<Pending, number | null, unknown> {
    const { valLoader, keepBest } = this.#options;
    const { fn, history } = this;
    if (valLoader === undefined) return null;
    const tally = new Tally(fn, 'y of valLoader');
    const visit: Visit = (X, y) => tally.add(checkScores(fn, this.#model.forward(X), y.length), y);
    const scoring = (work: () => void): void => this.#averaged(() => evaluating(this.#model, work));
    if (!isAsync(valLoader)) scoring(() => forEachBatch(fn, valLoader, visit, 'valLoader'));
    // While a batch is awaited the model has its own weights and mode.
    else yield* eachBatch(fn, valLoader, (X, y) => scoring(() => visit(X, y)), undefined, 0, 'valLoader');
    history.valAccHistory.push(tally.accuracy);
    if (isBest(tally, history.bestValAcc, history.bestEpoch > 0)) {
      history.bestValAcc = tally.accuracy;
      history.bestEpoch = history.epoch;
      if (keepBest) this.#best = this.#averaged(() => this.#model.stateDict());
    }
    return tally.accuracy;
  }

  /** Runs `work` while the model has the averaged weights, if there are any. */
  #averaged<T>(work: () => T): T {
    return this.#average === null ? work() : this.#average.during(work);
  }

  /** The values of the parameters in training. */
  #parameters(): Record<string, NDArray> {
    const trained = this.#model.namedParameters().filter(([, { requiresGrad }]) => requiresGrad);
    return Object.fromEntries(trained.map(([name, { data }]) => [name, data]));
  }

  get #progress(): Progress {
    const { fn } = this;
    const { iteration, lossHistory } = this.history;
    const learningRate = this.#options.optimizer.paramGroups?.[0]?.lr;
    const rest = 'The history passed to onStep and onEpoch is intact.';
    return { fn, iteration, lossHistory, learningRate, rest };
  }
}

/** @throws {TypeError} if what `loss` returned cannot be differentiated. */
function checkLoss(fn: string, loss: unknown): Tensor {
  checkSynchronous(fn, 'loss', loss);
  if (loss instanceof Tensor && loss.data.size === 1) return loss;
  const found = loss instanceof Tensor ? `a tensor of shape ${tuple(loss.shape)}` : describe(loss);
  const expected = 'a tensor of one value, made of the scores by functions of F, such as F.crossEntropy(scores, y)';
  throw argumentError(TypeError, { fn, arg: 'loss(scores, y)', found: `returned ${found}`, expected });
}
