import { checkCount, checkOptions, describe, ShapeError } from '../arrays/index.js';
import { checkChoice, checkDistinct, checkNumbers, checkOptionalText, checkText } from './checks.js';
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

/** What {@link lineChart} draws. */
export interface LineChartOptions {
  /** Default none. */
  title?: string;
  /** What the x axis shows, with its unit. */
  xTitle: string;
  /** What the y axis shows, with its unit. */
  yTitle: string;
  /** Default `'linear'`. */
  xScale?: 'linear' | 'log';
  /** Default `'linear'`. */
  yScale?: 'linear' | 'log';
  /** The interval that the y axis shows; lines are cut off at it. Default: what there is. */
  yDomain?: readonly [low: number, high: number];
  /** How the values are written: as they are, or shares as percentages. Default `'number'`. */
  yFormat?: NumberFormat;
  /** Pixels between the axes. Default 260. */
  height?: number;
  /** At least one. With two or more there is a legend. */
  series: readonly LineSeries[];
}

const OPTIONS = ['title', 'xTitle', 'yTitle', 'xScale', 'yScale', 'yDomain', 'yFormat', 'height', 'series'] as const;
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
  checkOptions(fn, options, OPTIONS satisfies readonly (keyof LineChartOptions)[]);
  const {
    title,
    xTitle,
    yTitle,
    xScale = 'linear',
    yScale = 'linear',
    yDomain,
    yFormat = 'number',
    height = 260,
  } = options;
  checkOptionalText(fn, 'title', title);
  checkText(fn, 'xTitle', xTitle);
  checkText(fn, 'yTitle', yTitle);
  checkChoice(fn, 'xScale', xScale, ['linear', 'log']);
  checkChoice(fn, 'yScale', yScale, ['linear', 'log']);
  checkChoice(fn, 'yFormat', yFormat, ['number', 'percent']);
  checkCount(fn, 'height', height, 1);
  if (yDomain !== undefined) checkDomain(fn, yDomain, yScale);
  const lines = checkSeries(fn, options.series, xScale, yScale);
  const names = lines.map((line) => line.name);
  const looks = options.series.map(({ name, dashed = false }, i) => {
    return { name, color: colorOf(i), dash: dashed ? DASHED : dashOf(i) };
  });
  const legend = lines.length > 1;
  const panel = { id: 'chart', title, xTitle, yTitle, xScale, yScale, yDomain, yFormat, height, lines, looks, legend };
  return (await draw(fn, panelSpec(panel), labelOf(title, xTitle, yTitle, names))).svg;
}

function checkSeries(fn: string, series: unknown, xScale: string, yScale: string): Line[] {
  if (!Array.isArray(series) || series.length === 0) {
    throw new TypeError(`${fn}: series is ${describe(series)}, expected a list of { name, x, y }`);
  }
  const lines = series.map((one: LineSeries, i): Line => {
    const at = `series[${i}]`;
    if (typeof one !== 'object' || one === null) {
      throw new TypeError(`${fn}: ${at} is ${describe(one)}, expected { name, x, y }`);
    }
    checkOptions(`${fn}: ${at}`, one, SERIES satisfies readonly (keyof LineSeries)[]);
    checkText(fn, `${at}.name`, one.name);
    const x = checkNumbers(fn, `${at}.x`, one.x);
    if (x.length === 0) throw new ShapeError(`${fn}: ${at}.x is empty, expected at least one number`);
    const y = checkNumbers(fn, `${at}.y`, one.y, x.length);
    checkPlaces(fn, `${at}.x`, x, xScale);
    if (!y.some(Number.isFinite)) throw new RangeError(`${fn}: ${at}.y has no finite number, so there is no line`);
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
  throw new RangeError(`${fn}: ${name} has ${wrong}, expected ${expected}`);
}

function checkDomain(fn: string, domain: unknown, scale: string): void {
  const [low, high] = checkNumbers(fn, 'yDomain', domain, 2);
  checkPlaces(fn, 'yDomain', [low, high], scale);
  if (low >= high) throw new RangeError(`${fn}: yDomain is ${describe(domain)}, expected [low, high] with low < high`);
}
