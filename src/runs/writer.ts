import { join } from 'node:path';
import { lockRun } from '../checkpoints/run-lock.js';
import { type Lock, removeUnfinished, writeAtomically } from '../files/index.js';
import { type Saveable, save } from '../formats/index.js';
import type { Logger } from '../loggers/index.js';
import { NAMES, type RunFolder, textOf } from './folder.js';
import { type End, MetricsLog } from './metrics-log.js';
import type { RunConfig } from './types.js';

/** The one who writes to the folder of a run: nobody else can until {@link RunWriter.close}, or its process is gone. */
export class RunWriter {
  readonly #fn: string;
  readonly #folder: RunFolder;
  readonly #lock: Lock;
  readonly #log: MetricsLog;

  /**
   * Locks the folder, and removes what a killed process left unfinished in it.
   *
   * @param fn - What errors begin with.
   * @param onFailure - Called with the error if metrics cannot be written, as on a full disk: the run should end.
   * @throws {Error} naming the process that writes to the folder, if one does.
   */
  constructor(fn: string, folder: RunFolder, onFailure: (error: unknown) => void) {
    this.#fn = fn;
    this.#folder = folder;
    this.#lock = lockRun(fn, folder.dir, NAMES.lock);
    try {
      removeUnfinished(fn, folder.dir);
      this.#log = new MetricsLog(fn, join(folder.dir, NAMES.metrics), onFailure);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  /** What the loop that trains reports to. */
  get logger(): Logger {
    return this.#log.logger;
  }

  /** Replaces config.json, in one piece. */
  writeConfig(config: RunConfig): void {
    writeAtomically(this.#fn, join(this.#folder.dir, NAMES.config), textOf(config), true);
  }

  /** Writes model.safetensors, in one piece. */
  saveModel(model: Saveable): void {
    save(this.#folder.model, model);
  }

  /** Notes the end of the run. */
  end(end: End): void {
    this.#log.end(end);
  }

  /** Leaves the folder to others. */
  close(): void {
    try {
      this.#log.close();
    } finally {
      this.#lock.release();
    }
  }
}
