import { fileError, type Lock, makeFolder, removeUnfinished } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import type { NewCheckpoint } from './checkpoint.js';
import { CHECKSUM, imageOf } from './encode.js';
import { BEST, nameOf, namesIn, PATTERN, UNFINISHED, unfinishedName } from './folder.js';
import { inUse, LOCK, lockRun } from './run-lock.js';
import type { Failure, System } from './store.js';
import { OtherThread, OwnThread, type Storage } from './thread.js';

/** How a {@link CheckpointWriter} writes. */
export interface WriterOptions {
  /** How many checkpoints are kept beside the best one. Default 3. */
  readonly keep?: number;
  /**
   * Whether the run goes on from a checkpoint in the folder. Default false: then there may be none, as a later run
   * would go on from whichever has the highest iteration.
   */
  readonly goesOn?: boolean;
  /** Called with what a save failed with, by the next call of the writer. Default: that call throws it. */
  readonly onFailure?: (error: Error) => void;
  /** What stores them: for tests. */
  readonly system?: System;
}

/** What a checkpoint is saved as. */
export interface SaveOptions {
  /** Whether it is the best one so far: it becomes `best.safetensors`. Default false. */
  readonly isBest?: boolean;
  /** Whether it is one of the last `keep`; else it is only the best one. Default true. */
  readonly isDue?: boolean;
}

/** The writers that are open, and what closes them at the end of the process. */
const open = new Map<CheckpointWriter, () => void>();

/**
 * Writes the checkpoints of a run to its folder, from another thread: `save` takes as long as a copy of the state.
 *
 * The folder is locked until `close`. A process that ends without it (at its end, by an error, by `process.exit`) waits
 * until what was saved is on the disk; one that is killed leaves the checkpoint before.
 */
export class CheckpointWriter {
  readonly #fn: string;
  readonly #dir: string;
  readonly #keep: number;
  readonly #onFailure: (error: Error) => void;
  readonly #system: System;
  readonly #lock: Lock;
  readonly #inLock: { readonly file: string; readonly text: string };
  /** From the beginning, since it gives signs of life for the lock while this thread trains. */
  readonly #storage: Storage;
  /** The file that is being stored; its memory is that of the next one too. */
  #image = new SharedArrayBuffer(0);
  #isClosed = false;

  /**
   * Makes the folder where it is missing, locks it, and removes what processes that were killed have left in it.
   *
   * @param fn - The function to name in errors.
   * @throws {Error} if another run has the folder, it has the checkpoints of another run, or cannot be written to.
   */
  constructor(fn: string, dir: string, options: WriterOptions = {}) {
    const { keep = 3, goesOn = false, onFailure = raise, system } = options;
    const path = requireBuiltin(fn, 'node:path');
    this.#fn = fn;
    // The process may change its folder.
    this.#dir = path.resolve(dir);
    this.#keep = keep;
    this.#onFailure = onFailure;
    this.#system = system ?? {
      fs: requireBuiltin(fn, 'node:fs'),
      createHash: requireBuiltin(fn, 'node:crypto').createHash,
    };
    makeFolder(fn, this.#dir);
    this.#lock = lockRun(fn, this.#dir);
    this.#inLock = { file: path.join(this.#dir, LOCK), text: this.#lock.text };
    try {
      if (!goesOn) checkNew(fn, this.#dir);
      removeUnfinished(fn, this.#dir, UNFINISHED);
      this.#storage = this.#started();
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    if (open.size === 0) process.on('exit', closeAll);
    // A thread that has not begun by then would come too late.
    open.set(this, () => this.#close(0));
  }

  /** Whether the last checkpoint is still being stored: another one would have to wait for it. */
  get isBusy(): boolean {
    return this.#storage.isBusy;
  }

  /**
   * Takes a copy of a checkpoint, which is then stored. Waits for the one before, if that is still being stored.
   *
   * @throws {TypeError | RangeError} naming what a state may not hold.
   * @throws {Error} what the save before failed with; this checkpoint is stored all the same.
   */
  save(checkpoint: NewCheckpoint, { isBest = false, isDue = true }: SaveOptions = {}): void {
    if (this.#isClosed) throw new Error(`${this.#fn}: the writer of ${this.#dir} is closed`);
    if (!isBest && !isDue) return;
    const image = imageOf(this.#fn, checkpoint);
    const failure = this.#storage.wait();
    // Histories grow, so that a buffer of exactly the size would be too small for the next one.
    if (image.size > this.#image.byteLength) this.#image = new SharedArrayBuffer(Math.ceil(image.size * 1.125));
    image.writeTo(this.#image);
    const { iteration } = checkpoint;
    this.#storage.begin({
      dir: this.#dir + requireBuiltin(this.#fn, 'node:path').sep,
      image: this.#image,
      size: image.size,
      checksum: CHECKSUM,
      name: isDue ? nameOf(iteration) : null,
      iteration,
      pattern: PATTERN,
      best: isBest ? BEST : null,
      keep: this.#keep,
      lock: this.#inLock,
      unfinished: unfinishedName(),
    });
    this.#report(failure);
  }

  /** Waits until the last checkpoint is on the disk. @throws {Error} what saving it failed with. */
  flush(): void {
    this.#report(this.#storage.wait());
  }

  /** {@link flush}, and leaves the folder to others. */
  close(): void {
    this.#close();
  }

  /** @param start - Milliseconds that the thread has to begin with the last checkpoint. */
  #close(start?: number): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    open.delete(this);
    if (open.size === 0) process.off('exit', closeAll);
    let failure: Failure | null = null;
    try {
      failure = this.#storage.wait(start);
    } finally {
      this.#storage.close();
      this.#image = new SharedArrayBuffer(0);
      this.#lock.release();
    }
    this.#report(failure);
  }

  /** The thread; where none can be started, checkpoints are stored in this one. */
  #started(): Storage {
    // A system of somebody's own stays in this thread.
    if (this.#system.fs !== requireBuiltin(this.#fn, 'node:fs')) return new OwnThread(this.#system);
    try {
      return new OtherThread(this.#fn, this.#system, this.#inLock);
    } catch {
      return new OwnThread(this.#system);
    }
  }

  #report(failure: Failure | null): void {
    if (failure !== null) this.#onFailure(errorOf(this.#fn, this.#dir, failure));
  }
}

function raise(error: Error): never {
  throw error;
}

/** A failure in words. */
function errorOf(fn: string, dir: string, { action, path, message, code, syscall, lock }: Failure): Error {
  if (lock !== undefined) return takenOver(fn, dir, lock);
  return fileError(fn, action, path, Object.assign(new Error(message), { code, syscall })) as Error;
}

/** This process was stopped for so long that it seemed gone. */
function takenOver(fn: string, dir: string, lock: string): Error {
  try {
    const { pid, host } = JSON.parse(lock) as { pid: number; host: string };
    return inUse(fn, dir, { pid, host, isHere: false });
  } catch {
    return new Error(`${fn}: ${dir} is being written by another process, which has taken it over`);
  }
}

/** @throws {Error} if a folder has checkpoints: those of an earlier run. */
function checkNew(fn: string, dir: string): void {
  const [latest] = namesIn(fn, dir);
  if (latest === undefined) return;
  const wayOut = 'resume that run, or choose another folder';
  throw new Error(`${fn}: ${dir} has checkpoints of an earlier run, the latest is ${latest}; ${wayOut}`);
}

/** A process that ends still stores what was saved, and says what failed. */
function closeAll(): void {
  for (const close of open.values()) {
    try {
      close();
    } catch (error) {
      // biome-ignore lint/suspicious/noConsole: nobody is left who could catch it
      console.error(String(error));
    }
  }
}
