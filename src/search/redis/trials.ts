import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Lock, LockLost, LockQueue, makeFolder } from '../../files/index.js';
import { type SearchFolder, TRIAL_LOCK } from '../folder.js';
import { TrialProcess } from '../runners/index.js';
import type { Job, Metrics } from '../types.js';

/** Milliseconds between two tries for the lock of a trial, and between two looks whether it is still held. */
const PAUSE = 100;

/** A process, and what it is for: it has loaded the file of a search's trial, with its data. */
interface Idle {
  readonly place: string;
  readonly process: TrialProcess;
}

/**
 * Runs trials of several searches in processes, which the next trials of the same search use again.
 *
 * The queue gives a job to one worker at a time, but a worker that was out of reach learns late that it has lost its
 * claim. The lock in the trial's folder keeps the two apart: one that is dead, or stopped giving signs of life, is
 * taken over. It is the lock of searches by index too.
 */
export class Trials {
  readonly #fn: string;
  readonly #threads: number;
  readonly #idle: Idle[] = [];

  /** @param threads - Of each process. */
  constructor(fn: string, threads: number) {
    [this.#fn, this.#threads] = [fn, threads];
  }

  /**
   * Runs a job, as `runJob` does.
   *
   * @param cancelled - Kills the process.
   * @throws {ProcessEnded} if the process dies.
   * @throws {LockLost} if another worker has taken the trial over.
   * @throws The reason of `cancelled`.
   */
  async run(
    folder: SearchFolder,
    job: Job,
    cancelled: AbortSignal,
    hears: (epoch: number, metrics: Metrics) => void,
  ): Promise<void> {
    makeFolder(this.#fn, folder.trial(job));
    const lock = await this.#claim(join(folder.trial(job), TRIAL_LOCK), cancelled);
    const lost = new AbortController();
    const timer = setInterval(() => confirm(lock, lost), PAUSE);
    try {
      await this.#inProcess(folder, job, AbortSignal.any([cancelled, lost.signal]), hears);
    } finally {
      clearInterval(timer);
      lock.release();
    }
  }

  close(): void {
    for (const { process } of this.#idle.splice(0)) process.kill();
  }

  async #inProcess(
    folder: SearchFolder,
    job: Job,
    ended: AbortSignal,
    hears: (epoch: number, metrics: Metrics) => void,
  ): Promise<void> {
    const process = this.#take(folder);
    const kill = (): void => process.kill();
    ended.addEventListener('abort', kill);
    try {
      await process.run(job, hears);
    } catch (error) {
      throw ended.aborted ? ended.reason : error;
    } finally {
      ended.removeEventListener('abort', kill);
      this.#idle.push({ place: placeOf(folder), process });
    }
  }

  #take(folder: SearchFolder): TrialProcess {
    const place = placeOf(folder);
    const at = this.#idle.findIndex((idle) => idle.place === place);
    if (at >= 0) return this.#idle.splice(at, 1)[0].process;
    // Of another search, which is over or waits.
    this.#idle.shift()?.process.kill();
    return new TrialProcess({ folder, trial: folder.settings.trial ?? '', threads: this.#threads });
  }

  async #claim(file: string, cancelled: AbortSignal): Promise<Lock> {
    const line = new LockQueue(this.#fn, file);
    try {
      for (;;) {
        cancelled.throwIfAborted();
        const lock = line.try();
        if (lock !== null) return lock;
        await setTimeout(PAUSE);
      }
    } catch (error) {
      line.leave();
      throw error;
    }
  }
}

function placeOf({ dir, settings }: SearchFolder): string {
  return `${dir}\n${settings.trial}`;
}

function confirm(lock: Lock, lost: AbortController): void {
  try {
    lock.confirm();
  } catch (error) {
    if (error instanceof LockLost) lost.abort(error);
  }
}
