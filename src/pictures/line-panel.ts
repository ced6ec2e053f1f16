import type { TopLevelSpec } from 'vega-lite';
import { extentOf } from './checks.js';
import type { NumberFormat } from './markup.js';
import { keyOf, marked, textOf } from './names.js';
import { logTicks } from './spacing.js';
import { legendColumns, PLOT_WIDTH } from './theme.js';

type LayeredSpec = Extract<TopLevelSpec, { layer: unknown }>;
type Layer = LayeredSpec['layer'][number];

/** One line in a panel. */
export interface Line {
  /** The name its marks carry in the SVG: letters, digits and `_`. */
  readonly id: string;
  /** Its name in the legend. */
  readonly name: string;
  readonly x: readonly number[];
  /** Values that are not finite are gaps. */
  readonly y: readonly number[];
  /** Thin, and of this opacity. Default thick and opaque. */
  readonly faint?: number;
}

/** How a name of the legend looks. */
export interface Look {
  readonly name: string;
  readonly color: string;
  readonly dash: readonly number[];
}

/** Lines over one pair of axes. */
export interface Panel {
  /** Its name in the SVG and of its scales, `loss_x` and `loss_y`. */
  readonly id: string;
  readonly title?: string;
  readonly subtitle?: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly xScale?: 'linear' | 'log';
  readonly yScale?: 'linear' | 'log';
  /** The interval that the y axis shows; default that of the values. */
  readonly yDomain?: readonly [low: number, high: number];
  readonly yFormat?: NumberFormat;
  readonly height: number;
  readonly lines: readonly Line[];
  readonly looks: readonly Look[];
  /** Whether there is a legend. */
  readonly legend: boolean;
}

/** Lines of at most so many points show them; longer ones show those that have a gap on both sides. */
const SHOWN_POINTS = 50;

/** The panel for vega-lite, to be drawn alone or with others. */
export function panelSpec(panel: Panel): LayeredSpec {
  const { id, title, subtitle, lines, looks, legend, height } = panel;
  const x = axis(
    panel.xTitle,
    panel.xScale,
    lines.flatMap((line) => line.x),
    'x',
  );
  const y = axis(
    panel.yTitle,
    panel.yScale,
    lines.flatMap((line) => line.y),
    'y',
    panel.yFormat,
    panel.yDomain,
  );
  const names = looks.map((look) => look.name);
  const columns = legendColumns(names);
  const shared = legend ? { title: null, columns, symbolType: 'stroke' as const, labelExpr: textOf(names) } : null;
  const keys = names.map((_, i) => keyOf(i));
  const color = { domain: keys, range: looks.map((look) => look.color) };
  const dash = { domain: keys, range: looks.map((look) => [...look.dash]) };

  const clip = panel.yDomain !== undefined;
  const layer = lines.flatMap((line): Layer[] => {
    const key = keyOf(names.indexOf(line.name));
    const values = line.x.map((x, i) => ({ x, y: Number.isFinite(line.y[i]) ? line.y[i] : null, key }));
    const alone = (i: number): boolean => (values[i - 1]?.y ?? null) === null && (values[i + 1]?.y ?? null) === null;
    const points = values.filter(({ y }, i) => {
      if (y === null || line.faint) return false;
      const [low, high] = panel.yDomain ?? [y, y];
      return y >= low && y <= high && (values.length <= SHOWN_POINTS || alone(i));
    });
    const position = {
      x: { field: 'x', type: 'quantitative', ...x },
      y: { field: 'y', type: 'quantitative', ...y },
    } as const;
    const hue = { field: 'key', type: 'nominal', scale: color, legend: shared } as const;
    const thickness = line.faint ? { strokeWidth: 1, opacity: line.faint } : { strokeWidth: 2 };
    return [
      {
        name: line.id,
        data: { values },
        mark: { type: 'line', clip, strokeJoin: 'round', ...thickness },
        encoding: {
          ...position,
          color: hue,
          strokeDash: { field: 'key', type: 'nominal', scale: dash, legend: shared },
        },
      },
      ...(points.length === 0
        ? []
        : [
            {
              name: `${line.id}_points`,
              data: { values: points },
              mark: { type: 'point' as const, filled: true, size: 28, opacity: 1 },
              encoding: { ...position, color: hue },
            },
          ]),
    ];
  });
  return {
    name: id,
    ...(title === undefined ? {} : { title: { text: marked(title), ...(subtitle === undefined ? {} : { subtitle }) } }),
    width: PLOT_WIDTH,
    height,
    layer,
  };
}

/** Scale and axis for the values of one direction. */
function axis(
  title: string,
  type: 'linear' | 'log' = 'linear',
  values: readonly number[],
  direction: 'x' | 'y',
  format: NumberFormat = 'number',
  domain?: readonly [number, number],
) {
  const finite = values.filter(Number.isFinite);
  const [low, high] = domain ?? extentOf(finite);
  const whole = format === 'number' && finite.every(Number.isInteger) && high < 1e15;
  const shown = domain ?? (low === high ? around(low, type) : undefined);
  return {
    title: marked(title),
    scale: {
      type,
      ...(type === 'linear' ? { zero: false, nice: shown === undefined } : { nice: false }),
      ...(shown === undefined ? {} : { domain: [...shown] }),
    },
    axis: {
      grid: true,
      tickCount: direction === 'x' ? 10 : 6,
      ...(whole ? { tickMinStep: 1, format: ',~r' } : {}),
      ...(format === 'percent' ? { format: '~%' } : {}),
      ...(type === 'log' ? logTicks(low, high) : {}),
    },
  };
}

/** The interval around a single number: vega labels an axis of length zero with six digits after the point. */
function around(value: number, type: 'linear' | 'log'): [low: number, high: number] {
  if (type === 'log') return [value / 2, value * 2];
  const margin = Math.abs(value) * 0.1 || 1;
  return [value - margin, value + margin];
}
