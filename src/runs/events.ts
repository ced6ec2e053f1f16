import type { LoggedCommand, LoggedEpoch, LoggedStep } from '../loggers/index.js';

/** What a run is: being trained now; complete; left, killed included; or ended by an error. */
export type RunState = 'running' | 'finished' | 'interrupted' | 'failed';

/** The first line of a run, and of each process that continued it and came to take a step. */
export interface StartEvent {
  readonly kind: 'start';
  /** Iterations that were complete. */
  readonly iteration: number;
  /** Epochs that were complete. */
  readonly epoch: number;
  /** When, as of `Date.toISOString`. */
  readonly time: string;
}

/** The last line of a run, unless it was killed. A run that is continued loses it. */
export interface EndEvent {
  readonly kind: 'end';
  readonly iteration: number;
  readonly epoch: number;
  readonly state: Exclude<RunState, 'running'>;
  /** What ended it, where that was an error; else null. */
  readonly message: string | null;
  /** The best validation accuracy, in [0, 1]; null where there is none. */
  readonly bestValAcc: number | null;
  /** The accuracy of the best weights on the test examples, in [0, 1]; null where there are none. */
  readonly testAcc: number | null;
  /** Seconds since this process started, or resumed, the run. */
  readonly seconds: number;
  /** When, as of `Date.toISOString`. */
  readonly time: string;
}

/** A line of metrics.jsonl. */
export type RunEvent = StartEvent | LoggedStep | LoggedEpoch | LoggedCommand | EndEvent;
