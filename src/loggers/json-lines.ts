import { millis } from './csv.js';
import { type LineLoggerOptions, lineLogger } from './lines.js';
import type { LoggedStep, Logger } from './logger.js';

/** How every line begins. */
const HEAD = '{"kind":"';

/**
 * A logger that appends to a file of JSON lines: an object for each step and one for each evaluation, with the fields
 * of {@link LoggedStep} and {@link LoggedEpoch}. JSON has no numbers for what is not finite: it is written as `"NaN"`,
 * `"Infinity"` or `"-Infinity"`, which `Number` of JavaScript and `float` of Python take; null means not known.
 *
 * A run that is resumed cuts off the lines behind the iteration from which it continues, so that the file ends up as
 * that of a run without interruption, but for `seconds`.
 *
 * @param file - Its folder must exist. Opened when a run starts.
 * @throws {Error} when a run starts, before its first step: if the file exists already and neither the run is resumed
 *   nor `append` given, if it is something else than lines of this logger, or if it cannot be written.
 *
 * @example
 * new Solver(model, data, { loggers: jsonLinesLogger('run.jsonl') }).train();
 */
export function jsonLinesLogger(file: string, options: LineLoggerOptions = {}): Logger {
  return lineLogger('jsonLinesLogger', file, options, {
    header: () => '',
    isHead: (head) => head.startsWith(HEAD) || HEAD.startsWith(head),
    step: stepLine,
    epoch: eventLine,
    placeOf(line) {
      const [, kind, iteration] = /^\{"kind":"(step|epoch)","iteration":(\d+),/.exec(line) ?? [];
      return iteration === undefined ? null : { iteration: Number(iteration), isEpoch: kind === 'epoch' };
    },
  });
}

/** The line of a step. */
export function stepLine({ iteration, epoch, loss, learningRate, seconds }: LoggedStep): string {
  const numbers = `"loss":${json(loss)},"learningRate":${json(learningRate)},"seconds":${millis(seconds)}`;
  return `${HEAD}step","iteration":${iteration},"epoch":${epoch},${numbers}}\n`;
}

/** The line of an evaluation, or of another event with a time. */
export function eventLine({ seconds, ...event }: Timed): string {
  const values = { ...event, seconds: millis(seconds) };
  return `${JSON.stringify(values, (_, value) => (isSpecial(value) ? String(value) : value))}\n`;
}

/** An event, and when it was. */
interface Timed {
  readonly kind: string;
  readonly iteration: number;
  readonly seconds: number;
}

function json(value: number | null): string {
  return isSpecial(value) ? `"${value}"` : `${value}`;
}

function isSpecial(value: unknown): boolean {
  return typeof value === 'number' && !Number.isFinite(value);
}
