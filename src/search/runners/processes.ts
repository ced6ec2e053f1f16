import type { Job, Metrics, Outcome, Runner } from '../types.js';
import { type Place, ProcessEnded, TrialProcess } from './trial-process.js';

/** How often a job is started again whose process died. */
const RETRIES = 1;

/** Runs jobs in several processes of this machine. */
export class Processes implements Runner {
  readonly slots: number;
  readonly #place: Place;
  readonly #idle: TrialProcess[] = [];
  readonly #busy = new Set<TrialProcess>();
  #isClosed = false;

  constructor(count: number, place: Place) {
    [this.slots, this.#place] = [count, place];
  }

  async run(job: Job, hears: (epoch: number, metrics: Metrics) => void): Promise<Outcome> {
    const worker = this.#idle.pop() ?? new TrialProcess(this.#place);
    this.#busy.add(worker);
    try {
      return await this.#attempts(worker, job, hears);
    } finally {
      this.#busy.delete(worker);
      this.#idle.push(worker);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const worker of [...this.#idle, ...this.#busy]) worker.kill();
  }

  /** A killed process is followed by another, which goes on from the trial's checkpoint. */
  async #attempts(worker: TrialProcess, job: Job, hears: (epoch: number, metrics: Metrics) => void): Promise<Outcome> {
    const started = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        return await worker.run(job, hears);
      } catch (error) {
        if (!(error instanceof ProcessEnded) || this.#isClosed) throw error;
        if (attempt < RETRIES) continue;
        const seconds = (performance.now() - started) / 1000;
        const message = `${error.message}, and so was the one before`;
        return this.#place.folder.complete({ job, metrics: null, error: message, stopped: false, seconds });
      }
    }
  }
}
