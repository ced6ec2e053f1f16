import { type DType, hostValues } from '../../arrays/index.js';
import { type ConvParam, type Pair, type PerAxis, perAxis } from '../../layers/index.js';
import type { GraphWriter } from '../graph-writer.js';
import { geluOf } from './activations.js';
import { type Emit, fixed, type Operand, type Operation } from './operation.js';

/** Whether an operand is the zeros that stand for a bias that there is none of. */
function isMissing({ constant }: Operand): boolean {
  return constant !== null && hostValues(constant).every((value) => value === 0);
}

/** Names of input, weight and, where there is one, bias. */
function inputsOf({ args: [x, weight, bias] }: Operation): string[] {
  const operands = [x, weight, bias] as Operand[];
  return operands.filter((operand, i) => i < 2 || !isMissing(operand)).map(({ name }) => name);
}

const linear: Emit = (graph, operation) => graph.node('Gemm', inputsOf(operation), { transB: { int: 1 } });

const conv2d: Emit = (graph, operation) => {
  const [x, weight, , param] = operation.args as [Operand, Operand, Operand, ConvParam];
  const { stride = 1, pad = 0, dilation = 1, groups = 1 } = param;
  fixed(operation, 'a number of channels', x.shape[1]);
  const kernel = weight.shape.slice(2).map((size) => fixed(operation, 'a size of filters', size)) as [number, number];
  const steps = pair(dilation);
  return graph.node('Conv', inputsOf(operation), {
    dilations: { ints: steps },
    group: { int: groups },
    kernel_shape: { ints: kernel },
    pads: { ints: padsOf(pad, [steps[0] * (kernel[0] - 1), steps[1] * (kernel[1] - 1)]) },
    strides: { ints: pair(stride) },
  });
};

/** Zeros above, left, below and right, for filters that reach `reach` pixels beyond their first. */
function padsOf(pad: NonNullable<ConvParam['pad']>, reach: Pair): number[] {
  if (pad === 'valid') return [0, 0, 0, 0];
  if (pad === 'same') return [...reach.map((n) => Math.floor(n / 2)), ...reach.map((n) => Math.ceil(n / 2))];
  return [...pair(pad), ...pair(pad)];
}

function pair(value: PerAxis): Pair {
  return perAxis('exportOnnx', 'value', value, 0);
}

const withRelu =
  (emit: Emit): Emit =>
  (graph, operation) =>
    graph.node('Relu', [emit(graph, operation)]);

/** Statistics that are normalized by: of the batch or running ones, as the operation was told. */
const batchNorm: Emit = (graph, operation) => {
  const [x, weight, bias, param] = operation.args as [Operand, Operand, Operand, BatchNormParam];
  const { mode, eps, runningMean, runningVar } = param;
  if (mode === 'test') {
    const inputs = [x, weight, bias, runningMean, runningVar].map(({ name }) => name);
    return graph.node('BatchNormalization', inputs, { epsilon: { float: eps } });
  }
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const normalized = normalize(graph, x.name, axes, eps, operation.dtype);
  const shape = graph.ints([1, -1, ...axes.slice(1).map(() => 1)]);
  const [gamma, beta] = [weight, bias].map(({ name }) => graph.node('Reshape', [name, shape]));
  return graph.node('Add', [graph.node('Mul', [normalized, gamma]), beta]);
};

const batchNormGelu: Emit = (graph, operation) => geluOf(graph, batchNorm(graph, operation), false, operation.dtype);

/** What a batch normalization is told. */
interface BatchNormParam {
  readonly mode: 'train' | 'test';
  readonly eps: number;
  readonly runningMean: Operand;
  readonly runningVar: Operand;
}

/** `(x − mean) / √(var + eps)` over axes, in operators that every opset has. */
function normalize(graph: GraphWriter, x: string, axes: number[], eps: number, dtype: DType): string {
  const centred = graph.node('Sub', [x, graph.reduce('ReduceMean', x, axes, true)]);
  const variance = graph.reduce('ReduceMean', graph.node('Mul', [centred, centred]), axes, true);
  const deviation = graph.node('Sqrt', [graph.node('Add', [variance, graph.scalar(eps, dtype)])]);
  return graph.node('Div', [centred, deviation]);
}

/** Layer normalization of rows: input, weight and bias by their names. */
export function layerNormOf(graph: GraphWriter, inputs: readonly string[], eps: number, dtype: DType): string {
  if (graph.opset >= 17) {
    return graph.node('LayerNormalization', inputs, { axis: { int: -1 }, epsilon: { float: eps } });
  }
  const [x, weight, bias] = inputs;
  return graph.node('Add', [graph.node('Mul', [normalize(graph, x, [1], eps, dtype), weight]), bias]);
}

const layerNorm: Emit = (graph, { args, dtype }) => {
  const [x, weight, bias, options] = args as [Operand, Operand, Operand, { eps?: number } | undefined];
  const inputs = [x, weight, bias].map(({ name }) => name);
  return layerNormOf(graph, inputs, options?.eps ?? 1e-5, dtype);
};

/** Of images (N, C, H, W): each group becomes one channel, which is normalized by itself. */
const groupNorm: Emit = (graph, operation) => {
  const [x, weight, bias, groups, options] = operation.args as [Operand, Operand, Operand, number, { eps?: number }];
  const eps = options?.eps ?? 1e-5;
  const sizes = x.shape.slice(1).map((size) => fixed(operation, 'a size', size));
  const grouped = graph.node('Reshape', [x.name, graph.ints([0, groups, -1])]);
  const normalized = normalizeGroups(graph, grouped, groups, eps, operation.dtype);
  const images = graph.node('Reshape', [normalized, graph.ints([0, ...sizes])]);
  return graph.node('Add', [graph.node('Mul', [images, weight.name]), bias.name]);
};

function normalizeGroups(graph: GraphWriter, x: string, groups: number, eps: number, dtype: DType): string {
  // onnxruntime has no InstanceNormalization of float64.
  if (dtype === 'float64') return normalize(graph, x, [2], eps, dtype);
  const of = (value: number): string => graph.floats(new Array(groups).fill(value), [groups], dtype);
  return graph.node('InstanceNormalization', [x, of(1), of(0)], { epsilon: { float: eps } });
}

const dropped: Emit = (_, operation) => {
  throw operation.refused('drops values at random in evaluation mode too', 'drop with { training: this.training }');
};

export const LAYERS: Readonly<Record<string, Emit>> = {
  linear,
  linearRelu: withRelu(linear),
  conv2d,
  conv2dRelu: withRelu(conv2d),
  batchNorm,
  batchNormRelu: withRelu(batchNorm),
  batchNormGelu,
  layerNorm,
  groupNorm,
  dropout: dropped,
  dropout2d: dropped,
};
