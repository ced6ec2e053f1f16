/** A line of a {@link plot}. */
export interface Curve {
  readonly name: string;
  /** Not descending. */
  readonly x: ArrayLike<number>;
  /** What is not finite is a gap. */
  readonly y: ArrayLike<number>;
}

/** How {@link plot} draws. */
export interface PlotOptions {
  /** Columns of the whole picture, 20 at least. */
  readonly width: number;
  /** Lines of the curves. Default 8. */
  readonly height?: number;
  /** Whether to draw in ASCII instead of braille. Default false. */
  readonly isPlain?: boolean;
  /** Colours the text of a curve, by its number. Default: none. */
  readonly paint?: (text: string, curve: number) => string;
}

/** The marks of curves in ASCII, by turns. */
const MARKS = '*o+x';

/** The dots of a braille character: bits by row, then column. U+2800 is the character without dots. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];
const BLANK = 0x2800;

/** Whether a terminal shows braille: by its locale, as C programs read it; on Windows by its name. */
export function hasBraille(env: Readonly<Record<string, string | undefined>>, platform = process.platform): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  if (locale) return /utf-?8/i.test(locale);
  if (platform === 'win32') return Boolean(env.WT_SESSION) || env.TERM_PROGRAM === 'vscode';
  return platform === 'darwin';
}

/**
 * Curves over common axes, as lines of text. Of points that share a column the lowest and the highest are drawn, so
 * that no peak is lost however many there are. Where there are several curves, each has its name at its end.
 *
 * @param title - Stands above; '' for none.
 * @returns The lines; a single one that says so where there is no finite point.
 */
export function plot(title: string, curves: readonly Curve[], options: PlotOptions): string[] {
  const { width, height = 8, isPlain = false, paint = (text) => text } = options;
  const heading = title === '' ? [] : [title];
  const [xs, ys] = rangesOf(curves);
  if (xs.low > xs.high) return [...heading, 'no numbers to draw'];
  // A curve that is level stands in the middle.
  if (ys.low === ys.high) {
    const room = (Math.abs(ys.low) || 1) / 2;
    [ys.low, ys.high] = [ys.low - room, ys.high + room];
  }
  const ticks = ticksOf(ys, height);
  const margin = Math.max(...ticks.map(({ text }) => text.length), 1);
  const names = curves.length > 1 ? curves.map(({ name }) => name) : [];
  const right = names.length === 0 ? 0 : Math.max(...names.map((name) => name.length)) + 1;
  const columns = Math.max(8, width - margin - 2 - right);
  const canvas = isPlain ? new Canvas(columns, height, 1, 1) : new Canvas(columns, height, 2, 4);
  const ends = curves.map((curve, i) => canvas.draw(curve, i, xs, ys));
  const mark = (dots: number, curve: number): string =>
    isPlain ? MARKS[curve % MARKS.length] : String.fromCharCode(BLANK + dots);
  const cells = canvas.rows(mark, paint);
  const labels = labelsOf(ends, height);
  const [side, corner, bar] = isPlain ? ['|', '+', '-'] : ['┤', '└', '─'];
  const lines = cells.map((row, i) => {
    const tick = ticks.find((one) => one.row === i)?.text ?? '';
    const curve = names.length === 0 ? undefined : labels.get(i);
    const label = curve === undefined ? '' : ` ${paint(names[curve], curve)}`;
    return `${tick.padStart(margin)} ${side}${row}${label}`.trimEnd();
  });
  const axis = `${' '.repeat(margin)} ${corner}${bar.repeat(columns)}`;
  return [...heading, ...lines, axis, `${' '.repeat(margin + 2)}${between(xs, columns)}`.trimEnd()];
}

/** Lowest and highest. */
interface Extent {
  low: number;
  high: number;
}

/** Of the points that are drawn: those where x and y are finite. */
function rangesOf(curves: readonly Curve[]): [x: Extent, y: Extent] {
  const none = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };
  const [xs, ys]: [Extent, Extent] = [{ ...none }, { ...none }];
  for (const { x, y } of curves) {
    for (let i = 0; i < y.length; i++) {
      const [a, b] = [x[i], y[i]];
      if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
      if (a < xs.low) xs.low = a;
      if (a > xs.high) xs.high = a;
      if (b < ys.low) ys.low = b;
      if (b > ys.high) ys.high = b;
    }
  }
  return [xs, ys];
}

/** Dots in cells of text: a number of columns and rows of dots in each cell. */
class Canvas {
  readonly #columns: number;
  readonly #height: number;
  readonly #across: number;
  readonly #down: number;
  readonly #dots: Uint8Array;
  /** The curve that drew in a cell last. */
  readonly #curves: Uint8Array;

  constructor(columns: number, height: number, across: number, down: number) {
    [this.#columns, this.#height, this.#across, this.#down] = [columns, height, across, down];
    this.#dots = new Uint8Array(columns * height);
    this.#curves = new Uint8Array(columns * height);
  }

  /** @returns The row of text in which the curve ends; null where it has no point. */
  draw({ x, y }: Curve, curve: number, xs: Extent, ys: Extent): number | null {
    const [W, H] = [this.#columns * this.#across, this.#height * this.#down];
    const perX = xs.high === xs.low ? 0 : (W - 1) / (xs.high - xs.low);
    const perY = (H - 1) / (ys.high - ys.low);
    // Of one column of dots: where it is, its highest and lowest row, and the last one.
    let [at, top, bottom, last] = [-1, 0, 0, -1];
    const finish = (): void => {
      if (at >= 0) this.#column(at, top, bottom, curve);
    };
    let end: number | null = null;
    for (let i = 0; i < y.length; i++) {
      if (!Number.isFinite(y[i]) || !Number.isFinite(x[i])) {
        finish();
        at = -1;
        continue;
      }
      const column = Math.round((x[i] - xs.low) * perX);
      const row = Math.round((ys.high - y[i]) * perY);
      if (column === at) {
        if (row < top) top = row;
        if (row > bottom) bottom = row;
      } else {
        finish();
        if (at >= 0) this.#line(at, last, column, row, curve);
        [at, top, bottom] = [column, row, row];
      }
      last = row;
      end = row;
    }
    finish();
    return end === null ? null : Math.floor(end / this.#down);
  }

  /** The lines of text. What a curve has in a row without a gap is painted at once. */
  rows(mark: (dots: number, curve: number) => string, paint: NonNullable<PlotOptions['paint']>): string[] {
    return Array.from({ length: this.#height }, (_, row) => {
      let [line, run, by] = ['', '', -1];
      const finish = (): void => {
        line += by < 0 ? run : paint(run, by);
        run = '';
      };
      for (let column = 0; column < this.#columns; column++) {
        const i = row * this.#columns + column;
        const [dots, curve] = [this.#dots[i], this.#dots[i] === 0 ? -1 : this.#curves[i]];
        if (curve !== by) finish();
        by = curve;
        run += dots === 0 ? ' ' : mark(dots, curve);
      }
      finish();
      return line;
    });
  }

  /** Connects points of two columns: half of the way between two columns belongs to each. */
  #line(fromX: number, fromY: number, toX: number, toY: number, curve: number): void {
    const slope = (toY - fromY) / (toX - fromX);
    for (let x = fromX; x <= toX; x++) {
      const [before, after] = [Math.max(fromX, x - 0.5), Math.min(toX, x + 0.5)].map((at) =>
        Math.round(fromY + slope * (at - fromX)),
      );
      this.#column(x, Math.min(before, after), Math.max(before, after), curve);
    }
  }

  #column(x: number, top: number, bottom: number, curve: number): void {
    const column = Math.floor(x / this.#across);
    for (let y = top; y <= bottom; y++) {
      const i = Math.floor(y / this.#down) * this.#columns + column;
      this.#dots[i] |= DOTS[y % this.#down][x % this.#across];
      this.#curves[i] = curve;
    }
  }
}

/** A number at the left. */
interface Tick {
  readonly row: number;
  readonly text: string;
}

/** Round numbers within a range, a few lines apart, but two at least. */
function ticksOf({ low, high }: Extent, height: number): Tick[] {
  const rough = (high - low) / Math.max(1, height / 2.5);
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = [10, 5, 2, 1, 0.5, 0.2, 0.1].map((factor) => factor * power);
  // The last of them may be too wide for two.
  const wide = steps.filter((step) => step >= rough).length - 1;
  for (const step of steps.slice(wide)) {
    const numbers = [];
    for (let n = Math.ceil(low / step); n * step <= high; n++) numbers.push(n * step);
    if (numbers.length < 2) continue;
    return numbers.map((value) => {
      const row = Math.round(((high - value) / (high - low)) * (height - 1));
      return { row, text: digits(value, step) };
    });
  }
  return [];
}

/** A multiple of a step, with as many places as the step has. */
function digits(value: number, step: number): string {
  if (Math.abs(value) >= 1e6 || step < 1e-5) return value === 0 ? '0' : Number(value.toPrecision(4)).toExponential();
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

/** Which curve's name stands in which row: that in which it ends, or the nearest that is free. */
function labelsOf(ends: readonly (number | null)[], height: number): Map<number, number> {
  const labels = new Map<number, number>();
  for (const [curve, end] of ends.entries()) {
    if (end === null) continue;
    const rows = Array.from({ length: height }, (_, row) => row).filter((row) => !labels.has(row));
    const nearest = rows.sort((a, b) => Math.abs(a - end) - Math.abs(b - end))[0];
    if (nearest !== undefined) labels.set(nearest, curve);
  }
  return labels;
}

/** The first and the last x, and the one in the middle where there is room. */
function between({ low, high }: Extent, columns: number): string {
  const shown = (value: number): string => String(Number(value.toPrecision(6)));
  const [left, middle, right] = [low, Math.round((low + high) / 2), high].map(shown);
  if (low === high) return left;
  const gap = columns - left.length - right.length;
  if (gap < middle.length + 4 || middle === left || middle === right)
    return left + ' '.repeat(Math.max(1, gap)) + right;
  const before = Math.floor(columns / 2 - left.length - middle.length / 2);
  return left + ' '.repeat(before) + middle + ' '.repeat(gap - before - middle.length) + right;
}
