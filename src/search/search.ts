import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ANY,
  count,
  FUNCTION,
  type OptionsOf,
  option,
  orNull,
  type Settings,
  settingsOf,
  TEXT,
} from '../arrays/index.js';
import { lockRun } from '../checkpoints/run-lock.js';
import { makeFolder } from '../files/index.js';
import { drive } from './drive.js';
import { SEARCH_LOCK, SearchFolder } from './folder.js';
import { bestOf } from './objective.js';
import { planOf } from './plans/index.js';
import { checkShared, type RedisOptions } from './redis/options.js';
import { closeQueue, openQueue, type SearchQueue } from './redis/queue.js';
import { QueueRunner } from './redis/runner.js';
import { runnerOf } from './runners/index.js';
import { type OptionsFor, SEARCHED, searchedOf } from './searched.js';
import { SIGNAL } from './settings.js';
import { allThreads } from './threads.js';
import type { Config, Job, Metrics, Outcome, Trial } from './types.js';

const FN = 'search';

const OPTIONS = {
  ...SEARCHED,
  /**
   * The folder of the search. A search that is started again with the same folder does what is missing. Default: a
   * temporary one, deleted at the end.
   */
  folder: option<string | null>(null, orNull(TEXT)),
  /** In how many processes of this machine trials run; 0: in this one. Default 0. */
  workers: option(0, count(0, 1024)),
  /**
   * Runs trials by workers, of other machines too, which take them from a queue on this Redis: {@link searchWorker}, or
   * `layerwise search worker`. The trial is a file then, and the folder is one that all of them see. Workers say how
   * many threads they use. Default: none.
   */
  redis: option<RedisOptions | null>(null, ANY),
  /**
   * Threads of the kernels, over all processes: each gets the same share, at least one. Default: `LAYERWISE_THREADS`,
   * or as many as the machine has cores.
   */
  threads: option<number | null>(null, orNull(count(1))),
  /** Called when a job is complete; first for those of earlier starts, where `isNew` is false. Default: none. */
  onOutcome: option<(outcome: Outcome, isNew: boolean) => void>(() => {}, FUNCTION),
  /** Called with what trials report. Default: none. */
  onReport: option<(job: Job, epoch: number, metrics: Metrics) => void>(() => {}, FUNCTION),
  /** Ends the search when it is aborted; processes that it has started are killed. Default: none. */
  signal: option<AbortSignal | null>(null, orNull(SIGNAL)),
};

/** What is searched, and how. */
export type SearchOptions<C extends Config = Config> = OptionsFor<typeof OPTIONS, C>;

/** What a search has found. */
export interface SearchResult<C extends Config = Config> {
  /** The outcome that is best in the metric, of each trial the last; null where none has it. */
  readonly best: Outcome | null;
  /** The config of the best. */
  readonly config: C | null;
  /** All outcomes, by trial and rung. */
  readonly outcomes: readonly Outcome[];
}

/**
 * Tries configs of a space, and says which is best.
 *
 * Trials run one after the other in this process, in `workers` processes, or by the workers of a `redis`. All give the
 * same results, but for the strategies `asha` and `tpe` and for `medianStop`, whose choices depend on which trial is
 * done first: alone they repeat, with workers they may not.
 *
 * A trial that throws is an outcome, with an error and no metrics. One whose process dies is run once more, from its
 * checkpoint.
 *
 * @throws {TypeError | RangeError | Error} before anything is run: an option, the space or the strategy is wrong, the
 *   trial's file has no trial, the folder has another search, which another process may be running, there is no Redis
 *   or it refuses, or bullmq and ioredis are not installed.
 *
 * @example
 * const { config, best } = await search({
 *   trial: './trial.ts',
 *   space: space({ lr: logUniform(1e-4, 1e-1), hidden: integer(32, 512) }),
 *   strategy: { name: 'halving', trials: 27, epochs: 9 },
 *   metric: 'valAcc',
 *   folder: 'searches/hidden',
 *   workers: 2,
 * });
 */
export async function search<C extends Config = Config>(options: SearchOptions<C>): Promise<SearchResult<C>> {
  const settings = settingsOf(FN, OPTIONS, options as OptionsOf<typeof OPTIONS>);
  const redis = checkShared(FN, settings);
  const [trial, searched] = await searchedOf(FN, settings, settings.workers > 0);
  const isTemporary = settings.folder === null;
  const dir = settings.folder ?? mkdtempSync(join(tmpdir(), 'layerwise-search-'));
  // A Redis that refuses does so before a folder is made.
  const queue = redis === null ? null : await openQueue(FN, redis);
  try {
    return await run(SearchFolder.create(FN, dir, searched), trial, settings, queue);
  } finally {
    if (queue !== null) await closeQueue(queue);
    if (isTemporary) rmSync(dir, { recursive: true, force: true });
  }
}

async function run<C extends Config>(
  folder: SearchFolder,
  trial: string | Trial,
  settings: Settings<typeof OPTIONS>,
  queue: SearchQueue | null,
): Promise<SearchResult<C>> {
  makeFolder(FN, folder.dir);
  const lock = lockRun(FN, folder.dir, SEARCH_LOCK);
  const threads = settings.threads ?? allThreads();
  const runner =
    queue === null
      ? runnerOf(folder, trial, settings.workers, threads)
      : new QueueRunner(FN, queue, folder, trial as string);
  try {
    await drive(folder, planOf(folder.settings), runner, settings);
    folder.writeResults();
  } finally {
    await runner.close();
    lock.release();
  }
  const outcomes = folder.outcomes();
  const best = bestOf(folder.settings, outcomes);
  return { best, config: (best?.job.config as C | undefined) ?? null, outcomes };
}
