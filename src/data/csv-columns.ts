import { argumentError, type DType, describe } from '../arrays/index.js';
import { byCodePoint } from './code-points.js';
import { fieldError, otherDelimiter, type Table } from './csv-table.js';

/** What a column becomes. */
export interface Read {
  /** A value for each record: a number, or the number of a category; NaN where it is missing. */
  readonly values: Float64Array;
  /** The names of the categories, or null of numbers. */
  readonly categories: readonly string[] | null;
}

/** What reading a column depends on. */
export interface Reader {
  readonly fn: string;
  readonly table: Table;
  readonly absent: ReadonlySet<string>;
  readonly missing: 'error' | 'drop' | 'nan' | 'mean';
  readonly dtype: DType;
  readonly delimiter: string;
}

/** The records that are left where those with missing values are dropped. */
export function keptRecords({ fn, table, absent, missing }: Reader, columns: readonly number[]): Int32Array {
  const { records, source } = table;
  const all = Int32Array.from(records, (_, i) => i);
  if (missing !== 'drop') return all;
  const kept = all.filter((i) => !columns.some((column) => absent.has(records[i][column])));
  if (kept.length > 0) return kept;
  const found = `has a missing value in each of its ${records.length} records`;
  throw argumentError(Error, { fn, arg: source, found, expected: 'one that is complete' });
}

/** Whether a column holds texts, or nothing, in all of these records. */
export function hasNoNumber({ table, absent }: Reader, kept: Int32Array, column: number): boolean {
  return kept.every((i) => {
    const text = table.records[i][column];
    return absent.has(text) || !NUMBER.test(text);
  });
}

/** Decimal numbers: JavaScript would take 0x10 and Infinity too. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** As 1,5 in German: whether 1,000 is a thousand or one, a reader of one file cannot know. */
const DECIMAL_COMMA = /^[+-]?\d*,\d+(e[+-]?\d+)?$/i;

/** The numbers of a column. @throws {Error} naming the line of a field that holds none. */
export function readNumbers(reader: Reader, kept: Int32Array, column: number, isTarget: boolean): Read {
  const { fn, table, absent, missing, dtype, delimiter } = reader;
  const values = new Float64Array(kept.length);
  let [sum, count] = [0, 0];
  for (const [n, i] of kept.entries()) {
    const text = table.records[i][column];
    if (absent.has(text)) {
      values[n] = missingValue(reader, i, column, isTarget);
      continue;
    }
    const value = NUMBER.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) {
      const names = 'name the column in categories if it has texts, or the text in missingValues';
      const comma = DECIMAL_COMMA.test(text) ? "write the comma of decimals as '.'" : undefined;
      throw fieldError(fn, table, i, column, 'a number', otherDelimiter(table, delimiter) ?? comma ?? names);
    }
    if (!Number.isFinite(dtype === 'float32' ? Math.fround(value) : value)) {
      throw fieldError(fn, table, i, column, `a number that ${dtype} can hold`);
    }
    values[n] = value;
    sum += value;
    count++;
  }
  if (missing === 'mean' && count < values.length) {
    if (count === 0) throw noValues(reader, column);
    for (let n = 0; n < values.length; n++) if (Number.isNaN(values[n])) values[n] = sum / count;
  }
  return { values, categories: null };
}

/**
 * The categories of a column.
 *
 * @param list - Their texts; null for those that there are.
 * @throws {Error} naming the line of a field that holds another.
 */
export function readCategories(
  reader: Reader,
  kept: Int32Array,
  column: number,
  list: readonly string[] | null,
  isTarget: boolean,
): Read {
  const { fn, table, absent, missing } = reader;
  const texts = Array.from(kept, (i) => table.records[i][column]);
  const categories = list ?? sorted(new Set(texts.filter((text) => !absent.has(text))));
  const codes = new Map(categories.map((text, code) => [text, code]));
  const counts = new Float64Array(categories.length);
  const values = Float64Array.from(texts, (text, n) => {
    const code = codes.get(text);
    if (code !== undefined) {
      counts[code]++;
      return code;
    }
    if (absent.has(text)) return missingValue(reader, kept[n], column, isTarget);
    throw fieldError(fn, table, kept[n], column, `one of ${categories.slice(0, 20).map(describe).join(', ')}`);
  });
  if (missing === 'mean' && values.some(Number.isNaN)) {
    const most = counts.indexOf(Math.max(...counts));
    if (most < 0 || counts[most] === 0) throw noValues(reader, column);
    return { values: values.map((value) => (Number.isNaN(value) ? most : value)), categories };
  }
  return { values, categories };
}

/** NaN, where a missing value is allowed. */
function missingValue({ fn, table, missing }: Reader, record: number, column: number, isTarget: boolean): number {
  if (missing !== 'error' && !isTarget) return Number.NaN;
  const ways = isTarget ? "missing: 'drop'" : "missing: 'drop', 'nan' or 'mean'";
  throw fieldError(fn, table, record, column, `a value, or ${ways}`);
}

function noValues({ fn, table }: Reader, column: number): Error {
  const [found, expected] = ['has missing values alone', 'one value at least to take the mean of'];
  return argumentError(Error, {
    fn,
    arg: `${table.source}, column ${describe(table.names[column])}`,
    found,
    expected,
  });
}

/** Texts in the order of their numbers where all are numbers, else by code point. */
function sorted(texts: ReadonlySet<string>): string[] {
  const list = [...texts];
  const numbers = list.every((text) => NUMBER.test(text));
  return list.sort((a, b) => (numbers ? Number(a) - Number(b) : 0) || byCodePoint(a, b));
}
