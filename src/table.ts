/** A line of a {@link table}. */
export interface Row {
  /** Text, aligned left. */
  readonly cells: readonly string[];
  /** Numbers, aligned right and summed in the last line. */
  readonly numbers: readonly number[];
}

/**
 * A table in plain text, with a line of sums.
 *
 * @param title - The first line.
 * @param header - The names of the columns: those of the cells, then those of the numbers.
 * @param formats - How the numbers of each column are written.
 */
export function table(
  title: string,
  header: readonly string[],
  rows: readonly Row[],
  formats: readonly ((n: number) => string)[],
): string {
  const sums = formats.map((_, i) => rows.reduce((sum, { numbers }) => sum + numbers[i], 0));
  const left = header.length - formats.length;
  const total = { cells: ['total', ...Array<string>(left - 1).fill('')], numbers: sums };
  const lines = [...rows, total].map(({ cells, numbers }) => [...cells, ...numbers.map((n, i) => formats[i](n))]);
  const widths = header.map((name, column) =>
    lines.reduce((width, line) => Math.max(width, line[column].length), name.length),
  );
  const text = (line: readonly string[]): string =>
    line.map((cell, i) => (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  const rule = '-'.repeat(text(header).length);
  const body = lines.map(text);
  return [title, text(header), rule, ...body.slice(0, -1), rule, body[body.length - 1]].join('\n');
}

/** A whole number with commas: `1,234`. */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** A number of bytes: `512 B`, `1.5 KiB`. */
export function memory(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
