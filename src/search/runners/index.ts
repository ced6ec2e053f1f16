import type { SearchFolder } from '../folder.js';
import { shareOf } from '../threads.js';
import type { Runner, Trial } from '../types.js';
import { InProcess } from './in-process.js';
import { Processes } from './processes.js';

export { type Place, ProcessEnded, TrialProcess } from './trial-process.js';

/**
 * What runs the jobs of a search.
 *
 * @param workers - In how many processes; 0: in this one.
 * @param threads - Of all processes together.
 */
export function runnerOf(folder: SearchFolder, trial: string | Trial, workers: number, threads: number): Runner {
  if (workers === 0 || typeof trial !== 'string') return new InProcess(folder, trial, threads);
  return new Processes(workers, { folder, trial, threads: shareOf(threads, workers) });
}
