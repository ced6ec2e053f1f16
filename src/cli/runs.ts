// The runs that commands are given.

import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { OnProgress, RunFolder, Trained } from '../runs/index.js';
import { didYouMean } from '../terminal/index.js';
import { CliError, UsageError } from './errors.js';
import type { Io } from './io.js';

/** Which weights of a run are used. */
export type Weights = 'best' | 'last';

/** A path as the user wrote it, from the folder that it is relative to. */
export function placeOf(io: Io, path: string): string {
  return io.cwd === process.cwd() ? path : resolve(io.cwd, path);
}

/** Opens the folder of a run. @throws {CliError} that names runs nearby where it is none. */
export async function openRun(io: Io, fn: string, path: string): Promise<RunFolder> {
  const { RunFolder } = await import('../runs/index.js');
  try {
    return RunFolder.open(placeOf(io, path), fn);
  } catch (error) {
    throw new CliError(`${(error as Error).message}${await wayTo(io, path)}`, undefined, { cause: error });
  }
}

/** What is likely meant by a path at which there is no run. */
async function wayTo(io: Io, path: string): Promise<string> {
  const { listRuns } = await import('../runs/index.js');
  const whole = resolve(io.cwd, path);
  if (existsSync(whole)) {
    if (existsSync(join(whole, 'config.json'))) return '';
    try {
      const [first, ...others] = listRuns(whole).reverse();
      if (first === undefined) return '';
      const count = others.length === 0 ? 'a run' : `${others.length + 1} runs`;
      return `; it holds ${count}, such as ${join(path, first.name)}`;
    } catch {
      return '';
    }
  }
  const above = dirname(path);
  const parent = resolve(io.cwd, above);
  const names = existsSync(parent) ? readdirSync(parent) : [];
  const near = didYouMean(basename(path), names);
  return near.replace(/mean (.*)\?$/s, (_, name: string) => `mean ${join(above, name)}?`);
}

/** What only `train` writes in the folder of a run. */
const OWN = /^(config\.json|metrics\.jsonl|preprocessing\.json|model\.safetensors|\.run\.lock|checkpoints([\\/].*)?)$/;

/** The file that --out means. @throws {UsageError} if it is one that makes up the run. */
export function outOf(io: Io, fn: string, run: RunFolder, out: string): string {
  const file = resolve(io.cwd, out);
  if (!OWN.test(relative(run.dir, file))) return file;
  throw new UsageError(`${fn}: --out is ${out}, which is a file of the run itself; name another file`);
}

/** The model of a run with its weights. Prints what there is to say of them. */
export async function openModel(io: Io, fn: string, run: RunFolder, path: string, weights: Weights): Promise<Trained> {
  const { hasWeights, openTrained } = await import('../runs/index.js');
  if (!hasWeights(run, weights)) {
    const other = weights === 'best' ? 'last' : 'best';
    const wayOut = hasWeights(run, other) ? `give --weights ${other}` : 'they come with its first checkpoint';
    const which = hasWeights(run, other) ? `no ${weights} weights` : 'no weights yet';
    throw new CliError(`${fn}: ${path} has ${which} (${run.state}, iteration ${iterationOf(run)}); ${wayOut}`);
  }
  let trained: Trained;
  try {
    trained = await openTrained(run, { weights, fn, onProgress: progressOf(io) });
  } catch (error) {
    throw new CliError(renamed(error, fn), undefined, { cause: error });
  }
  for (const note of trained.notes) io.note(`note: ${note}`);
  return trained;
}

function iterationOf(run: RunFolder): number {
  const { steps } = run.metrics();
  return steps.iteration.at(-1) ?? 0;
}

/** What an error says, with the command in the place of the function that made it. */
export function renamed(error: unknown, fn: string): string {
  const { message } = error as Error;
  return message.startsWith(`${fn}: `) ? message : `${fn}: ${message.replace(/^[\w.]+: /, '')}`;
}

/** Shows the progress of reading data: a bar for each thing that is read. In a pipe what is one step is left out. */
export function progressOf(io: Io): OnProgress {
  let [last, bar] = ['', io.progress(1, 'it')];
  return (what, done, total) => {
    if (total === 1 && !io.isTerminal) return;
    if (what !== last) {
      bar.clear();
      [last, bar] = [what, io.progress(total, 'it')];
    }
    bar.update(done);
    if (done >= total) bar.clear();
  };
}
