import type { TopLevelSpec } from 'vega-lite';
import { checkOptions, checkShapes, denseArg, isNDArray, type NDArray } from '../arrays/index.js';
import { checkDistinct, checkNumbers, checkOptionalText, checkText, checkTexts } from './checks.js';
import { draw, labelOf } from './draw.js';
import { formatNumber } from './markup.js';
import { INK, PLOT_WIDTH } from './theme.js';

/** What {@link heatMap} draws. */
export interface HeatMapOptions {
  /** Default none. */
  title?: string;
  /** What the columns are. */
  xTitle: string;
  /** What the rows are. */
  yTitle: string;
  /** The names of the rows, from the top. */
  rows: readonly string[];
  /** The names of the columns, from the left. */
  columns: readonly string[];
  /** One number for each cell, as lists of rows or an array of shape (rows, columns). One that is not finite is left white. */
  values: readonly ArrayLike<number>[] | NDArray;
  /** Number format of the cells in d3's notation. Default: as the numbers need. */
  format?: string;
}

const OPTIONS = ['title', 'xTitle', 'yTitle', 'rows', 'columns', 'values', 'format'] as const;

/** Pixels: a cell this wide has room for a number. */
const NUMBERED_WIDTH = 30;

/**
 * A table of numbers as colours, each cell with its number where there is room: a confusion matrix, say.
 *
 * @returns SVG, for a file, a page or {@link saveChart}.
 * @throws {RangeError | TypeError | ShapeError} naming what does not fit.
 * @throws {Error} if vega or vega-lite is not installed.
 *
 * @example
 * const svg = await heatMap({
 *   title: 'Confusion matrix',
 *   xTitle: 'predicted class',
 *   yTitle: 'true class',
 *   rows: classes,
 *   columns: classes,
 *   values: counts,
 * });
 */
export async function heatMap(options: HeatMapOptions): Promise<string> {
  const fn = 'heatMap';
  checkOptions(fn, options, OPTIONS satisfies readonly (keyof HeatMapOptions)[]);
  const { title, xTitle, yTitle, rows, columns, format } = options;
  checkOptionalText(fn, 'title', title);
  checkText(fn, 'xTitle', xTitle);
  checkText(fn, 'yTitle', yTitle);
  checkOptionalText(fn, 'format', format);
  for (const [name, texts] of Object.entries({ rows, columns })) {
    checkTexts(fn, name, texts);
    if (texts.length === 0) throw new RangeError(`${fn}: ${name} is empty, expected at least one`);
    checkDistinct(fn, name, texts);
  }
  const values = checkValues(fn, options.values, rows.length, columns.length);
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) throw new RangeError(`${fn}: values has no finite number, so there is nothing to colour`);

  // Counts and shares begin at zero, whatever the smallest of them.
  const low = Math.min(0, ...finite);
  const high = Math.max(...finite, low + Number.MIN_VALUE);
  const cell = Math.min(64, PLOT_WIDTH / columns.length);
  const numbered = cell >= NUMBERED_WIDTH;
  const cells = values.map((value, i) => ({
    row: rows[Math.floor(i / columns.length)],
    column: columns[i % columns.length],
    value: Number.isFinite(value) ? value : null,
    text: formatNumber(value),
    // The scheme is dark from about its middle on.
    ink: Number.isFinite(value) && value > low + 0.55 * (high - low) ? 'white' : INK,
  }));
  const text = format === undefined ? { field: 'text' } : { field: 'value', type: 'quantitative' as const, format };
  const slanted = Math.max(...columns.map((name) => name.length)) * 7 > cell;

  const spec: TopLevelSpec = {
    name: 'chart',
    ...(title === undefined ? {} : { title }),
    width: cell * columns.length,
    height: Math.min(cell, 40) * rows.length,
    data: { values: cells },
    encoding: {
      x: {
        field: 'column',
        type: 'nominal',
        title: xTitle,
        scale: { domain: [...columns], padding: 0 },
        axis: { labelAngle: slanted ? -40 : 0, labelLimit: 160, ticks: false, domain: false },
      },
      y: {
        field: 'row',
        type: 'nominal',
        title: yTitle,
        scale: { domain: [...rows], padding: 0 },
        axis: { labelLimit: 160, ticks: false, domain: false },
      },
    },
    layer: [
      {
        name: 'cells',
        mark: { type: 'rect', stroke: 'white', strokeWidth: 1, invalid: 'filter' },
        encoding: {
          color: {
            field: 'value',
            type: 'quantitative',
            scale: { domain: [low, high], scheme: 'blues' },
            legend: numbered ? null : { title: null, orient: 'right' },
          },
        },
      },
      ...(numbered
        ? [
            {
              name: 'numbers',
              mark: { type: 'text' as const, fontSize: 12, invalid: null },
              encoding: { text, color: { field: 'ink', type: 'nominal' as const, scale: null } },
            },
          ]
        : []),
    ],
  };
  return (await draw(fn, spec, labelOf(title, xTitle, yTitle, [`${rows.length} by ${columns.length} cells`]))).svg;
}

/** The values in row-major order. */
function checkValues(fn: string, values: unknown, numRows: number, numColumns: number): number[] {
  if (isNDArray(values)) {
    checkShapes(fn, { values: [values, [numRows, numColumns]] });
    return Array.from(denseArg(fn, 'values', values));
  }
  if (!Array.isArray(values) || values.length !== numRows) {
    const found = Array.isArray(values) ? `has ${values.length} rows` : 'is no list of rows';
    throw new RangeError(`${fn}: values ${found}, expected ${numRows} lists of ${numColumns} numbers`);
  }
  return values.flatMap((row, i) => checkNumbers(fn, `values[${i}]`, row, numColumns));
}
