import {
  argumentError,
  count,
  describe,
  isPlainObject,
  type OptionsOf,
  type OptionTable,
  option,
  orNull,
  type Range,
  required,
  type Settings,
  settingsOf,
} from '../arrays/index.js';
import { didYouMean } from '../terminal/index.js';

const LENGTH = {
  /** Up to which epoch a trial is to train; null: as far as it likes. Default null. */
  epochs: option<number | null>(null, orNull(count(1))),
  /**
   * From which epoch on a trial is stopped whose best metric so far is worse than the median of the others' averages up
   * to the same epoch (Golovin et al. 2017, section 3.2.2); null: never. Default null. With several trials at a time it
   * depends on which report comes first.
   */
  medianStop: option<number | null>(null, orNull(count(1))),
};

const TRIALS = {
  /** How many configs are tried. Default 20. */
  trials: option(20, count(1, 1_000_000)),
};

const RUNGS = {
  /** How many configs are tried at first. Default 27. */
  trials: option(27, count(1, 1_000_000)),
  /** Up to which epoch the best train. */
  epochs: required<number>(count(1)),
  /** Up to which epoch all train. Default 1. */
  minEpochs: option(1, count(1)),
  /** One of so many goes on, and trains so many times as far. Default 3. */
  eta: option(3, count(2)),
};

const POINTS: Range = {
  allows: (value) => {
    const counts = typeof value === 'object' && value !== null && isPlainObject(value) ? Object.values(value) : [value];
    return counts.every((n) => Number.isSafeInteger(n) && (n as number) >= 1);
  },
  expected: 'a whole number ≥ 1, or one for each name of a range',
  Kind: RangeError,
};

/** The options of each strategy. */
export const STRATEGIES = {
  /** All configs of a grid. */
  grid: {
    ...LENGTH,
    /** Values of each range, from end to end; or by name, 1 where there is none. Default 3. */
    points: option<number | Readonly<Record<string, number>>>(3, POINTS),
  },
  /** Configs at random (Bergstra and Bengio 2012). */
  random: { ...TRIALS, ...LENGTH },
  /**
   * Successive halving (Jamieson and Talwalkar 2016): all train a little, the best of them further, rung by rung. Each
   * rung waits for the one before, so results do not depend on which trial is done first.
   */
  halving: RUNGS,
  /**
   * Successive halving that waits for nobody (ASHA, Li et al. 2020): a trial goes on as soon as it is among the best of
   * those that have come as far. With several trials at a time it depends on which is done first.
   */
  asha: RUNGS,
  /**
   * Tree-structured Parzen estimators (Bergstra et al. 2011): configs like the good ones, and unlike the others. With
   * several trials at a time it depends on which is done first.
   */
  tpe: {
    ...TRIALS,
    ...LENGTH,
    /** How many configs are drawn at random first. Default 10. */
    startup: option(10, count(1)),
    /** Out of how many values, drawn from the good ones' density, the best is taken. Default 24. */
    candidates: option(24, count(1)),
  },
} satisfies Readonly<Record<string, OptionTable>>;

type Tables = typeof STRATEGIES;

/** The names of strategies. */
export type StrategyName = keyof Tables;

/** A strategy as a caller names it: with options, or, where none is needed, by its name alone. */
export type Strategy =
  | 'grid'
  | 'random'
  | 'tpe'
  | { [Name in StrategyName]: { readonly name: Name } & OptionsOf<Tables[Name]> }[StrategyName];

/** A strategy with the defaults filled in. */
export type StrategySettings = {
  [Name in StrategyName]: { readonly name: Name } & Settings<Tables[Name]>;
}[StrategyName];

/**
 * Checks a strategy, and fills the defaults in.
 *
 * @throws {TypeError | RangeError} naming what is wrong with it.
 */
export function strategySettings(fn: string, strategy: unknown): StrategySettings {
  const names = Object.keys(STRATEGIES) as StrategyName[];
  const given = typeof strategy === 'string' ? { name: strategy } : strategy;
  const expected = names.map((name) => `'${name}'`).join(', ');
  if (typeof given !== 'object' || given === null || !isPlainObject(given)) {
    throw argumentError(TypeError, { fn, arg: 'strategy', found: `is ${describe(strategy)}`, expected });
  }
  const { name, ...options } = given as { readonly name?: unknown };
  if (!names.includes(name as StrategyName)) {
    const hint = didYouMean(String(name), names);
    throw argumentError(RangeError, { fn, arg: 'strategy', found: `is ${describe(name)}`, expected: expected + hint });
  }
  const table: OptionTable = STRATEGIES[name as StrategyName];
  const settings = { name, ...settingsOf(`${fn}: strategy ${name}`, table, options) } as StrategySettings;
  if ('minEpochs' in settings && settings.minEpochs > settings.epochs) {
    const found = `is ${settings.minEpochs}`;
    throw argumentError(RangeError, {
      fn: `${fn}: strategy ${settings.name}`,
      arg: 'minEpochs',
      found,
      expected: `at most epochs, ${settings.epochs}`,
    });
  }
  return settings;
}
