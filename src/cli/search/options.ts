import { basename, extname, join, resolve } from 'node:path';
import { readText, statOf } from '../../files/index.js';
import type { SearchFolder } from '../../search/folder.js';
import type { Space, Strategy, StrategyName, StrategySettings } from '../../search/index.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';

const FN = 'search';

/** What `search` is given. */
export interface SearchFlags extends StrategyFlags {
  readonly trial?: string;
  readonly space?: string;
  readonly strategy?: StrategyName;
  readonly metric?: string;
  readonly mode?: 'max' | 'min';
  readonly seed?: number;
}

/** Options of strategies. */
export interface StrategyFlags {
  readonly trials?: number;
  readonly epochs?: number;
  readonly minEpochs?: number;
  readonly eta?: number;
  readonly points?: number;
  readonly startup?: number;
  readonly medianStop?: number;
}

/** The flag of each option. */
const FLAGS: Readonly<Record<keyof StrategyFlags, string>> = {
  trials: '--trials',
  epochs: '--epochs',
  minEpochs: '--min-epochs',
  eta: '--eta',
  points: '--points',
  startup: '--startup',
  medianStop: '--median-stop',
};

/** What is searched, in the words of `search()`; its folder is absolute. */
export interface Wanted {
  readonly folder: string;
  readonly trial: string;
  readonly space?: Space;
  readonly strategy: Strategy;
  readonly metric: string;
  readonly mode: 'max' | 'min';
  readonly seed: number;
}

/** The largest file of a space that is read, in bytes. */
const MOST = 1 << 20;

/**
 * What is searched: as the flags say, and where they do not, as the search in the folder.
 *
 * @throws {UsageError} naming what is missing or does not fit, before anything is made.
 */
export async function wantedOf(io: Io, dir: string | undefined, flags: SearchFlags): Promise<Wanted> {
  const { SearchFolder } = await import('../../search/folder.js');
  const { STRATEGIES } = await import('../../search/index.js');
  const folder = dir === undefined ? folderOf(io, flags) : resolve(io.cwd, dir);
  const before = statOf(FN, join(folder, 'search.json')) === undefined ? null : SearchFolder.open(FN, folder).settings;
  const trial = flags.trial === undefined ? before?.trial : resolve(io.cwd, flags.trial);
  if (trial === undefined || trial === null) {
    const what = before === null ? `there is no search in ${dir}` : `${dir} was started by a program`;
    throw new UsageError(`${FN}: ${what}, expected --trial FILE beside it; ${io.program} search init writes one`);
  }
  const space = flags.space === undefined ? before?.space : await spaceOf(io, flags.space);
  return {
    folder,
    trial,
    ...(space !== undefined && { space }),
    strategy: strategyOf(STRATEGIES, flags, before?.strategy),
    metric: flags.metric ?? before?.metric ?? 'valAcc',
    mode: flags.mode ?? before?.mode ?? 'max',
    seed: flags.seed ?? before?.seed ?? 0,
  };
}

/** The default: `searches/` and the name of the trial's file, so that the same line goes on with the same search. */
function folderOf(io: Io, { trial }: SearchFlags): string {
  if (trial === undefined) {
    throw new UsageError(
      `${FN}: expected the folder of a search, or --trial FILE; ${io.program} search init writes one`,
    );
  }
  const [file] = trial.split('#');
  return resolve(io.cwd, 'searches', basename(file, extname(file)));
}

async function spaceOf(io: Io, text: string): Promise<Space> {
  const { Space } = await import('../../search/index.js');
  const isJson = text.trimStart().startsWith('{');
  const json = isJson ? text : readText(FN, resolve(io.cwd, text), MOST, 'name a file of JSON');
  const where = isJson ? '--space' : `--space ${text}`;
  let parameters: unknown;
  try {
    parameters = JSON.parse(json);
  } catch (cause) {
    throw new UsageError(`${FN}: ${where} is no JSON: ${(cause as Error).message}`, { cause });
  }
  try {
    return new Space(parameters);
  } catch (cause) {
    throw new UsageError(`${FN}: ${where}: ${(cause as Error).message.replace(/^space: /, '')}`, { cause });
  }
}

function strategyOf(
  strategies: Readonly<Record<StrategyName, object>>,
  flags: SearchFlags,
  before: StrategySettings | undefined,
): Strategy {
  const name = flags.strategy ?? before?.name ?? 'random';
  const table = strategies[name];
  const names = (Object.keys(FLAGS) as (keyof StrategyFlags)[]).filter((option) => flags[option] !== undefined);
  const foreign = names.find((option) => !(option in table));
  if (foreign !== undefined) {
    const own = Object.entries(FLAGS).filter(([option]) => option in table);
    const takes = own.map(([, flag]) => flag).join(', ');
    throw new UsageError(`${FN}: ${FLAGS[foreign]} is not of --strategy ${name}, which takes ${takes}`);
  }
  const given = Object.fromEntries(names.map((option) => [option, flags[option]]));
  const kept = before?.name === name ? before : {};
  if ((name === 'halving' || name === 'asha') && !('epochs' in { ...kept, ...given })) {
    throw new UsageError(`${FN}: --strategy ${name} needs --epochs, up to which the best trials train`);
  }
  return { ...kept, ...given, name } as Strategy;
}

/** The folder of a search that is there. @throws {Error} if there is none. */
export async function openSearch(io: Io, fn: string, dir: string): Promise<SearchFolder> {
  const { SearchFolder } = await import('../../search/folder.js');
  return SearchFolder.open(fn, io.cwd === process.cwd() ? dir : resolve(io.cwd, dir));
}
