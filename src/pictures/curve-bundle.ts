import type { TopLevelSpec } from 'vega-lite';
import { isShown } from './dimension.js';
import { draw } from './draw.js';
import { highlighted, kindColor, LOOKS } from './highlight.js';
import { marked } from './names.js';
import { spacing } from './spacing.js';
import { PLOT_WIDTH } from './theme.js';

/** What {@link curveBundle} draws. */
export interface CurveBundleOptions {
  /** Default none. */
  readonly title?: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Default `'linear'`. */
  readonly yScale?: 'linear' | 'log';
  /** Values that are not finite are left out. */
  readonly curves: readonly {
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly isMarked: boolean;
  }[];
  /** What the marked curves are called, and the others. */
  readonly names: readonly [marked: string, others: string];
}

/**
 * Many curves over one pair of axes, of which some are marked. A curve of one value is a point.
 *
 * @returns SVG.
 * @throws {Error} if vega or vega-lite is not installed.
 */
export async function curveBundle(options: CurveBundleOptions): Promise<string> {
  const { title, xTitle, yTitle, yScale = 'linear', curves, names } = options;
  const shown = curves.map(({ x, y, isMarked }, line) => ({
    isMarked,
    places: x.map((at, i) => ({ x: at, y: y[i], line })).filter((place) => isShown(place.y, yScale === 'log')),
  }));
  const all = shown.flatMap(({ places }) => places);
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: marked(xTitle),
    scale: { zero: false, nice: false, padding: 6 },
    axis: { tickCount: 10, tickMinStep: 1, format: ',~r' },
  };
  const ys = spacing(
    yScale,
    all.map((place) => place.y),
  );
  const y = { field: 'y', type: 'quantitative' as const, title: marked(yTitle), ...ys };
  const spec: TopLevelSpec = {
    ...(title === undefined ? {} : { title: marked(title) }),
    width: PLOT_WIDTH,
    height: 260,
    encoding: { x, y },
    layer: highlighted(shown).flatMap(({ kind, chosen }) => {
      const values = chosen.flatMap(({ places }) => places.map((place) => ({ ...place, kind })));
      const points = chosen.flatMap(({ places }) => (places.length === 1 ? places.map((p) => ({ ...p, kind })) : []));
      const color = kindColor(names, 'stroke');
      const line = { type: 'line' as const, strokeJoin: 'round' as const, ...LOOKS[kind].line };
      const point = { type: 'point' as const, filled: true, ...LOOKS[kind].point };
      return [
        { name: kind, data: { values }, mark: line, encoding: { detail: { field: 'line', type: 'nominal' }, color } },
        ...(points.length === 0
          ? []
          : [{ name: `${kind}_points`, data: { values: points }, mark: point, encoding: { color } }]),
      ] as const;
    }),
  };
  const label = `${title === undefined ? '' : `${title}: `}${yTitle} against ${xTitle} of ${curves.length} curves`;
  return (await draw('curveBundle', spec, label)).svg;
}
