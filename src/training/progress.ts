/** Where the bar is written: `process.stdout`, or an object like it. */
export interface Terminal {
  /** Whether it is a terminal. If not, no bar is drawn. */
  readonly isTTY?: boolean;
  /** Its width in characters. */
  readonly columns?: number;
  /** Prints. */
  write(text: string): unknown;
}

/** Redraws are at least this many milliseconds apart. */
const INTERVAL = 100;

/**
 * A line at the bottom of a terminal: how far a run has come, how fast it is, and how long the rest will take. Where
 * the output is not a terminal, it does nothing.
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

  /**
   * A bar for a run of `total` steps; nothing is printed before its first step.
   *
   * @param total - Steps of the whole run.
   * @param unit - A short name of a step, such as `it`.
   * @param terminal - Default: stdout where there is one.
   * @param now - A clock in milliseconds.
   */
  constructor(total: number, unit: string, terminal: Terminal | null = stdout(), now = () => performance.now()) {
    this.#terminal = terminal?.isTTY ? terminal : null;
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
    if (time - this.#drawn < INTERVAL && done < this.#total) return;
    this.#drawn = time;
    this.#terminal.write(`\r\x1b[2K${this.#line(done, (time - this.#begin) / 1000)}`);
  }

  /** Removes the line, so that other text can be written. The next update draws it again. */
  clear(): void {
    if (this.#terminal === null || this.#drawn === Number.NEGATIVE_INFINITY) return;
    this.#terminal.write('\r\x1b[2K');
    this.#drawn = Number.NEGATIVE_INFINITY;
  }

  #line(done: number, seconds: number): string {
    const share = this.#total > 0 ? Math.min(1, done / this.#total) : 1;
    const rate = seconds > 0 ? (done - (this.#first ?? 0)) / seconds : 0;
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    const left = rate > 0 ? `${duration((this.#total - done) / rate)} left` : '';
    const text = ` ${percent} ${done}/${this.#total} | ${significant(rate)} ${this.#unit}/s | ${left}`;
    const columns = this.#terminal?.columns || 80;
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
