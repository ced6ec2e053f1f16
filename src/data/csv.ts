import {
  argumentError,
  checkedIn,
  checkPath,
  DTYPE,
  type DType,
  describe,
  FLAG,
  hostRoom,
  type NDArray,
  type OptionsOf,
  oneOf,
  option,
  type Range,
  type Settings,
  settingsOf,
  zeros,
} from '../arrays/index.js';
import { readBytes } from '../files/index.js';
import { hasNoNumber, keptRecords, type Read, readCategories, readNumbers } from './csv-columns.js';
import { otherDelimiter, type Table, tableOf } from './csv-table.js';

/** A column by its name, or by its place: counted from 0, or from the end with −1 for the last one. */
export type Column = string | number;

const isTexts = (list: unknown): boolean => Array.isArray(list) && list.every((text) => typeof text === 'string');

const isColumns = (list: unknown): boolean =>
  Array.isArray(list) && list.length > 0 && list.every((column) => isColumn(column));

const isColumn = (column: unknown): boolean => typeof column === 'string' || Number.isInteger(column);

const COLUMNS: Range = {
  allows: (list) => list === undefined || isColumns(list),
  expected: 'a list of columns, by name or place',
  Kind: TypeError,
};

const TARGET: Range = {
  allows: (target) => target === undefined || isColumn(target) || isColumns(target),
  expected: 'a column by name or place, or a list of them',
  Kind: TypeError,
};

const CATEGORIES: Range = {
  allows: (value) =>
    isTexts(value) ||
    (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isTexts)),
  expected: 'a list of columns, or an object with the categories of each',
  Kind: TypeError,
};

const DELIMITER: Range = {
  allows: (text) => typeof text === 'string' && text.length === 1 && !'"\r\n'.includes(text),
  expected: "a character as ',', ';' or '\\t'",
  Kind: RangeError,
};

const CSV = {
  /** The column to predict, or several. Default: none, and all columns are inputs. */
  target: option<Column | readonly Column[] | undefined>(undefined, TARGET),
  /** Whether the first line has the names of the columns; else they are `column 1`, `column 2`, … Default true. */
  header: option(true, FLAG),
  /** What separates two fields. Default `','`. */
  delimiter: option(',', DELIMITER),
  /**
   * The columns to take as inputs, in this order, wherever they are in the text: the `inputs` of one file, to read
   * another one alike. Default: all but the target.
   */
  columns: option<readonly Column[] | undefined>(undefined, COLUMNS),
  /**
   * The columns whose texts are names of categories, the target too; or an object that has the categories of each such
   * column in the order of their numbers: the `categories` of one file, to read another one alike. Default none.
   */
  categories: option<readonly string[] | Readonly<Record<string, readonly string[]>>>([], CATEGORIES),
  /**
   * How categories become numbers: `'oneHot'`, a column of 0 and 1 for each, or `'codes'`, one column of 0, 1, 2, …
   * Default `'oneHot'`.
   */
  encode: option<'oneHot' | 'codes'>('oneHot', oneOf('oneHot', 'codes')),
  /**
   * What a missing value is: an error; or its record is dropped; or it becomes NaN, which a {@link Standardizer}
   * replaces by the mean of the training part (categories: no column is 1); or the mean of its column in this file
   * (categories: the most frequent). A missing target is an error or drops the record. Default `'error'`.
   */
  missing: option<'error' | 'drop' | 'nan' | 'mean'>('error', oneOf('error', 'drop', 'nan', 'mean')),
  /** The texts of missing values. Default: nothing, `NA`, `N/A`, `NaN`, `nan`, `null` and `?`. */
  missingValues: option<readonly string[]>(['', 'NA', 'N/A', 'NaN', 'nan', 'null', '?'], {
    allows: isTexts,
    expected: 'a list of texts',
    Kind: TypeError,
  }),
  /** Default `'float32'`. */
  dtype: option<DType>('float32', DTYPE),
};

/** Options of {@link csv} and {@link parseCsv}. */
export interface CsvOptions extends OptionsOf<typeof CSV> {}

/** A table of numbers. */
export interface CsvData {
  /** The inputs, shape (N, D). */
  X: NDArray;
  /** The names of the D columns of X; of a category, `colour=red`. */
  columns: string[];
  /**
   * The names of the columns that X is made of, in their order: `columns` of another call, whose text may have them in
   * any order.
   */
  inputs: string[];
  /** The categories of each column that has some, in the order of their numbers. */
  categories: Record<string, string[]>;
}

/**
 * A table of numbers and what to predict from them: a dataset for a DataLoader. `classes` tells which kind of target it
 * is: undefined where y are numbers.
 */
export type LabelledCsvData = CsvData &
  (
    | {
        /** N labels, of a target of categories. */
        y: Int32Array;
        /** The names of the classes, in the order of their labels. */
        classes: string[];
      }
    | {
        /** Numbers, shape (N, 1) as a `Linear` layer of one output has them, or (N, T) of T targets. */
        y: NDArray;
        classes?: undefined;
      }
  );

/** The longest file that is read: texts of JavaScript are not much longer. */
const MOST_BYTES = 2 ** 29 - 2 ** 20;

/**
 * A CSV file as arrays.
 *
 * Each column is numbers, but for those that `categories` names. A target is categories too if none of its values is a
 * number: y are labels then, and `classes` their names. Categories are in the order of their names, or of their numbers
 * where all are numbers. Spaces around a field do not count. A quoted field begins with its quote.
 *
 * @param file - Its path; the text is UTF-8.
 * @throws {Error} naming file, line, column and text of what is no number, no known category, or missing; the line
 *   whose number of fields is another, or whose quotes are not closed; or if the file cannot be read.
 * @throws {TypeError | RangeError} naming an option that is out of its range, or a column that there is not.
 *
 * @example
 * const { X, y, inputs, categories } = csv('houses.csv', { target: 'price', categories: ['town'], missing: 'nan' });
 * const [train, test] = [[0, 1, 2, 3], [4, 5]]; // rows
 * const scaled = new Standardizer().fit(X, train).transform(X);
 * // New rows become columns as those did, in whatever order their file has them.
 * const rows = parseCsv('town,area\nBern,80', { columns: inputs, categories, missing: 'nan' });
 */
export function csv(file: string, options: CsvOptions & { target: Column | readonly Column[] }): LabelledCsvData;
export function csv(file: string, options?: CsvOptions): CsvData;
export function csv(file: string, options: CsvOptions = {}): CsvData {
  const fn = 'csv';
  checkPath(fn, 'file', file);
  const settings = settingsOf(fn, CSV, options);
  return dataOf(fn, file, textOf(fn, file), settings);
}

/**
 * The text of a CSV file as arrays: see {@link csv}.
 *
 * @param text - Lines of fields.
 * @throws {Error} as {@link csv} does.
 *
 * @example
 * const { X, y, classes } = parseCsv('width,height,kind\n1,2,cat\n3,4,dog\n', { target: 'kind' });
 */
export function parseCsv(text: string, options: CsvOptions & { target: Column | readonly Column[] }): LabelledCsvData;
export function parseCsv(text: string, options?: CsvOptions): CsvData;
export function parseCsv(text: string, options: CsvOptions = {}): CsvData {
  const fn = 'parseCsv';
  checkedIn(fn, 'text', text, { allows: (t) => typeof t === 'string', expected: 'a text', Kind: TypeError });
  return dataOf(fn, 'text', text, settingsOf(fn, CSV, options));
}

function textOf(fn: string, file: string): string {
  const bytes = readBytes(fn, file, MOST_BYTES, 'name a CSV file, a larger one in parts');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw argumentError(Error, { fn, arg: file, found: 'is no text', expected: 'UTF-8' }, { cause });
  }
}

function dataOf(fn: string, source: string, text: string, settings: Settings<typeof CSV>): CsvData {
  const { target, dtype, encode, missing, delimiter } = settings;
  const table = tableOf(fn, source, text, settings.header, settings.delimiter);
  const targets = target === undefined ? [] : placesOf(fn, table, 'target', [target].flat(), settings);
  const inputs = settings.columns
    ? placesOf(fn, table, 'columns', settings.columns, settings)
    : table.names.map((_, c) => c).filter((c) => !targets.includes(c));
  checkOverlap(fn, table, inputs, targets);
  const fixed = categoriesOf(fn, table, settings);
  const absent = new Set(settings.missingValues);
  const reader = { fn, table, absent, missing, dtype, delimiter };

  // Records to leave out are known before any value is read, so that statistics and categories are of what is left.
  const kept = keptRecords(reader, [...inputs, ...targets]);
  const read = (column: number, isTarget: boolean): Read => {
    const name = table.names[column];
    const named = Object.hasOwn(fixed, name);
    const guessed = isTarget && targets.length === 1 && !named && hasNoNumber(reader, kept, column);
    if (named || guessed) return readCategories(reader, kept, column, fixed[name] ?? null, isTarget);
    return readNumbers(reader, kept, column, isTarget);
  };

  const names: string[] = [];
  const categories: Record<string, string[]> = {};
  const columns: Read[] = [];
  for (const place of inputs) {
    const name = table.names[place];
    const column = read(place, false);
    const { categories: list } = column;
    columns.push(column);
    if (list !== null) categories[name] = [...list];
    if (list === null || encode === 'codes') names.push(name);
    else for (const category of list) names.push(`${name}=${category}`);
    if (names.length * kept.length <= MOST_NUMBERS) continue;
    const [found, expected] = [`makes X of shape (${kept.length}, ${names.length})`, `at most ${MOST_NUMBERS} numbers`];
    const wayOut = "leave the column out by columns, or set encode: 'codes'";
    const arg = `${table.source}, column ${describe(name)}`;
    throw argumentError(RangeError, { fn, arg, found, expected, wayOut: list === null ? undefined : wayOut });
  }
  const X = sideBySide(columns, kept.length, dtype, encode);
  const data = { X, columns: names, inputs: inputs.map((place) => table.names[place]), categories };
  if (targets.length === 0) return data;
  const y = targets.map((place) => read(place, true));
  for (const [t, { categories: list }] of y.entries()) {
    if (list !== null) categories[table.names[targets[t]]] = [...list];
  }
  const classes = y.length === 1 ? y[0].categories : null;
  if (classes !== null) return { ...data, y: Int32Array.from(y[0].values), classes: [...classes] } as LabelledCsvData;
  return { ...data, y: sideBySide(y, kept.length, dtype, 'codes') } as LabelledCsvData;
}

/** The most numbers in X. */
const MOST_NUMBERS = 2 ** 30;

/** Columns as an array of shape (N, D), those of categories as `encode` says. */
function sideBySide(columns: readonly Read[], N: number, dtype: DType, encode: 'oneHot' | 'codes'): NDArray {
  const width = ({ categories }: Read): number => (categories === null || encode === 'codes' ? 1 : categories.length);
  const D = columns.reduce((sum, column) => sum + width(column), 0);
  const X = zeros([N, D], dtype);
  const room = hostRoom(X);
  let d = 0;
  for (const column of columns) {
    const { values, categories } = column;
    if (categories === null || encode === 'codes') {
      for (let n = 0; n < N; n++) room[n * D + d] = values[n];
    } else {
      for (let n = 0; n < N; n++) if (!Number.isNaN(values[n])) room[n * D + d + values[n]] = 1;
    }
    d += width(column);
  }
  return X;
}

/** @throws {RangeError} naming a column that there is not, or that is given twice. */
function placesOf(
  fn: string,
  table: Table,
  arg: string,
  columns: readonly Column[],
  { delimiter }: Settings<typeof CSV>,
): number[] {
  const { source, names } = table;
  const places = columns.map((column) => {
    const place = typeof column === 'number' ? (column < 0 ? names.length + column : column) : names.indexOf(column);
    if (place >= 0 && place < names.length) return place;
    const found = `is ${describe(column)}`;
    const expected = `a column of ${source}: ${names.slice(0, 20).map(describe).join(', ')}`;
    throw argumentError(RangeError, { fn, arg, found, expected, wayOut: otherDelimiter(table, delimiter) });
  });
  const twice = places.find((place, i) => places.indexOf(place) !== i);
  if (twice === undefined) return places;
  throw argumentError(RangeError, { fn, arg, found: `has ${describe(names[twice])} twice`, expected: 'each once' });
}

function checkOverlap(fn: string, { names }: Table, inputs: readonly number[], targets: readonly number[]): void {
  const both = inputs.find((place) => targets.includes(place));
  if (both !== undefined) {
    const [found, expected] = [`has the target ${describe(names[both])}`, 'inputs'];
    throw argumentError(RangeError, { fn, arg: 'columns', found, expected });
  }
  if (inputs.length === 0) {
    throw argumentError(RangeError, { fn, arg: 'target', found: 'is every column', expected: 'one to be left for X' });
  }
}

/** The columns of categories, with their categories where they are given. */
function categoriesOf(
  fn: string,
  table: Table,
  settings: Settings<typeof CSV>,
): Readonly<Record<string, readonly string[] | null>> {
  const { categories } = settings;
  const entries: [string, readonly string[] | null][] = isTexts(categories)
    ? (categories as readonly string[]).map((name) => [name, null])
    : Object.entries(categories as Readonly<Record<string, readonly string[]>>);
  placesOf(
    fn,
    table,
    'categories',
    entries.map(([name]) => name),
    settings,
  );
  for (const [name, list] of entries) {
    const twice = list?.find((text, i) => list.indexOf(text) !== i);
    if (twice === undefined) continue;
    const [arg, found] = [`categories.${name}`, `has ${describe(twice)} twice`];
    throw argumentError(RangeError, { fn, arg, found, expected: 'different texts' });
  }
  return Object.fromEntries(entries);
}
