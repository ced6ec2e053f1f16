import { factsOf } from './facts.js';
import { broadcastValue, type Communicator, checkAlike, together } from './parallel/index.js';
import { solverConfig } from './run-config.js';
import type { SolverRun } from './solver-run.js';
import { loadSolverState, solverStateOf } from './solver-saving.js';

const FN = 'Solver';

/** Runs `work` on all ranks, where there are several: an error of one is thrown on all. */
export function onAll<T>(comm: Communicator | null, work: () => T): T {
  return comm === null ? work() : together(FN, comm, work);
}

/**
 * Prepares a run, on rank 0 from where it was saved; all ranks begin from there.
 *
 * @throws {Error} on all ranks if one has been made with something else than rank 0, or cannot be prepared.
 */
export function prepare(run: SolverRun, work: () => void): void {
  const comm = run.options.distributed;
  if (comm === null) {
    work();
    return;
  }
  const { options, model, train, val } = run;
  const { updateRule, fields } = options;
  const code = [
    ['updateRule', fields === null ? updateRule : null],
    ['the model', model.constructor],
    ['model.loss', model.loss],
  ] as const;
  checkAlike(FN, comm, factsOf(solverConfig(options, model, train, val), options, code));
  together(FN, comm, work);
  shareState(run, comm);
}

/** Gives all ranks the state of rank 0. */
export function shareState(run: SolverRun, comm: Communicator): void {
  const own = together(FN, comm, () => (comm.rank === 0 ? solverStateOf(run) : null));
  const state = broadcastValue(comm, own);
  together(FN, comm, () => {
    if (comm.rank > 0 && state !== null) loadSolverState(run, state);
  });
}
