import { CheckpointWriter, hasBegun, markBegun, type NewCheckpoint } from '../checkpoints/index.js';
import type { Description } from '../data/description.js';
import { requireBuiltin } from '../node.js';
import type { CheckedCheckpoint, Checkpointed } from './checkpoint-options.js';
import type { RunSaver } from './drive.js';
import type { TrainingEvent } from './events.js';
import { type Found, findCheckpoint, loadFound } from './resume.js';
import type { RunConfig } from './run-config.js';

/** The run that is saved. */
export interface SavedRun {
  /** The function to name in errors. */
  readonly fn: string;
  readonly kind: NewCheckpoint['kind'];
  /** Where it is, and the options that may have changed. */
  now(): { readonly iteration: number; readonly epoch: number; readonly options?: Description };
  /** All that the rest of it depends on. */
  stateDict(): object;
  /** Takes over what `stateDict` returned. */
  load(state: unknown): void;
  /** Whether the evaluation that was made last is the best so far. */
  isBest(): boolean;
}

/**
 * What the options `checkpoint` and `resume` make of a new run: continues it, where there is something to continue.
 *
 * @param config - Makes what the run was made with, which takes a look at the data.
 * @returns What saves the run; null if nothing does.
 * @throws {Error} naming what does not fit; the run has not changed then.
 */
export function checkpointsOf(
  run: SavedRun,
  { checkpoint, resume, verbose }: Checkpointed & { readonly verbose: boolean },
  config: () => RunConfig,
): Checkpoints | null {
  if (checkpoint === null && resume === null) return null;
  const { fn, kind } = run;
  // Before the state: a run that is continued is made with what it was made with at first.
  const made = config();
  if (resume === null) return checkpoint && new Checkpoints(run, made, checkpoint, false);
  const goesOn = checkpoint !== null && realPath(fn, resume.dir) === realPath(fn, checkpoint.dir);
  const checkpoints = checkpoint && new Checkpoints(run, made, checkpoint, goesOn);
  let found: Found | null;
  // Nobody writes to the folder while it is read.
  checkpoints?.open();
  try {
    found = findCheckpoint(fn, kind, resume, made);
    if (found !== null) loadFound(fn, found, (state) => run.load(state));
  } finally {
    checkpoints?.close(true);
  }
  if (found === null) checkpoints?.findMark();
  if (verbose && found !== null) {
    console.log(`Continues from iteration ${found.checkpoint.iteration}, saved in ${found.file}`);
  }
  return checkpoints;
}

/** An absolute path without symbolic links, as far as it exists. */
function realPath(fn: string, dir: string): string {
  const whole = requireBuiltin(fn, 'node:path').resolve(dir);
  try {
    return requireBuiltin(fn, 'node:fs').realpathSync(whole);
  } catch {
    return whole;
  }
}

/**
 * Saves a run as its options say: after the callback of an event has returned, so that a checkpoint has what the
 * callback did. Where nothing is due, an event costs a comparison.
 */
export class Checkpoints implements RunSaver {
  readonly #run: SavedRun;
  readonly #config: RunConfig;
  readonly #options: CheckedCheckpoint;
  /** The messages of the errors that were printed. */
  readonly #said = new Set<string>();
  #writer: CheckpointWriter | null = null;
  /** The iteration, second or epoch from which on a checkpoint is due. */
  #next = 0;
  /** Whether an event is complete that no checkpoint has. */
  #isUnsaved = false;
  /** What saving the end failed with. */
  #failure: { readonly error: unknown } | null = null;
  /** Whether the folder has checkpoints of this run. */
  #isOwn: boolean;
  #isRestarted = false;

  /** @param isContinued - Whether the run goes on from the checkpoints in the folder. */
  constructor(run: SavedRun, config: RunConfig, options: CheckedCheckpoint, isContinued: boolean) {
    this.#run = run;
    this.#config = config;
    // The process may change its folder before the run begins, or between two calls of train().
    this.#options = { ...options, dir: requireBuiltin(run.fn, 'node:path').resolve(options.dir) };
    this.#isOwn = isContinued;
  }

  /**
   * Begins to save: nobody else may write to the folder until {@link Checkpoints.close}.
   *
   * @throws {Error} if another run does, or has left its checkpoints there; if the folder cannot be written to.
   */
  open(): void {
    this.#plan();
    this.#isUnsaved = false;
    this.#attempt(() => this.#begin());
  }

  /** Whether the run begins anew where an earlier process has begun it, and ended before the first checkpoint. */
  get isRestarted(): boolean {
    return this.#isRestarted;
  }

  /** Looks for what {@link Checkpoints.mark} has left. */
  findMark(): void {
    this.#isRestarted = hasBegun(this.#run.fn, this.#options.dir);
  }

  /** Notes in the folder that the run has begun: what its loggers have written is its own. */
  mark(): void {
    this.#attempt(() => markBegun(this.#run.fn, this.#options.dir));
  }

  #begin(): CheckpointWriter {
    const { dir, keep } = this.#options;
    const { fn } = this.#run;
    this.#writer ??= new CheckpointWriter(fn, dir, { keep, goesOn: this.#isOwn });
    this.#isOwn = true;
    return this.#writer;
  }

  /** To be called when an event and its callback are complete. */
  completed(event: TrainingEvent): void {
    this.#isUnsaved = true;
    const isBest = event.kind === 'epoch' && this.#options.best && this.#run.isBest();
    const isDue = this.#isDue(event);
    if (isBest || isDue) this.#save({ isBest, isDue });
  }

  /** To be called when something has changed since that the rest of the run depends on. */
  changed(): void {
    this.#isUnsaved = true;
  }

  /** The folder. */
  get dir(): string {
    return this.#options.dir;
  }

  /** Saves the end of the run. What that fails with `close` throws: the model gets its best weights first. */
  finish(): void {
    try {
      if (this.#isUnsaved) this.#save({ isBest: false, isDue: true });
      this.#attempt(() => this.#writer?.flush());
    } catch (error) {
      this.#failure = { error };
    }
  }

  /** Saves a run that is left between two events. What ends it is not for an error of the file system to replace. */
  left(): void {
    try {
      if (this.#isUnsaved) this.#save({ isBest: false, isDue: true });
    } catch (error) {
      this.#warn(error);
    }
  }

  /**
   * Writes what is still to be written, and lets others write to the folder.
   *
   * @param hasFailed - Whether an error ends the run: then one of the file system is printed instead of thrown.
   */
  close(hasFailed: boolean): void {
    const [writer, failure] = [this.#writer, this.#failure];
    [this.#writer, this.#failure] = [null, null];
    try {
      this.#attempt(() => writer?.close());
      if (failure !== null) throw failure.error;
    } catch (error) {
      if (!hasFailed) throw error;
      this.#warn(error);
    }
  }

  #isDue(event: TrainingEvent): boolean {
    switch (this.#options.every.unit) {
      case 'iterations':
        return event.iteration >= this.#next && event.kind === 'step';
      case 'epochs':
        return event.kind === 'epoch' && event.epoch >= this.#next;
      case 'seconds':
        return performance.now() >= this.#next;
    }
  }

  /** Sets when the next checkpoint is due. */
  #plan(): void {
    const { unit, n } = this.#options.every;
    const { iteration, epoch } = this.#run.now();
    if (unit === 'seconds') this.#next = performance.now() + 1000 * n;
    else this.#next = n * (Math.floor((unit === 'epochs' ? epoch : iteration) / n) + 1);
  }

  /** @param as - Whether it is the best, and whether it is one of the last, from which a run continues. */
  #save(as: { readonly isBest: boolean; readonly isDue: boolean }): void {
    if (as.isDue) {
      this.#plan();
      this.#isUnsaved = false;
    }
    const { iteration, epoch, options } = this.#run.now();
    const config = { ...this.#config, options: { ...this.#config.options, ...options } };
    const checkpoint = { kind: this.#run.kind, iteration, epoch, config, state: this.#run.stateDict() };
    this.#attempt(() => this.#begin().save(checkpoint, as));
  }

  /** Does something to the folder. @throws what the file system refuses, unless the run goes on without. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.#options.onError === 'throw' || typeof (error as { code?: unknown } | null)?.code !== 'string') {
        throw error;
      }
      this.#warn(error);
    }
  }

  /** Prints an error, unless one of its kind was printed before. */
  #warn(error: unknown): void {
    const { code, message } = error as { code?: unknown; message?: unknown };
    const kind = String(code ?? message);
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    console.warn(`${message}`);
  }
}
