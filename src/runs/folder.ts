import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { attempt, holderOf, makeFolder, readText, statOf, writeAtomically } from '../files/index.js';
import { parseJson } from '../formats/index.js';
import { shellWord } from '../terminal/index.js';
import type { RunState } from './events.js';
import { type Metrics, MetricsReader } from './metrics.js';
import type { RunConfig } from './types.js';

/** The names in the folder of a run. */
export const NAMES = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  checkpoints: 'checkpoints',
  model: 'model.safetensors',
  report: 'report.html',
  /** Events for TensorBoard. */
  events: 'tensorboard',
  lock: '.run.lock',
} as const;

/** The largest config.json that is read, in characters. */
const MOST = 1 << 20;

/** What a config has at least. */
const PARTS = [
  ['model.name', 'a text'],
  ['data.kind', 'a text'],
  ['model.options', 'an object'],
  ['training.epochs', 'a number'],
] as const;

/** How deep a config may be nested. */
const DEPTH = 16;

/**
 * The folder of a run: `config.json`, `metrics.jsonl`, `checkpoints/`, at the end `model.safetensors` and
 * `report.html`. It may be read while another process writes it.
 */
export class RunFolder<Config extends RunConfig = RunConfig> {
  /** An absolute path. */
  readonly dir: string;
  readonly config: Config;
  readonly #reader: MetricsReader;

  private constructor(dir: string, config: Config) {
    this.dir = dir;
    this.config = config;
    this.#reader = new MetricsReader(join(dir, NAMES.metrics));
  }

  /** @throws {Error} if something is in the way of a new run. */
  static checkFree(dir: string, fn = 'run'): void {
    const stat = statOf(fn, dir);
    if (stat === undefined) return;
    if (!stat.isDirectory()) throw new Error(`${fn}: ${dir} is a file, expected a folder for the run; name another`);
    const names = attempt(fn, 'read', dir, () => readdirSync(dir));
    if (names.includes(NAMES.config)) {
      throw new Error(
        `${fn}: ${dir} has a run already; continue it with --resume ${shellWord(dir)}, or name another folder`,
      );
    }
    if (names.length > 0) {
      throw new Error(`${fn}: ${dir} is not empty, expected a new folder for the run; name another`);
    }
  }

  /**
   * Makes the folder of a new run, with its config.json from the first moment on.
   *
   * @param dir - A folder that does not exist yet, or is empty.
   * @throws {Error} if something is in it, or it cannot be written.
   */
  static create(dir: string, config: RunConfig, fn = 'run'): RunFolder {
    const whole = resolve(dir);
    RunFolder.checkFree(dir || '.', fn);
    if (statOf(fn, whole) !== undefined) writeAtomically(fn, join(whole, NAMES.config), textOf(config), true);
    else if (!makeNew(fn, whole, config)) {
      throw new Error(`${fn}: another process has just made ${dir}; name another folder`);
    }
    return new RunFolder(whole, config);
  }

  /** Makes the folder of a new run in `parent`: `<model>-<data>-<n>`, with the first number that is free. */
  static createIn(parent: string, config: RunConfig, fn = 'run'): RunFolder {
    const name = `${plain(config.model.name)}-${plain(config.data.kind)}`;
    for (let n = 1 + lastNumber(fn, parent, name); ; n++) {
      const dir = resolve(parent, `${name}-${n}`);
      // Another process may have taken the number in between.
      if (statOf(fn, dir) === undefined && makeNew(fn, dir, config)) return new RunFolder(dir, config);
    }
  }

  /** @throws {Error} if there is no run in the folder, or its config.json is damaged. */
  static open(dir: string, fn = 'run'): RunFolder {
    const whole = resolve(dir);
    const file = join(whole, NAMES.config);
    if (statOf(fn, file) === undefined) {
      const found = statOf(fn, whole) === undefined ? 'does not exist' : `has no ${NAMES.config}`;
      throw new Error(`${fn}: ${dir} ${found}, expected the folder of a run, as \`layerwise train\` makes it`);
    }
    const text = readText(fn, file, MOST, 'it is the config of no run');
    parseJson({ fn, file }, NAMES.config, text, DEPTH);
    const config: unknown = JSON.parse(text);
    const missing = PARTS.find(([part, kind]) => !isKind(at(config, part), kind));
    if (missing !== undefined) {
      throw new Error(`${fn}: ${file} has no ${missing[0]} that is ${missing[1]}, expected the config of a run`);
    }
    return new RunFolder(whole, config as RunConfig);
  }

  /** The folder's own name. */
  get name(): string {
    return basename(this.dir);
  }

  /** The folder of the checkpoints. */
  get checkpoints(): string {
    return join(this.dir, NAMES.checkpoints);
  }

  /** The weights of the finished run. */
  get model(): string {
    return join(this.dir, NAMES.model);
  }

  get report(): string {
    return join(this.dir, NAMES.report);
  }

  /** What becomes of the run, by what is on disk: right also after its process was killed. */
  get state(): RunState {
    if (holderOf('run', join(this.dir, NAMES.lock)) !== null) return 'running';
    return this.metrics().end?.state ?? 'interrupted';
  }

  /** What the run has logged so far. Each call reads what is new; the columns are valid until the next. */
  metrics(): Metrics {
    return this.#reader.read();
  }
}

/** The runs in a folder, by their names; `a-10` is behind `a-9`. Folders that are no runs are left out. */
export function listRuns(dir: string, fn = 'run'): RunFolder[] {
  const whole = resolve(dir);
  if (statOf(fn, whole)?.isDirectory() !== true) {
    throw new Error(`${fn}: ${dir} is no folder, expected one with runs in it, such as runs`);
  }
  const names = attempt(fn, 'read', whole, () => readdirSync(whole)).filter((name) => !name.startsWith('.'));
  names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return names.flatMap((name) => {
    const one = join(whole, name);
    if (statOf(fn, join(one, NAMES.config)) === undefined) return [];
    try {
      return [RunFolder.open(one, fn)];
    } catch {
      return [];
    }
  });
}

/**
 * Makes a folder that has its config.json as soon as it is there.
 *
 * @returns Whether it could be, as nobody else has made it in between.
 */
function makeNew(fn: string, dir: string, config: RunConfig): boolean {
  makeFolder(fn, dirname(dir));
  const unfinished = join(dirname(dir), `.${crypto.randomUUID()}.tmp`);
  return attempt(fn, 'make', dir, () => {
    mkdirSync(unfinished);
    try {
      writeAtomically(fn, join(unfinished, NAMES.config), textOf(config), true);
      renameSync(unfinished, dir);
      return true;
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  });
}

/** The value at a path such as `model.name`; undefined where there is none. */
function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => (inner as Record<string, unknown> | null)?.[name], value);
}

function isKind(value: unknown, kind: 'a text' | 'a number' | 'an object'): boolean {
  if (kind === 'an object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === (kind === 'a text' ? 'string' : 'number');
}

/** The text of config.json. */
export function textOf(config: object): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** A name that every file system takes: of a path, what it ends with, without an ending. */
function plain(name: string): string {
  const own = basename(name).replace(/\.\w+$/, '');
  return own.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '') || 'model';
}

/** The highest number of a run with that name; 0 where there is none. */
function lastNumber(fn: string, parent: string, name: string): number {
  if (statOf(fn, parent) === undefined) return 0;
  const names = attempt(fn, 'read', parent, () => readdirSync(parent)).filter((one) => one.startsWith(`${name}-`));
  const numbers = names.map((one) => one.slice(name.length + 1)).filter((rest) => /^\d{1,9}$/.test(rest));
  return Math.max(0, ...numbers.map(Number));
}
