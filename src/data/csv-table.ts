import Papa from 'papaparse';
import { argumentError, describe, printable } from '../arrays/index.js';

/** A table of texts, each record as long as the header. */
export interface Table {
  /** What the text is called in errors: a file, or `text`. */
  readonly source: string;
  readonly names: readonly string[];
  readonly records: readonly (readonly string[])[];
  /** The line on which a record begins, counted from 1. */
  lineOf(record: number): number;
}

/**
 * Splits the text of a CSV file into fields, without the spaces around them. Empty lines are passed over.
 *
 * @throws {Error} naming the line of a record that has another number of fields, or a quote that is not closed; if
 *   there are no records, or two columns have one name.
 */
export function tableOf(fn: string, source: string, text: string, header: boolean, delimiter: string): Table {
  const fail = (line: number, found: string, expected: string): Error =>
    argumentError(Error, { fn, arg: `${source}, line ${line}`, found, expected });
  // Editors on Windows begin a file with the mark of its byte order.
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  // A file put together of several may end some lines by \r\n: the \r is a space at the end of a field.
  const newline = text.includes('\n') ? '\n' : '\r';
  const { data, errors } = Papa.parse<string[]>(text.slice(start), { delimiter, newline, skipEmptyLines: false });
  const quotes = errors.find(({ type }) => type === 'Quotes');
  if (quotes !== undefined) {
    const found = quotes.code === 'MissingQuotes' ? 'has a quote that is not closed' : 'has a quote within a field';
    throw fail(lineOfRow(data, quotes.row ?? 0), found, 'a quoted field in quotes, quotes in it doubled');
  }
  const filled = data.flatMap((fields, row) => (fields.length === 1 && fields[0].trim() === '' ? [] : [row]));
  if (filled.length === 0) throw argumentError(Error, { fn, arg: source, found: 'is empty', expected: 'a table' });
  const first = data[filled[0]];
  const names = first.map((name, i) => (header && name.trim() !== '' ? name.trim() : `column ${i + 1}`));
  const seen = new Set<string>();
  const twice = names.find((name) => seen.has(name) || seen.add(name) === null);
  if (twice !== undefined) {
    throw fail(lineOfRow(data, filled[0]), `has the column ${describe(twice)} twice`, 'different names');
  }
  const rows = header ? filled.slice(1) : filled;
  const records = rows.map((row) => {
    const fields = data[row];
    if (fields.length !== names.length) {
      const expected = `${names.length}, as on line ${lineOfRow(data, filled[0])}`;
      throw fail(lineOfRow(data, row), `has ${fields.length} field${fields.length === 1 ? '' : 's'}`, expected);
    }
    return fields.map((field) => field.trim());
  });
  if (records.length === 0) {
    throw argumentError(Error, { fn, arg: source, found: 'has a header alone', expected: 'at least one record' });
  }
  return { source, names, records, lineOf: (record) => lineOfRow(data, rows[record]) };
}

/** The line on which a row begins: the fields of rows before it may have several lines. */
function lineOfRow(rows: readonly (readonly string[])[], row: number): number {
  let line = 1;
  for (let r = 0; r < row; r++) {
    line++;
    for (const field of rows[r]) line += field.split('\n').length - 1;
  }
  return line;
}

/** What to set where the fields of a table of one column are separated by something else; undefined where not. */
export function otherDelimiter({ source, names }: Table, delimiter: string): string | undefined {
  const other = names.length === 1 ? [';', '\t', ',', '|'].find((c) => names[0].includes(c)) : undefined;
  if (other === undefined || other === delimiter) return undefined;
  return `the fields of ${source} are separated by ${describe(other)}: set delimiter`;
}

/** The error of a field: file, line, column and text. */
export function fieldError(
  fn: string,
  { source, names, records, lineOf }: Table,
  record: number,
  column: number,
  expected: string,
  wayOut?: string,
): Error {
  const arg = `${source}, line ${lineOf(record)}, column '${printable(names[column], 60)}':`;
  const found = `${describe(records[record][column])}`;
  return argumentError(Error, { fn, arg, found, expected, wayOut });
}
