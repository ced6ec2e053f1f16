import { argumentError } from '../../arrays/index.js';
import type { Job, Outcome, Plan } from '../types.js';

/**
 * The jobs of a rung, in the order of the plan: the same in each process, since nothing but the outcomes of the rungs
 * before decides on them.
 *
 * @param outcomeOf - What has become of a job; null: it is not complete.
 * @throws {Error} if jobs of the rung before are not complete: which, and how to run them.
 * @throws {RangeError} if no trial comes to that rung.
 */
export function jobsOfRung(fn: string, plan: Plan, rung: number, outcomeOf: (job: Job) => Outcome | null): Job[] {
  const counts: number[] = [];
  const missing: number[][] = [];
  const jobs: Job[] = [];
  let next = plan.next();
  for (; typeof next === 'object' && next.rung <= rung; next = plan.next()) {
    const index = counts[next.rung] ?? 0;
    counts[next.rung] = index + 1;
    if (next.rung === rung) {
      jobs.push(next);
      continue;
    }
    const outcome = outcomeOf(next);
    if (outcome !== null) plan.tell(outcome);
    else missing[next.rung] = [...(missing[next.rung] ?? []), index];
  }
  const incomplete = missing.findIndex((indices) => indices !== undefined);
  if (incomplete >= 0) {
    const found = `is ${rung}, and rung ${incomplete} is not complete`;
    const wayOut = `run it first, of it ${ranges(missing[incomplete])} (sbatch --array=${ranges(missing[incomplete])})`;
    throw argumentError(Error, { fn, arg: 'rung', found, wayOut });
  }
  if (jobs.length === 0) {
    const expected = `at most ${counts.length - 1}: no trial goes further`;
    throw argumentError(RangeError, { fn, arg: 'rung', found: `is ${rung}`, expected });
  }
  return jobs;
}

/** Whole numbers in ascending order, as Slurm takes them: `0-3,7`. */
export function ranges(numbers: readonly number[]): string {
  const parts: [first: number, last: number][] = [];
  for (const number of numbers) {
    const part = parts.at(-1);
    if (part?.[1] === number - 1) part[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join();
}
