import { type SearchSettings, space, uniform } from '../../src/search/index.js';
import { strategySettings } from '../../src/search/strategies.js';

/** A search of 16 trials, of test/programs/halting-trial.mjs. */
export function haltingSearch(trial: string): SearchSettings {
  const strategy = strategySettings('search', { name: 'random', trials: 16, epochs: 4 });
  return { trial, space: space({ x: uniform(0, 3) }), strategy, metric: 'value', mode: 'max', seed: 5 };
}
