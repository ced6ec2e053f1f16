import {
  ANY,
  argumentError,
  checkedIn,
  checkOptions,
  count,
  describe,
  type OptionsOf,
  option,
  required,
  ShapeError,
  settingsOf,
  TEXT,
} from '../arrays/index.js';
import { AXES, checkDistinct, checkNumbers, listOf, NUMBER_FORMAT, OBJECT, SCALE } from './checks.js';
import { draw, labelOf } from './draw.js';
import { type Line, panelSpec } from './line-panel.js';
import type { NumberFormat } from './markup.js';
import { colorOf, DASHED, dashOf } from './theme.js';

/** One line of a {@link lineChart}. */
export interface LineSeries {
  /** Its name in the legend. */
  name: string;
  /** Where its points are, finite numbers. */
  x: ArrayLike<number>;
  /** Their values, as many. One that is not finite, as of a run that diverged, is a gap in the line. */
  y: ArrayLike<number>;
  /** Default false. */
  dashed?: boolean;
}

const LINE_CHART = {
  ...AXES,
  /** Default `'linear'`. */
  xScale: option<'linear' | 'log'>('linear', SCALE),
  /** Default `'linear'`. */
  yScale: option<'linear' | 'log'>('linear', SCALE),
  /** The interval that the y axis shows; lines are cut off at it. Default: that of the values. */
  yDomain: option<readonly [low: number, high: number] | undefined>(undefined, ANY),
  /** How the values are written: as they are, or shares as percentages. Default `'number'`. */
  yFormat: option<NumberFormat>('number', NUMBER_FORMAT),
  /** Pixels between the axes. Default 260. */
  height: option(260, count(1)),
  /** At least one. With two or more there is a legend. */
  series: required<readonly LineSeries[]>(listOf('{ name, x, y }')),
};

/** What {@link lineChart} draws. */
export interface LineChartOptions extends OptionsOf<typeof LINE_CHART> {}

const SERIES = ['name', 'x', 'y', 'dashed'] as const;

/**
 * A chart of lines, about 700 pixels wide. Lines of up to fifty points show them.
 *
 * @returns SVG, for a file, a page or {@link saveChart}.
 * @throws {RangeError | TypeError | ShapeError} naming what does not fit.
 * @throws {Error} if vega or vega-lite is not installed.
 *
 * @example
 * const svg = await lineChart({
 *   title: 'Best validation accuracy against weight scale',
 *   xTitle: 'weight scale (standard deviation)',
 *   yTitle: 'validation accuracy',
 *   xScale: 'log',
 *   yFormat: 'percent',
 *   series: [
 *     { name: 'plain', x: scales, y: plain },
 *     { name: 'batch normalization', x: scales, y: normalized },
 *   ],
 * });
 */
export async function lineChart(options: LineChartOptions): Promise<string> {
  const fn = 'lineChart';
  const { series, ...axes } = settingsOf(fn, LINE_CHART, options);
  const { title, xTitle, yTitle, xScale, yScale, yDomain } = axes;
  if (yDomain !== undefined) checkDomain(fn, yDomain, yScale);
  const lines = checkSeries(fn, series, xScale, yScale);
  const names = lines.map((line) => line.name);
  const looks = series.map(({ name, dashed = false }, i) => {
    return { name, color: colorOf(i), dash: dashed ? DASHED : dashOf(i) };
  });
  const panel = { id: 'chart', ...axes, lines, looks, legend: lines.length > 1 };
  return (await draw(fn, panelSpec(panel), labelOf(title, xTitle, yTitle, names))).svg;
}

function checkSeries(fn: string, series: readonly LineSeries[], xScale: string, yScale: string): Line[] {
  const lines = series.map((one, i): Line => {
    const at = `series[${i}]`;
    checkedIn(fn, at, one, { ...OBJECT, expected: '{ name, x, y }' });
    checkOptions(`${fn}: ${at}`, one, SERIES satisfies readonly (keyof LineSeries)[]);
    checkedIn(fn, `${at}.name`, one.name, TEXT);
    const x = checkNumbers(fn, `${at}.x`, one.x);
    if (x.length === 0) {
      throw argumentError(ShapeError, { fn, arg: `${at}.x`, found: 'is empty', expected: 'at least one number' });
    }
    const y = checkNumbers(fn, `${at}.y`, one.y, x.length);
    checkPlaces(fn, `${at}.x`, x, xScale);
    if (!y.some(Number.isFinite)) {
      throw argumentError(RangeError, { fn, arg: `${at}.y`, found: 'has no finite number, so there is no line' });
    }
    checkPlaces(fn, `${at}.y`, y.filter(Number.isFinite), yScale);
    return { id: `line${i}`, name: one.name, x, y };
  });
  checkDistinct(
    fn,
    'series',
    lines.map((line) => line.name),
  );
  return lines;
}

function checkPlaces(fn: string, name: string, values: readonly number[], scale: string): void {
  const wrong = values.find((value) => !Number.isFinite(value) || (scale === 'log' && value <= 0));
  if (wrong === undefined) return;
  const expected = scale === 'log' ? 'finite numbers > 0 for a logarithmic axis' : 'finite numbers';
  throw argumentError(RangeError, { fn, arg: name, found: `has ${wrong}`, expected });
}

function checkDomain(fn: string, domain: unknown, scale: string): void {
  const [low, high] = checkNumbers(fn, 'yDomain', domain, 2);
  checkPlaces(fn, 'yDomain', [low, high], scale);
  if (low < high) return;
  const [found, expected] = [`is ${describe(domain)}`, '[low, high] with low < high'];
  throw argumentError(RangeError, { fn, arg: 'yDomain', found, expected });
}
