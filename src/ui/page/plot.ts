import uPlot from 'uplot';
import { integer } from './format.js';
import { colorOf, inkOf, type Pen } from './palette.js';
import type { Curve } from './resample.js';

/** Pixels of the page. */
export const PLOT_HEIGHT = 240;

/** A curve of a chart. */
export interface Line {
  readonly name: string;
  readonly pen: Pen;
  /** Its points as they are now. */
  curve(): Curve;
  /** Whether each point is marked. */
  readonly isMarked?: boolean;
}

export interface PlotOptions {
  readonly title: string;
  /** A value as text. */
  readonly format: (value: number | null) => string;
  readonly lines: readonly Line[];
  readonly isLog?: boolean;
  /** The largest range of values that is shown, as [0, 1] for shares. */
  readonly bounds?: readonly [number, number];
}

/** What a plot tells of. */
export interface PlotEvents {
  onCursor(): void;
  /** A part was chosen; null for all. */
  onZoom(range: readonly [number, number] | null): void;
}

/** The canvas of a chart, in the colours of the style as it is now. */
export function makePlot(
  host: HTMLElement,
  width: number,
  { title, lines, format, bounds, isLog = false }: PlotOptions,
  { onCursor, onZoom }: PlotEvents,
): uPlot {
  const ink = colorOf('--muted');
  const grid = { stroke: colorOf('--line'), width: 1 };
  const font = '12px system-ui, sans-serif';
  const axis = { stroke: ink, font, grid, ticks: grid };
  const plot = new uPlot(
    {
      width,
      height: PLOT_HEIGHT,
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false, setScale: false },
        bind: {
          dblclick: () => () => {
            onZoom(null);
            return null;
          },
        },
        points: { size: 7 },
      },
      scales: {
        x: { time: false, auto: false },
        y: isLog ? { distr: 3 } : { range: (_, min, max) => rangeOf(min ?? 0, max ?? 1, bounds) },
      },
      axes: [
        { ...axis, size: 32, values: (_, values) => values.map((value) => (value % 1 === 0 ? integer(value) : '')) },
        { ...axis, size: 64, values: (_, values) => values.map((value) => (value === null ? '' : format(value))) },
      ],
      series: [
        {},
        ...lines.map(({ name, pen, isMarked = false }) => ({
          label: name,
          stroke: inkOf(pen),
          width: pen.isFaint ? 1 : 2,
          dash: [...pen.dash],
          spanGaps: true,
          points: { show: isMarked, size: 6, fill: inkOf(pen) },
        })),
      ],
      hooks: {
        setCursor: [() => onCursor()],
        setSelect: [
          ({ select, posToVal }) => {
            if (select.width < 4) return;
            onZoom([posToVal(select.left, 'x'), posToVal(select.left + select.width, 'x')]);
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    },
    [[]],
    host,
  );
  const canvas = host.querySelector('canvas');
  canvas?.setAttribute('role', 'img');
  canvas?.setAttribute('aria-label', `${title}. Its values stand in the table below.`);
  return plot;
}

function rangeOf(min: number, max: number, bounds: readonly [number, number] | undefined): [number, number] {
  const room = max > min ? 0.06 * (max - min) : Math.abs(max) * 0.1 || 1;
  const low = min - room;
  const high = max + room;
  return bounds === undefined ? [low, high] : [Math.max(bounds[0], low), Math.min(bounds[1], high)];
}
