import { statefulOf } from '../arrays/index.js';
import type { BatchTargets } from '../data/structure.js';
import { Loggers } from '../loggers/index.js';
import type { Module } from '../nn/index.js';
import { type AsyncBatches, type Batches, eachBatch, type Visit } from './batches.js';
import { type Checkpoints, checkpointsOf } from './checkpointing.js';
import { communicatorOf } from './distributed-options.js';
import { checkFinite } from './diverged-error.js';
import type { Listener, Run } from './drive.js';
import type { StepEvent, TrainingEvent } from './events.js';
import { FitContext } from './fit-context.js';
import { type AnyFitOptions, checkFit } from './fit-options.js';
import { checkSavable, fitStateOf, loadFitState } from './fit-saving.js';
import { Start } from './fit-start.js';
import type { FitState, Resumable } from './fit-state.js';
import { FitStep } from './fit-step.js';
import { type Validation, validate } from './fit-validation.js';
import type { FitHistory, RunningHistory } from './history.js';
import { Journal } from './journal.js';
import { setLearningRate } from './learning-rate.js';
import { Live, type LiveSubject } from './live.js';
import { fitFacts } from './live-facts.js';
import { sampleOfBatch, sampleOfLoader } from './live-sample.js';
import type { Telling } from './parallel/index.js';
import { fitConfig } from './run-config.js';

/** One call of `fit`: its epochs, steps and evaluations, one event after the other. */
export class FitLoop implements Listener {
  readonly fn: string;
  readonly checkpoints: Checkpoints | null;
  readonly live: Live | null;
  readonly onStep = 'onStep';
  readonly history: RunningHistory;
  /** What callbacks receive. */
  readonly saving: Resumable = { stateDict: () => this.#stateDict() };
  /** What rank 0 tells the other processes of the run, where there are any. */
  readonly telling: Telling | null;
  readonly #run: FitContext;
  readonly #start: Start;
  readonly #step: FitStep;
  readonly #journal: Journal;
  readonly #loggers: Loggers;
  /** Iterations of the whole run, where the loader says how many batches it has. */
  readonly #total: number | null;
  /** Examples in the last batch, for the live page. */
  #batchSize = 0;
  /** Whether it was left, or has failed, before its end. */
  #isLeft = false;

  constructor(fn: string, model: Module<unknown>, loader: Batches | AsyncBatches, given: AnyFitOptions) {
    const comm = communicatorOf(fn, given?.distributed);
    const start = new Start(fn, comm);
    const options = start.optionsOf(() => checkFit(fn, model, loader, given));
    const run = start.together(() => new FitContext(fn, model, loader, options));
    this.fn = fn;
    this.#run = run;
    this.#start = start;
    this.telling = run.ranks?.telling ?? null;
    this.history = run.history;
    this.#total = run.length === null ? null : options.epochs * run.length;
    this.#journal = new Journal(options, this.#total);
    start.compare(run);
    this.#loggers = start.together(() => new Loggers(fn, options.loggers));
    this.live = options.ui === null ? null : new Live(this.#liveSubject(), options.ui);
    this.#step = new FitStep(run, this.live?.look ?? null);
    this.checkpoints = start.together(() => this.#prepare());
    start.share(run);
  }

  /** Continues from a state or a checkpoint, where there is one. @returns What saves the run. */
  #prepare(): Checkpoints | null {
    const run = this.#run;
    const { fn, model, loader, options } = run;
    if (options.state !== undefined) loadFitState(run, options.state);
    const saved = {
      ...{ fn, kind: 'fit' as const, now: () => this.history, stateDict: () => this.#stateDict() },
      load: (state: unknown) => loadFitState(run, state as FitState),
      isBest: () => this.history.bestEpoch === this.history.epoch,
    };
    checkSavable(run);
    return checkpointsOf(saved, options, () => fitConfig(options, model, loader));
  }

  get signal(): AbortSignal | undefined {
    return this.#run.options.signal;
  }

  get soFar(): FitHistory {
    return this.history;
  }

  call({ kind }: TrainingEvent): unknown {
    const { onStep, onEpoch } = this.#run.options;
    return kind === 'step' ? onStep(this.history, this.saving) : onEpoch(this.history, this.saving);
  }

  stop(): void {
    this.#run.stopped = true;
  }

  *events(): Run<FitHistory> {
    const run = this.#run;
    const { model, average } = run;
    let isComplete = false;
    let failure: unknown;
    this.#start.together(() => this.live?.begin());
    try {
      this.#start.together(() => {
        this.checkpoints?.open();
        this.#startLoggers();
      });
      while (!run.isOver) yield* this.#epoch();
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
    const best = run.options.keepBest ? run.best : null;
    if (best !== null || average !== null) run.last = model.stateDict();
    if (best !== null) model.loadStateDict(best);
    else average?.copyToModel();
    this.checkpoints?.close(false);
    this.live?.finished();
    return this.history;
  }

  #startLoggers(): void {
    const { iteration, epoch, metrics } = this.history;
    // Also one that was stopped before its first checkpoint: what it logged comes again.
    const isResumed = this.#run.options.state !== undefined || iteration > 0 || this.checkpoints?.isRestarted === true;
    const isEvaluationDue = this.#run.steps > 0;
    this.#loggers.start({ iteration, epoch, isResumed, isEvaluationDue, metrics: Object.keys(metrics) });
    if (this.#loggers.isActive && iteration === 0) this.checkpoints?.mark();
  }

  /** What the live page asks of the run. */
  #liveSubject(): LiveSubject {
    const { options, model, loader } = this.#run;
    const { optimizer, schedule, epochs } = options;
    return {
      fn: this.fn,
      loggers: this.#loggers,
      model,
      sample: () => sampleOfLoader(options.valLoader),
      info: () => ({
        totalIterations: this.#total,
        totalEpochs: epochs,
        ...fitFacts(options, model, loader),
        folder: this.checkpoints?.dir ?? null,
      }),
      now: () => {
        const { iteration, epoch, lossHistory, learningRates } = this.history;
        return { iteration, epoch, losses: lossHistory, rates: learningRates };
      },
      setRate: (rate) => {
        this.checkpoints?.changed();
        if (this.telling === null) return setLearningRate(optimizer, schedule, rate);
        this.telling.setRate(rate);
        return this.#run.rate !== undefined;
      },
    };
  }

  *#epoch(): Run<void> {
    const run = this.#run;
    const { history } = run;
    const { schedule } = run.options;
    run.since = performance.now();
    run.model.train();
    // A saved state may be that of the last step of an epoch.
    if (!(run.length !== null && run.length > 0 && run.steps >= run.length)) {
      const skip = statefulOf(run.loader) === null ? run.steps : 0;
      const step: Visit = (X, y, N, part) => {
        this.#step.take(X, y as BatchTargets, N, part);
        if (this.live === null) return;
        this.#batchSize = part?.total ?? N;
        this.live.look.sample ??= sampleOfBatch(X);
      };
      yield* eachBatch(this.fn, run.loader, step, () => this.#stepped(), skip, 'loader', true, run.ranks?.trained);
    }
    this.#step.finish();
    checkFinite(run.progress, run.parameters());
    const isAdvanced = schedule !== undefined && schedule.every !== 'step';
    if (isAdvanced && schedule.takesMetric === undefined) run.advance(schedule);
    const train: Trained = {
      accuracy: run.train.accuracy,
      loss: history.lossHistory.slice(-run.steps).reduce((sum, loss) => sum + loss / run.steps, 0),
      results: run.ranks === null ? run.train.metrics.results() : run.ranks.results(run.train),
    };
    run.steps = 0;
    history.epoch++;
    if (train.accuracy !== null) history.trainAccHistory.push(train.accuracy);
    for (const [name, value] of Object.entries(train.results)) history.metrics[name].train.push(value);
    const val = yield* validate(run);
    // Its metrics may be objects, which validation has used too.
    run.train = run.emptyScores('y');
    const { rate } = run;
    if (isAdvanced && schedule.takesMetric !== undefined) {
      const accuracy = val === null ? train.accuracy : this.#isMetricMonitored ? val.score : val.accuracy;
      run.advance(schedule, schedule.takesMetric === 'loss' ? (val?.loss ?? train.loss) : accuracy);
    }
    history.secondsHistory.push(run.elapsed);
    [run.seconds, run.since] = [0, null];
    yield this.#validated(train, val, rate);
  }

  /** The event of the epoch that is complete. @param before - The learning rate that it had. */
  #validated(train: Trained, val: Validation | null, before: number | undefined): TrainingEvent {
    const run = this.#run;
    const { history, rate } = run;
    const { epochs, monitor: given } = run.options;
    const { epoch, iteration } = history;
    const { accuracy: trainAcc, results } = train;
    const valAcc = val?.accuracy ?? null;
    const numbers = {
      ...(trainAcc === null ? { 'train loss': train.loss } : { 'train acc': trainAcc }),
      ...(valAcc !== null && { val_acc: valAcc }),
      ...((valAcc === null || given === 'valLoss') && { val_loss: val?.loss ?? null }),
      ...(val?.results ?? results),
    };
    const isLowered = before !== undefined && rate !== undefined && rate < before;
    this.#journal.epoch(epoch, epochs, iteration, numbers, isLowered ? rate : null);
    if (run.isOutOfPatience && epoch < epochs) {
      const { bestEpoch, bestValue } = history;
      const monitor = run.monitor(valAcc);
      const best = bestValue === null ? '' : `, the best is ${bestValue.toFixed(6)} of epoch ${bestEpoch}`;
      const score = SHOWN[monitor] ?? monitor;
      this.#journal.note(`Stopped after ${epoch - bestEpoch} epochs without a better ${score}${best}`);
    }
    const loss = history.lossHistory[iteration - 1];
    const valLoss = val?.loss ?? null;
    const both = Object.entries(results).map(([name, train]) => [name, { train, val: val?.results[name] ?? null }]);
    const found = { loss, learningRate: rate ?? null, trainAcc, valAcc, valLoss, metrics: Object.fromEntries(both) };
    this.#loggers.epoch({ iteration, epoch, ...found });
    const { loss: _, ...row } = found;
    this.live?.epoch({ iteration, epoch, ...row });
    return { kind: 'epoch', iteration, epoch, loss, trainAcc, valAcc };
  }

  /** Whether epochs are compared by a metric of the caller's. */
  get #isMetricMonitored(): boolean {
    const { monitor, metrics } = this.#run.options;
    return monitor !== undefined && Object.hasOwn(metrics, monitor);
  }

  #stateDict(): FitState {
    const { fn, history } = this;
    if (this.#isLeft || history.secondsHistory.length < history.epoch) {
      const found = this.#isLeft ? 'the run has been left before its end' : 'the run is validating';
      throw new Error(`${fn}: ${found}, expected stateDict() to be called between its steps, or by a callback`);
    }
    // A run that continues from here finds everything before it logged.
    this.#loggers.flush();
    return fitStateOf(this.#run);
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
}

/** What an epoch has found of its training batches. */
type Trained = Omit<Validation, 'score'>;

/** How printed lines call scores. */
const SHOWN: Readonly<Record<string, string>> = { valAcc: 'val_acc', valLoss: 'val_loss' };
