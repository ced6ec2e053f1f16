// The mpiexec that programs for developers start ranks with.

import { spawnSync } from 'node:child_process';

/** MPICH's, as Debian calls it beside others; else the one that there is. */
export function mpiexecHere(): string {
  return spawnSync('mpiexec.mpich', ['--version']).status === 0 ? 'mpiexec.mpich' : 'mpiexec';
}
