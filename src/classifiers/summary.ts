import { type NDArray, tuple } from '../arrays/index.js';

/**
 * A table of parameters: name, shape, number of values, bytes; and their sums.
 *
 * @param title - The first line: what the model is.
 */
export function parameterTable(title: string, params: Readonly<Record<string, NDArray>>): string {
  const rows = Object.entries(params).map(([name, { shape, size, data }]) => ({
    name,
    shape: tuple(shape),
    size,
    bytes: size * data.BYTES_PER_ELEMENT,
  }));
  const total = (key: 'size' | 'bytes'): number => rows.reduce((sum, row) => sum + row[key], 0);
  const cells = [
    ['parameter', 'shape', 'values', 'memory'],
    ...rows.map(({ name, shape, size, bytes }) => [name, shape, count(size), memory(bytes)]),
    ['total', '', count(total('size')), memory(total('bytes'))],
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = ([name, shape, ...numbers]: string[]): string =>
    [name.padEnd(widths[0]), shape.padEnd(widths[1]), ...numbers.map((cell, i) => cell.padStart(widths[i + 2]))].join(
      '  ',
    );
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  const lines = cells.map(line);
  return [title, lines[0], rule, ...lines.slice(1, -1), rule, lines[lines.length - 1]].join('\n');
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function memory(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
