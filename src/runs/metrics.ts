import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { attempt } from '../files/index.js';
import type { LoggedCommand, LoggedEpoch, LoggedStep } from '../loggers/index.js';
import type { EndEvent, RunEvent } from './events.js';

/** The steps of a run, a column each. */
export interface StepColumns {
  readonly iteration: Float64Array;
  readonly loss: Float64Array;
  /** NaN where the optimizer does not show it. */
  readonly learningRate: Float64Array;
  /** Of training, added up over the processes that continued the run. */
  readonly seconds: Float64Array;
}

/** What metrics.jsonl says. */
export interface Metrics {
  readonly steps: StepColumns;
  readonly epochs: readonly LoggedEpoch[];
  readonly commands: readonly LoggedCommand[];
  /** When the run was started, as of `Date.toISOString`; null where nothing is written yet. */
  readonly started: string | null;
  /** The last line, where the run has ended by itself. */
  readonly end: EndEvent | null;
}

const COLUMNS = ['iteration', 'loss', 'learningRate', 'seconds'] as const;
const LINE_FEED = 10;
/** Bytes that are read at a time. */
const CHUNK = 1 << 20;

/**
 * Reads the lines of a run, while another process may be writing them: each call of {@link MetricsReader.read} takes
 * what has come since the last. A line that is not complete waits; what is none is left out.
 */
export class MetricsReader {
  readonly #file: string;
  /** Bytes of the lines that were taken, and the last of these lines. */
  #at = 0;
  #last = new Uint8Array(0);
  #columns = COLUMNS.map(() => new Float64Array(1024));
  #length = 0;
  #epochs: LoggedEpoch[] = [];
  #commands: LoggedCommand[] = [];
  #started: string | null = null;
  #end: EndEvent | null = null;
  /** Seconds of the processes before this one, and up to the last line. */
  #before = 0;
  #seconds = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * All that is known so far. Where the run was cut back, as one that is resumed, it is read anew.
   *
   * @returns Columns that the next call may change.
   * @throws {Error} naming the file, if it cannot be read.
   */
  read(): Metrics {
    return attempt('run', 'read', this.#file, () => this.#read());
  }

  #read(): Metrics {
    let fd: number;
    try {
      fd = openSync(this.#file, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#reset();
      return this.#metrics();
    }
    try {
      if (!this.#goesOn(fd)) this.#reset();
      this.#readOn(fd);
    } finally {
      closeSync(fd);
    }
    return this.#metrics();
  }

  /** Whether the file still has the last line where it was. */
  #goesOn(fd: number): boolean {
    if (fstatSync(fd).size < this.#at) return false;
    const found = new Uint8Array(this.#last.length);
    readSync(fd, found, 0, found.length, this.#at - found.length);
    return Buffer.compare(found, this.#last) === 0;
  }

  #readOn(fd: number): void {
    const chunk = new Uint8Array(CHUNK);
    let rest = new Uint8Array(0);
    for (let place = this.#at; ; ) {
      const length = readSync(fd, chunk, 0, CHUNK, place);
      if (length === 0) return;
      place += length;
      const bytes = Buffer.concat([rest, chunk.subarray(0, length)]);
      const end = bytes.lastIndexOf(LINE_FEED) + 1;
      rest = bytes.subarray(end);
      if (end === 0) continue;
      this.#at += end;
      const lines = bytes.subarray(0, end);
      this.#last = lines.subarray(lines.subarray(0, end - 1).lastIndexOf(LINE_FEED) + 1);
      for (const line of lines.toString('utf8').split('\n')) this.#take(line);
    }
  }

  #take(line: string): void {
    const event = eventOf(line);
    if (event === null) return;
    const isTimed = event.kind !== 'start' && Number.isFinite(event.seconds);
    if (isTimed) this.#seconds = this.#before + event.seconds;
    switch (event.kind) {
      case 'start':
        this.#started ??= event.time;
        this.#before = this.#seconds;
        break;
      case 'step':
        this.#step(event);
        break;
      case 'epoch':
        this.#epochs.push({ ...event, seconds: this.#seconds });
        break;
      case 'command':
        this.#commands.push({ ...event, seconds: this.#seconds });
        break;
      case 'end':
        this.#end = event;
        return;
    }
    this.#end = null;
  }

  #step({ iteration, loss, learningRate }: LoggedStep): void {
    if (this.#length === this.#columns[0].length) {
      this.#columns = this.#columns.map((column) => {
        const wider = new Float64Array(2 * column.length);
        wider.set(column);
        return wider;
      });
    }
    // JSON has no numbers for what is not finite: a text says it.
    const rate = learningRate === null ? Number.NaN : Number(learningRate);
    const values = [iteration, Number(loss), rate, this.#seconds];
    for (const [i, column] of this.#columns.entries()) column[this.#length] = values[i];
    this.#length++;
  }

  #reset(): void {
    [this.#at, this.#last, this.#length, this.#before, this.#seconds] = [0, new Uint8Array(0), 0, 0, 0];
    [this.#epochs, this.#commands, this.#started, this.#end] = [[], [], null, null];
  }

  #metrics(): Metrics {
    const [iteration, loss, learningRate, seconds] = this.#columns.map((column) => column.subarray(0, this.#length));
    const steps = { iteration, loss, learningRate, seconds };
    return { steps, epochs: this.#epochs, commands: this.#commands, started: this.#started, end: this.#end };
  }
}

const KINDS = ['start', 'step', 'epoch', 'command', 'end'];

/** The event of a line; null where it is none. */
export function eventOf(line: string): RunEvent | null {
  try {
    const event = JSON.parse(line) as RunEvent | null;
    const isEvent = KINDS.includes(event?.kind ?? '') && Number.isInteger(event?.iteration);
    return isEvent ? event : null;
  } catch {
    return null;
  }
}
