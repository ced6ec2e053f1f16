import type { AvgPoolParam, MaxPoolParam, OutputSize, PoolParam } from '../../layers/index.js';
import type { GraphWriter } from '../graph-writer.js';
import { type Emit, fixed, type Operand, type Operation } from './operation.js';

/** The windows of a pooling along one axis. */
interface Windows {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
  /** Pixels of the image. */
  readonly length: number;
  readonly count: number;
  /** How far the last window reaches beyond the padded image, as it may in `ceilMode`. */
  readonly beyond: number;
}

/** The windows along both axes. */
function windowsOf(operation: Operation): readonly [Windows, Windows] {
  const [x, param] = operation.args as [Operand, PoolParam & { dilation?: MaxPoolParam['dilation'] }];
  const { poolHeight, poolWidth, pad = 0, dilation = 1 } = param;
  const { stride = [poolHeight, poolWidth] } = param;
  const along = (axis: 0 | 1): Windows => {
    const of = (value: number | readonly [number, number]): number => (typeof value === 'number' ? value : value[axis]);
    const size = [poolHeight, poolWidth][axis];
    const [length, count] = [x.shape, operation.shape].map((shape) => fixed(operation, 'a size', shape[2 + axis]));
    const last = (count - 1) * of(stride) + of(dilation) * (size - 1) + 1;
    const beyond = Math.max(0, last - (length + 2 * of(pad)));
    return { size, stride: of(stride), dilation: of(dilation), pad: of(pad), length, count, beyond };
  };
  return [along(0), along(1)];
}

/**
 * The attributes of windows. What `ceilMode` adds is padding here: how ONNX counts the windows of its ceil_mode has
 * changed from version to version.
 */
function attributesOf(
  windows: readonly [Windows, Windows],
): Record<'kernel_shape' | 'pads' | 'strides', { readonly ints: readonly number[] }> {
  return {
    kernel_shape: { ints: windows.map(({ size }) => size) },
    pads: { ints: [...windows.map(({ pad }) => pad), ...windows.map(({ pad, beyond }) => pad + beyond)] },
    strides: { ints: windows.map(({ stride }) => stride) },
  };
}

const maxPool2d: Emit = (graph, operation) => {
  const windows = windowsOf(operation);
  const { name } = operation.args[0] as Operand;
  const dilations = { ints: windows.map(({ dilation }) => dilation) };
  const attributes = { ...attributesOf(windows), dilations };
  if (windows.every(({ size, pad, beyond }) => pad + beyond < size)) return graph.node('MaxPool', [name], attributes);
  // onnxruntime takes no padding as large as the window, however far its places lie apart.
  const { pads, ...others } = attributes;
  const [top, left, bottom, right] = pads.ints;
  const around = graph.ints([0, 0, top, left, 0, 0, bottom, right]);
  const wide = graph.node('Pad', [name, around, graph.scalar(Number.NEGATIVE_INFINITY, operation.dtype)]);
  return graph.node('MaxPool', [wide], others);
};

const avgPool2d: Emit = (graph, operation) => {
  const [{ name }, { countIncludePad = true, divisorOverride = null }] = operation.args as [Operand, AvgPoolParam];
  const windows = windowsOf(operation);
  const isPlain = divisorOverride === null && windows.every(({ beyond }) => beyond === 0);
  const count_include_pad = { int: isPlain && !countIncludePad ? 0 : 1 };
  const means = graph.node('AveragePool', [name], { ...attributesOf(windows), count_include_pad });
  if (isPlain) return means;
  // Means of whole windows, with zeros where there is no image, times the size of the window, are sums.
  const [rows, columns] = windows.map((axis) => placesOf(axis, countIncludePad));
  const size = windows[0].size * windows[1].size;
  const factors = rows.flatMap((h) => columns.map((w) => size / (divisorOverride ?? h * w)));
  return graph.node('Mul', [means, graph.floats(factors, [1, 1, rows.length, columns.length], operation.dtype)]);
};

/** How many places of each window along an axis a mean counts. */
function placesOf({ size, stride, pad, length, count }: Windows, countIncludePad: boolean): number[] {
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride - pad;
    const end = Math.min(start + size, length + pad);
    return countIncludePad ? end - start : Math.min(end, length) - Math.max(start, 0);
  });
}

/** The part of an axis that each value of an adaptive pooling is computed from: from start to before end. */
type Part = readonly [start: number, end: number];

function partsOf(operation: Operation, axis: number): { length: number; parts: Part[] } {
  const [x] = operation.args as [Operand, OutputSize];
  const length = fixed(operation, 'a size', x.shape[axis]);
  const count = fixed(operation, 'a size', operation.shape[axis]);
  const parts = Array.from({ length: count }, (_, i): Part => {
    return [Math.floor((i * length) / count), Math.ceil(((i + 1) * length) / count)];
  });
  return { length, parts };
}

/**
 * An adaptive pooling: one operator where it gives one value or the parts are equal, else one axis after the other.
 *
 * @param opType - Of a pooling.
 * @param along - Pools along an axis whose parts are not equal.
 */
function adaptive(opType: string, along: typeof averagesAlong): Emit {
  return (graph, operation) => {
    const { name } = operation.args[0] as Operand;
    const axes = [partsOf(operation, 2), partsOf(operation, 3)];
    if (axes.every(({ parts }) => parts.length === 1)) return graph.node(`Global${opType}`, [name]);
    if (axes.every(({ length, parts }) => length % parts.length === 0)) {
      const sizes = { ints: axes.map(({ length, parts }) => length / parts.length) };
      return graph.node(opType, [name], { kernel_shape: sizes, strides: sizes });
    }
    const rows = along(graph, name, 2, axes[0].length, axes[0].parts, operation);
    return along(graph, rows, 3, axes[1].length, axes[1].parts, operation);
  };
}

/** Means of parts of rows or columns: a product with a matrix that has 1 / n at the n places of each part. */
function averagesAlong(
  graph: GraphWriter,
  x: string,
  axis: number,
  length: number,
  parts: readonly Part[],
  { dtype }: Operation,
): string {
  const matrix = parts.map(([start, end]) =>
    Array.from({ length }, (_, i) => (i >= start && i < end ? 1 / (end - start) : 0)),
  );
  if (axis === 2) return graph.node('MatMul', [graph.floats(matrix.flat(), [parts.length, length], dtype), x]);
  const transposed = Array.from({ length }, (_, i) => matrix.map((row) => row[i]));
  return graph.node('MatMul', [x, graph.floats(transposed.flat(), [length, parts.length], dtype)]);
}

/** Largest values of parts: each part is gathered, its last place again and again up to the size of the longest. */
function largestAlong(graph: GraphWriter, x: string, axis: number, _: number, parts: readonly Part[]): string {
  const most = Math.max(...parts.map(([start, end]) => end - start));
  const places = parts.flatMap(([start, end]) => Array.from({ length: most }, (_, i) => Math.min(start + i, end - 1)));
  const gathered = graph.node('Gather', [x, graph.ints(places, [parts.length, most])], { axis: { int: axis } });
  return graph.reduce('ReduceMax', gathered, [axis + 1], false);
}

export const POOLING: Readonly<Record<string, Emit>> = {
  maxPool2d,
  avgPool2d,
  adaptiveAvgPool2d: adaptive('AveragePool', averagesAlong),
  adaptiveMaxPool2d: adaptive('MaxPool', largestAlong),
};
