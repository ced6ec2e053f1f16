import { AMOUNT, argumentError, checkPath, count, FLAG, type OptionsOf, option, settingsOf } from '../arrays/index.js';
import { AppendFile } from './append-file.js';
import { flushedAtExit } from './at-exit.js';
import type { LoggedEpoch, LoggedStep, Logger, RunStart } from './logger.js';

/** The table of {@link LineLoggerOptions}. */
const OPTIONS = {
  /** Iterations between two lines of steps: those whose number it divides have one. Default 1. */
  every: option(1, count(1)),
  /**
   * Whether a new run goes on in a file that is there already, behind what it has. Default false: such a file is
   * refused. A run that is resumed always goes on in its file.
   */
  append: option(false, FLAG),
  /**
   * Seconds after which lines are written to the disk at the latest, which is looked at after each step; those of an
   * epoch are at its end. Default 2.
   */
  flushSeconds: option(2, AMOUNT),
};

/** Options of {@link csvLogger} and {@link jsonLinesLogger}. */
export interface LineLoggerOptions extends OptionsOf<typeof OPTIONS> {}

/** Where in a run a line belongs. */
export interface Place {
  readonly iteration: number;
  readonly isEpoch: boolean;
}

/** How a logger writes lines, each with its line feed. */
export interface LineFormat {
  /** What a new file of that run begins with. */
  header(start: RunStart): string;
  /** Whether a file begins as one of that run does, or with a part of it. */
  isHead(head: string, header: string): boolean;
  step(event: LoggedStep): string;
  epoch(event: LoggedEpoch): string;
  /** Null for the header and for what is no line of this format. */
  placeOf(line: string): Place | null;
}

/** Characters that are kept before they are written. */
const MOST = 1 << 16;

/** A logger that appends a line for each event to a file, which it has open during a run. */
export function lineLogger(fn: string, path: string, options: LineLoggerOptions, format: LineFormat): Logger {
  checkPath(fn, 'file', path);
  const { every, append, flushSeconds } = settingsOf(fn, OPTIONS, options);
  let file: AppendFile | null = null;
  let text = '';
  let flushedAt = 0;
  let settled = (): void => {};

  const flush = (): void => {
    if (file === null || text === '') return;
    file.append(new TextEncoder().encode(text));
    text = '';
  };
  return {
    onStart(start) {
      if (file !== null)
        throw new Error(`${fn}: ${path} is being written by another run; give each a logger of its own`);
      const opened = new AppendFile(fn, path);
      try {
        const header = format.header(start);
        if (continueIn(opened, fn, path, start, append, header, format) === 0) {
          opened.append(new TextEncoder().encode(header));
        }
      } catch (error) {
        opened.close();
        throw error;
      }
      [file, text, flushedAt] = [opened, '', 0];
      settled = flushedAtExit(flush);
    },
    onStep(event) {
      if (event.iteration % every === 0) text += format.step(event);
      if (text.length < MOST && event.seconds - flushedAt < flushSeconds) return;
      flushedAt = event.seconds;
      flush();
    },
    onEpoch(event) {
      text += format.epoch(event);
      flushedAt = event.seconds;
      flush();
    },
    flush,
    close() {
      const closing = file;
      settled();
      try {
        flush();
      } finally {
        [file, text] = [null, ''];
        closing?.close();
      }
    },
  };
}

/**
 * Cuts off the lines that a resumed run is about to write again, and one that was not completed.
 *
 * @returns The bytes that are left.
 * @throws {Error} if the file is that of another run, or something else.
 */
function continueIn(
  file: AppendFile,
  fn: string,
  path: string,
  start: RunStart,
  append: boolean,
  header: string,
  format: LineFormat,
): number {
  const { size } = file;
  if (size === 0) return 0;
  const refusal = { fn, arg: 'file', wayOut: 'delete it, or name another file' };
  // One with a header only has nothing to lose: it is of a run that was killed right at its start.
  const isEmpty = header !== '' && size <= MOST && new TextDecoder().decode(file.read(0, size)) === header;
  if (!isEmpty && !start.isResumed && !append) {
    const wayOut = `${refusal.wayOut}, or give { append: true }`;
    throw argumentError(Error, { ...refusal, found: `${path} exists already`, expected: 'none for a new run', wayOut });
  }
  if (!format.isHead(new TextDecoder().decode(file.read(0, MOST)), header)) {
    const expected = header === '' ? 'a line of this logger' : `the columns of this run, ${header.trimEnd()}`;
    throw argumentError(Error, { ...refusal, found: `${path} begins with something else`, expected });
  }
  const lines = linesFromEnd(file, size);
  // With `append`, a run from the beginning is behind others, whose lines these may be.
  const mayCut = start.isResumed && !(append && start.iteration === 0);
  let kept = lines.next().value?.at ?? size;
  let next = Number.POSITIVE_INFINITY;
  for (const { at, line } of lines) {
    const place = format.placeOf(line);
    // An earlier run in the same file ends with a higher number than the next one begins.
    if (place === null || !mayCut || place.iteration > next || !isLater(place, start)) break;
    [kept, next] = [at, place.iteration];
  }
  // A part of the header, which may have line feeds of its own.
  if (kept < new TextEncoder().encode(header).length) kept = 0;
  if (kept < size) file.truncate(kept);
  return kept;
}

/** Whether a line is of an event that is still to come. */
function isLater({ iteration, isEpoch }: Place, start: RunStart): boolean {
  return iteration > start.iteration || (isEpoch && iteration === start.iteration && start.isEvaluationDue);
}

const LINE_FEED = 10;

/** What is behind the last line feed of a file, then its lines from the last one, and where each begins. */
function* linesFromEnd(file: AppendFile, size: number): Generator<{ at: number; line: string }> {
  let start = size;
  let block = new Uint8Array(0);
  for (let end = size; ; ) {
    const before = block.subarray(0, end - start);
    const at = before.lastIndexOf(LINE_FEED);
    if (at >= 0 || start === 0) {
      yield { at: start + at + 1, line: new TextDecoder().decode(before.subarray(at + 1)) };
      if (at < 0) return;
      end = start + at;
      continue;
    }
    const more = file.read(Math.max(0, start - MOST), Math.min(start, MOST));
    const grown = new Uint8Array(more.length + before.length);
    grown.set(more);
    grown.set(before, more.length);
    [start, block] = [start - more.length, grown];
  }
}
