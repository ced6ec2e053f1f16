import type { Goal } from '../objective.js';
import type { Space } from '../space/index.js';
import type { StrategySettings } from '../strategies.js';
import type { Config, Plan } from '../types.js';
import { AshaPlan } from './asha.js';
import { Draws } from './drawn.js';
import { HalvingPlan } from './halving.js';
import { ListPlan } from './list.js';
import { MedianStop } from './median-stop.js';
import { TpePlan } from './tpe.js';

/** What a plan is made of. */
export interface PlanSettings extends Goal {
  readonly space: Space;
  readonly strategy: StrategySettings;
  /** Of the draws, and of every trial. */
  readonly seed: number;
}

/** The plan of a search: the same settings and outcomes give the same jobs. */
export function planOf(settings: PlanSettings): Plan {
  const { strategy } = settings;
  const plan = bare(settings);
  const grace = 'medianStop' in strategy ? strategy.medianStop : null;
  return grace === null ? plan : new MedianStop(plan, settings, grace);
}

function bare({ space, strategy, seed, metric, mode }: PlanSettings): Plan {
  const goal: Goal = { metric, mode };
  switch (strategy.name) {
    case 'grid':
      return new ListPlan(space.grid(strategy.points), seed, strategy.epochs);
    case 'random':
      return new ListPlan(drawn(space, seed, strategy.trials), seed, strategy.epochs);
    case 'halving':
      return new HalvingPlan(drawn(space, seed, strategy.trials), seed, strategy, goal);
    case 'asha':
      return new AshaPlan(drawn(space, seed, strategy.trials), seed, strategy, goal);
    case 'tpe':
      return new TpePlan(space, seed, strategy, goal);
  }
}

/** Different configs at random: fewer than asked for where the space has no more. */
function drawn(space: Space, seed: number, trials: number): Config[] {
  const draws = new Draws(space, seed);
  const configs: Config[] = [];
  for (let config = draws.next(); config !== null; config = draws.next()) {
    configs.push(config);
    if (configs.length === trials) break;
  }
  return configs;
}
