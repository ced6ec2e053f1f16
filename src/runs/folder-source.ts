import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Insight, RunInfo, RunList, Snapshot, Update } from '../ui/protocol.js';
import { pointBytes } from '../ui/server/points.js';
import type { Source } from '../ui/server/source.js';
import { NAMES, RunFolder } from './folder.js';
import { epochRows, infoOf, statusOf, summaryOf } from './summary.js';

/** Milliseconds between two looks at the folder. */
const INTERVAL = 1000;

/** Milliseconds in which a page has time to ask for the points of a run, before its model keeps this thread busy. */
const PATIENCE = 300;

/** What is only known with the model of a run. */
export type Learned = Pick<RunInfo, 'classes' | 'layers'> & { readonly insight: Insight | null };

/** A run, and what of it was told. */
interface Entry {
  readonly run: RunFolder;
  /** Tells a config from one that has replaced it. */
  readonly config: string;
  /** Tells whether something in its folder has changed. */
  files: string;
  status: string;
  epochs: number;
  points: number;
  /** The iteration of the last point. */
  last: number;
  learned: Learned | null;
  /** Of which files `learned` is, or will be. */
  asked: string;
}

/**
 * The runs in a folder, finished and running: what has been written since the last look is read each second. Ids are
 * the names that the folder has, and are never made a path.
 */
export class FolderSource implements Source {
  /** The page of the process that trains gives commands. */
  readonly command = null;
  readonly #fn: string;
  readonly #dir: string;
  readonly #title: string;
  readonly #version: string;
  readonly #learn: ((run: RunFolder) => Promise<Learned | null>) | null;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(update: Update) => void>();
  readonly #timer: NodeJS.Timeout;

  /**
   * @param title - What the page calls the folder.
   * @param learn - Looks at the model of a run, which may take seconds; null: nothing does.
   */
  constructor(
    fn: string,
    dir: string,
    {
      title,
      version,
      learn,
    }: Pick<RunList, 'title' | 'version'> & {
      readonly learn: ((run: RunFolder) => Promise<Learned | null>) | null;
    },
  ) {
    this.#fn = fn;
    this.#dir = dir;
    this.#title = title;
    this.#version = version;
    this.#learn = learn;
    this.#look();
    this.#timer = setInterval(() => this.#look(), INTERVAL);
    this.#timer.unref();
  }

  /** Looks no more. */
  close(): void {
    clearInterval(this.#timer);
  }

  list(): RunList {
    const runs = this.#sorted().map(({ run }) => summaryOf(run));
    return { source: 'folder', title: this.#title, version: this.#version, runs };
  }

  snapshot(id: string): Snapshot | null {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    this.#ask(entry);
    const { run, learned } = entry;
    const { state } = run;
    const metrics = run.metrics();
    const info = { ...infoOf(run, metrics), ...(learned && { classes: learned.classes, layers: learned.layers }) };
    const status = statusOf(run.config, metrics, state);
    return { info, status, epochs: epochRows(metrics), insight: learned?.insight ?? null, points: null };
  }

  points(id: string, from: number): Uint8Array | null {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    const { iteration, loss, learningRate } = entry.run.metrics().steps;
    return pointBytes([iteration, loss, learningRate], from);
  }

  subscribe(hear: (update: Update) => void): () => void {
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  /** By their names, `a-10` behind `a-9`. */
  #sorted(): Entry[] {
    return [...this.#entries.values()].sort((a, b) => a.run.name.localeCompare(b.run.name, 'en', { numeric: true }));
  }

  #hear(update: Update): void {
    for (const hear of this.#listeners) hear(update);
  }

  /** Looks for what has changed. A folder that cannot be read for a moment is as it was. */
  #look(): void {
    let names: string[];
    try {
      names = readdirSync(this.#dir);
    } catch {
      return;
    }
    const runs = names.filter((name) => !name.startsWith('.')).filter((name) => this.#lookAt(name));
    const isThere = new Set(runs);
    for (const id of this.#entries.keys()) {
      if (isThere.has(id)) continue;
      this.#entries.delete(id);
      this.#hear({ kind: 'gone', run: id });
    }
  }

  /** @returns Whether there is a run of that name. */
  #lookAt(name: string): boolean {
    const dir = join(this.#dir, name);
    const config = stampOf(join(dir, NAMES.config));
    if (config === '') return false;
    try {
      const known = this.#entries.get(name);
      if (known?.config === config) this.#tell(known);
      else {
        const run = RunFolder.open(dir, this.#fn);
        this.#entries.set(name, { ...{ run, config, learned: null, asked: '' }, ...toldOf(run), files: filesOf(run) });
        this.#hear({ kind: 'run', run: name });
      }
      return true;
    } catch {
      // Half a config, or metrics that cannot be read: another look will show.
      return this.#entries.has(name);
    }
  }

  /** Tells what is new in a run. */
  #tell(entry: Entry): void {
    const { run } = entry;
    const files = filesOf(run);
    // That a process was killed changes no file.
    if (files === entry.files && !entry.status.startsWith('{"state":"running"')) return;
    entry.files = files;
    const { state } = run;
    const metrics = run.metrics();
    const { iteration } = metrics.steps;
    const isCut = iteration.length < entry.points || (entry.points > 0 && iteration[entry.points - 1] !== entry.last);
    if (isCut || metrics.epochs.length < entry.epochs) {
      Object.assign(entry, toldOf(run));
      this.#hear({ kind: 'run', run: run.name });
      return;
    }
    const rows = epochRows(metrics);
    for (let place = entry.epochs; place < rows.length; place++) {
      this.#hear({ kind: 'epoch', run: run.name, place, row: rows[place] });
    }
    const status = statusOf(run.config, metrics, state);
    const text = JSON.stringify(status);
    if (text !== entry.status) this.#hear({ kind: 'status', run: run.name, status });
    Object.assign(entry, toldOf(run));
  }

  /** Looks at the model of a run that does not change, once somebody looks at the run. */
  #ask(entry: Entry): void {
    const { run, files } = entry;
    if (this.#learn === null || entry.asked === files || run.state === 'running') return;
    entry.asked = files;
    const done = (learned: Learned | null): void => {
      if (learned === null || entry.asked !== files) return;
      entry.learned = learned;
      this.#hear({ kind: 'reload', run: run.name });
    };
    // What cannot be opened stays unknown.
    setTimeout(() => void this.#learn?.(run).then(done, () => {}), PATIENCE);
  }
}

/** How far a run is, as it is told. */
function toldOf(run: RunFolder): Pick<Entry, 'status' | 'epochs' | 'points' | 'last'> {
  const { state } = run;
  const metrics = run.metrics();
  const { iteration } = metrics.steps;
  const status = JSON.stringify(statusOf(run.config, metrics, state));
  return { status, epochs: metrics.epochs.length, points: iteration.length, last: iteration.at(-1) ?? 0 };
}

/** Changes where something in the folder of a run does: its names, and its metrics. */
function filesOf(run: RunFolder): string {
  return `${stampOf(run.dir)} ${stampOf(join(run.dir, NAMES.metrics))} ${stampOf(run.model)}`;
}

/** Changes where a file does; empty where there is none that can be seen. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return '';
  }
}
