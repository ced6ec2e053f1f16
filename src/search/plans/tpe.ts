import { Random } from '../../arrays/index.js';
import { trialId } from '../identity.js';
import { type Goal, ranked } from '../objective.js';
import { applies, type Space } from '../space/index.js';
import type { StrategySettings } from '../strategies.js';
import type { Config, Job, Outcome, Plan } from '../types.js';
import { Draws } from './drawn.js';
import { numbersOf } from './numbers.js';
import { densityOf } from './parzen.js';

type Settings = Extract<StrategySettings, { readonly name: 'tpe' }>;

/** The share of outcomes that count as good, and how many at most: as hyperopt and Optuna have it. */
const GOOD = 0.1;
const MOST_GOOD = 25;

/** Attempts to find a config that was not tried yet, before one is drawn at random. */
const ATTEMPTS = 20;

/**
 * Tree-structured Parzen estimators (Bergstra et al. 2011, section 4): each parameter has a density l of the values in
 * good configs and another g of those in the others. Of some values drawn from l, the one with the greatest l/g is
 * taken; that has the greatest expected improvement. Parameters that depend on others are chosen behind them, from the
 * configs in which they applied.
 */
export class TpePlan implements Plan {
  readonly #space: Space;
  readonly #seed: number;
  readonly #settings: Settings;
  readonly #goal: Goal;
  readonly #draws: Draws;
  readonly #outcomes = new Map<string, Outcome>();
  /** Numbers and names of trials that were asked for or told of. */
  readonly #trials = new Set<number>();
  readonly #ids = new Set<string>();
  #next = 0;

  constructor(space: Space, seed: number, settings: Settings, goal: Goal) {
    [this.#space, this.#seed, this.#settings, this.#goal] = [space, seed, settings, goal];
    this.#draws = new Draws(space, seed);
  }

  next(): Job | 'done' {
    const { trials, startup, epochs } = this.#settings;
    while (this.#trials.has(this.#next)) this.#next++;
    const trial = this.#next;
    if (trial >= trials) return 'done';
    const isBlind = trial < startup || this.#outcomes.size < 2;
    const config = (isBlind ? null : this.#suggested(trial)) ?? this.#draws.next(this.#ids);
    if (config === null) return 'done';
    const id = trialId(config, this.#seed);
    this.#take(trial, id);
    return { id, trial, rung: 0, config, seed: this.#seed, epochs };
  }

  tell(outcome: Outcome): void {
    const { id, trial } = outcome.job;
    this.#take(trial, id);
    if (!this.#outcomes.has(id)) this.#outcomes.set(id, outcome);
  }

  #take(trial: number, id: string): void {
    this.#trials.add(trial);
    this.#ids.add(id);
  }

  /** A config that was not tried; null where none was found. A function of the trial's number and the outcomes. */
  #suggested(trial: number): Config | null {
    // By the trial, so that the order in which outcomes came does not matter.
    const outcomes = ranked(this.#goal, [...this.#outcomes.values()]);
    const good = Math.min(MOST_GOOD, Math.ceil(GOOD * outcomes.length));
    const configs = outcomes.map(({ job }) => job.config);
    const draw = numbersOf(new Random(`search ${this.#seed} ${trial}`));
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const config = this.#likeTheBest(configs.slice(0, good), configs.slice(good), draw);
      if (!this.#ids.has(trialId(config, this.#seed))) return config;
    }
    return null;
  }

  #likeTheBest(good: readonly Config[], others: readonly Config[], draw: () => number): Config {
    return this.#space.fill((name, parameter) => {
      const valuesIn = (configs: readonly Config[]) =>
        configs.filter((config) => applies(parameter, config)).map((config) => config[name] ?? null);
      const [likely, unlikely] = [densityOf(parameter, valuesIn(good)), densityOf(parameter, valuesIn(others))];
      let [best, most] = [likely.draw(draw), Number.NEGATIVE_INFINITY];
      for (let i = 0; i < this.#settings.candidates; i++) {
        const value = likely.draw(draw);
        const gain = Math.log(likely.of(value)) - Math.log(unlikely.of(value));
        if (gain > most) [best, most] = [value, gain];
      }
      return best;
    });
  }
}
