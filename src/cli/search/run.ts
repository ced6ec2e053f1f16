import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Outcome, RedisOptions } from '../../search/index.js';
import type { SearchView } from '../../search/report/index.js';
import { duration, shellWord } from '../../terminal/index.js';
import { CliError, EXIT, InterruptedError, Reported } from '../errors.js';
import type { Io } from '../io.js';
import { plain } from '../numbers.js';
import { openInBrowser } from '../open.js';
import { Interruption } from '../train/interruption.js';
import { openSearch, type Wanted } from './options.js';
import { printTrials } from './table.js';

const FN = 'search';

/** The table at the end has at most so many trials. */
const SHOWN = 10;

/** How a search is run and shown. */
export interface Running {
  readonly workers: number;
  readonly threads?: number;
  readonly redis: RedisOptions | null;
  readonly report: boolean;
  readonly open: boolean;
}

/** Runs a search to its end, a line for each trial, and prints what it has found. */
export async function runSearch(
  io: Io,
  wanted: Wanted,
  { workers, threads, redis, report, open }: Running,
): Promise<void> {
  const { search } = await import('../../search/index.js');
  // What the report needs is missed before the search, and not after hours of it.
  if (report || open) await checkReport(FN);
  const { viewOf } = await import('../../search/report/index.js');
  const shown = shownFolder(io, wanted.folder);
  const again = `${io.program} search ${shellWord(shown)}`;
  const interruption = new Interruption(() => io.note('ending …'));
  const done = new Set<number>();
  const onOutcome = (outcome: Outcome, isNew: boolean): void => {
    done.add(outcome.job.trial);
    if (isNew) io.print(outcomeLine(outcome, wanted.metric));
  };
  const started = performance.now();
  try {
    const { signal } = interruption;
    await search({ ...wanted, workers, redis, ...(threads !== undefined && { threads }), onOutcome, signal });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw interruption.error(`${error.message} with results of ${counted(done.size)}; to go on: ${again}`);
  } finally {
    interruption.release();
  }
  const view = viewOf(FN, await openSearch(io, FN, wanted.folder));
  const file = report || open ? await writeReport(FN, view, wanted.folder) : null;
  if (io.isJson) {
    io.json(jsonOf(view, wanted.folder, file));
    checkFound(view);
    return;
  }
  io.print();
  printTrials(io, view, SHOWN);
  io.print();
  const seconds = (performance.now() - started) / 1000;
  const all = `${io.program} search show ${shellWord(shown)}`;
  io.print(`${counted(view.trials.length)} in ${duration(seconds)}; all of them: ${all}`);
  if (file !== null) io.print(`Report written to ${join(shown, 'report.html')}`);
  if (open && file !== null) openInBrowser(pathToFileURL(file).href, io);
  checkFound(view);
}

/** @throws {Reported} if no trial has succeeded, which what is printed says of each. */
function checkFound({ trials }: SearchView): void {
  if (trials.length > 0 && trials.every(({ state }) => state === 'failed')) throw new Reported(EXIT.failed);
}

/** @throws {CliError} if what draws the charts of a report is not installed. */
async function checkReport(fn: string): Promise<void> {
  const { checkCharts } = await import('../../pictures/index.js');
  await checkCharts(`${fn}: --report`).catch((error: unknown) => {
    throw new CliError((error as Error).message, undefined, { cause: error });
  });
}

/** Writes the report of a search into its folder, or to another file. @returns The file. */
export async function writeReport(fn: string, view: SearchView, folder: string, out?: string): Promise<string> {
  await checkReport(fn);
  const { reportPage } = await import('../../search/report/index.js');
  const { writeAtomically } = await import('../../files/index.js');
  const file = out ?? join(folder, 'report.html');
  writeAtomically(fn, file, await reportPage(view));
  return file;
}

/** A search as JSON: the best trial, and all. */
export function jsonOf(view: SearchView, folder: string, report: string | null): object {
  return { folder, report, ...view };
}

/** `3 trials`. */
export function counted(trials: number): string {
  return trials === 1 ? '1 trial' : `${trials} trials`;
}

/** What became of a job, in a line. */
export function outcomeLine({ job, metrics, error, stopped, seconds }: Outcome, metric: string): string {
  const epochs = job.epochs === null ? '' : ` to epoch ${job.epochs}`;
  const what = error !== null ? `failed: ${error}` : `${metric} ${plain(metrics?.[metric] ?? null)}`;
  return `trial ${job.trial}${epochs}: ${what}${stopped ? ', stopped early' : ''}, ${duration(seconds)}`;
}

/** The folder as a command names it from here. */
export function shownFolder(io: Io, folder: string): string {
  const way = relative(io.cwd, folder);
  return way === '' ? '.' : way.startsWith('..') ? folder : way;
}
