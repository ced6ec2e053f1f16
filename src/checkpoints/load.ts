import { argumentError, checkPath, describe, FLAG, type OptionsOf, option, settingsOf } from '../arrays/index.js';
import { namedArrays } from '../classifiers/index.js';
import { statOf } from '../files/index.js';
import { formatError, type StateDict } from '../formats/index.js';
import { requireBuiltin } from '../node.js';
import type { Checkpoint, LoadedCheckpoint } from './checkpoint.js';
import { TEXT } from './encode.js';
import { BEST, checkpointIn, latestCheckpoint } from './folder.js';

const OPTIONS = {
  /** Of a folder, whether the best checkpoint is read instead of the latest. Default false. */
  best: option(false, FLAG),
};

/** Options of {@link loadCheckpoint}. */
export interface LoadCheckpointOptions extends OptionsOf<typeof OPTIONS> {}

/**
 * Reads a checkpoint that a Solver or `fit` has written.
 *
 * @param path - The folder of the run, of which the latest checkpoint is read; or the file of one.
 * @returns Which loop made it, its iteration and epoch, the options of the run, its state, and of that the weights of
 *   the model.
 * @throws {Error} if there is none; if the file is damaged, of a later version or no checkpoint, or all in the folder
 *   are. Where only the latest is damaged, the one before is read, and a warning names the damaged one.
 *
 * @example
 * model.loadStateDict(loadCheckpoint('runs/a', { best: true }).model);
 */
export function loadCheckpoint(path: string, options: LoadCheckpointOptions = {}): LoadedCheckpoint {
  const fn = 'loadCheckpoint';
  checkPath(fn, 'path', path);
  const { best } = settingsOf(fn, OPTIONS, options);
  if (statOf(fn, path)?.isDirectory() !== true) return withModel(fn, path, checkpointIn(fn, path));
  if (best) {
    const file = requireBuiltin(fn, 'node:path').join(path, BEST);
    if (statOf(fn, file) !== undefined) return withModel(fn, file, checkpointIn(fn, file));
    const found = `is ${describe(path)}, a folder without ${BEST}`;
    const [expected, wayOut] = ['that of a run with an evaluation', 'fit makes one where it has a valLoader'];
    throw argumentError(Error, { fn, arg: 'path', found, expected, wayOut });
  }
  const latest = latestCheckpoint(fn, path);
  if (latest === null) {
    const found = `is ${describe(path)}, a folder without checkpoints`;
    throw argumentError(Error, { fn, arg: 'path', found, expected: 'the folder of a run, or a file' });
  }
  for (const { error } of latest.refused) {
    // biome-ignore lint/suspicious/noConsole: an older checkpoint than asked for must not pass unnoticed
    console.warn(`${error.message}; ${latest.file} is read instead`);
  }
  return withModel(fn, latest.file, latest.checkpoint);
}

/** A Solver's parameters and statistics. */
type SolverParameters = Parameters<typeof namedArrays>;

function withModel(fn: string, file: string, checkpoint: Checkpoint): LoadedCheckpoint {
  const { kind, state } = checkpoint;
  // A Solver that has ended has its best parameters in the model, and beside them those of the last iteration.
  const { model, current, last } = state as { [name: string]: object | null | undefined };
  const own = kind === 'fit' ? model : (last ?? current);
  if (typeof own !== 'object' || own === null) {
    throw formatError({ fn, file }, { place: TEXT.state, found: 'has no parameters', expected: 'those of a model' });
  }
  if (kind === 'fit') return { ...checkpoint, model: own as StateDict };
  const { params, statistics } = own as { params: SolverParameters[0]; statistics: SolverParameters[1] };
  return { ...checkpoint, model: namedArrays(params, statistics) };
}
