import { relative, resolve } from 'node:path';
import { readText } from '../../files/index.js';
import { parseJson } from '../../formats/index.js';
import { makeConfig, type RunConfig, type RunFolder, shownPath } from '../../runs/index.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { openRun } from '../runs.js';

/** What `train` is given. */
export interface TrainFlags {
  readonly data?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly run?: string;
  readonly resume?: string;
  readonly epochs?: string;
  readonly lr?: string;
  readonly batchSize?: string;
  readonly seed?: string;
}

/** What is to be trained. */
export interface Plan {
  readonly config: RunConfig;
  /** The run that goes on; null for a new one. */
  readonly folder: RunFolder | null;
}

/** What `--resume` may change: what bounds the length of a run. */
const MAY_CHANGE = ['training.epochs', 'training.patience'];

/** The largest file of a config that is read, in characters, and how deep it may be nested. */
const MOST = 1 << 20;
const DEPTH = 16;

/** @throws {UsageError | RangeError} naming what does not fit, before anything is made. */
export async function planOf(io: Io, fn: string, model: string | undefined, flags: TrainFlags): Promise<Plan> {
  const { config, resume, run, data } = flags;
  const set = [...(flags.set ?? []), ...shorthands(flags)];
  if (resume !== undefined) {
    const others = { MODEL: model, '--data': data, '--config': config, '--run': run };
    const given = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (given.length > 0) {
      throw new UsageError(`${fn}: --resume takes all from the run, expected no ${given.join(', ')} beside it`);
    }
    const folder = await openRun(io, fn, resume);
    return { config: await changed(io, fn, resume, folder.config, set), folder };
  }
  if (model === undefined && config === undefined) {
    throw new UsageError(`${fn}: expected a MODEL, --config FILE or --resume RUN, such as layerwise ${fn} twolayer`);
  }
  const base = config === undefined ? undefined : readConfig(fn, resolve(io.cwd, config));
  const surroundings = { cwd: io.cwd, env: io.env };
  const parts = { ...(model !== undefined && { model }), ...(data !== undefined && { data }), set };
  return {
    config: await makeConfig(fn, { ...parts, ...(base !== undefined && { base }), ...surroundings }),
    folder: null,
  };
}

/** A folder as people would name it from here. */
export function shownDir(io: Io, dir: string): string {
  const way = relative(io.cwd, dir);
  return way === '' ? '.' : way.startsWith('..') ? shownPath(dir, io.cwd) : way;
}

/** Options that are settings with a name of their own. */
function shorthands({ epochs, lr, batchSize, seed }: TrainFlags): string[] {
  const settings = Object.entries({ epochs, lr, batchSize, seed });
  return settings.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

function readConfig(fn: string, file: string): unknown {
  const text = readText(fn, file, MOST, 'it is no config of a run');
  parseJson({ fn, file }, 'config', text, DEPTH);
  return JSON.parse(text);
}

/** The config of a run that goes on. @throws {UsageError} naming what may not change. */
async function changed(
  io: Io,
  fn: string,
  resume: string,
  base: RunConfig,
  set: readonly string[],
): Promise<RunConfig> {
  if (set.length === 0) return base;
  const config = await makeConfig(fn, { base, set, cwd: io.cwd, env: io.env });
  const [before, after] = [leaves(base), leaves(config)];
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => name !== 'layerwise');
  const others = names.filter((name) => !MAY_CHANGE.includes(name) && before.get(name) !== after.get(name));
  if (others.length === 0) return config;
  const listed = others.map(
    (name) => `${name} is ${after.get(name) ?? 'not set'}, was ${before.get(name) ?? 'not set'}`,
  );
  throw new UsageError(
    `${fn}: --resume ${resume}: only epochs and patience may change: ${listed.join('; ')}; ` +
      `for a new run with other settings: layerwise ${fn} --config ${resume}/config.json --set ${set.join(' --set ')}`,
  );
}

/** The values of a config as texts, by their paths. */
function leaves(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new Map([[path, JSON.stringify(value)]]);
  const below = Object.entries(value).flatMap(([name, one]) => [
    ...leaves(one, path === '' ? name : `${path}.${name}`),
  ]);
  return new Map(below);
}
