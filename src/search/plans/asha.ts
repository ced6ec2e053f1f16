import { trialId } from '../identity.js';
import { type Goal, ranked } from '../objective.js';
import type { Config, Job, Outcome, Plan } from '../types.js';
import { keyOf, mayGoOn } from './halving.js';
import { epochsOfRungs, type Rungs } from './rungs.js';

/**
 * Asynchronous successive halving (Li et al. 2020, algorithm 2): whoever is free takes the highest rung that has a
 * trial among the best 1/eta of those that have completed the rung below, and else a new config.
 */
export class AshaPlan implements Plan {
  readonly #configs: readonly Config[];
  readonly #seed: number;
  readonly #eta: number;
  readonly #goal: Goal;
  readonly #epochs: readonly number[];
  /** Outcomes of each rung, by the trial's name. */
  readonly #rungs: readonly Map<string, Outcome>[];
  /** Jobs that were asked for or told of. */
  readonly #taken = new Set<string>();
  #running = 0;
  #next = 0;

  constructor(configs: readonly Config[], seed: number, settings: Rungs, goal: Goal) {
    [this.#configs, this.#seed, this.#eta, this.#goal] = [configs, seed, settings.eta, goal];
    this.#epochs = epochsOfRungs(settings);
    this.#rungs = this.#epochs.map(() => new Map());
  }

  next(): Job | 'wait' | 'done' {
    const job = this.#promoted() ?? this.#fresh();
    if (job === null) return this.#running > 0 ? 'wait' : 'done';
    this.#taken.add(keyOf(job));
    this.#running++;
    return job;
  }

  tell(outcome: Outcome): void {
    const { id, rung } = outcome.job;
    const outcomes = this.#rungs[rung];
    if (outcomes === undefined || outcomes.has(id)) return;
    outcomes.set(id, outcome);
    // What an earlier start has done was not asked of this one.
    if (this.#taken.has(keyOf(outcome.job))) this.#running--;
    else this.#taken.add(keyOf(outcome.job));
  }

  #promoted(): Job | null {
    for (let rung = this.#rungs.length - 2; rung >= 0; rung--) {
      const outcomes = [...this.#rungs[rung].values()];
      const best = ranked(this.#goal, outcomes).slice(0, Math.floor(outcomes.length / this.#eta));
      for (const outcome of best) {
        const job = { ...outcome.job, rung: rung + 1, epochs: this.#epochs[rung + 1] };
        if (mayGoOn(this.#goal, outcome) && !this.#taken.has(keyOf(job))) return job;
      }
    }
    return null;
  }

  #fresh(): Job | null {
    while (this.#next < this.#configs.length) {
      const trial = this.#next++;
      const config = this.#configs[trial];
      const id = trialId(config, this.#seed);
      const job = { id, trial, rung: 0, config, seed: this.#seed, epochs: this.#epochs[0] };
      if (!this.#taken.has(keyOf(job))) return job;
    }
    return null;
  }
}
