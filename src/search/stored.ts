// What the files of a trial contain, which others may have damaged.

import { argumentError, describe, isPlainObject } from '../arrays/index.js';
import type { Job, Metrics, Outcome } from './types.js';

/** What a trial has reported after an epoch. */
export interface Reported {
  readonly rung: number;
  readonly epoch: number;
  readonly metrics: Metrics;
}

/**
 * The outcome of a job, from the text of its file.
 *
 * @throws {Error} naming the file, if it is none, or that of another job.
 */
export function outcomeFrom(fn: string, file: string, text: string, { id, rung }: Pick<Job, 'id' | 'rung'>): Outcome {
  let outcome: unknown;
  try {
    outcome = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (!isOutcome(outcome)) {
    const found = `is no outcome: ${describe(text.slice(0, 40))}`;
    throw argumentError(Error, { fn, arg: file, found, wayOut: 'delete it, so that the trial runs again' });
  }
  if (outcome.job.id !== id || outcome.job.rung !== rung) {
    const found = `is the outcome of another trial, rung ${outcome.job.rung} of ${describe(outcome.job.id)}`;
    throw argumentError(Error, { fn, arg: file, found, wayOut: 'delete it, so that the trial runs again' });
  }
  return { ...outcome, metrics: outcome.metrics && metricsFrom(outcome.metrics) };
}

/** What lines of `reports.jsonl` say, by epoch: the last word on each. What is no report is skipped. */
export function reportsFrom(lines: readonly unknown[]): Reported[] {
  const reports = lines.filter(isReported).map((line) => ({ ...line, metrics: metricsFrom(line.metrics) }));
  return [...new Map(reports.map((line) => [line.epoch, line])).values()].sort((a, b) => a.epoch - b.epoch);
}

function isOutcome(value: unknown): value is Outcome {
  if (!isRecord(value) || !isRecord(value.job)) return false;
  const { job, metrics, error, stopped, seconds } = value;
  const isJob =
    typeof job.id === 'string' &&
    [job.trial, job.rung, job.seed].every(Number.isSafeInteger) &&
    isRecord(job.config) &&
    (job.epochs === null || Number.isSafeInteger(job.epochs));
  const isEnd = (metrics === null || isMetrics(metrics)) && (error === null || typeof error === 'string');
  return isJob && isEnd && typeof stopped === 'boolean' && typeof seconds === 'number';
}

function isReported(value: unknown): value is Reported {
  return isRecord(value) && [value.rung, value.epoch].every(Number.isSafeInteger) && isMetrics(value.metrics);
}

function isMetrics(value: unknown): value is Metrics {
  return isRecord(value) && Object.values(value).every((metric) => metric === null || typeof metric === 'number');
}

/** JSON has null for what is no finite number. */
function metricsFrom(metrics: Readonly<Record<string, number | null>>): Metrics {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? Number.NaN]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && isPlainObject(value);
}
