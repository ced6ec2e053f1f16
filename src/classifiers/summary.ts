import { type NDArray, tuple } from '../arrays/index.js';
import type { LayerCost } from '../layers/index.js';
import { count, memory, table } from '../table.js';

/** A layer of a classifier, and what it costs for one example. */
export interface ClassifierLayer extends LayerCost {
  /** What it is made of: `affine – ReLU`. */
  readonly name: string;
}

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

/** A table of layers (output shape, parameters, operations of a forward pass for one example), then of parameters. */
export function summaryOf(
  title: string,
  layers: readonly ClassifierLayer[],
  params: Readonly<Record<string, NDArray>>,
): string {
  const rows = layers.map(({ name, outputShape, parameters, multiplications, additions }) => ({
    cells: [name, tuple(outputShape)],
    numbers: [parameters, multiplications, additions],
  }));
  const header = ['layer', 'output', 'parameters', 'multiplications', 'additions'];
  return `${table(title, header, rows, [count, count, count])}\n\n${parameterTable('Parameters', params)}`;
}
