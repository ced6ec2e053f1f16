import { argumentError, describe } from '../../arrays/index.js';

/** What schedulers call the number of a task in an array of tasks. */
const VARIABLES = ['SLURM_ARRAY_TASK_ID', 'JOB_COMPLETION_INDEX'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The number of the trial that this process is to run: what is given, or else what Slurm (`sbatch --array`) or
 * Kubernetes (an Indexed Job) has put into the environment.
 *
 * @param trials - How many there are.
 * @throws {Error} if there is none, the environment contradicts itself, or it is not one of 0 … `trials - 1`.
 */
export function trialIndex(fn: string, given: number | undefined, trials: number, env: Environment): number {
  if (given !== undefined) return checked(fn, 'index', given, describe(given), trials);
  const set = VARIABLES.filter((name) => env[name] !== undefined && env[name] !== '');
  if (set.length === 0) {
    const found = `is missing, and so are ${VARIABLES.join(' and ')}`;
    const wayOut = 'start it by sbatch --array or as an Indexed Job of Kubernetes, or give the index';
    throw argumentError(Error, { fn, arg: 'index', found, wayOut });
  }
  if (set.length > 1 && env[set[0]] !== env[set[1]]) {
    const found = `is ${set.map((name) => `${env[name]} in ${name}`).join(' and ')}`;
    throw argumentError(Error, { fn, arg: 'index', found, wayOut: 'give the index' });
  }
  const text = env[set[0]] as string;
  return checked(fn, set[0], /^\d+$/.test(text) ? Number(text) : Number.NaN, describe(text), trials);
}

function checked(fn: string, arg: string, index: number, shown: string, trials: number): number {
  if (Number.isInteger(index) && index >= 0 && index < trials) return index;
  const expected = `a whole number from 0 to ${trials - 1}, one for each of the ${trials} trials`;
  const wayOut = arg === 'SLURM_ARRAY_TASK_ID' ? `sbatch --array=0-${trials - 1}` : undefined;
  throw argumentError(RangeError, { fn, arg, found: `is ${shown}`, expected, wayOut });
}
