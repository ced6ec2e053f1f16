import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { SearchFolder } from '../folder.js';
import { runJob } from '../job.js';
import { keepAlive } from '../signs-of-life.js';
import type { Job, Metrics, Outcome, Runner, Trial } from '../types.js';

/** Runs one job after the other, in this process. */
export class InProcess implements Runner {
  readonly slots = 1;
  readonly #folder: SearchFolder;
  readonly #trial: string | Trial;
  readonly #threads: number;
  readonly #halting = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  readonly #thread: Worker;

  constructor(folder: SearchFolder, trial: string | Trial, threads: number) {
    [this.#folder, this.#trial, this.#threads] = [folder, trial, threads];
    this.#thread = keepAlive(folder.lock, readFileSync(folder.lock, 'utf8'));
  }

  run(job: Job, hears: (epoch: number, metrics: Metrics) => void): Promise<Outcome> {
    const outcome = this.#next(job, hears);
    this.#running = outcome.catch(() => {});
    return outcome;
  }

  /** The trial that runs is told so by its next report. */
  halt(): void {
    this.#halting.abort();
  }

  /** Waits until the trial that runs has ended. */
  async close(): Promise<void> {
    this.halt();
    await this.#running;
    await this.#thread.terminate();
  }

  async #next(job: Job, hears: (epoch: number, metrics: Metrics) => void): Promise<Outcome> {
    // Trials may never come back to the event loop: signals and signs of life have their turn here.
    await setImmediate();
    const { signal } = this.#halting;
    signal.throwIfAborted();
    return await runJob(this.#folder, this.#trial, job, { threads: this.#threads, hears, signal });
  }
}
