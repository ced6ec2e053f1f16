import {
  ANY,
  count,
  FUNCTION,
  type OptionsOf,
  option,
  orNull,
  POSITIVE,
  required,
  settingsOf,
} from '../../arrays/index.js';
import { SIGNAL } from '../settings.js';
import type { RedisOptions } from './options.js';

const WORKER = {
  /** The Redis of the searches, and the queue on it. */
  redis: required<RedisOptions>(ANY),
  /** How many trials it runs at a time, each in a process of its own. Default 1. */
  workers: option(1, count(1, 1024)),
  /**
   * How many threads a trial's kernels may use. Default null: its share of `LAYERWISE_THREADS`, or of the machine's
   * cores.
   */
  threads: option<number | null>(null, orNull(count(1))),
  /**
   * Seconds without a sign of life after which this worker counts as dead, and another one goes on with its trials.
   * Default 30.
   */
  lease: option(30, POSITIVE),
  /** Ends the worker after so many seconds without a trial. Default null: it waits for ever. */
  idle: option<number | null>(null, orNull(POSITIVE)),
  /** Ends the worker; the trials that it runs go back to the queue, and go on elsewhere from their checkpoints. */
  signal: option<AbortSignal | null>(null, orNull(SIGNAL)),
  /** Is given a line whenever a trial begins or ends, and when Redis is away or back. Default null: nothing is said. */
  log: option<((line: string) => void) | null>(null, orNull(FUNCTION)),
};

/** Options of {@link searchWorker}. */
export interface SearchWorkerOptions extends OptionsOf<typeof WORKER> {}

/** The options, the default of `threads` filled in. */
export type WorkerSettings = Omit<ReturnType<typeof settingsOf<typeof WORKER>>, 'threads'> & {
  readonly threads: number;
};

/** @throws {TypeError | RangeError} naming what does not fit. */
export function checkWorker(fn: string, options: SearchWorkerOptions): ReturnType<typeof settingsOf<typeof WORKER>> {
  return settingsOf(fn, WORKER, options);
}
