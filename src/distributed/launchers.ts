// Which program started this process as one of several: each tells it so by variables of its environment.

import { fstatSync } from 'node:fs';

/** What started the processes of a job. */
export interface Launcher {
  /** As its users call it. */
  readonly name: string;
  /** The family of libraries that it serves; null where it serves both. */
  readonly family: 'mpich' | 'openmpi' | null;
  /** How many processes it says that there are. */
  readonly size: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** By a variable that a launcher always sets, and the one with the number of processes; the most telling first. */
const LAUNCHERS = [
  { name: "Open MPI's mpiexec", family: 'openmpi', is: 'OMPI_COMM_WORLD_RANK', size: 'OMPI_COMM_WORLD_SIZE' },
  { name: 'srun', family: 'openmpi', is: 'PMIX_RANK', size: 'SLURM_STEP_NUM_TASKS' },
  { name: 'mpiexec', family: 'mpich', is: 'PMI_RANK', size: 'PMI_SIZE' },
  { name: 'mpiexec', family: 'mpich', is: 'PMI_PORT', size: 'PMI_SIZE' },
  { name: 'mpiexec', family: 'mpich', is: 'PALS_RANKID', size: 'PMI_SIZE' },
  { name: 'aprun', family: 'mpich', is: 'ALPS_APP_PE', size: 'PMI_SIZE' },
  { name: 'flux run', family: null, is: 'FLUX_TASK_RANK', size: 'FLUX_JOB_SIZE' },
  { name: 'srun', family: null, is: 'SLURM_STEP_NUM_TASKS', size: 'SLURM_STEP_NUM_TASKS' },
] as const;

/** What started this process; null where nothing that is known did. */
export function launcherOf(env: Environment): Launcher | null {
  for (const { name, family, is, size } of LAUNCHERS) {
    if (env[is] !== undefined) return { name, family, size: Number(env[size] ?? 1) };
  }
  return null;
}

/**
 * Why MPICH cannot reach its mpiexec, which it talks to through a socket that the process inherits; null where it can.
 * npm's programs start others with standard input, output and error alone.
 */
export function lostConnection(env: Environment): string | null {
  const descriptor = env.PMI_FD;
  if (descriptor === undefined || env.PMI_PORT !== undefined) return null;
  try {
    if (fstatSync(Number(descriptor)).isSocket()) return null;
  } catch {
    // It is closed.
  }
  const found = `the connection to mpiexec (file descriptor ${descriptor}) did not reach this process, as under npx`;
  return `${found}: start node itself (mpiexec -n 2 node program.js), or npx around it (npx -c 'mpiexec -n 2 …')`;
}
