import type { TopLevelSpec } from 'vega-lite';
import { type Dimension, type DimensionValue, type UnitAxis, unitAxis } from './dimension.js';
import { draw } from './draw.js';
import { highlighted, kindColor, LOOKS } from './highlight.js';
import { keyOf, marked } from './names.js';
import { INK, LINE, labelsOf, PLOT_WIDTH } from './theme.js';

/** What {@link parallelCoordinates} draws. */
export interface ParallelCoordinatesOptions {
  /** Default none. */
  readonly title?: string;
  /** The axes from left to right, at least two. */
  readonly dimensions: readonly Dimension[];
  /** A value for each dimension. */
  readonly lines: readonly { readonly values: readonly DimensionValue[]; readonly isMarked: boolean }[];
  /** What the marked lines are called, and the others. */
  readonly names: readonly [marked: string, others: string];
  /** Pixels of an axis. Default 300. */
  readonly height?: number;
}

/** Where a line is that has no value of a dimension: below the axis. */
const NOWHERE = -0.13;

/**
 * Things with many values each, one line a thing: an axis for each dimension, side by side. Marked lines are thick and
 * lie on the others. A line that has no value of a dimension passes below its axis.
 *
 * @returns SVG.
 * @throws {Error} if vega or vega-lite is not installed.
 */
export async function parallelCoordinates(options: ParallelCoordinatesOptions): Promise<string> {
  const { title, dimensions, lines, names, height = 300 } = options;
  const axes = dimensions.map((dimension, i) =>
    unitAxis(
      dimension,
      lines.map(({ values }) => values[i]),
    ),
  );
  const x = {
    field: 'axis',
    type: 'nominal' as const,
    title: null,
    scale: { type: 'point' as const, domain: axes.map((_, i) => keyOf(i)), padding: 0.35 },
    axis: {
      ...labelsOf(
        dimensions.map(({ name }) => name),
        PLOT_WIDTH / (dimensions.length - 0.3),
      ),
      ticks: false,
      domain: false,
      grid: false,
      labelPadding: 10,
    },
  };
  const hasGap = axes.map((axis, i) => lines.some(({ values }) => axis.at(values[i]) === null));
  const scale = { domain: [hasGap.includes(true) ? NOWHERE - 0.04 : 0, 1], nice: false };
  const y = { field: 'at', type: 'quantitative' as const, title: null, scale, axis: null };

  const spec: TopLevelSpec = {
    ...(title === undefined ? {} : { title: marked(title) }),
    width: PLOT_WIDTH,
    height,
    encoding: { x },
    layer: [
      ...highlighted(lines).map(({ kind, chosen }) => ({
        name: kind,
        data: {
          values: chosen.flatMap((line, i) =>
            placesOf(axes, line.values).map((place) => ({ ...place, line: i, kind })),
          ),
        },
        mark: { type: 'line' as const, strokeJoin: 'round' as const, ...LOOKS[kind].line },
        encoding: { y, detail: { field: 'line', type: 'nominal' as const }, color: kindColor(names, 'stroke') },
      })),
      {
        name: 'axes',
        data: { values: axes.map((_, i) => ({ axis: keyOf(i), from: 0, to: 1 })) },
        mark: { type: 'rule', color: LINE, strokeWidth: 1.5 },
        encoding: { y: { ...y, field: 'from' }, y2: { field: 'to' } },
      },
      {
        name: 'numbers',
        data: {
          values: axes.flatMap((axis, i) => textsOf(axis, hasGap[i]).map((text) => ({ axis: keyOf(i), ...text }))),
        },
        mark: { type: 'text', align: 'left', dx: 5, fontSize: 11, color: INK },
        encoding: { y, text: { field: 'text' } },
      },
    ],
  };
  const label = `${title === undefined ? '' : `${title}: `}${lines.length} lines through ${dimensions
    .map(({ name }) => name)
    .join(', ')}`;
  return (await draw('parallelCoordinates', spec, label)).svg;
}

function placesOf(axes: readonly UnitAxis[], values: readonly DimensionValue[]): { axis: string; at: number }[] {
  return axes.map((axis, i) => ({ axis: keyOf(i), at: axis.at(values[i]) ?? NOWHERE }));
}

/** The texts beside an axis. */
function textsOf({ ticks }: UnitAxis, hasGap: boolean): UnitAxis['ticks'] {
  return hasGap ? [...ticks, { at: NOWHERE, text: 'none' }] : ticks;
}
