import { resolve } from 'node:path';
import {
  ANY,
  argumentError,
  describe,
  isPlainObject,
  type OptionsOf,
  type OptionTable,
  option,
  type Range,
  required,
  type Settings,
} from '../arrays/index.js';
import { loadTrial } from './load-trial.js';
import { checkGrid } from './plans/grid.js';
import { GOAL, type SearchSettings, splitTrial } from './settings.js';
import { type Parameters, Space } from './space/index.js';
import { type Strategy, strategySettings } from './strategies.js';
import type { DefinedTrial } from './trial.js';
import type { Config, Trial } from './types.js';

const TRIAL: Range = {
  allows: (value) => typeof value === 'function' || (typeof value === 'string' && value !== ''),
  expected: "the file of a trial, 'FILE' or 'FILE#NAME', or a function (config, seed, report) => metrics",
  Kind: TypeError,
};

/** The options that say what is searched, however its trials run. */
export const SEARCHED = {
  ...GOAL,
  /**
   * What is tried: the file that exports it, `FILE#NAME` if it exports several; or a function, for trials in this
   * process.
   */
  trial: required<string | Trial>(TRIAL),
  /** What is searched over. Default: the space that the trial was defined with. */
  space: option<Space | Parameters | undefined>(undefined, ANY),
  /** How configs are chosen, with the strategy's options: see `STRATEGIES`. Default `'random'`. */
  strategy: option<Strategy>('random', ANY),
};

/** The options of a table with {@link SEARCHED} in it: the trial takes the configs of the space. */
export type OptionsFor<Table extends OptionTable, C extends Config> = Omit<OptionsOf<Table>, 'trial' | 'space'> & {
  /**
   * What is tried: the file that exports it, `FILE#NAME` if it exports several; or a function, for trials in this
   * process.
   */
  trial: string | Trial<C>;
  /** What is searched over. Default: the space that the trial was defined with. */
  space?: Space<C> | Parameters;
};

/**
 * The trial, and what is searched.
 *
 * @param elsewhere - Whether trials run in other processes, which have files alone.
 * @throws {TypeError | RangeError | Error} naming what is wrong with space, strategy or trial.
 */
export async function searchedOf(
  fn: string,
  { metric, mode, seed, ...settings }: Settings<typeof SEARCHED>,
  elsewhere: boolean,
): Promise<readonly [trial: string | Trial, searched: SearchSettings]> {
  const strategy = strategySettings(fn, settings.strategy);
  const given = settings.space === undefined ? null : spaceOf(fn, settings.space);
  const [path, name] = typeof settings.trial === 'string' ? splitTrial(settings.trial) : ['', ''];
  const trial = typeof settings.trial === 'string' ? resolve(path) + (name && `#${name}`) : settings.trial;
  if (typeof trial !== 'string' && elsewhere) {
    const found = 'is a function, which other processes do not have';
    const wayOut = 'export it from a file: `export default defineTrial(…)`, or leave workers out';
    throw argumentError(TypeError, { fn, arg: 'trial', found, wayOut });
  }
  const defined = typeof trial === 'string' ? await loadTrial(fn, trial) : (trial as Partial<DefinedTrial>);
  const space = given ?? defined.space ?? null;
  if (space === null) {
    const expected = 'a space, since the trial was defined without one';
    throw argumentError(TypeError, { fn, arg: 'space', found: 'is missing', expected });
  }
  checkGrid(fn, space, strategy);
  return [trial, { trial: typeof trial === 'string' ? trial : null, space, strategy, metric, mode, seed }];
}

function spaceOf(fn: string, given: unknown): Space {
  if (given instanceof Space) return given;
  if (typeof given === 'object' && given !== null && isPlainObject(given)) return new Space(given);
  const expected = 'what space(…) returned, or its parameters';
  throw argumentError(TypeError, { fn, arg: 'space', found: `is ${describe(given)}`, expected });
}
