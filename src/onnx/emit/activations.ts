import type { DType } from '../../arrays/index.js';
import type { GraphWriter } from '../graph-writer.js';
import { type Emit, fixed, type Operand, type Operation } from './operation.js';

/** A function of one operand that ONNX has an operator for. */
export function unary(opType: string): Emit {
  return (graph, { args: [x] }) => graph.node(opType, [(x as Operand).name]);
}

/** `min(max(0, x), 6)` of a value of the graph. */
function clippedAtSix(graph: GraphWriter, x: string, { dtype }: Operation): string {
  return graph.node('Clip', [x, graph.scalar(0, dtype), graph.scalar(6, dtype)]);
}

const relu6: Emit = (graph, operation) => clippedAtSix(graph, (operation.args[0] as Operand).name, operation);

/** `min(max(0, x + 3), 6) / 6`, of which ONNX's operator has no float64 in onnxruntime. */
const hardsigmoid: Emit = (graph, operation) => {
  const { name } = operation.args[0] as Operand;
  const { dtype } = operation;
  if (dtype === 'float32') return graph.node('HardSigmoid', [name], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
  const shifted = graph.node('Add', [name, graph.scalar(3, dtype)]);
  return graph.node('Div', [clippedAtSix(graph, shifted, operation), graph.scalar(6, dtype)]);
};

const hardswish: Emit = (graph, operation) => {
  const { name } = operation.args[0] as Operand;
  if (graph.opset >= 14 && operation.dtype === 'float32') return graph.node('HardSwish', [name]);
  return graph.node('Mul', [name, hardsigmoid(graph, operation)]);
};

/** `x · sigmoid(x)`; in float64, which onnxruntime fuses into an operator that has none, `x / (1 + e^−x)`. */
const silu: Emit = (graph, { args: [x], dtype }) => {
  const { name } = x as Operand;
  if (dtype === 'float32') return graph.node('Mul', [name, graph.node('Sigmoid', [name])]);
  const power = graph.node('Exp', [graph.node('Neg', [name])]);
  return graph.node('Div', [name, graph.node('Add', [power, graph.scalar(1, dtype)])]);
};

const leakyRelu: Emit = (graph, { args: [x, options] }) => {
  const { alpha } = options as { alpha: number };
  return graph.node('LeakyRelu', [(x as Operand).name], { alpha: { float: alpha } });
};

const elu: Emit = (graph, { args: [x, options] }) => {
  const { alpha } = options as { alpha: number };
  return graph.node('Elu', [(x as Operand).name], { alpha: { float: alpha } });
};

/** Slopes of channels, which are axis 1, broadcast from the last axis on. */
const prelu: Emit = (graph, operation) => {
  const [x, slopes] = operation.args as Operand[];
  const each = fixed(operation, 'a number of slopes', slopes.shape[0]) > 1 && x.rank > 2;
  const shape = graph.ints([-1, ...Array.from({ length: Math.max(0, x.rank - 2) }, () => 1)]);
  return graph.node('PRelu', [x.name, each ? graph.node('Reshape', [slopes.name, shape]) : slopes.name]);
};

/** `ln(1 + e^(beta · x)) / beta`; above a threshold where float32 sees the difference, `x` itself. */
const softplus: Emit = (graph, { args: [x, options], dtype }) => {
  const { beta = 1, threshold = 20 } = (options ?? {}) as { beta?: number; threshold?: number };
  const { name } = x as Operand;
  const scaled = beta === 1 ? name : graph.node('Mul', [name, graph.scalar(beta, dtype)]);
  const bent = graph.node('Softplus', [scaled]);
  const out = beta === 1 ? bent : graph.node('Div', [bent, graph.scalar(beta, dtype)]);
  if (threshold >= 20) return out;
  return graph.node('Where', [graph.node('Greater', [scaled, graph.scalar(threshold, dtype)]), name, out]);
};

/** `x · (1 + erf(x / √2)) / 2`, or `x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))) / 2`. */
const gelu: Emit = (graph, { args: [x, options], dtype }) => {
  const { approximate = 'none' } = (options ?? {}) as { approximate?: string };
  return geluOf(graph, (x as Operand).name, approximate === 'tanh', dtype);
};

/** A GELU of the values by their name. */
export function geluOf(graph: GraphWriter, name: string, byTanh: boolean, dtype: DType): string {
  const constant = (value: number): string => graph.scalar(value, dtype);
  const times = (a: string, b: string): string => graph.node('Mul', [a, b]);
  let bent: string;
  if (byTanh) {
    const cube = times(times(name, name), name);
    const inner = graph.node('Add', [name, times(cube, constant(0.044715))]);
    bent = graph.node('Tanh', [times(inner, constant(Math.sqrt(2 / Math.PI)))]);
  } else {
    bent = graph.node('Erf', [graph.node('Div', [name, constant(Math.SQRT2)])]);
  }
  return times(times(name, graph.node('Add', [bent, constant(1)])), constant(0.5));
}

/** The largest of each `pieces` neighbouring features of (N, D). */
const maxout: Emit = (graph, operation) => {
  const [x, pieces] = operation.args as [Operand, number];
  const features = fixed(operation, 'a number of features', x.shape[1]);
  const grouped = graph.node('Reshape', [x.name, graph.ints([0, features / pieces, pieces])]);
  return graph.reduce('ReduceMax', grouped, [2], false);
};

const alongAxis =
  (opType: string): Emit =>
  (graph, { args: [x, axis = -1] }) =>
    graph.node(opType, [(x as Operand).name], { axis: { int: axis as number } });

export const ACTIVATIONS: Readonly<Record<string, Emit>> = {
  relu: unary('Relu'),
  sigmoid: unary('Sigmoid'),
  tanh: unary('Tanh'),
  relu6,
  hardsigmoid,
  hardswish,
  silu,
  leakyRelu,
  elu,
  prelu,
  softplus,
  gelu,
  maxout,
  softmax: alongAxis('Softmax'),
  logSoftmax: alongAxis('LogSoftmax'),
};
