import { existsSync, linkSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argumentError } from '../arrays/index.js';
import { attempt, makeFolder, readText, statOf, writeAtomically } from '../files/index.js';
import { appendLine, readLines } from './json-lines.js';
import { difference, type SearchSettings, settingsFromJson, settingsToJson } from './settings.js';
import { outcomeFrom, type Reported, reportsFrom } from './stored.js';
import type { Job, Outcome } from './types.js';

/** Bytes of a file of JSON that are read at most. */
const MOST = 2 ** 24;

/** The names of trials' folders. */
const ID = /^[0-9a-f]{16}$/;

/** The lock of a search whose trials one process hands out. */
export const SEARCH_LOCK = '.search.lock';

/** The lock of a trial, in its folder: one process runs it. */
export const TRIAL_LOCK = '.lock';

/**
 * The folder of a search, which may be shared by machines: `search.json` says what is searched; `trials/ID/` has the
 * checkpoints of a trial, its `reports.jsonl`, the outcome of each rung in `rung-0.json` …, and `stop` once it is to
 * stop early; `results.jsonl` is a line for each outcome.
 */
export class SearchFolder {
  readonly dir: string;
  /** What is searched. */
  readonly settings: SearchSettings;
  readonly #fn: string;

  private constructor(fn: string, dir: string, settings: SearchSettings) {
    [this.#fn, this.dir, this.settings] = [fn, resolve(dir), settings];
  }

  /**
   * The folder of a search that has been started.
   *
   * @throws {Error} if there is no search in the folder, or its `search.json` is damaged: naming it.
   */
  static open(fn: string, dir: string): SearchFolder {
    const file = fileOf(dir);
    if (statOf(fn, file) === undefined) {
      throw argumentError(Error, { fn, arg: dir, found: 'has no search.json', expected: 'the folder of a search' });
    }
    return new SearchFolder(fn, dir, settingsFromJson(fn, dir, readText(fn, file, MOST, 'delete it')));
  }

  /**
   * The folder of a search, made where it is missing. Several processes may call it at a time.
   *
   * @throws {Error} if there is another search in it: naming what differs. Nothing has changed then.
   */
  static create(fn: string, dir: string, settings: SearchSettings): SearchFolder {
    const text = settingsToJson(dir, settings);
    const file = fileOf(dir);
    if (statOf(fn, file) === undefined) {
      makeFolder(fn, join(dir, 'trials'));
      if (writeOnce(fn, file, text)) return new SearchFolder(fn, dir, settings);
    }
    const before = SearchFolder.open(fn, dir).settings;
    const differs = difference(before, settings);
    if (differs !== null) {
      const found = `has another search: ${differs}`;
      throw argumentError(Error, { fn, arg: dir, found, wayOut: 'name another folder, or delete this one' });
    }
    // More trials than before.
    if (readText(fn, file, MOST, 'delete it') !== text) writeAtomically(fn, file, text);
    return new SearchFolder(fn, dir, settings);
  }

  /** The file of the lock that the process has which runs the search. */
  get lock(): string {
    return join(this.dir, SEARCH_LOCK);
  }

  /** The folder of a trial. */
  trial({ id }: Pick<Job, 'id'>): string {
    return join(this.dir, 'trials', id);
  }

  /** Tells a trial to stop early, be it running somewhere. */
  stop(job: Pick<Job, 'id'>): void {
    makeFolder(this.#fn, this.trial(job));
    writeAtomically(this.#fn, join(this.trial(job), 'stop'), '');
  }

  /** What has become of a job; null where it is not complete. */
  outcome(job: Pick<Job, 'id' | 'rung'>): Outcome | null {
    const file = this.#rung(job);
    if (statOf(this.#fn, file) === undefined) return null;
    return outcomeFrom(this.#fn, file, readText(this.#fn, file, MOST, 'delete it'), job);
  }

  /** Writes what has become of a job, unless that is known. @returns What is known. */
  complete(outcome: Outcome): Outcome {
    makeFolder(this.#fn, this.trial(outcome.job));
    const isFirst = writeOnce(this.#fn, this.#rung(outcome.job), `${JSON.stringify(outcome, null, 2)}\n`);
    return isFirst ? outcome : (this.outcome(outcome.job) as Outcome);
  }

  /** All outcomes, by trial and rung. */
  outcomes(): Outcome[] {
    const trials = join(this.dir, 'trials');
    // Who deletes them wants them run again.
    if (statOf(this.#fn, trials) === undefined) return [];
    const names = attempt(this.#fn, 'read', trials, () => readdirSync(trials));
    // A copy of a trial, or what a file manager has left, is none.
    const ids = names.filter((name) => ID.test(name));
    const all = ids.flatMap((id) => {
      const names = attempt(this.#fn, 'read', join(trials, id), () => namesIn(join(trials, id)));
      const rungs = names.flatMap((name) => /^rung-(\d+)\.json$/.exec(name)?.[1] ?? []);
      return rungs.flatMap((rung) => this.outcome({ id, rung: Number(rung) }) ?? []);
    });
    return all.sort((a, b) => a.job.trial - b.job.trial || a.job.rung - b.job.rung);
  }

  /** What a trial has reported, by epoch: the last word on each. */
  reports(job: Pick<Job, 'id'>): Reported[] {
    return reportsFrom(readLines(this.#fn, join(this.trial(job), 'reports.jsonl')));
  }

  /** Adds a line to the results. */
  append(outcome: Outcome): void {
    appendLine(this.#fn, join(this.dir, 'results.jsonl'), lineOf(outcome));
  }

  /** Writes the results of all outcomes anew, by trial and rung. */
  writeResults(): void {
    const lines = this.outcomes().map((outcome) => `${JSON.stringify(lineOf(outcome))}\n`);
    writeAtomically(this.#fn, join(this.dir, 'results.jsonl'), lines.join(''));
  }

  #rung({ id, rung }: Pick<Job, 'id' | 'rung'>): string {
    return join(this.trial({ id }), `rung-${rung}.json`);
  }
}

function fileOf(dir: string): string {
  return join(dir, 'search.json');
}

/** Writes a file in one piece, unless it exists. @returns Whether it did. */
function writeOnce(fn: string, file: string, text: string): boolean {
  const unfinished = `${file}.${crypto.randomUUID()}.tmp`;
  return attempt(fn, 'write', file, () => {
    try {
      writeFileSync(unfinished, text, { flag: 'wx', flush: true });
      // Unlike a renamed file, a link does not take the place of another.
      linkSync(unfinished, file);
      return true;
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' || (syscall === 'link' && existsSync(file))) return false;
      if (syscall !== 'link') throw error;
      // A file system without links.
      renameSync(unfinished, file);
      return true;
    } finally {
      rmSync(unfinished, { force: true });
    }
  });
}

/** The names in a folder; none if it is a file. */
function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [];
    throw error;
  }
}

/** As a line of the results has it: flat, for tables. */
function lineOf({ job, ...rest }: Outcome): object {
  return { ...job, ...rest };
}
