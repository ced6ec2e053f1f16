import { type NDArray, tuple } from '../arrays/index.js';
import type { LayerCost } from '../layers/index.js';

/**
 * A table of parameters: name, shape, number of values, bytes; and their sums.
 *
 * @param title - The first line: what the model is.
 */
export function parameterTable(title: string, params: Readonly<Record<string, NDArray>>): string {
  const rows = Object.entries(params).map(([name, { shape, size, data }]) => ({
    cells: [name, tuple(shape)],
    numbers: [size, size * data.BYTES_PER_ELEMENT],
  }));
  return table(title, ['parameter', 'shape', 'values', 'memory'], rows, [count, memory]);
}

/** A table of layers: output shape, parameters, and the operations of a forward pass for one example; and their sums. */
export function layerTable(title: string, layers: readonly (LayerCost & { readonly name: string })[]): string {
  const rows = layers.map(({ name, outputShape, parameters, multiplications, additions }) => ({
    cells: [name, tuple(outputShape)],
    numbers: [parameters, multiplications, additions],
  }));
  const header = ['layer', 'output', 'parameters', 'multiplications', 'additions'];
  return table(title, header, rows, [count, count, count]);
}

interface Row {
  /** Text, to the left. */
  readonly cells: readonly string[];
  /** Numbers, to the right, which are summed below. */
  readonly numbers: readonly number[];
}

function table(
  title: string,
  header: readonly string[],
  rows: readonly Row[],
  formats: readonly ((n: number) => string)[],
): string {
  const sums = formats.map((_, i) => rows.reduce((sum, { numbers }) => sum + numbers[i], 0));
  const lines = [...rows, { cells: ['total', ''], numbers: sums }].map(({ cells, numbers }) => [
    ...cells,
    ...numbers.map((n, i) => formats[i](n)),
  ]);
  const widths = header.map((name, column) => Math.max(name.length, ...lines.map((line) => line[column].length)));
  const left = header.length - formats.length;
  const text = (line: readonly string[]): string =>
    line.map((cell, i) => (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  const rule = '-'.repeat(text(header).length);
  const body = lines.map(text);
  return [title, text(header), rule, ...body.slice(0, -1), rule, body[body.length - 1]].join('\n');
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function memory(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
