import type uPlot from 'uplot';
import { el, fill, scrollable, table, write } from './dom.js';
import { integer } from './format.js';
import { swatch } from './palette.js';
import { type Line, makePlot, PLOT_HEIGHT, type PlotEvents, type PlotOptions } from './plot.js';
import { type Curve, lowerBound, parts, resample } from './resample.js';

export interface ChartOptions extends PlotOptions {
  /** What the horizontal axis counts, as `iteration`. */
  readonly unit: string;
  /** What else stands over the chart. */
  readonly controls?: readonly Node[];
  /** What there is to say of the values, as they are now; empty where nothing is. */
  readonly note?: () => string;
}

const TABLE_ROWS = 25;
/** Milliseconds between two fillings of a table. */
const TABLE_PAUSE = 2000;
const HELP =
  'Arrow keys read the values, plus and minus zoom, Shift with an arrow key moves, 0 shows the whole run. ' +
  'With a mouse: drag over a part to see it, double-click for the whole.';

let count = 0;

/** Curves over iterations, with a legend that has the values at the cursor, zoom, and the same as a table. */
export class Chart {
  readonly root: HTMLElement;
  #options: ChartOptions;
  #plot: uPlot | null = null;
  readonly #host: HTMLElement;
  readonly #legend = el('ul', { class: 'legend' });
  readonly #read = el('p', { class: 'hidden', 'aria-live': 'polite' });
  readonly #empty = el('p', { class: 'note' }, 'No values yet.');
  readonly #table: HTMLElement;
  readonly #details: HTMLDetailsElement;
  #values: HTMLElement[] = [];
  #place: HTMLElement = el('span');
  /** What is seen; null for all. */
  #range: readonly [number, number] | null = null;
  #isLog: boolean;
  readonly #resized: ResizeObserver;
  #tabled = 0;
  #tabling = 0;
  readonly #note = el('p', { class: 'note' });
  readonly #events: PlotEvents = { onCursor: () => this.#showValues(), onZoom: (range) => this.#show(range) };

  constructor(options: ChartOptions) {
    this.#options = options;
    this.#isLog = options.isLog ?? false;
    const id = `chart-${++count}`;
    this.#host = el('div', {
      class: 'plot',
      tabindex: 0,
      role: 'group',
      'aria-roledescription': 'chart',
      'aria-labelledby': `${id}-title`,
      'aria-describedby': `${id}-help`,
      keydown: (event) => this.#key(event as KeyboardEvent),
    });
    const zoom = (text: string, label: string, act: () => void) =>
      el('button', { type: 'button', class: 'small', 'aria-label': `${label}: ${options.title}`, click: act }, text);
    this.#table = scrollable(`Table: ${options.title}`);
    this.#details = el(
      'details',
      { toggle: () => this.#fillTable(true) },
      el('summary', {}, 'The same as a table'),
      this.#table,
    );
    this.root = el(
      'section',
      { class: 'panel chart', 'aria-labelledby': `${id}-title` },
      el(
        'div',
        { class: 'chart-head' },
        el('h3', { id: `${id}-title` }, options.title),
        el(
          'div',
          { class: 'tools' },
          ...(options.controls ?? []),
          zoom('+', 'Zoom in', () => this.#zoom(0.5)),
          zoom('−', 'Zoom out', () => this.#zoom(2)),
          zoom('All', 'Show all', () => this.#show(null)),
        ),
      ),
      this.#legend,
      this.#note,
      this.#empty,
      this.#host,
      el('p', { id: `${id}-help`, class: 'hidden' }, HELP),
      this.#read,
      this.#details,
    );
    this.#resized = new ResizeObserver(() => {
      if (this.#host.clientWidth > 0 && this.#plot?.width !== this.#host.clientWidth) this.refresh();
    });
    this.#resized.observe(this.#host);
    this.#makeLegend();
  }

  /** Draws what the curves are now. */
  refresh(): void {
    const width = this.#host.clientWidth;
    const hasValues = this.#options.lines.some((line) => line.curve().x.length > 0);
    this.#forgetRange();
    write(this.#note, this.#options.note?.() ?? '');
    this.#note.hidden = this.#note.textContent === '';
    this.#empty.hidden = hasValues;
    this.#host.hidden = !hasValues;
    if (width > 0 && hasValues) {
      this.#plot ??= makePlot(this.#host, width, { ...this.#options, isLog: this.#isLog }, this.#events);
      if (this.#plot.width !== width) this.#plot.setSize({ width, height: PLOT_HEIGHT });
      const [from, to] = this.#range ?? this.#whole();
      const drawn = resample(this.#curves(), from, to, Math.max(50, width), this.#isLog);
      this.#plot.setData(drawn as uPlot.AlignedData, false);
      this.#plot.setScale('x', { min: from, max: to > from ? to : from + 1 });
      this.#showValues();
    } else if (hasValues) requestAnimationFrame(() => this.#host.clientWidth > 0 && this.refresh());
    this.#fillTable(false);
  }

  setLog(isLog: boolean): void {
    this.#isLog = isLog;
    this.redraw();
  }

  setLines(lines: readonly Line[]): void {
    this.#options = { ...this.#options, lines };
    this.#makeLegend();
    this.redraw();
  }

  /** Draws all anew: the colours may be others. */
  redraw(): void {
    this.#plot?.destroy();
    this.#plot = null;
    this.refresh();
  }

  close(): void {
    this.#resized.disconnect();
    clearTimeout(this.#tabling);
    this.#plot?.destroy();
    this.#plot = null;
  }

  /** Shows all where nothing is of what was seen: the curves are those of another run, or gone. */
  #forgetRange(): void {
    if (this.#range === null) return;
    const [first, last] = this.#whole();
    if (!(this.#range[0] < last && this.#range[1] > first)) this.#range = null;
  }

  #curves(): Curve[] {
    return this.#options.lines.map((line) => line.curve());
  }

  #whole(): [number, number] {
    const curves = this.#curves().filter(({ x }) => x.length > 0);
    return [Math.min(...curves.map(({ x }) => x[0]!)), Math.max(...curves.map(({ x }) => x[x.length - 1]!))];
  }

  #makeLegend(): void {
    const { lines, unit } = this.#options;
    this.#place = el('span', { class: 'value' });
    this.#values = lines.map(() => el('span', { class: 'value' }));
    fill(
      this.#legend,
      ...lines.map(({ name, pen }, i) => el('li', {}, swatch(pen), el('span', {}, name), this.#values[i]!)),
      el('li', {}, el('span', { class: 'unit' }, unit), this.#place),
    );
  }

  /** Writes the values at the cursor into the legend, without a cursor the last ones. */
  #showValues(): void {
    const { lines, format } = this.#options;
    const at = this.#plot?.cursor.idx ?? null;
    const place = at === null ? null : (this.#plot?.data[0][at] ?? null);
    const curves = this.#curves();
    write(this.#place, integer(place === null ? this.#whole()[1] : Math.round(place)));
    lines.forEach((_, i) => {
      const { x, y } = curves[i]!;
      const k = place === null ? x.length - 1 : nearest(x, place);
      write(this.#values[i]!, format(y[k] ?? null));
    });
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#host || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined && event.shiftKey) this.#move(step / 4);
    else if (step !== undefined) this.#step(step);
    else if (event.key === '+' || event.key === '=') this.#zoom(0.5);
    else if (event.key === '-') this.#zoom(2);
    else if (event.key === '0' || event.key === 'Home') this.#show(null);
    else return;
    event.preventDefault();
  }

  /** Moves the cursor by a fiftieth of what is seen, or by a point where they are fewer, and says what is there. */
  #step(direction: number): void {
    const plot = this.#plot;
    if (plot === null) return;
    const [from, to] = this.#range ?? this.#whole();
    const places = plot.data[0];
    const first = lowerBound(places, from);
    const last = Math.min(places.length, lowerBound(places, to + Number.EPSILON * Math.abs(to)) + 1) - 1;
    const stride = Math.max(1, Math.round((last - first) / 50));
    const now = plot.cursor.idx ?? (direction > 0 ? first - stride : last + stride);
    const next = Math.min(last, Math.max(first, now + direction * stride));
    const left = plot.valToPos(places[next] ?? from, 'x');
    plot.setCursor({ left, top: plot.over.clientHeight / 2 });
    const values = this.#options.lines.map(({ name }, i) => `${name} ${this.#values[i]!.textContent}`);
    write(this.#read, [`${this.#options.unit} ${this.#place.textContent}`, ...values].join(', '));
  }

  #zoom(factor: number): void {
    const [from, to] = this.#range ?? this.#whole();
    const left = this.#plot?.cursor.left ?? -1;
    const at = left >= 0 && this.#plot !== null ? this.#plot.posToVal(left, 'x') : (from + to) / 2;
    this.#show([at - (at - from) * factor, at + (to - at) * factor]);
  }

  #move(share: number): void {
    const [from, to] = this.#range ?? this.#whole();
    const [first, last] = this.#whole();
    const by = Math.min(last - to, Math.max(first - from, share * (to - from)));
    this.#show([from + by, to + by]);
  }

  #show(range: readonly [number, number] | null): void {
    const [first, last] = this.#whole();
    if (first > last) return; // there is nothing yet
    if (range !== null) {
      range = [Math.max(first, range[0]), Math.min(last, range[1])];
      if (range[0] <= first && range[1] >= last) range = null;
      // Two iterations are the least that has a line.
      else if (range[1] - range[0] < 2) return;
    }
    this.#range = range;
    this.refresh();
  }

  /** Fills the table where it is open, at most every two seconds unless it was just opened. Its region stays. */
  #fillTable(isOpened: boolean): void {
    const now = performance.now();
    clearTimeout(this.#tabling);
    if (!this.#details.open) return;
    if (!isOpened && now - this.#tabled < TABLE_PAUSE) {
      const rest = TABLE_PAUSE - (now - this.#tabled);
      this.#tabling = setTimeout(() => this.#fillTable(true), rest) as unknown as number; // the last values too
      return;
    }
    this.#tabled = now;
    const { title, unit, lines, format } = this.#options;
    const rows = lines.flatMap((line) => {
      const all = parts(line.curve(), TABLE_ROWS);
      return all.map(({ from, to, count: n, mean, min, max }) => [
        line.name,
        n === 1 ? integer(from) : `${integer(from)} to ${integer(to)}`,
        format(mean),
        n === 1 ? '' : `${format(min)} to ${format(max)}`,
      ]);
    });
    fill(this.#table, table(title, ['curve', unit, 'value or mean', 'range'], rows));
  }
}

/** The number of the point that is nearest to a place; −1 without points. */
function nearest(x: ArrayLike<number>, place: number): number {
  const k = lowerBound(x, place);
  if (k === 0) return x.length === 0 ? -1 : 0;
  return k === x.length || place - x[k - 1]! < x[k]! - place ? k - 1 : k;
}
