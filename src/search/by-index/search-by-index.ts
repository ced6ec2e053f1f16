import { count, FUNCTION, type OptionsOf, option, orNull, required, settingsOf, TEXT } from '../../arrays/index.js';
import type { Holder } from '../../files/index.js';
import { type OptionsFor, SEARCHED, searchedOf } from '../searched.js';
import { allThreads } from '../threads.js';
import type { Config, Job } from '../types.js';
import { type IndexResult, runByIndex } from './run-by-index.js';

const FN = 'searchByIndex';

const OPTIONS = {
  ...SEARCHED,
  /** The folder of the search, which all processes see. */
  folder: required<string>(TEXT),
  /** The place of the trial in its rung, from 0. Default: `SLURM_ARRAY_TASK_ID`, or `JOB_COMPLETION_INDEX`. */
  index: option<number | null>(null, orNull(count(0))),
  /** Of successive halving, the rung; the ones before have to be complete. Default 0. */
  rung: option(0, count(0)),
  /** Threads of the kernels. Default: `LAYERWISE_THREADS`, or as many as the machine has cores. */
  threads: option<number | null>(null, orNull(count(1))),
  /** Called once when another process runs the trial: it is waited for. Default: none. */
  onWait: option<(job: Job, holder: Holder) => void>(() => {}, FUNCTION),
};

/** What is searched, and which trial of it this process runs. */
export type SearchByIndexOptions<C extends Config = Config> = OptionsFor<typeof OPTIONS, C>;

/**
 * Runs one trial of a search: that of an index which the scheduler of a cluster has given to this process. Job arrays
 * of Slurm and Indexed Jobs of Kubernetes do, on a folder that all machines see, without any other service.
 *
 * Each trial is run once, however often its index is started: what is complete is returned as it is, what another
 * process runs is waited for, and what a process that has died left behind goes on from its checkpoint. Of a process on
 * another machine that is known once it has given no sign of life for 15 seconds.
 *
 * Grid and random search go by index, and successive halving rung by rung: index i is the i-th of those that are left,
 * by the number of the trial. The strategies `asha` and `tpe` and `medianStop` do not, for they ask what others find.
 *
 * @returns The outcome; null where fewer trials have come to the rung.
 * @throws {TypeError | RangeError | Error} before anything is run, if an option is wrong, there is no index, or it is
 *   none of the search's, the folder has another search, or the rung before is not complete: naming what is missing.
 *
 * @example
 * // #SBATCH --array=0-15
 * const { outcome } = await searchByIndex({
 *   trial: './trial.ts',
 *   strategy: { name: 'random', trials: 16 },
 *   metric: 'valAcc',
 *   folder: 'searches/lr',
 * });
 */
export async function searchByIndex<C extends Config = Config>(options: SearchByIndexOptions<C>): Promise<IndexResult> {
  const { folder, index, rung, threads, onWait, ...what } = settingsOf(
    FN,
    OPTIONS,
    options as OptionsOf<typeof OPTIONS>,
  );
  const [trial, searched] = await searchedOf(FN, what, false);
  const place = { index: index ?? undefined, rung, threads: threads ?? allThreads(), onWait };
  return runByIndex(FN, folder, searched, trial, place);
}
