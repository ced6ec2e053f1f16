/** A column of a table. */
export interface Column {
  readonly name: string;
  /** Numbers stand at the right. Default: right where every cell that is not empty begins like a number. */
  readonly align?: 'left' | 'right';
}

const GAP = 2;
/** The least width of a column that is made narrower. */
const NARROWEST = 8;

/**
 * A table in plain text: a line of names, then the rows. Where it is wider than `width`, the widest columns of texts
 * are cut, with `…` at the end of what was.
 *
 * @param columns - Their names, or more than that.
 * @param rows - A cell for each column.
 * @param width - Of the terminal. Default: no limit.
 */
export function columnsOf(
  columns: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const named = columns.map((column) => (typeof column === 'string' ? { name: column } : column));
  const cells = [named.map(({ name }) => name), ...rows];
  const widths = named.map((_, i) => Math.max(...cells.map((row) => widthOf(row[i]))));
  const isRight = named.map((column, i) =>
    column.align === undefined ? areNumbers(rows.map((row) => row[i])) : column.align === 'right',
  );
  shrink(widths, isRight, width);
  return cells.map((row) =>
    row
      .map((cell, i) => aligned(cut(cell, widths[i]), widths[i], isRight[i]))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

/** The characters of a text that are seen: without codes of colours. */
export function widthOf(text: string): number {
  return [...plain(text)].length;
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are searched for
  return text.replace(/\x1b\[[\d;]*m/g, '');
}

function areNumbers(cells: readonly string[]): boolean {
  const filled = cells.map(plain).filter((cell) => cell !== '' && cell !== '–' && cell !== '-');
  return filled.length > 0 && filled.every((cell) => /^[-+−]?[\d.]/.test(cell) && !/^\d+[-/.]\d+[-/.]\d/.test(cell));
}

/** Takes from the widest column of texts until the table fits, or all are narrow. */
function shrink(widths: number[], isRight: readonly boolean[], width: number): void {
  const total = (): number => widths.reduce((sum, each) => sum + each, GAP * (widths.length - 1));
  while (total() > width) {
    const widest = widths.reduce((at, each, i) => (!isRight[i] && (at < 0 || each > widths[at]) ? i : at), -1);
    if (widest < 0 || widths[widest] <= NARROWEST) return;
    widths[widest]--;
  }
}

function cut(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${[...plain(text)].slice(0, width - 1).join('')}…`;
}

function aligned(text: string, width: number, isRight: boolean): string {
  const blank = ' '.repeat(Math.max(0, width - widthOf(text)));
  return isRight ? blank + text : text + blank;
}
