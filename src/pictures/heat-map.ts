import type { TopLevelSpec } from 'vega-lite';
import {
  ANY,
  argumentError,
  checkShapes,
  hostValues,
  isNDArray,
  type NDArray,
  type OptionsOf,
  option,
  required,
  ShapeError,
  settingsOf,
  TEXT,
} from '../arrays/index.js';
import { checkNames, checkNumbers, extentOf, NUMBER_FORMAT } from './checks.js';
import { draw, labelOf } from './draw.js';
import { formatNumber, formatPercent, type NumberFormat } from './markup.js';
import { keyOf, marked, textOf } from './names.js';
import { INK, LETTER, labelsOf, longestOf, PLOT_WIDTH } from './theme.js';

const HEAT_MAP = {
  /** Default none. */
  title: option<string | undefined>(undefined, TEXT),
  /** What the columns are. */
  xTitle: required<string>(TEXT),
  /** What the rows are. */
  yTitle: required<string>(TEXT),
  /** The names of the rows, from the top. */
  rows: required<readonly string[]>(ANY),
  /** The names of the columns, from the left. */
  columns: required<readonly string[]>(ANY),
  /** A number for each cell, as lists of rows or an array of shape (rows, columns). NaN and infinities are grey. */
  values: required<readonly ArrayLike<number>[] | NDArray>(ANY),
  /** How the values are written: as they are, or shares as percentages. Default `'number'`. */
  format: option<NumberFormat>('number', NUMBER_FORMAT),
};

/** What {@link heatMap} draws. */
export interface HeatMapOptions extends OptionsOf<typeof HEAT_MAP> {}

/** The numbers of the cells. */
const NUMBERS = {
  name: 'cell_numbers',
  mark: {
    type: 'text' as const,
    fontSize: 12,
    color: { expr: `datum.value !== null && luminance(scale('color', datum.value)) < 0.22 ? 'white' : '${INK}'` },
  },
  encoding: { text: { field: 'text' } },
};

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
  const { title, xTitle, yTitle, rows, columns, values: given, format } = settingsOf(fn, HEAT_MAP, options);
  for (const [name, texts] of Object.entries({ rows, columns })) checkNames(fn, name, texts);
  const values = checkValues(fn, given, rows.length, columns.length);
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) {
    throw argumentError(RangeError, {
      fn,
      arg: 'values',
      found: 'has no finite number, so there is nothing to colour',
    });
  }

  const write = format === 'percent' ? formatPercent : formatNumber;
  const texts = values.map((value) => write(value, 3));
  const cell = Math.min(64, PLOT_WIDTH / columns.length);
  const numbered = texts.every((text) => text.length * LETTER < cell);
  const cells = values.map((value, i) => ({
    row: keyOf(Math.floor(i / columns.length)),
    column: keyOf(i % columns.length),
    value: Number.isFinite(value) ? value : null,
    text: texts[i],
  }));
  const labels = { labelFontSize: 11, labelLimit: 240, labelOverlap: !numbered, ticks: false, domain: false };

  const spec: TopLevelSpec = {
    ...(title === undefined ? {} : { title: marked(title) }),
    width: cell * columns.length,
    height: Math.min(cell, 40) * rows.length,
    data: { values: cells },
    encoding: {
      x: {
        field: 'column',
        type: 'nominal',
        title: marked(xTitle),
        scale: { domain: columns.map((_, i) => keyOf(i)), padding: 0 },
        axis: {
          ...labels,
          ...(numbered ? labelsOf(columns, cell, false) : { labelAngle: 0, labelExpr: textOf(columns) }),
        },
      },
      y: {
        field: 'row',
        type: 'nominal',
        title: marked(yTitle),
        scale: { domain: rows.map((_, i) => keyOf(i)), padding: 0 },
        axis: {
          ...labels,
          labelExpr: textOf(rows),
          // Vega takes letters to be wider than they are, and would put the axis title too far away.
          titleX: -16 - LETTER * Math.min(40, longestOf(rows)),
        },
      },
    },
    layer: [
      {
        name: 'cells',
        mark: { type: 'rect', stroke: 'white', strokeWidth: 1, invalid: null },
        encoding: {
          color: {
            condition: { test: 'datum.value === null', value: '#eef0f2' },
            field: 'value',
            type: 'quantitative',
            scale: colorsOf(finite),
            legend: numbered ? null : { title: null, orient: 'right' },
          },
        },
      },
      ...(numbered ? [NUMBERS] : []),
    ],
  };
  return (await draw(fn, spec, labelOf(title, xTitle, yTitle, [`${rows.length} by ${columns.length} cells`]))).svg;
}

/** From pale to blue where all values are ≥ 0; else from blue over white, which is zero, to orange. */
function colorsOf(values: readonly number[]): { domain: [number, number]; scheme: 'blues' | 'blueorange' } {
  const [low, high] = extentOf(values);
  const size = Math.max(-low, high) || 1;
  return low < 0 ? { domain: [-size, size], scheme: 'blueorange' } : { domain: [0, size], scheme: 'blues' };
}

/** The values in row-major order. */
function checkValues(fn: string, values: unknown, numRows: number, numColumns: number): number[] {
  if (isNDArray(values)) {
    checkShapes(fn, { values: [values, [numRows, numColumns]] });
    return Array.from(hostValues(values));
  }
  if (!Array.isArray(values) || values.length !== numRows) {
    const found = Array.isArray(values) ? `has ${values.length} rows` : 'is no list of rows';
    throw argumentError(ShapeError, {
      fn,
      arg: 'values',
      found,
      expected: `${numRows} lists of ${numColumns} numbers`,
    });
  }
  return values.flatMap((row, i) => checkNumbers(fn, `values[${i}]`, row, numColumns));
}
