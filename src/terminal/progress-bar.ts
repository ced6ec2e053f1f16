/** Where the bar is written: `process.stdout`, or an object like it. */
export interface Terminal {
  /** Whether it is a terminal. If not, no bar is drawn. */
  readonly isTTY?: boolean;
  /** Whether lines are written where it is no terminal: one every ten seconds or ten percent. Default false. */
  readonly lines?: boolean;
  /** Its width in characters. */
  readonly columns?: number;
  /** Prints. */
  write(text: string): unknown;
}

/** Redraws are at least this many milliseconds apart. */
const INTERVAL = 100;

/** Where there is no terminal, a line is written after so many milliseconds, or that share of the run. */
const LINE_INTERVAL = 10_000;
const LINE_SHARE = 0.1;
/** Lines are at least this many milliseconds apart. */
const LINE_PAUSE = 1000;

/**
 * A line at the bottom of a terminal: how far a run has come, how fast it is, and how long the rest will take. Where
 * the output is not a terminal, it does nothing, or writes a plain line now and then ({@link Terminal.lines}).
 *
 * `[=========>          ]  47% 2303/4900 | 812 it/s | 3 s left`
 */
export class ProgressBar {
  readonly #terminal: Terminal | null;
  readonly #total: number;
  readonly #unit: string;
  readonly #now: () => number;
  readonly #begin: number;
  #first: number | null = null;
  #drawn = Number.NEGATIVE_INFINITY;
  /** The steps that the last plain line told of. */
  #told = 0;

  /**
   * A bar for a run of `total` steps; nothing is printed before its first step.
   *
   * @param total - Steps of the whole run.
   * @param unit - A short name of a step, such as `it`.
   * @param terminal - Default: stdout where there is one.
   * @param now - A clock in milliseconds.
   */
  constructor(total: number, unit: string, terminal: Terminal | null = stdout(), now = () => performance.now()) {
    this.#terminal = terminal?.isTTY || terminal?.lines ? terminal : null;
    this.#total = total;
    this.#unit = unit;
    this.#now = now;
    this.#begin = now();
  }

  /** Shows that `done` steps are complete. */
  update(done: number): void {
    if (this.#terminal === null) return;
    // The rate is that of this run, which may have begun in the middle.
    this.#first ??= Math.max(0, done - 1);
    const time = this.#now();
    if (!this.#terminal.isTTY) {
      this.#tell(this.#terminal, done, time);
      return;
    }
    if (time - this.#drawn < INTERVAL && done < this.#total) return;
    this.#drawn = time;
    const line = this.#line(done, (time - this.#begin) / 1000, this.#terminal.columns || 80);
    this.#terminal.write(`\r\x1b[2K${line}`);
  }

  /** Removes the line, so that other text can be written. The next update draws it again. */
  clear(): void {
    if (!this.#terminal?.isTTY || this.#drawn === Number.NEGATIVE_INFINITY) return;
    this.#terminal.write('\r\x1b[2K');
    this.#drawn = Number.NEGATIVE_INFINITY;
  }

  /** Writes a plain line if the last one is long ago. A run of less than a second gets none. */
  #tell(terminal: Terminal, done: number, time: number): void {
    const waited = time - (this.#drawn === Number.NEGATIVE_INFINITY ? this.#begin : this.#drawn);
    const isFar = this.#total > 0 && done - this.#told >= LINE_SHARE * this.#total;
    const isDone = done >= this.#total && done > this.#told;
    if (waited < LINE_INTERVAL && !(waited >= LINE_PAUSE && (isFar || isDone))) return;
    this.#drawn = time;
    this.#told = done;
    terminal.write(`${this.#line(done, (time - this.#begin) / 1000, 0).trimStart()}\n`);
  }

  /** @param columns - The width of the terminal; 0 for a line without a bar. */
  #line(done: number, seconds: number, columns: number): string {
    const share = this.#total > 0 ? Math.min(1, done / this.#total) : 1;
    const rate = seconds > 0 ? (done - (this.#first ?? 0)) / seconds : 0;
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    const left = rate > 0 ? `${duration((this.#total - done) / rate)} left` : '';
    const text = ` ${percent} ${done}/${this.#total} | ${significant(rate)} ${this.#unit}/s | ${left}`;
    if (columns === 0) return text;
    const width = Math.max(0, Math.min(40, columns - text.length - 3));
    const filled = Math.round(share * width);
    const bar = filled > 0 ? `${'='.repeat(filled - 1)}>` : '';
    // A line that wraps could not be removed again.
    return `[${bar.padEnd(width)}]${text}`.slice(0, columns - 1);
  }
}

/** A duration in words: `42 s`, `3 min 5 s`, `2 h 4 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function significant(rate: number): string {
  return rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3);
}

function stdout(): Terminal | null {
  return typeof process === 'object' ? ((process.stdout as Terminal | undefined) ?? null) : null;
}
