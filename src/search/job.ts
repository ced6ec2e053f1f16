import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, isPlainObject } from '../arrays/index.js';
import { makeFolder } from '../files/index.js';
import { reasonOf, stackOf } from '../runs/user-file.js';
import { SearchFolder } from './folder.js';
import { appendLine } from './json-lines.js';
import { loadTrial } from './load-trial.js';
import { splitTrial } from './settings.js';
import type { Job, Metrics, Outcome, Report, Trial } from './types.js';

const FN = 'search';

/** How a job is run. */
export interface JobOptions {
  /** Threads that the trial's kernels may use, as it is told. Default 1. */
  readonly threads?: number;
  /** Called with each report of the trial, before it is told whether to go on. Default: none. */
  readonly hears?: (epoch: number, metrics: Metrics) => void;
  /** Gives the job up: the trial is told to stop, and nothing is written then. Default: never. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a job, and writes the file of its rung, once: the way in which all runners run trials.
 *
 * Nothing runs if the rung's file is there. A process that dies in the middle leaves none, and the next call goes on
 * from the trial's checkpoint.
 *
 * @param folder - Of the search, or its path.
 * @param trial - The file of the trial, `FILE#NAME` if it has several; or the function.
 * @returns What the file of the rung contains: that of a failed trial too.
 * @throws {Error} if the search's folder or the trial's function is missing, or the folder cannot be written; or the
 *   reason of `signal`.
 */
export async function runJob(
  folder: SearchFolder | string,
  trial: string | Trial,
  job: Job,
  options: JobOptions = {},
): Promise<Outcome> {
  const search = typeof folder === 'string' ? SearchFolder.open(FN, folder) : folder;
  const before = search.outcome(job);
  if (before !== null) return before;
  const run = typeof trial === 'string' ? await loadTrial(FN, trial) : trial;
  const dir = search.trial(job);
  makeFolder(FN, dir);
  const [report, wasStopped] = reportOf(job, dir, options);
  const started = performance.now();
  const ended = (metrics: Metrics | null, error: string | null): Outcome => {
    options.signal?.throwIfAborted();
    const seconds = (performance.now() - started) / 1000;
    return search.complete({ job, metrics, error, stopped: wasStopped(), seconds });
  };
  let metrics: Metrics;
  try {
    metrics = checkedMetrics(await run({ ...job.config }, job.seed, report), search.settings.metric);
  } catch (error) {
    // For who looks for the reason: the outcome has one line of it. The trial's folder may be gone by now.
    makeFolder(FN, dir);
    writeFileSync(join(dir, 'error.txt'), `${stackOf(error)}\n`);
    return ended(null, reasonOf(error, typeof trial === 'string' ? splitTrial(trial)[0] : ''));
  }
  return ended(metrics, null);
}

/** The report of a job, and whether it has told the trial to stop. */
function reportOf(
  { rung, epochs }: Job,
  dir: string,
  { threads = 1, hears, signal }: JobOptions,
): [report: Report, wasStopped: () => boolean] {
  let stopped = false;
  const report = (epoch: number, metrics: Metrics): boolean => {
    if (!(Number.isSafeInteger(epoch) && epoch >= 1)) {
      throw new RangeError(`report: epoch is ${describe(epoch)}, expected a whole number ≥ 1`);
    }
    appendLine(FN, join(dir, 'reports.jsonl'), { rung, epoch, metrics: checkedMetrics(metrics) });
    hears?.(epoch, metrics);
    stopped ||= existsSync(join(dir, 'stop'));
    return !stopped && !signal?.aborted;
  };
  return [Object.assign(report, { dir, epochs, threads }), () => stopped];
}

/** @throws {TypeError} if something else than numbers by name, with one of the name that the search is after. */
function checkedMetrics(metrics: unknown, wanted?: string): Metrics {
  const isObject = typeof metrics === 'object' && metrics !== null && isPlainObject(metrics);
  const entries = isObject ? Object.entries(metrics) : [];
  const wrong = entries.find(([, value]) => typeof value !== 'number');
  if (!isObject || wrong !== undefined) {
    const found = wrong === undefined ? describe(metrics) : `${wrong[0]}: ${describe(wrong[1])}`;
    throw new TypeError(`trial: its metrics are ${found}, expected numbers by name, { valAcc: 0.5 }`);
  }
  if (wanted !== undefined && !Object.hasOwn(metrics, wanted)) {
    const names = entries.map(([name]) => name).join(', ') || 'none';
    throw new TypeError(`trial: its metrics are ${names}, expected one named ${wanted}, which the search is after`);
  }
  return metrics as Metrics;
}
