import type { TopLevelSpec } from 'vega-lite';
import { type Dimension, type DimensionValue, isShown } from './dimension.js';
import { draw } from './draw.js';
import { highlighted, kindColor, LOOKS } from './highlight.js';
import { keyOf, marked } from './names.js';
import { spacing } from './spacing.js';
import { labelsOf, PLOT_WIDTH } from './theme.js';

/** What {@link scatterPanels} draws. */
export interface ScatterPanelsOptions {
  /** Default none. */
  readonly title?: string;
  /** A panel for each. */
  readonly dimensions: readonly Dimension[];
  /** What the y axes show. */
  readonly yTitle: string;
  /** Default `'linear'`. */
  readonly yScale?: 'linear' | 'log';
  /** Values of the dimensions, and where the point is on the y axes. */
  readonly points: readonly {
    readonly values: readonly DimensionValue[];
    readonly y: number;
    readonly isMarked: boolean;
  }[];
  /** What the marked points are called, and the others. */
  readonly names: readonly [marked: string, others: string];
}

const COLUMNS = 2;
/** Pixels of a panel. */
const [WIDTH, HEIGHT] = [PLOT_WIDTH / COLUMNS - 30, 190];

/**
 * One quantity against each of several others: a panel of points for each. Points without a value, or without a finite
 * y, are left out of a panel.
 *
 * @returns SVG.
 * @throws {Error} if vega or vega-lite is not installed.
 */
export async function scatterPanels(options: ScatterPanelsOptions): Promise<string> {
  const { title, dimensions, yTitle } = options;
  const panels = dimensions.map((_, i) => i).filter((i) => pointsOf(options, i).length > 0);
  const spec: TopLevelSpec = {
    ...(title === undefined ? {} : { title: { text: marked(title), fontSize: 17 } }),
    columns: COLUMNS,
    spacing: { row: 22, column: 24 },
    concat: panels.map((i, place) => panelOf(options, i, place % COLUMNS === 0)),
  };
  const against = panels.map((i) => dimensions[i].name).join(', ');
  const label = `${title === undefined ? '' : `${title}: `}${yTitle} against each of ${against}`;
  return (await draw('scatterPanels', spec, label)).svg;
}

/** The points that the panel of a dimension shows. */
function pointsOf({ points, dimensions, yScale }: ScatterPanelsOptions, i: number): ScatterPanelsOptions['points'] {
  return points.filter(({ values, y }) => isShown(y, yScale === 'log') && isPlaced(values[i], dimensions[i].scale));
}

function panelOf(options: ScatterPanelsOptions, i: number, isFirst: boolean) {
  const { dimensions, yTitle, yScale = 'linear', names } = options;
  const { name, scale } = dimensions[i];
  const shown = pointsOf(options, i);
  const x = xOf(
    name,
    scale,
    shown.map(({ values }) => values[i]),
  );
  return {
    name: `panel${i}`,
    width: WIDTH,
    height: HEIGHT,
    layer: [
      ...highlighted(shown).map(({ kind, chosen }) => ({
        name: `${kind}${i}`,
        data: { values: chosen.map(({ values, y }) => ({ x: keyIn(scale, values[i]), y, kind })) },
        mark: { type: 'point' as const, filled: true, ...LOOKS[kind].point },
        encoding: {
          x: { field: 'x', ...x },
          y: {
            field: 'y',
            type: 'quantitative' as const,
            title: isFirst ? marked(yTitle) : null,
            ...spacing(
              yScale,
              shown.map(({ y }) => y),
            ),
          },
          color: kindColor(names, 'circle'),
        },
      })),
    ],
  };
}

function isPlaced(value: DimensionValue, scale: Dimension['scale']): boolean {
  return typeof scale === 'string' ? isShown(value, scale === 'log') : scale.includes(String(value));
}

function keyIn(scale: Dimension['scale'], value: DimensionValue): string | number {
  return typeof scale === 'string' ? (value as number) : keyOf(scale.indexOf(String(value)));
}

function xOf(name: string, scale: Dimension['scale'], values: readonly DimensionValue[]) {
  const title = marked(name);
  if (typeof scale !== 'string') {
    const axis = { ...labelsOf(scale, WIDTH / scale.length), ticks: false, grid: false };
    const domain = scale.map((_, j) => keyOf(j));
    return { type: 'nominal' as const, title, scale: { type: 'point' as const, domain, padding: 0.5 }, axis };
  }
  return { type: 'quantitative' as const, title, ...spacing(scale, values as readonly number[]) };
}
