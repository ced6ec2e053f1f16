import { loadEntry, Random } from '../arrays/index.js';
import type { SolverRun } from './solver-run.js';
import { checkedModel, checkSolverState, HISTORIES, type SolverState, savedModel } from './solver-state.js';

/** A copy of everything that the rest of a run depends on. */
export function solverStateOf(run: SolverRun): SolverState {
  const { model, history, updater, best, random } = run;
  // A run that continues from here finds everything before it logged.
  run.loggers.flush();
  const { iteration, epoch, bestValAcc, lossHistory, trainAccHistory, valAccHistory } = history;
  const { valLossHistory, bestValLoss } = history;
  return {
    ...structuredClone({ iteration, epoch, bestValAcc, lossHistory, trainAccHistory, valAccHistory }),
    ...structuredClone({ valLossHistory, bestValLoss }),
    ...{ due: run.due, stopped: run.stopped },
    ...best.stateDict(),
    configs: updater.stateDict('Solver.stateDict'),
    random: run.beforeEvaluation ?? random.stateDict(),
    ...savedModel(model),
  };
}

/**
 * Takes over such a state.
 *
 * @throws {TypeError | RangeError | ShapeError} if it does not fit; nothing has changed then.
 */
export function loadSolverState(run: SolverRun, given: SolverState): void {
  const fn = 'Solver.loadStateDict';
  const { model, history, updater, best, random } = run;
  const state = checkSolverState(fn, given, run.iterationsPerEpoch);
  loadEntry(fn, 'random', new Random(0), state.random);
  const parts = [checkedModel(fn, state, model), best.checked(fn, state)];
  for (const take of [...parts, updater.checked(fn, state.configs, state.iteration)]) take();
  random.loadStateDict(state.random);
  for (const name of HISTORIES) Object.assign(history[name], state[name]).length = state[name].length;
  ({ iteration: history.iteration, epoch: history.epoch, bestValAcc: history.bestValAcc } = state);
  history.bestValLoss = state.bestValLoss;
  [run.due, run.stopped] = [state.due, state.stopped];
}
