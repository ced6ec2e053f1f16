import type { TopLevelSpec } from 'vega-lite';
import { checkCount, checkOptions, describe } from '../arrays/index.js';
import { checkChoice, checkDistinct, checkNumbers, checkOptionalText, checkText, checkTexts } from './checks.js';
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

/** What {@link barChart} draws. */
export interface BarChartOptions {
  /** Default none. */
  title?: string;
  /** What the categories are. */
  xTitle: string;
  /** What the y axis shows, with its unit. */
  yTitle: string;
  /** How the values are written: as they are, or shares as percentages. Default `'number'`. */
  yFormat?: NumberFormat;
  /** Pixels between the axes. Default 240. */
  height?: number;
  /** What stands under each group of bars, at least one. */
  categories: readonly string[];
  /** At least one. With two or more there is a legend. */
  series: readonly BarSeries[];
}

const OPTIONS = ['title', 'xTitle', 'yTitle', 'yFormat', 'height', 'categories', 'series'] as const;

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
  checkOptions(fn, options, OPTIONS satisfies readonly (keyof BarChartOptions)[]);
  const { title, xTitle, yTitle, yFormat = 'number', height = 240, categories } = options;
  checkOptionalText(fn, 'title', title);
  checkText(fn, 'xTitle', xTitle);
  checkText(fn, 'yTitle', yTitle);
  checkChoice(fn, 'yFormat', yFormat, ['number', 'percent']);
  checkCount(fn, 'height', height, 1);
  checkTexts(fn, 'categories', categories);
  if (categories.length === 0) throw new RangeError(`${fn}: categories is empty, expected at least one`);
  checkDistinct(fn, 'categories', categories);
  const series = checkSeries(fn, options.series, categories.length);

  if (!series.some(({ values }) => values.some(Number.isFinite))) {
    throw new RangeError(`${fn}: series has no finite number, so there is no bar`);
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

function checkSeries(fn: string, series: unknown, length: number): { name: string; values: number[] }[] {
  if (!Array.isArray(series) || series.length === 0) {
    throw new TypeError(`${fn}: series is ${describe(series)}, expected a list of { name, values }`);
  }
  const checked = series.map((one: BarSeries, i) => {
    checkOptions(`${fn}: series[${i}]`, one, ['name', 'values'] satisfies (keyof BarSeries)[]);
    checkText(fn, `series[${i}].name`, one.name);
    return { name: one.name, values: checkNumbers(fn, `series[${i}].values`, one.values, length) };
  });
  checkDistinct(
    fn,
    'series',
    checked.map((one) => one.name),
  );
  return checked;
}
