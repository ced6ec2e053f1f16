import { join, relative, resolve } from 'node:path';
import { faultOf } from '../../arrays/errors.js';
import { readText } from '../../files/index.js';
import { parseJson } from '../../formats/index.js';
import {
  type ConfigParts,
  makeConfig,
  NAMES,
  type RunConfig,
  type RunFolder,
  shownPath,
  VERSION,
} from '../../runs/index.js';
import { shellWord } from '../../terminal/index.js';
import { CliError, UsageError } from '../errors.js';
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
  const empty = Object.entries({ data, config, resume, run }).find(([, path]) => path === '');
  if (empty !== undefined) throw new UsageError(`${fn}: --${empty[0]} is empty, expected a path`);
  if (resume !== undefined) {
    const others = { MODEL: model, '--data': data, '--config': config, '--run': run };
    const given = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (given.length > 0) {
      throw new UsageError(`${fn}: --resume takes all from the run, expected no ${given.join(', ')} beside it`);
    }
    const folder = await openRun(io, fn, resume);
    return { config: await resumed(io, fn, resume, folder, set), folder };
  }
  if (model === undefined && config === undefined) {
    throw new UsageError(
      `${fn}: expected a MODEL, --config FILE or --resume RUN, such as ${io.program} ${fn} twolayer`,
    );
  }
  const base = config === undefined ? undefined : readConfig(fn, resolve(io.cwd, config));
  const surroundings = { cwd: io.cwd, env: io.env };
  const parts = { ...(model !== undefined && { model }), ...(data !== undefined && { data }), set };
  const made = await configOf(fn, { ...parts, ...(base !== undefined && { base }), ...surroundings });
  if (base !== undefined) {
    noteVersion(io, base);
    noteFile(io, base as Partial<RunConfig>, made);
  }
  return { config: made, folder: null };
}

/** A config. @throws {UsageError} naming a model that there is not, or what is wrong with a setting that was given. */
async function configOf(fn: string, parts: ConfigParts, file?: string): Promise<RunConfig> {
  try {
    return await makeConfig(fn, parts);
  } catch (error) {
    const arg = faultOf(error)?.arg ?? '';
    if (file !== undefined && arg.startsWith('config')) {
      throw new CliError(`${fn}: ${file}: ${(error as Error).message.slice(`${fn}: `.length)}`, undefined, {
        cause: error,
      });
    }
    const isWrongUse = arg.startsWith('--set ') || (arg.startsWith('MODEL ') && error instanceof RangeError);
    throw isWrongUse ? new UsageError((error as Error).message, { cause: error }) : error;
  }
}

/** Whether the schedule of a run leads to an end, so that no epochs can follow. */
export function hasFixedLength({ training: { schedule } }: RunConfig): boolean {
  return schedule === 'onecycle' || schedule === 'cosine';
}

/** The command that trains anew, as a run did, but for longer. */
export function longerRun(io: Io, dir: string, epochs: number): string {
  return `${io.program} train --config ${shellWord(join(dir, NAMES.config))} --epochs ${epochs}`;
}

/** A folder as people would name it from here. */
export function shownDir(io: Io, dir: string): string {
  const way = relative(io.cwd, dir);
  return way === '' ? '.' : way.startsWith('..') ? shownPath(dir, io.cwd) : way;
}

/** A folder as a command names it, from here: to be copied into a shell. */
export function dirInCommand(io: Io, dir: string): string {
  const way = relative(io.cwd, dir);
  return shellWord(way === '' ? '.' : way.startsWith('..') ? dir : way);
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

/** The config of a run that goes on. @throws {UsageError} naming what may not change; {Error} where it is damaged. */
async function resumed(
  io: Io,
  fn: string,
  resume: string,
  { config: base, state }: RunFolder,
  set: readonly string[],
): Promise<RunConfig> {
  const { cwd, env } = io;
  const isOver = set.length === 0 && state === 'finished' && Number.isInteger(base.training.epochs);
  if (isOver) return base;
  const file = join(resume, NAMES.config);
  const own = await configOf(fn, { base, cwd, env }, file);
  const odd = differing(base, own).filter((name) => name !== 'model.sha256');
  // Another version may have had fewer settings.
  if (odd.length > 0 && base.layerwise === own.layerwise) {
    const found = odd.map((name) => `${name} is ${leaves(base).get(name) ?? 'missing'}`).join(', ');
    throw new CliError(`${fn}: ${file} is damaged: ${found}; expected all as train has written it`);
  }
  noteVersion(io, base);
  if (set.length === 0) return odd.length === 0 ? base : own;
  const config = await configOf(fn, { base, set, cwd, env }, file);
  const others = differing(own, config).filter((name) => !MAY_CHANGE.includes(name));
  const [before, after] = [leaves(own), leaves(config)];
  if (others.length === 0) {
    const { epochs, schedule } = base.training;
    if (hasFixedLength(base) && config.training.epochs !== epochs) {
      throw new UsageError(
        `${fn}: --resume ${resume}: schedule=${schedule} is made for ${epochs} epochs, which cannot change; ` +
          `for a longer run: ${longerRun(io, resume, config.training.epochs)}`,
      );
    }
    // That the file has changed since is said at each start.
    const { sha256 } = base.model;
    return { ...config, model: { ...config.model, ...(sha256 !== undefined && { sha256 }) } };
  }
  const listed = others.map(
    (name) => `${name} is ${after.get(name) ?? 'not set'}, was ${before.get(name) ?? 'not set'}`,
  );
  throw new UsageError(
    `${fn}: --resume ${resume}: only epochs and patience may change: ${listed.join('; ')}; ` +
      `for a new run with other settings: ${io.program} ${fn} --config ${shellWord(join(resume, 'config.json'))} ` +
      set.map((one) => `--set ${shellWord(one)}`).join(' '),
  );
}

/** Says that a config is of another version of the library. */
function noteVersion(io: Io, base: unknown): void {
  const { layerwise = VERSION } = base as Partial<RunConfig>;
  if (layerwise === VERSION) return;
  io.note(`note: the config is of layerwise ${layerwise}, and this is ${VERSION}: the numbers may be others`);
}

/** Says that the file of the model is another one than when the config was made. */
function noteFile(io: Io, base: Partial<RunConfig>, { model }: RunConfig): void {
  const { file, sha256 } = base.model ?? {};
  if (model.file === undefined || sha256 === undefined || sha256 === model.sha256) return;
  if (file === undefined || resolve(io.cwd, file) !== model.file) return;
  io.note(`note: ${shownPath(model.file, io.cwd)} has changed since the config was made: what it exports now is used`);
}

/** The paths at which two configs differ, their versions aside. */
function differing(one: RunConfig, other: RunConfig): string[] {
  const [before, after] = [leaves(one), leaves(other)];
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => name !== 'layerwise');
  return names.filter((name) => before.get(name) !== after.get(name));
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
