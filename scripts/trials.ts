// Many trials of one kind, some at a time.

import { rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes trials, each in a folder of its own that goes when it is done.
 *
 * @param how - How many, how many at a time, and where their folders are.
 * @param trial - Makes one. It gets its number, from 0, and its folder, which is not there yet.
 * @param report - Called with each.
 * @returns All, by their numbers.
 */
export async function manyTrials<T extends { readonly number: number }>(
  { runs, jobs, folder }: { readonly runs: number; readonly jobs: number; readonly folder: string },
  trial: (number: number, dir: string) => Promise<T>,
  report: (trial: T) => void,
): Promise<T[]> {
  const trials: T[] = [];
  let next = 0;
  const job = async (): Promise<void> => {
    while (next < runs) {
      const number = next++;
      const dir = join(folder, `run-${number}`);
      const made = await trial(number, dir);
      rmSync(dir, { recursive: true, force: true });
      trials.push(made);
      report(made);
    }
  };
  await Promise.all(Array.from({ length: jobs }, job));
  return trials.sort((a, b) => a.number - b.number);
}
