import type { SearchFolder } from '../folder.js';
import { runJob } from '../job.js';
import type { Job, Metrics, Outcome, Runner, Trial } from '../types.js';

/** Runs one job after the other, in this process. */
export class InProcess implements Runner {
  readonly slots = 1;
  readonly #folder: SearchFolder;
  readonly #trial: string | Trial;
  readonly #threads: number;

  constructor(folder: SearchFolder, trial: string | Trial, threads: number) {
    [this.#folder, this.#trial, this.#threads] = [folder, trial, threads];
  }

  run(job: Job, hears: (epoch: number, metrics: Metrics) => void): Promise<Outcome> {
    return runJob(this.#folder, this.#trial, job, { threads: this.#threads, hears });
  }

  async close(): Promise<void> {}
}
