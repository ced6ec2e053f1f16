import type { Range } from '../arrays/index.js';

/** Where a run starts, for {@link Logger.onStart}. */
export interface RunStart {
  /** The function that trains: `'fit'`, `'fitAsync'`, `'fitSteps'` or `'Solver'`. */
  readonly fn: string;
  /** Iterations that are complete: 0 for a new run. What a logger has of later ones is about to come again. */
  readonly iteration: number;
  /** Epochs that are complete. */
  readonly epoch: number;
  /** Whether the run continues an earlier one, which may have been stopped before its first iteration. */
  readonly isResumed: boolean;
  /** Whether an evaluation after this very iteration is still to come, so that it would be logged twice. */
  readonly isEvaluationDue: boolean;
  /** The names of the metrics that each epoch will have. */
  readonly metrics: readonly string[];
}

/** A step of training, for {@link Logger.onStep}: one batch was differentiated. */
export interface LoggedStep {
  readonly kind: 'step';
  /** Iterations that are complete, this one included. */
  readonly iteration: number;
  /** Epochs that are complete. */
  readonly epoch: number;
  /** The loss of the batch, before the update. */
  readonly loss: number;
  /** The learning rate of this iteration; null where the optimizer does not show it. */
  readonly learningRate: number | null;
  /** Seconds since the run was started, or resumed. */
  readonly seconds: number;
}

/** An evaluation, for {@link Logger.onEpoch}: by `fit` after each epoch, by a Solver also after its first iteration. */
export interface LoggedEpoch {
  readonly kind: 'epoch';
  /** Iterations that are complete. */
  readonly iteration: number;
  /** Epochs that are complete. */
  readonly epoch: number;
  /** The loss of the last iteration. */
  readonly loss: number;
  /** The learning rate of the next iteration; null where the optimizer does not show it. */
  readonly learningRate: number | null;
  /** Training accuracy, in [0, 1]; null where targets are no labels. */
  readonly trainAcc: number | null;
  /** Validation accuracy, in [0, 1]; null where nothing is validated, or targets are no labels. */
  readonly valAcc: number | null;
  /** The mean loss of the validation examples; null where it is not computed. */
  readonly valLoss: number | null;
  /** The metrics of `fit` by name; `val` is null where nothing is validated. */
  readonly metrics: Readonly<Record<string, { readonly train: number; readonly val: number | null }>>;
  /** Seconds since the run was started, or resumed. */
  readonly seconds: number;
}

/** What somebody told the run from its live page, for {@link Logger.onCommand}. */
export interface LoggedCommand {
  readonly kind: 'command';
  /** Iterations that are complete. */
  readonly iteration: number;
  /** Epochs that are complete. */
  readonly epoch: number;
  readonly command: 'pause' | 'resume' | 'stop' | 'learningRate';
  /** The learning rate that was set; null for other commands. */
  readonly value: number | null;
  /** Seconds since the run was started, or resumed. */
  readonly seconds: number;
}

/**
 * What the option `loggers` of `fit` and Solver takes: an object with any of these functions.
 *
 * An error of `onStart` ends the run before its first step. After that a logger cannot stop the training: one that
 * throws gets a warning on the console, and no more events. Promises are not awaited; a rejected one counts as an
 * error.
 *
 * @example
 * const progress: Logger = { onEpoch: ({ epoch, valAcc }) => postMessage({ epoch, valAcc }) };
 * fit(model, loader, { optimizer, valLoader, loggers: [progress, csvLogger('run.csv')] });
 */
export interface Logger {
  /** Called before the first step. */
  onStart?(start: RunStart): unknown;
  /** Called after each step, before the callback of the run. It should take a microsecond, not more. */
  onStep?(event: LoggedStep): unknown;
  /** Called after each evaluation, before the callback of the run. */
  onEpoch?(event: LoggedEpoch): unknown;
  /** Called when a command from the live page takes effect, between two steps: see the option `ui`. */
  onCommand?(event: LoggedCommand): unknown;
  /** Called before a state of the run is saved, as for a checkpoint: what was logged so far should be on disk. */
  flush?(): unknown;
  /** Called at the end of the run, also where that is an error, or the loop was left. */
  close?(): unknown;
}

/** The functions of a logger. */
export const HOOKS = ['onStart', 'onStep', 'onEpoch', 'onCommand', 'flush', 'close'] as const;

function isLogger(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const given = HOOKS.map((name) => (value as Logger)[name]).filter((hook) => hook !== undefined);
  return given.length > 0 && given.every((hook) => typeof hook === 'function');
}

/** What the option `loggers` allows. */
export const LOGGERS: Range = {
  allows: (value) => (Array.isArray(value) ? value.every(isLogger) : isLogger(value)),
  expected: `a logger or a list of them, such as csvLogger(file), or objects with any of ${HOOKS.join(', ')}`,
  Kind: TypeError,
};
