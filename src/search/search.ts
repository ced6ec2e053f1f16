import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  ANY,
  argumentError,
  count,
  describe,
  FUNCTION,
  isPlainObject,
  type OptionsOf,
  option,
  orNull,
  type Range,
  required,
  type Settings,
  settingsOf,
  TEXT,
} from '../arrays/index.js';
import { lockRun } from '../checkpoints/run-lock.js';
import { makeFolder } from '../files/index.js';
import { drive } from './drive.js';
import { SearchFolder } from './folder.js';
import { loadTrial } from './load-trial.js';
import { bestOf } from './objective.js';
import { planOf } from './plans/index.js';
import { runnerOf } from './runners/index.js';
import { GOAL, type SearchSettings, splitTrial } from './settings.js';
import { type Parameters, Space } from './space/index.js';
import { type Strategy, strategySettings } from './strategies.js';
import type { DefinedTrial } from './trial.js';
import type { Config, Job, Metrics, Outcome, Trial } from './types.js';

const FN = 'search';

const TRIAL: Range = {
  allows: (value) => typeof value === 'function' || (typeof value === 'string' && value !== ''),
  expected: "the file of a trial, 'FILE' or 'FILE#NAME', or a function (config, seed, report) => metrics",
  Kind: TypeError,
};

const SIGNAL: Range = {
  allows: (value) => value instanceof AbortSignal,
  expected: 'an AbortSignal',
  Kind: TypeError,
};

const OPTIONS = {
  ...GOAL,
  /**
   * What is tried: the file that exports it, `FILE#NAME` if it exports several; or a function, for a search in this
   * process.
   */
  trial: required<string | Trial>(TRIAL),
  /** What is searched over. Default: the space that the trial was defined with. */
  space: option<Space | Parameters | undefined>(undefined, ANY),
  /** How configs are chosen, with the strategy's options: see `STRATEGIES`. Default `'random'`. */
  strategy: option<Strategy>('random', ANY),
  /**
   * The folder of the search. A search that is started again with the same folder does what is missing. Default: a
   * temporary one, deleted at the end.
   */
  folder: option<string | null>(null, orNull(TEXT)),
  /** In how many processes of this machine trials run; 0: in this one. Default 0. */
  workers: option(0, count(0, 1024)),
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
export type SearchOptions<C extends Config = Config> = Omit<OptionsOf<typeof OPTIONS>, 'trial' | 'space'> & {
  /**
   * What is tried: the file that exports it, `FILE#NAME` if it exports several; or a function, for a search in this
   * process.
   */
  trial: string | Trial<C>;
  /** What is searched over. Default: the space that the trial was defined with. */
  space?: Space<C> | Parameters;
};

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
 * Trials run one after the other in this process, or in `workers` processes. Both give the same results, but for the
 * strategies `asha` and `tpe` and for `medianStop`, whose choices depend on which trial is done first: alone they
 * repeat, with workers they may not.
 *
 * A trial that throws is an outcome, with an error and no metrics. One whose process dies is run once more, from its
 * checkpoint.
 *
 * @throws {TypeError | RangeError | Error} before anything is run: an option, the space or the strategy is wrong, the
 *   trial's file has no trial, or the folder has another search, which another process may be running.
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
  const [trial, searched] = await checked(settings);
  const isTemporary = settings.folder === null;
  const dir = settings.folder ?? mkdtempSync(join(tmpdir(), 'layerwise-search-'));
  try {
    return await run(SearchFolder.create(FN, dir, searched), trial, settings);
  } finally {
    if (isTemporary) rmSync(dir, { recursive: true, force: true });
  }
}

async function run<C extends Config>(
  folder: SearchFolder,
  trial: string | Trial,
  settings: Settings<typeof OPTIONS>,
): Promise<SearchResult<C>> {
  makeFolder(FN, folder.dir);
  const lock = lockRun(FN, folder.dir, '.search.lock');
  const runner = runnerOf(folder, trial, settings.workers, settings.threads ?? allThreads());
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

/** The trial, and what is searched. */
async function checked(
  settings: Settings<typeof OPTIONS>,
): Promise<readonly [trial: string | Trial, searched: SearchSettings]> {
  const { metric, mode, seed, workers } = settings;
  const strategy = strategySettings(FN, settings.strategy);
  const given = settings.space === undefined ? null : spaceOf(settings.space);
  const [path, name] = typeof settings.trial === 'string' ? splitTrial(settings.trial) : ['', ''];
  const trial = typeof settings.trial === 'string' ? resolve(path) + (name && `#${name}`) : settings.trial;
  if (typeof trial !== 'string' && workers > 0) {
    const wayOut = 'export it from a file: `export default defineTrial(…)`, or leave workers out';
    throw argumentError(TypeError, {
      fn: FN,
      arg: 'trial',
      found: 'is a function, which other processes do not have',
      wayOut,
    });
  }
  const defined = typeof trial === 'string' ? await loadTrial(FN, trial) : (trial as Partial<DefinedTrial>);
  const space = given ?? defined.space ?? null;
  if (space === null) {
    const expected = 'a space, since the trial was defined without one';
    throw argumentError(TypeError, { fn: FN, arg: 'space', found: 'is missing', expected });
  }
  return [trial, { trial: typeof trial === 'string' ? trial : null, space, strategy, metric, mode, seed }];
}

function spaceOf(given: unknown): Space {
  if (given instanceof Space) return given;
  if (typeof given === 'object' && given !== null && isPlainObject(given)) return new Space(given);
  const expected = 'what space(…) returned, or its parameters';
  throw argumentError(TypeError, { fn: FN, arg: 'space', found: `is ${describe(given)}`, expected });
}

function allThreads(): number {
  return Number(process.env.LAYERWISE_THREADS) || availableParallelism();
}
