import { trialId } from '../identity.js';
import { badness, type Goal, ranked } from '../objective.js';
import type { Config, Job, Outcome, Plan } from '../types.js';
import { epochsOfRungs, type Rungs } from './rungs.js';

/**
 * Successive halving by whole rungs: the best ⌊n / eta^k⌋ of n configs are in rung k. Which those are is known when the
 * rung before is complete, so it does not depend on the order in which trials end.
 */
export class HalvingPlan implements Plan {
  readonly #settings: Rungs;
  readonly #goal: Goal;
  readonly #epochs: readonly number[];
  readonly #outcomes = new Map<string, Outcome>();
  /** Jobs of the rung that is at work. */
  #jobs: readonly Job[];
  #next = 0;

  constructor(configs: readonly Config[], seed: number, settings: Rungs, goal: Goal) {
    [this.#settings, this.#goal, this.#epochs] = [settings, goal, epochsOfRungs(settings)];
    const first = { rung: 0, seed, epochs: this.#epochs[0] };
    this.#jobs = configs.map((config, trial) => ({ id: trialId(config, seed), trial, config, ...first }));
  }

  next(): Job | 'wait' | 'done' {
    for (;;) {
      while (this.#next < this.#jobs.length) {
        const job = this.#jobs[this.#next++];
        if (!this.#outcomes.has(keyOf(job))) return job;
      }
      const outcomes = this.#jobs.map((job) => this.#outcomes.get(keyOf(job)));
      if (!outcomes.every((outcome) => outcome !== undefined)) return 'wait';
      const jobs = this.#promoted(outcomes);
      if (jobs.length === 0) return 'done';
      [this.#jobs, this.#next] = [jobs, 0];
    }
  }

  tell(outcome: Outcome): void {
    const key = keyOf(outcome.job);
    if (!this.#outcomes.has(key)) this.#outcomes.set(key, outcome);
  }

  /** The jobs of the rung after a complete one, in the order of the trials. */
  #promoted(outcomes: readonly Outcome[]): Job[] {
    const rung = (this.#jobs[0]?.rung ?? 0) + 1;
    if (rung >= this.#epochs.length) return [];
    const { trials, eta } = this.#settings;
    const most = Math.max(1, Math.floor(trials / eta ** rung));
    const good = ranked(this.#goal, outcomes).filter((outcome) => mayGoOn(this.#goal, outcome));
    const jobs = good.slice(0, most).map(({ job }) => ({ ...job, rung, epochs: this.#epochs[rung] }));
    return jobs.sort((a, b) => a.trial - b.trial);
  }
}

/** The name of a job among those of a search. */
export function keyOf({ id, rung }: Job): string {
  return `${id}:${rung}`;
}

/** Whether a trial has more to give: it has the metric, and was not stopped. */
export function mayGoOn(goal: Goal, { error, metrics, stopped }: Outcome): boolean {
  return error === null && !stopped && badness(goal, metrics) < Number.POSITIVE_INFINITY;
}
