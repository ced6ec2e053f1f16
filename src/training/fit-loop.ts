import { argumentError, checkSynchronous, heapCopies, heapCopy, type NDArray, statefulOf } from '../arrays/index.js';
import { F, Tensor } from '../autograd/index.js';
import type { Arrays } from '../data/index.js';
import type { BatchTargets } from '../data/structure.js';
import { workspace } from '../kernels/index.js';
import { Loggers } from '../loggers/index.js';
import type { Module } from '../nn/index.js';
import { scaleGradients } from '../optim/clip-grad.js';
import { clipGradNorm, type Trainable } from '../optim/index.js';
import { BatchPass } from './batch-pass.js';
import { type AsyncBatches, type Batches, eachBatch, forEachBatch, type Visit } from './batches.js';
import { type Checkpoints, checkpointsOf } from './checkpointing.js';
import { checkFinite, divergedLoss, type Progress } from './diverged-error.js';
import { type Listener, type Pending, type Run, TURN } from './drive.js';
import { EpochScores } from './epoch-scores.js';
import { evaluating } from './evaluation.js';
import type { StepEvent, TrainingEvent } from './events.js';
import { type AnyFitOptions, type CheckedFitOptions, checkFit, type Schedule } from './fit-options.js';
import {
  CURRENT_GENERATOR,
  checkFitState,
  type FitState,
  frozenIn,
  type Group,
  generatorsOf,
  loadParts,
  NO_GROUP,
  type PartName,
  type Parts,
  type Resumable,
  requiredStateful,
} from './fit-state.js';
import { emptyHistory, type FitHistory, type RunningHistory } from './history.js';
import { Journal } from './journal.js';
import { setLearningRate } from './learning-rate.js';
import { Live, type LiveSubject } from './live.js';
import { fitFacts } from './live-facts.js';
import { sampleOfBatch, sampleOfLoader } from './live-sample.js';
import { fitConfig } from './run-config.js';
import { thresholdOf } from './scoring.js';
import { WeightAverage } from './weight-average.js';

/** One call of `fit`: its epochs, steps and evaluations, one event after the other. */
export class FitLoop implements Listener {
  readonly fn: string;
  readonly checkpoints: Checkpoints | null;
  readonly live: Live | null;
  readonly onStep = 'onStep';
  readonly history: RunningHistory;
  /** What callbacks receive. */
  readonly saving: Resumable = { stateDict: () => this.#stateDict() };
  readonly #model: Module<unknown>;
  readonly #loader: Batches | AsyncBatches;
  readonly #options: CheckedFitOptions;
  readonly #pass: BatchPass;
  readonly #average: WeightAverage | null;
  readonly #journal: Journal;
  readonly #loggers: Loggers;
  /** Iterations of the whole run, where the loader says how many batches it has. */
  readonly #total: number | null;
  #best: Record<string, NDArray> | null = null;
  /** The last weights, once the model has the best or the averaged ones. */
  #last: Record<string, NDArray> | null = null;
  /** Whether `onEpoch` has ended the run. */
  #stopped = false;
  /** Examples in the last batch, for the live page. */
  #batchSize = 0;
  /** Whether it was left, or has failed, before its end. */
  #isLeft = false;
  /** The epoch in progress: its batches, and what they were scored. */
  #steps = 0;
  #train: EpochScores;
  /** The batches whose gradients are added up. */
  #group: Group = NO_GROUP;
  /**
   * Its seconds until this call, and since when it has been going on, by `performance.now()`; null between two epochs.
   */
  #seconds = 0;
  #since: number | null = null;

  constructor(fn: string, model: Module<unknown>, loader: Batches | AsyncBatches, options: AnyFitOptions) {
    this.fn = fn;
    this.#model = model;
    this.#loader = loader;
    this.#options = checkFit(fn, model, loader, options);
    this.#pass = new BatchPass(fn, model, this.#options);
    const { weightAverage: decay, epochs, metrics } = this.#options;
    this.history = emptyHistory(Object.keys(metrics));
    this.#train = this.#emptyScores('y');
    this.#average = decay === undefined ? null : new WeightAverage(model, { decay });
    const { length } = loader as { length?: unknown };
    this.#total = typeof length === 'number' ? epochs * length : null;
    this.#journal = new Journal(this.#options, this.#total);
    this.#loggers = new Loggers(fn, this.#options.loggers);
    const { ui } = this.#options;
    this.live = ui === null ? null : new Live(this.#liveSubject(), ui);
    if (this.#options.state !== undefined) this.#load(this.#options.state);
    const run = {
      ...{ fn, kind: 'fit' as const, now: () => this.history, stateDict: () => this.#stateDict() },
      load: (state: unknown) => this.#load(state as FitState),
      isBest: () => this.history.bestEpoch === this.history.epoch,
    };
    this.#checkSavable();
    this.checkpoints = checkpointsOf(run, this.#options, () => fitConfig(this.#options, model, loader));
  }

  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  get soFar(): FitHistory {
    return this.history;
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
    let failure: unknown;
    this.live?.begin();
    try {
      this.checkpoints?.open();
      this.#startLoggers();
      while (!this.#isOver) yield* this.#epoch();
      this.checkpoints?.finish();
      isComplete = true;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      this.#isLeft = !isComplete;
      this.#journal.clear();
      this.#loggers.close();
      if (!isComplete) {
        this.checkpoints?.close(true);
        this.live?.left(failure, this.checkpoints?.dir ?? null);
      }
    }
    const best = this.#options.keepBest ? this.#best : null;
    if (best !== null || this.#average !== null) this.#last = this.#model.stateDict();
    if (best !== null) this.#model.loadStateDict(best);
    else this.#average?.copyToModel();
    this.checkpoints?.close(false);
    this.live?.finished();
    return this.history;
  }

  #startLoggers(): void {
    const { iteration, epoch, metrics } = this.history;
    // Also one that was stopped before its first checkpoint: what it logged comes again.
    const isResumed = this.#options.state !== undefined || iteration > 0 || this.checkpoints?.isRestarted === true;
    const isEvaluationDue = this.#steps > 0;
    this.#loggers.start({ iteration, epoch, isResumed, isEvaluationDue, metrics: Object.keys(metrics) });
    if (this.#loggers.isActive && iteration === 0) this.checkpoints?.mark();
  }

  /** What the live page asks of the run. */
  #liveSubject(): LiveSubject {
    const { optimizer, schedule, epochs } = this.#options;
    return {
      fn: this.fn,
      loggers: this.#loggers,
      model: this.#model,
      sample: () => sampleOfLoader(this.#options.valLoader),
      info: () => ({
        totalIterations: this.#total,
        totalEpochs: epochs,
        ...fitFacts(this.#options, this.#model, this.#loader),
        folder: this.checkpoints?.dir ?? null,
      }),
      now: () => {
        const { iteration, epoch, lossHistory, learningRates } = this.history;
        return { iteration, epoch, losses: lossHistory, rates: learningRates };
      },
      setRate: (rate) => {
        this.checkpoints?.changed();
        return setLearningRate(optimizer, schedule, rate);
      },
    };
  }

  get #isOver(): boolean {
    return this.#stopped || this.history.epoch >= this.#options.epochs || this.#isOutOfPatience;
  }

  get #isOutOfPatience(): boolean {
    const { patience } = this.#options;
    const { epoch, bestEpoch } = this.history;
    return patience !== undefined && epoch - bestEpoch >= patience;
  }

  /** The learning rate, where the optimizer shows it. */
  get #rate(): number | undefined {
    return this.#options.optimizer.paramGroups?.[0]?.lr;
  }

  /** The name of the score by which epochs are compared. @param accuracy - Null where there is none. */
  #monitor(accuracy: number | null): string {
    return this.#options.monitor ?? (accuracy === null ? 'valLoss' : 'valAcc');
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
      const step: Visit = (X, y, N) => this.#step(X, y as BatchTargets, N);
      yield* eachBatch(this.fn, this.#loader, step, () => this.#stepped(), skip);
    }
    if (this.#group.batches > 0) this.#finishGroup();
    checkFinite(this.#progress, this.#parameters());
    const isAdvanced = schedule !== undefined && schedule.every !== 'step';
    if (isAdvanced && schedule.takesMetric === undefined) this.#advance(schedule);
    const trainAcc = this.#train.accuracy;
    const trainLoss = history.lossHistory.slice(-this.#steps).reduce((sum, loss) => sum + loss / this.#steps, 0);
    const results = this.#train.metrics.results();
    this.#steps = 0;
    history.epoch++;
    if (trainAcc !== null) history.trainAccHistory.push(trainAcc);
    for (const [name, value] of Object.entries(results)) history.metrics[name].train.push(value);
    const val = yield* this.#validate();
    // Its metrics may be objects, which validation has used too.
    this.#train = this.#emptyScores('y');
    const rate = this.#rate;
    if (isAdvanced && schedule.takesMetric !== undefined) {
      const accuracy = val === null ? trainAcc : this.#isMetricMonitored ? val.score : val.accuracy;
      this.#advance(schedule, schedule.takesMetric === 'loss' ? (val?.loss ?? trainLoss) : accuracy);
    }
    history.secondsHistory.push(this.#elapsed);
    [this.#seconds, this.#since] = [0, null];
    const { epoch, iteration } = history;
    const valAcc = val?.accuracy ?? null;
    const numbers = {
      ...(trainAcc === null ? { 'train loss': trainLoss } : { 'train acc': trainAcc }),
      ...(valAcc !== null && { val_acc: valAcc }),
      ...((valAcc === null || this.#options.monitor === 'valLoss') && { val_loss: val?.loss ?? null }),
      ...(val?.results ?? results),
    };
    const isLowered = rate !== undefined && this.#rate !== undefined && this.#rate < rate;
    this.#journal.epoch(epoch, epochs, iteration, numbers, isLowered ? this.#rate : null);
    if (this.#isOutOfPatience && epoch < epochs) {
      const { bestEpoch, bestValue } = history;
      const monitor = this.#monitor(valAcc);
      const best = bestValue === null ? '' : `, the best is ${bestValue.toFixed(6)} of epoch ${bestEpoch}`;
      const score = SHOWN[monitor] ?? monitor;
      this.#journal.note(`Stopped after ${epoch - bestEpoch} epochs without a better ${score}${best}`);
    }
    const loss = history.lossHistory[iteration - 1];
    const valLoss = val?.loss ?? null;
    const both = Object.entries(results).map(([name, train]) => [name, { train, val: val?.results[name] ?? null }]);
    const learningRate = this.#rate ?? null;
    const found = { loss, learningRate, trainAcc, valAcc, valLoss, metrics: Object.fromEntries(both) };
    this.#loggers.epoch({ iteration, epoch, ...found });
    const { loss: _, ...row } = found;
    this.live?.epoch({ iteration, epoch, ...row });
    yield { kind: 'epoch', iteration, epoch, loss, trainAcc, valAcc };
  }

  /** Scores of no example. With a loss of the caller's, which classes labels may name is for that to say. */
  #emptyScores(arg: string): EpochScores {
    const { loss, metrics, ignoreIndex } = this.#options;
    return new EpochScores(this.fn, loss === undefined ? arg : null, metrics, ignoreIndex, thresholdOf(this.#model));
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
    // A run that continues from here finds everything before it logged.
    this.#loggers.flush();
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
      frozen: frozenIn(this.#model),
      gradients: heapCopies(Object.fromEntries(gradients)),
      best: this.#best && heapCopies(this.#best),
      history: structuredClone(history),
      inEpoch: {
        steps: this.#steps,
        right: this.#train.tally.right,
        examples: this.#train.tally.count,
        seconds: this.#elapsed,
        group: this.#group,
        metrics: this.#hasMetrics && this.#steps > 0 ? this.#train.metrics.stateDict() : null,
      },
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

  /** @throws {TypeError} if the run is to be saved and cannot be: an epoch later would be too late to say so. */
  #checkSavable(): void {
    const { checkpoint } = this.#options;
    if (checkpoint === null) return;
    this.#parts();
    if (checkpoint.every.unit !== 'epochs') this.#train.metrics.checkStateful();
  }

  /** Continues from a state. @throws {Error} naming what does not fit; nothing has changed then. */
  #load(given: FitState): void {
    const { accumulate, metrics } = this.#options;
    const epochMetrics = this.#train.metrics;
    const state = checkFitState(this.fn, given, { model: this.#model, accumulate, metrics, epochMetrics });
    loadParts(this.fn, this.#parts(), generatorsOf(this.#model), state);
    for (const [name, parameter] of this.#model.namedParameters()) {
      parameter.requiresGrad = !state.frozen.includes(name);
      const has = Object.hasOwn(state.gradients, name);
      parameter.grad = has ? new Tensor(heapCopy(state.gradients[name])) : null;
    }
    this.#best = state.best && heapCopies(state.best);
    Object.assign(this.history, structuredClone(state.history));
    const { steps, right, examples, seconds, group, metrics: ofEpoch } = state.inEpoch;
    [this.#steps, this.#seconds, this.#group] = [steps, seconds, { ...group }];
    Object.assign(this.#train.tally, { right, count: examples });
    if (ofEpoch !== null) epochMetrics.loadStateDict(ofEpoch);
    this.#stopped = state.stopped;
  }

  /** One batch, within a workspace: a step, or a part of one. */
  #step(X: Arrays, given: BatchTargets, N: number): void {
    const { optimizer, accumulate, schedule } = this.#options;
    const { history } = this;
    const y = this.#pass.targets(given, N, 'y');
    const output = this.#pass.forward(X, y, N, 'y');
    this.#train.add(output, y, N);
    const loss = this.#pass.lossOf(output, y);
    const value = loss.item();
    const rate = optimizer.paramGroups?.[0]?.lr;
    if (!Number.isFinite(value)) throw divergedLoss(this.#progress, value, ['batch', X, y], this.#parameters());
    const { batches, size, weight } = this.#group;
    if (batches === 0) optimizer.zeroGrad();
    // In units of the first batch, so that batches of one size need no product.
    const share = batches === 0 ? 1 : N / size;
    (share === 1 ? loss : F.mul(loss, share)).backward();
    this.#group = { batches: batches + 1, size: batches === 0 ? N : size, weight: weight + share };
    const isComplete = batches + 1 === accumulate;
    if (isComplete) this.#update();
    history.iteration++;
    history.lossHistory.push(value);
    if (rate !== undefined) history.learningRates.push(rate);
    if (isComplete && schedule?.every === 'step') this.#advance(schedule);
    this.#steps++;
    if (this.live === null) return;
    this.#batchSize = N;
    this.live.look.sample ??= sampleOfBatch(X);
  }

  /** Updates the parameters by the mean of the gradients that have been added up. */
  #update(): void {
    const { optimizer, clipGradNorm: maxNorm } = this.#options;
    const { weight } = this.#group;
    if (weight !== 1) scaleGradients(this.fn, this.#trained(), 1 / weight);
    if (maxNorm !== undefined) clipGradNorm(this.#trained(), maxNorm);
    const look = this.live?.look.isDue === true ? this.live.look : null;
    look?.before();
    checkSynchronous(this.fn, 'optimizer.step', optimizer.step());
    look?.after();
    // The next step needs their memory for its activations.
    optimizer.zeroGrad();
    this.#group = NO_GROUP;
    this.#average?.update();
  }

  /** The last step of an epoch, of the batches that are left. */
  #finishGroup(): void {
    const { schedule } = this.#options;
    workspace(() => this.#update());
    if (schedule?.every === 'step') this.#advance(schedule);
  }

  /** The event of the step that was just made. */
  #stepped(): StepEvent {
    const { iteration, epoch, lossHistory } = this.history;
    const loss = lossHistory[iteration - 1];
    this.#journal.step(iteration, this.#total, loss);
    const { live } = this;
    if (this.#loggers.isActive || live !== null) {
      const rate = this.history.learningRates.at(-1) ?? null;
      if (this.#loggers.isActive) this.#loggers.step(iteration, epoch, loss, rate);
      live?.step(iteration, epoch, loss, rate, this.#batchSize);
    }
    return { kind: 'step', iteration, epoch, loss };
  }

  /** @param metric - What a schedule that takes one gets; null where it is not known. */
  #advance(schedule: Schedule, metric?: number | null): void {
    if (metric === null) {
      const [found, expected] = ['takes an accuracy', "mode: 'min', which takes the loss, or a metric to monitor"];
      const wayOut = 'targets are no labels, so there is no accuracy';
      throw argumentError(TypeError, { fn: this.fn, arg: 'schedule', found, expected, wayOut });
    }
    checkSynchronous(this.fn, 'schedule.step', metric === undefined ? schedule.step() : schedule.step(metric));
  }

  get #hasMetrics(): boolean {
    return Object.keys(this.#options.metrics).length > 0;
  }

  /** Whether epochs are compared by a metric of the caller's. */
  get #isMetricMonitored(): boolean {
    const { monitor } = this.#options;
    return monitor !== undefined && Object.hasOwn(this.#options.metrics, monitor);
  }

  /** The optimizer's parameters, if it lists them. The gradients of others are sums over many steps. */
  #trained(): Trainable[] {
    const groups = this.#options.optimizer.paramGroups ?? [];
    const params = groups.flatMap((group) => group.params ?? []);
    return params.length > 0 ? params : this.#model.parameters();
  }

  /** Scores the validation examples, and keeps the weights if they are the best. */
  *#validate(): Generator<Pending | typeof TURN, Validation | null, unknown> {
    const { valLoader, keepBest, mayWait } = this.#options;
    const { fn, history } = this;
    if (valLoader === undefined) return null;
    const arg = 'y of valLoader';
    const scores = this.#emptyScores(arg);
    const visit: Visit = (X, given, N) => {
      const y = this.#pass.targets(given as BatchTargets, N, arg);
      const output = this.#pass.forward(X, y, N, arg);
      scores.add(output, y, N, this.#pass.lossOf(output, y).item());
    };
    const scoring = (work: () => void): void => this.#averaged(() => evaluating(this.#model, work));
    if (!mayWait) scoring(() => forEachBatch(fn, valLoader as Batches, visit, 'valLoader'));
    else {
      // While the event loop turns the model has its own weights and mode.
      const visitApart: Visit = (X, y, N) => scoring(() => visit(X, y, N));
      yield* eachBatch(fn, valLoader, visitApart, () => TURN as typeof TURN, 0, 'valLoader');
    }
    const { accuracy } = scores;
    const loss = scores.loss as number;
    const results = scores.metrics.results();
    const { score, isLower, isReal } = this.#monitored({ accuracy, loss, results }, scores);
    if (accuracy !== null) history.valAccHistory.push(accuracy);
    history.valLossHistory.push(loss);
    for (const [name, value] of Object.entries(results)) history.metrics[name].val.push(value);
    const { bestValue } = history;
    if (isReal && (bestValue === null || (isLower ? score < bestValue : score > bestValue))) {
      history.bestValue = score;
      history.bestValAcc = accuracy ?? 0;
      history.bestEpoch = history.epoch;
      if (keepBest) this.#best = this.#averaged(() => this.#model.stateDict());
    }
    return { accuracy, loss, results, score };
  }

  /** The score by which epochs are compared, whether a lower one is better, and whether it is finite. */
  #monitored({ accuracy, loss, results }: Omit<Validation, 'score'>, { tally }: EpochScores) {
    const { monitorMode } = this.#options;
    const monitor = this.#monitor(accuracy);
    const score = monitor === 'valLoss' ? loss : monitor === 'valAcc' ? accuracy : results[monitor];
    if (score === null) {
      const [found, expected] = ["is 'valAcc'", "'valLoss' or the name of a metric: targets are no labels"];
      throw argumentError(TypeError, { fn: this.fn, arg: 'monitor', found, expected });
    }
    const isLower = (monitorMode ?? (monitor === 'valLoss' ? 'min' : 'max')) === 'min';
    return { score, isLower, isReal: Number.isFinite(score) && (monitor !== 'valAcc' || tally.finite) };
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

/** How printed lines call scores. */
const SHOWN: Readonly<Record<string, string>> = { valAcc: 'val_acc', valLoss: 'val_loss' };

/** What validation has found. */
interface Validation {
  readonly accuracy: number | null;
  readonly loss: number;
  readonly results: Readonly<Record<string, number>>;
  /** By which epochs are compared. */
  readonly score: number;
}
