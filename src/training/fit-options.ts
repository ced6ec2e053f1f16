import {
  argumentError,
  checkedIn,
  count,
  describe,
  FLAG,
  FUNCTION,
  type Labels,
  type OptionsOf,
  oneOf,
  option,
  type Range,
  type Settings,
  settingsOf,
  TEXT,
} from '../arrays/index.js';
import type { Tensor } from '../autograd/index.js';
import { LOGGERS, type Logger } from '../loggers/index.js';
import { Module } from '../nn/index.js';
import type { Trainable } from '../optim/index.js';
import { type CheckedUi, checkUi, UI_OPTIONS } from '../ui/options.js';
import { type AsyncBatches, type Batches, checkLoader } from './batches.js';
import { CHECKPOINT_OPTIONS, type Checkpointed, checkCheckpointed } from './checkpoint-options.js';
import { type CheckedDistributed, checkDistributed, DISTRIBUTED_OPTIONS } from './distributed-options.js';
import { checkSignal } from './drive.js';
import { checkLossOption } from './evaluation.js';
import type { FitState, Resumable } from './fit-state.js';
import type { FitHistory } from './history.js';
import { type AnyMetrics, METRICS, type Metrics } from './metric.js';
import { IGNORE_INDEX, WHOLE } from './scoring.js';

/** What changes the parameters: an optimizer of `optim`, or any object with `step()` and `zeroGrad()`. */
export interface Stepper {
  /** Changes the parameters by their gradients. */
  step(): void;
  /** Sets the gradients to null. */
  zeroGrad(): void;
  /** Read for the learning rate in errors and histories, and for the parameters whose gradients are clipped. */
  readonly paramGroups?: readonly { lr?: number; readonly params?: readonly Trainable[] }[];
}

/** What changes the learning rate: a schedule of `optim.lrScheduler`, or any object with `step()`. */
export interface Schedule {
  /** Sets the rate of the next step or epoch, from the epoch's result if it {@link takesMetric}. */
  step(metric?: number): void;
  /** Whether `fit` calls `step()` after each step or after each epoch. Default `'epoch'`. */
  readonly every?: 'step' | 'epoch';
  /**
   * What `step` takes, as `ReduceLROnPlateau` does: `'loss'` or `'accuracy'` of the epoch on the validation examples,
   * or on the training examples where there are none. Default: nothing.
   */
  readonly takesMetric?: 'loss' | 'accuracy' | undefined;
  /**
   * Told that the rates have been multiplied by this factor, as on the live page. Without it, the new rate lasts until
   * `step` sets another.
   */
  scaleRates?(factor: number): void;
}

/** Anything: what is checked elsewhere. */
const ANY: Range = { allows: () => true, expected: 'anything', Kind: TypeError };
const NORM: Range = {
  allows: (value) => typeof value === 'number' && value > 0,
  expected: 'a number > 0',
  Kind: RangeError,
};

/** The options of `fit`, in the order in which errors list them. */
const SETTINGS = {
  /** Changes the parameters after each batch. */
  optimizer: option<Stepper | undefined>(undefined, ANY),
  /** Passes through the loader. Default 10. */
  epochs: option(10, count(1)),
  /** The loss of a batch. Default `F.crossEntropy`. */
  loss: option<AnyLoss | undefined>(undefined, FUNCTION),
  /** Numbers computed from scores and targets. Default: none. */
  metrics: option<AnyMetrics>({}, METRICS),
  /**
   * The label of examples, or of places of images, that count neither in accuracies nor in the default loss; a loss of
   * the caller's needs to be told itself. Default −100, as of `F.crossEntropy`.
   */
  ignoreIndex: option(IGNORE_INDEX, WHOLE),
  /** Changes the learning rate, after each step or each epoch as its `every` says. */
  schedule: option<Schedule | undefined>(undefined, {
    allows: (value) => typeof (value as Schedule | null)?.step === 'function',
    expected: 'one of optim.lrScheduler',
    Kind: TypeError,
  }),
  /** The validation examples, scored after each epoch in evaluation mode. Default: none, and no validation accuracy. */
  valLoader: option<Batches | AsyncBatches | undefined>(undefined, ANY),
  /** Whether the model ends with the weights of the epoch that scored best. Default: true if there is a `valLoader`. */
  keepBest: option<boolean | undefined>(undefined, FLAG),
  /** Stops after this many epochs without a better score. Default: never. */
  patience: option<number | undefined>(undefined, count(1)),
  /**
   * The score by which epochs are compared: `'valAcc'`, `'valLoss'`, or the name of one of `metrics`, all of the
   * validation examples. Default: the accuracy where there is one, else the loss.
   */
  monitor: option<string | undefined>(undefined, TEXT),
  /** Whether a lower or a higher score is better. Default `'min'` for the loss, `'max'` for all others. */
  monitorMode: option<'min' | 'max' | undefined>(undefined, oneOf('min', 'max')),
  /**
   * How many batches a step is made of: their gradients are added up, each with the weight of its examples, and the
   * mean is what the optimizer sees. The last step of an epoch takes the batches that are left. Norms are clipped, the
   * average of weights updated and a schedule stepped once a step; iterations are batches all the same. Default 1.
   */
  accumulate: option(1, count(1)),
  /** Scales the gradients of a step so that their norm together is at most this. Default: none. */
  clipGradNorm: option<number | undefined>(undefined, NORM),
  /**
   * Decay of an exponential moving average of the weights, which is scored, and which the model ends with. Default:
   * none.
   */
  weightAverage: option<number | undefined>(undefined, ANY),
  /** Iterations between two lines of loss. Default 100. */
  printEvery: option(100, count(1)),
  /** Whether to print. Default true. */
  verbose: option(true, FLAG),
  /** What steps and epochs are reported to, such as `csvLogger(file)`: one or several, in that order. Default: none. */
  loggers: option<Logger | readonly Logger[]>([], LOGGERS),
  /** Called after every step. Only `fitAsync` awaits a promise that it returns; `fit` and `fitSteps` refuse one. */
  onStep: option<(history: FitHistory, run: Resumable) => unknown>(() => {}, FUNCTION),
  /** Called after every epoch; `false` ends the training. Promises: as of `onStep`. */
  onEpoch: option<(history: FitHistory, run: Resumable) => unknown>(() => {}, FUNCTION),
  /**
   * Where to continue: what `run.stateDict()` returned in a callback, or that of `fitSteps`, in a run of such a model
   * with the same loader and options. The rest of the run has the same bits, in another process too. Batches of a
   * loader without `stateDict` that are before that place are skipped. Default: at the beginning.
   */
  state: option<FitState | undefined>(undefined, ANY),
  ...DISTRIBUTED_OPTIONS,
  ...CHECKPOINT_OPTIONS,
  ...UI_OPTIONS,
};

/** Options whose types depend on the targets `Y` and on what the model gives, `S`. */
interface TargetOptions<Y, S> {
  optimizer: Stepper;
  /**
   * The loss of a batch from what the model gives, a tensor of one value: the mean over the batch. Default:
   * `F.crossEntropy`, where targets are labels; other targets need one, such as `F.mseLoss`.
   */
  loss?: (scores: S, y: Y) => Tensor;
  /**
   * Numbers computed from scores and targets, by name, for the training batches of each epoch and for the validation
   * examples: functions `(scores, y) => number`, which receive those of all batches at once, as most metrics are no
   * means of batches; or objects with `reset`, `update` and `compute`, where these would take too much memory.
   */
  metrics?: Metrics<Y, NoInfer<S>>;
}

/** How `fit` trains. */
export interface FitOptions<Y = Labels, S = Tensor>
  extends Omit<OptionsOf<typeof SETTINGS>, keyof TargetOptions<Y, S>>,
    TargetOptions<Y, S> {
  valLoader?: Batches;
}

/** How `fitAsync` trains. */
export interface FitAsyncOptions<Y = Labels, S = Tensor>
  extends Omit<OptionsOf<typeof SETTINGS>, keyof TargetOptions<Y, S>>,
    TargetOptions<Y, S> {
  /** Ends the training between two steps: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** Options for whatever targets and scores. */
export type AnyFitOptions = Omit<FitAsyncOptions, 'loss' | 'metrics'> & { loss?: AnyLoss; metrics?: unknown };

/** A loss of whatever targets and scores. */
export type AnyLoss = (scores: never, y: never) => Tensor;

/** The options, defaults filled in. */
export interface CheckedFitOptions
  extends Omit<Settings<typeof SETTINGS>, keyof Checkpointed | keyof CheckedDistributed | 'ui'>,
    Checkpointed,
    CheckedDistributed {
  readonly ui: CheckedUi | null;
  readonly optimizer: Stepper;
  readonly keepBest: boolean;
  /** Whether the event loop turns while it runs, so that it may wait for batches. */
  readonly mayWait: boolean;
  readonly signal: AbortSignal | undefined;
}

/** @throws {TypeError | RangeError} naming an argument or option that is unknown, of the wrong kind or out of range. */
export function checkFit(
  fn: string,
  model: Module<unknown>,
  loader: Batches | AsyncBatches,
  options: AnyFitOptions,
): CheckedFitOptions {
  const mayWait = fn === 'fitAsync';
  if (!(model instanceof Module)) {
    throw argumentError(TypeError, { fn, arg: 'model', found: `is ${describe(model)}`, expected: 'a Module' });
  }
  checkLoader(fn, 'loader', loader, mayWait);
  checkLossOption(fn, options?.loss);
  const settings = settingsOf(fn, mayWait ? ASYNC : SETTINGS, options as OptionsOf<typeof ASYNC>);
  const { optimizer, valLoader, patience, monitor, metrics, keepBest = valLoader !== undefined } = settings;
  if (typeof optimizer?.step !== 'function' || typeof optimizer.zeroGrad !== 'function') {
    const expected = 'one of optim, such as new optim.SGD(…)';
    throw argumentError(TypeError, { fn, arg: 'optimizer', found: `is ${describe(optimizer)}`, expected });
  }
  if (valLoader !== undefined) checkLoader(fn, 'valLoader', valLoader, mayWait);
  else if (keepBest || patience !== undefined || monitor !== undefined) {
    const expected = `one for ${keepBest ? 'keepBest' : patience !== undefined ? 'patience' : 'monitor'}`;
    throw argumentError(TypeError, { fn, arg: 'valLoader', found: 'is missing', expected });
  }
  const names = ['valAcc', 'valLoss'];
  const taken = Object.keys(metrics).find((name) => names.includes(name));
  if (taken !== undefined) {
    const [found, expected] = ['has a name that is taken', 'another: monitor means the accuracy or the loss by it'];
    throw argumentError(RangeError, { fn, arg: `metrics.${taken}`, found, expected });
  }
  if (monitor !== undefined) checkedIn(fn, 'monitor', monitor, oneOf(...names, ...Object.keys(metrics)));
  const { signal } = settings as { signal?: AbortSignal };
  const checkpointed = checkCheckpointed(fn, settings);
  if (settings.state !== undefined && checkpointed.resume !== null) {
    const expected = 'either: both say where to continue';
    throw argumentError(TypeError, { fn, arg: 'resume', found: 'is given together with state', expected });
  }
  const ui = checkUi(fn, settings.ui);
  const shared = { ...checkpointed, ...checkDistributed(fn, settings) };
  return { ...settings, ...shared, ui, optimizer, keepBest, mayWait, signal: checkSignal(fn, signal) };
}

const ASYNC = { ...SETTINGS, signal: option<AbortSignal | undefined>(undefined, ANY) };
