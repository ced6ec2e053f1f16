import { type LineLoggerOptions, lineLogger } from './lines.js';
import type { Logger } from './logger.js';

const COLUMNS = ['kind', 'iteration', 'epoch', 'loss', 'learningRate', 'seconds', 'trainAcc', 'valAcc', 'valLoss'];

/**
 * A logger that appends to a CSV file (RFC 4180): a row for each step and one for each evaluation, told apart by the
 * column `kind`. The others are `iteration`, `epoch`, `loss`, `learningRate`, `seconds`, `trainAcc`, `valAcc`,
 * `valLoss` and for each metric `<name>/train` and `<name>/val`. What is not known is empty; NaN is `NaN`.
 *
 * A run that is resumed cuts off the rows behind the iteration from which it continues, so that the file ends up as
 * that of a run without interruption, but for `seconds`.
 *
 * @param file - Its folder must exist. Opened when a run starts.
 * @throws {Error} when a run starts, before its first step: if the file exists already and neither the run is resumed
 *   nor `append` given, if its columns are others, or if it cannot be written.
 *
 * @example
 * fit(model, loader, { optimizer, valLoader, loggers: csvLogger('run.csv', { every: 10 }) });
 */
export function csvLogger(file: string, options: LineLoggerOptions = {}): Logger {
  let metrics: readonly string[] = [];
  /** The fields of an evaluation, in the row of a step. */
  let empty = '';
  return lineLogger('csvLogger', file, options, {
    header(start) {
      metrics = start.metrics;
      empty = ','.repeat(3 + 2 * metrics.length);
      const names = metrics.flatMap((name) => [`${name}/train`, `${name}/val`]);
      return `${[...COLUMNS, ...names].map(quoted).join()}\n`;
    },
    isHead: (head, header) => head.startsWith(header) || header.startsWith(head),
    step({ iteration, epoch, loss, learningRate, seconds }) {
      return `step,${iteration},${epoch},${loss},${learningRate ?? ''},${millis(seconds)}${empty}\n`;
    },
    epoch({ iteration, epoch, loss, learningRate, seconds, trainAcc, valAcc, valLoss, metrics: results }) {
      const numbers = metrics.flatMap((name) => [results[name]?.train, results[name]?.val]);
      const fields = [iteration, epoch, loss, learningRate, millis(seconds), trainAcc, valAcc, valLoss, ...numbers];
      return `epoch,${fields.map((value) => value ?? '').join()}\n`;
    },
    placeOf(line) {
      const [, kind, iteration] = /^(step|epoch),(\d+),/.exec(line) ?? [];
      return iteration === undefined ? null : { iteration: Number(iteration), isEpoch: kind === 'epoch' };
    },
  });
}

/** A field of a table. */
function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Seconds to the millisecond: all their digits would take as long to write as the rest of a line. */
export function millis(seconds: number): number {
  return Math.round(seconds * 1e3) / 1e3;
}
