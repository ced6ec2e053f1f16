import type { Job, Metrics } from './types.js';

/** What a process is to do: the arguments of `runJob`. */
export interface Request {
  /** The folder of the search. */
  readonly folder: string;
  readonly trial: string;
  readonly job: Job;
  readonly threads: number;
}

/** What a process says. The outcome itself is in the file of the rung. */
export type Answer =
  | { readonly kind: 'report'; readonly epoch: number; readonly metrics: Metrics }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };
