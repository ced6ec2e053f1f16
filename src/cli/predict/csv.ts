import Papa from 'papaparse';
import { writeAtomically } from '../../files/index.js';

/** A table of texts. */
export interface TextTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly delimiter: string;
}

/**
 * The fields of a CSV text as it has them. Empty lines are passed over.
 *
 * @param reading - `header`: whether the first line has the names, default true; else they are `column 1`, …; and the
 *   `delimiter`, default a comma.
 */
export function fieldsOf(text: string, reading: { readonly [name: string]: unknown }): TextTable {
  const { header = true, delimiter = ',' } = reading as { header?: boolean; delimiter?: string };
  const lines = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), { delimiter, skipEmptyLines: 'greedy' }).data;
  if (!header) return { columns: (lines[0] ?? []).map((_, i) => `column ${i + 1}`), rows: lines, delimiter };
  const [columns = [], ...rows] = lines;
  return { columns, rows, delimiter };
}

/** Writes a CSV file in one piece. */
export function writeCsv(fn: string, file: string, { columns, rows, delimiter }: TextTable): void {
  writeAtomically(
    fn,
    file,
    `${Papa.unparse([columns as string[], ...(rows as string[][])], { delimiter, newline: '\n' })}\n`,
  );
}
