import type { ServiceSettings, Spec } from './spec.js';

/** Batches that have room in shared memory: one is predicted, one is next, and the results of one are being read. */
export const SLOTS = 3;

/** What the thread of requests is started with. */
export interface ThreadData {
  readonly spec: Spec;
  readonly settings: ServiceSettings;
  /** float32 of (SLOTS, maxBatch, …inputShape): examples on their way to the model. */
  readonly inputs: SharedArrayBuffer;
  /** float32 of (SLOTS, maxBatch, outputs): what the model made of them. */
  readonly outputs: SharedArrayBuffer;
}

/** From the thread that reads requests to the one that predicts. */
export type FromRequests =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'batch'; readonly slot: number; readonly count: number }
  /** It could not begin, or ended by itself. */
  | { readonly kind: 'failed'; readonly message: string }
  /** For the log. */
  | { readonly kind: 'note'; readonly message: string }
  | { readonly kind: 'ended'; readonly inTime: boolean };

/** From the thread that predicts to the one that reads requests. */
export type FromModel =
  | { readonly kind: 'predicted'; readonly slot: number }
  | { readonly kind: 'faulty'; readonly slot: number }
  /** Ends it, in at most so many milliseconds. */
  | { readonly kind: 'end'; readonly deadline: number };
