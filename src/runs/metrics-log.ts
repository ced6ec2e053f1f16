import {
  AppendFile,
  eventLine,
  flushedAtExit,
  type LoggedCommand,
  type LoggedEpoch,
  type LoggedStep,
  type Logger,
  type RunStart,
  stepLine,
} from '../loggers/index.js';
import type { EndEvent, StartEvent } from './events.js';

/** Characters that are kept before they are written. */
const MOST = 1 << 16;

/** Seconds after which lines are written at the latest, which is looked at after each step. */
const FLUSH_SECONDS = 1;

/** Bytes that are read at a time. */
const CHUNK = 1 << 20;
const LINE_FEED = 10;

/** How the lines begin that this file writes. */
const HEAD = /^\{"kind":"(start|step|epoch|command|end)","iteration":(\d+),"epoch":(\d+)/;

/** What is noted at the end of a run. */
export type End = Pick<EndEvent, 'state' | 'message' | 'bestValAcc' | 'testAcc'>;

/** Where the lines of a run end. */
interface Place {
  readonly iteration: number;
  readonly epoch: number;
}

/**
 * Writes `metrics.jsonl`, for the one who has the lock of the run: an event a line, as it happens.
 *
 * A run that is resumed loses the lines behind the checkpoint from which it goes on, since these come again, and the
 * line of its end. So the file has each step once.
 */
export class MetricsLog {
  readonly #onFailure: (error: unknown) => void;
  readonly #file: AppendFile;
  readonly #settled: () => void;
  #text = '';
  #last: Place;
  /** When the training began, by `performance.now()`. */
  #since = performance.now();
  #flushedAt = 0;
  #hasFailed = false;
  /** Whether the last line is the end of the run. */
  #hasEnd: boolean;
  #isClosed = false;

  /**
   * Opens the file, which is made where it is missing, and removes a line that is not complete.
   *
   * @param fn - What errors begin with.
   * @param onFailure - Called with the error if a line cannot be written; none is tried after that.
   * @throws {Error} if it cannot be opened.
   */
  constructor(fn: string, path: string, onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
    this.#file = new AppendFile(fn, path);
    try {
      const { last, hasEnd } = this.#cut(null);
      [this.#last, this.#hasEnd] = [last, hasEnd];
    } catch (error) {
      this.#file.close();
      throw error;
    }
    this.#settled = flushedAtExit(() => this.#flush());
  }

  /** What the loop that trains reports to. */
  get logger(): Logger {
    return {
      onStart: (start) => this.#start(start),
      onStep: (event) => this.#step(event),
      onEpoch: (event) => this.#write(event),
      onCommand: (event) => this.#write(event),
      flush: () => this.#flush(),
      close: () => this.#flush(),
    };
  }

  /** Notes the end of the run, but where it did not come to go on from an earlier end. */
  end({ state, message, bestValAcc, testAcc }: End): void {
    if (this.#hasEnd) return;
    const found = { state, message, bestValAcc, testAcc, time: new Date().toISOString() };
    this.#text += eventLine({ kind: 'end', ...this.#last, ...found, seconds: this.#seconds } satisfies EndEvent);
    this.#hasEnd = true;
    this.#flush();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#settled();
    this.#flush();
    this.#file.close();
  }

  get #seconds(): number {
    return (performance.now() - this.#since) / 1000;
  }

  #start({ iteration, epoch, isEvaluationDue }: RunStart): void {
    this.#flush();
    this.#cut({ iteration, isEvaluationDue });
    this.#hasEnd = false;
    this.#last = { iteration, epoch };
    [this.#since, this.#flushedAt] = [performance.now(), 0];
    const event: StartEvent = { kind: 'start', iteration, epoch, time: new Date().toISOString() };
    this.#text += `${JSON.stringify(event)}\n`;
    this.#flush();
  }

  #step(event: LoggedStep): void {
    this.#last = { iteration: event.iteration, epoch: event.epoch };
    this.#text += stepLine(event);
    if (this.#text.length < MOST && event.seconds - this.#flushedAt < FLUSH_SECONDS) return;
    this.#flushedAt = event.seconds;
    this.#flush();
  }

  #write(event: LoggedEpoch | LoggedCommand): void {
    this.#last = { iteration: event.iteration, epoch: event.epoch };
    this.#text += eventLine(event);
    this.#flushedAt = event.seconds;
    this.#flush();
  }

  /** An error here ends the run by the one who hears of it: a logger that throws is only dropped. */
  #flush(): void {
    if (this.#text === '' || this.#hasFailed) return;
    const records = new TextEncoder().encode(this.#text);
    this.#text = '';
    try {
      this.#file.append(records);
    } catch (error) {
      this.#hasFailed = true;
      this.#onFailure(error);
    }
  }

  /**
   * Cuts off what is no whole line. For a run that goes on also the lines of events that are still to come, starts that
   * nothing follows, and the end.
   *
   * @param from - Where it goes on; null: not yet.
   * @returns Where the lines that are left end.
   */
  #cut(from: Pick<RunStart, 'iteration' | 'isEvaluationDue'> | null): {
    readonly last: Place;
    readonly hasEnd: boolean;
  } {
    let kept = 0;
    let last: Place = { iteration: 0, epoch: 0 };
    let hasEnd = false;
    for (const { line, end } of this.#lines()) {
      const [, kind, number, epoch] = HEAD.exec(line) ?? [];
      if (kind === undefined) break;
      const at = Number(number);
      if (from !== null) {
        if (at > from.iteration || (kind === 'epoch' && at === from.iteration && from.isEvaluationDue)) break;
        if (kind === 'start' || kind === 'end') continue;
      }
      [kept, last, hasEnd] = [end, { iteration: at, epoch: Number(epoch) }, kind === 'end'];
    }
    if (kept < this.#file.size) this.#file.truncate(kept);
    return { last, hasEnd };
  }

  /** The whole lines of the file, and where each ends. */
  *#lines(): Generator<{ readonly line: string; readonly end: number }> {
    let rest = new Uint8Array(0);
    for (let place = 0; ; ) {
      const chunk = this.#file.read(place, CHUNK);
      if (chunk.length === 0) return;
      const bytes = Buffer.concat([rest, chunk]);
      let end = place - rest.length;
      place += chunk.length;
      let from = 0;
      for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, from)) {
        // Where the line begins says all that is asked.
        const line = bytes.toString('latin1', from, Math.min(at, from + 100));
        end += at + 1 - from;
        from = at + 1;
        yield { line, end };
      }
      rest = bytes.subarray(from);
    }
  }
}
