import type { TopLevelSpec } from 'vega-lite';
import { checkCount, checkOptions, describe } from '../arrays/index.js';
import { checkDistinct, checkNumbers, checkOptionalText, checkText, checkTexts } from './checks.js';
import { draw, labelOf } from './draw.js';
import { formatNumber } from './markup.js';
import { colorOf, INK, legendColumns, PLOT_WIDTH } from './theme.js';

/** The bars of one colour in a {@link barChart}. */
export interface BarSeries {
  /** Its name in the legend. */
  name: string;
  /** One value for each category. One that is not finite has no bar. */
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
  /** Number format of the y axis and of the numbers over the bars, in d3's notation. Default: as the numbers need. */
  yFormat?: string;
  /** Pixels between the axes. Default 240. */
  height?: number;
  /** What stands under each group of bars, at least one. */
  categories: readonly string[];
  /** At least one. With two or more there is a legend. */
  series: readonly BarSeries[];
}

const OPTIONS = ['title', 'xTitle', 'yTitle', 'yFormat', 'height', 'categories', 'series'] as const;

/** Bars this wide have room for a number over them. */
const NUMBERED_WIDTH = 30;

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
  const { title, xTitle, yTitle, yFormat, height = 240, categories } = options;
  checkOptionalText(fn, 'title', title);
  checkText(fn, 'xTitle', xTitle);
  checkText(fn, 'yTitle', yTitle);
  checkOptionalText(fn, 'yFormat', yFormat);
  checkCount(fn, 'height', height, 1);
  checkTexts(fn, 'categories', categories);
  if (categories.length === 0) throw new RangeError(`${fn}: categories is empty, expected at least one`);
  checkDistinct(fn, 'categories', categories);
  const series = checkSeries(fn, options.series, categories.length);

  const names = series.map((one) => one.name);
  const values = series.flatMap(({ name, values: ys }) =>
    ys.flatMap((y, i) => (Number.isFinite(y) ? [{ category: categories[i], name, y, text: formatNumber(y) }] : [])),
  );
  if (values.length === 0) throw new RangeError(`${fn}: series has no finite number, so there is no bar`);
  // A fifth of the room stays between the groups.
  const barWidth = (PLOT_WIDTH * 0.8) / (categories.length * series.length);
  const slanted = Math.max(...categories.map((text) => text.length)) * 7 > PLOT_WIDTH / categories.length;
  const text =
    yFormat === undefined ? { field: 'text' } : { field: 'y', type: 'quantitative' as const, format: yFormat };
  const color = { domain: names, range: names.map((_, i) => colorOf(i)) };
  const legend = { title: null, columns: legendColumns(names), symbolSize: 120 };

  const spec: TopLevelSpec = {
    name: 'chart',
    ...(title === undefined ? {} : { title }),
    width: PLOT_WIDTH,
    height,
    data: { values },
    encoding: {
      x: {
        field: 'category',
        type: 'nominal',
        title: xTitle,
        scale: { domain: [...categories], paddingInner: 0.2, paddingOuter: 0.1 },
        axis: { labelAngle: slanted ? -35 : 0, labelLimit: 200, ticks: false, grid: false },
      },
      xOffset: { field: 'name', type: 'nominal', scale: { domain: names } },
      y: {
        field: 'y',
        type: 'quantitative',
        title: yTitle,
        axis: { tickCount: 6, ...(yFormat === undefined ? {} : { format: yFormat }) },
      },
    },
    layer: [
      {
        name: 'bars',
        mark: { type: 'bar' },
        encoding: {
          color: { field: 'name', type: 'nominal', scale: color, legend: series.length > 1 ? legend : null },
        },
      },
      ...(barWidth < NUMBERED_WIDTH
        ? []
        : [
            {
              name: 'numbers',
              mark: { type: 'text' as const, baseline: 'bottom' as const, dy: -3, fontSize: 11, color: INK },
              encoding: { text },
            },
          ]),
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
