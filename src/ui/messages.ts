import type { MessagePort } from 'node:worker_threads';
import type { EpochRow, Insight, LayerRow, RunInfo, RunState } from './protocol.js';

// What the thread that trains and the one that serves say to each other.

/** What the thread that serves is started with. */
export interface ThreadData {
  /** Gets the {@link Opening} of each run. */
  readonly port: MessagePort;
  /** A number that becomes 1 once {@link Listening} has been sent. */
  readonly ready: Int32Array;
  readonly fn: string;
  readonly page: string;
  readonly policy: string;
  readonly host: string;
  readonly wantedPort: number | null;
  readonly token: string | null;
  /** A name of the process. */
  readonly title: string;
}

/** The first and only message of the thread that serves: where, or why not. */
export type Listening = { readonly address: string } | { readonly error: string };

/** A run begins. */
export interface Opening {
  readonly id: string;
  readonly info: RunInfo;
  /** Takes what {@link Report} says, and gives commands. */
  readonly port: MessagePort;
  /** A counter of the commands that have been given, which the loop looks at between two steps. */
  readonly control: Int32Array;
}

/** How far a run is. */
export interface Progress {
  readonly iteration: number;
  readonly epoch: number;
  /** Examples of the steps so far, in this process. */
  readonly examples: number;
  /** Seconds that this process has spent on the run, pauses excepted. */
  readonly seconds: number;
}

/** What a run says. */
export type Report =
  /** Steps: {@link POINT_COLUMNS}, column after column. */
  | { readonly kind: 'points'; readonly values: Float64Array; readonly progress: Progress }
  | { readonly kind: 'epoch'; readonly row: EpochRow; readonly progress: Progress }
  | { readonly kind: 'state'; readonly state: RunState; readonly message: string | null; readonly progress: Progress }
  | { readonly kind: 'insight'; readonly insight: Insight }
  /** What was not known when the run began. */
  | { readonly kind: 'layers'; readonly layers: readonly LayerRow[] };
