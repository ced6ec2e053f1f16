import type { TopLevelSpec } from 'vega-lite';
import {
  ANY,
  argumentError,
  checkedIn,
  checkOptions,
  count,
  type OptionsOf,
  option,
  required,
  settingsOf,
  TEXT,
} from '../arrays/index.js';
import { AXES, checkDistinct, checkNames, checkNumbers, listOf, NUMBER_FORMAT } from './checks.js';
import { draw, labelOf } from './draw.js';
import { formatNumber, formatPercent, type NumberFormat } from './markup.js';
import { keyOf, marked, textOf } from './names.js';
import { colorOf, INK, LETTER, labelsOf, legendColumns, PLOT_WIDTH } from './theme.js';

/** The bars of one colour in a {@link barChart}. */
export interface BarSeries {
  /** Its name in the legend. */
  name: string;
  /** One value for each category. Where one is not finite, that stands there instead of a bar. */
  values: ArrayLike<number>;
}

const BAR_CHART = {
  ...AXES,
  /** How the values are written: as they are, or shares as percentages. Default `'number'`. */
  yFormat: option<NumberFormat>('number', NUMBER_FORMAT),
  /** Pixels between the axes. Default 240. */
  height: option(240, count(1)),
  /** The name under each group of bars, at least one. */
  categories: required<readonly string[]>(ANY),
  /** At least one. With two or more there is a legend. */
  series: required<readonly BarSeries[]>(listOf('{ name, values }')),
};

/** What {@link barChart} draws. */
export interface BarChartOptions extends OptionsOf<typeof BAR_CHART> {}

/** The numbers of the bars, outside of them. */
const NUMBERS = {
  name: 'numbers',
  mark: {
    type: 'text' as const,
    baseline: { expr: "datum.y < 0 ? 'top' : 'bottom'" },
    dy: { expr: 'datum.y < 0 ? 4 : -3' },
    fontSize: 11,
    color: INK,
  },
  encoding: { text: { field: 'text' } },
};

/**
 * A chart of bars from zero, about 700 pixels wide: for each category one bar of each series.
 *
 * @returns SVG, for a file, a page or {@link saveChart}.
 * @throws {RangeError | TypeError | ShapeError} naming what does not fit.
 * @throws {Error} if vega or vega-lite is not installed.
 */
export async function barChart(options: BarChartOptions): Promise<string> {
  const fn = 'barChart';
  const { categories, ...settings } = settingsOf(fn, BAR_CHART, options);
  const { title, xTitle, yTitle, yFormat, height } = settings;
  checkNames(fn, 'categories', categories);
  const series = checkSeries(fn, settings.series, categories.length);
  if (!series.some(({ values }) => values.some(Number.isFinite))) {
    throw argumentError(RangeError, { fn, arg: 'series', found: 'has no finite number, so there is no bar' });
  }
  const names = series.map((one) => one.name);
  const room = PLOT_WIDTH / categories.length;
  const labels = labelsOf(categories, room);
  const write = yFormat === 'percent' ? formatPercent : formatNumber;
  const values = series.flatMap(({ values: ys }, s) =>
    ys.map((y, i) => ({ category: keyOf(i), series: keyOf(s), y: Number.isFinite(y) ? y : 0, text: write(y, 3) })),
  );
  const numbered = values.every(({ text }) => text.length * LETTER < (room * 0.8) / series.length);
  const keys = names.map((_, i) => keyOf(i));
  const color = { domain: keys, range: names.map((_, i) => colorOf(i)) };
  const legend = { title: null, columns: legendColumns(names), symbolSize: 120, labelExpr: textOf(names) };

  const spec: TopLevelSpec = {
    ...(title === undefined ? {} : { title: marked(title) }),
    width: PLOT_WIDTH,
    height,
    data: { values },
    encoding: {
      x: {
        field: 'category',
        type: 'nominal',
        title: marked(xTitle),
        scale: { domain: categories.map((_, i) => keyOf(i)), paddingInner: 0.2, paddingOuter: 0.1 },
        axis: { ...labels, ticks: false, grid: false },
      },
      xOffset: { field: 'series', type: 'nominal', scale: { domain: keys } },
      y: {
        field: 'y',
        type: 'quantitative',
        title: marked(yTitle),
        // Room for the numbers under the bars: below it are the names of the categories.
        ...(numbered && values.some(({ y }) => y < 0) ? { scale: { padding: 18 } } : {}),
        axis: { tickCount: 6, ...(yFormat === 'percent' ? { format: '~%' } : {}) },
      },
    },
    layer: [
      {
        name: 'bars',
        mark: { type: 'bar' },
        encoding: {
          color: { field: 'series', type: 'nominal', scale: color, legend: series.length > 1 ? legend : null },
        },
      },
      ...(numbered ? [NUMBERS] : []),
    ],
  };
  return (await draw(fn, spec, labelOf(title, xTitle, yTitle, names))).svg;
}

function checkSeries(fn: string, series: readonly BarSeries[], length: number): { name: string; values: number[] }[] {
  const checked = series.map((one, i) => {
    checkOptions(`${fn}: series[${i}]`, one, ['name', 'values'] satisfies (keyof BarSeries)[]);
    const name = checkedIn(fn, `series[${i}].name`, one.name, TEXT);
    return { name, values: checkNumbers(fn, `series[${i}].values`, one.values, length) };
  });
  checkDistinct(
    fn,
    'series',
    checked.map((one) => one.name),
  );
  return checked;
}
