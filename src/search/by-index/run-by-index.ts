import { join } from 'node:path';
import { argumentError } from '../../arrays/index.js';
import { inUse } from '../../checkpoints/run-lock.js';
import { type Holder, holderOf, makeFolder, withLock } from '../../files/index.js';
import { SEARCH_LOCK, SearchFolder } from '../folder.js';
import { runJob } from '../job.js';
import { loadTrial } from '../load-trial.js';
import { planOf } from '../plans/index.js';
import type { SearchSettings } from '../settings.js';
import type { Job, Outcome, Trial } from '../types.js';
import { jobsOfRung } from './jobs.js';
import { trialIndex } from './trial-index.js';
import { withTrial } from './trial-lock.js';

/** The lock of a search's results, which processes of several machines write. */
const RESULTS_LOCK = '.results.lock';

/** Which trial a process is to run. */
export interface ByIndex {
  /** Undefined: as the environment says. */
  readonly index?: number;
  readonly rung: number;
  readonly threads: number;
  /** Called when another process runs the trial, which is waited for. */
  readonly onWait?: (job: Job, holder: Holder) => void;
}

/** What has become of the trial of an index. */
export interface IndexResult {
  readonly index: number;
  readonly rung: number;
  /** Null where fewer trials than that have come to the rung. */
  readonly outcome: Outcome | null;
  /** Whether it was run now: false where it was complete, or another process completed it. */
  readonly isNew: boolean;
  /** The trials of the rung. */
  readonly trials: number;
}

/**
 * Runs the trial of an index, unless it is complete, on a folder that several processes share.
 *
 * @throws {Error} if the strategy does not go by index, or the index or the rung is none of the search's: before
 *   anything is made. Also while a process that hands out all trials has the folder.
 */
export async function runByIndex(
  fn: string,
  dir: string,
  settings: SearchSettings,
  trial: string | Trial,
  { index: given, rung, threads, onWait }: ByIndex,
): Promise<IndexResult> {
  checkStrategy(fn, settings);
  const all = jobsOfRung(fn, planOf(settings), 0, () => null).length;
  const index = trialIndex(fn, given, all, process.env);
  if (typeof trial === 'string') await loadTrial(fn, trial);
  const folder = SearchFolder.create(fn, dir, settings);
  const other = holderOf(fn, join(dir, SEARCH_LOCK));
  if (other !== null) throw inUse(fn, dir, other);
  const jobs = jobsOfRung(fn, planOf(settings), rung, (job) => folder.outcome(job));
  const result = { index, rung, trials: jobs.length };
  if (index >= jobs.length) return { ...result, outcome: null, isNew: false };

  const job = jobs[index];
  const work = async (): Promise<IndexResult> => {
    const complete = folder.outcome(job);
    if (complete !== null) {
      // The process that completed it may have died before it wrote its line.
      addResult(fn, folder, null, jobs);
      return { ...result, outcome: complete, isNew: false };
    }
    const outcome = await runJob(folder, trial, job, { threads });
    addResult(fn, folder, outcome, jobs);
    return { ...result, outcome, isNew: true };
  };
  if (folder.outcome(job) !== null) return work();
  makeFolder(fn, folder.trial(job));
  return withTrial(fn, folder.trial(job), work, { onWait: (holder) => onWait?.(job, holder) });
}

/** Refuses strategies whose trials depend on what others have found by then, since no process knows of the others. */
function checkStrategy(fn: string, { strategy }: SearchSettings): void {
  if (strategy.name === 'asha' || strategy.name === 'tpe') {
    const found = `is ${strategy.name}, whose trials depend on what is found while it runs`;
    const expected = 'grid, random or halving where each process runs the trial of its index';
    throw argumentError(RangeError, { fn, arg: 'strategy', found, expected, wayOut: 'take workers or Redis' });
  }
  if ('medianStop' in strategy && strategy.medianStop !== null) {
    const found = `is ${strategy.medianStop}, which compares trials while they run`;
    const expected = 'null where each process runs the trial of its index';
    throw argumentError(RangeError, { fn, arg: 'medianStop', found, expected, wayOut: 'take workers or Redis' });
  }
}

/** Adds a line to the results; all lines, in order, once the rung is complete. */
function addResult(fn: string, folder: SearchFolder, outcome: Outcome | null, jobs: readonly Job[]): void {
  withLock(fn, join(folder.dir, RESULTS_LOCK), () => {
    if (jobs.every((job) => folder.outcome(job) !== null)) folder.writeResults();
    else if (outcome !== null) folder.append(outcome);
  });
}
