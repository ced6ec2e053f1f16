import { trialId } from '../identity.js';
import type { Config, Job, Outcome, Plan } from '../types.js';

/** Jobs that do not depend on each other: grid and random search. */
export class ListPlan implements Plan {
  readonly #jobs: readonly Job[];
  readonly #told = new Set<string>();
  #next = 0;

  constructor(configs: readonly Config[], seed: number, epochs: number | null) {
    this.#jobs = configs.map((config, trial) => ({ id: trialId(config, seed), trial, rung: 0, config, seed, epochs }));
  }

  next(): Job | 'done' {
    while (this.#next < this.#jobs.length) {
      const job = this.#jobs[this.#next++];
      if (!this.#told.has(job.id)) return job;
    }
    return 'done';
  }

  tell({ job }: Outcome): void {
    this.#told.add(job.id);
  }
}
