import { argumentError, type DType, describe, dtypeOf, type NDArray, tuple, zeros } from '../arrays/index.js';
import { FullyConnectedNet, type Model, ThreeLayerConvNet, TwoLayerNet } from '../classifiers/index.js';
import { layerNormOf } from './emit/index.js';
import type { GraphWriter } from './graph-writer.js';
import { BATCHES, refused, Varying } from './merge.js';
import type { GraphOutput } from './module-graph.js';

/** A classifier of this library. */
export type OnnxClassifier = TwoLayerNet | FullyConnectedNet | ThreeLayerConvNet;

const KINDS = [TwoLayerNet, FullyConnectedNet, ThreeLayerConvNet] as const;

/** Whether a model is one of the classifiers, or of a class that extends one. */
export function isClassifier(model: unknown): model is OnnxClassifier {
  return KINDS.some((Kind) => model instanceof Kind);
}

/**
 * Writes what a classifier computes without labels.
 *
 * @param shape - Of one example.
 * @param dtype - That of the graph.
 * @throws {RangeError} if it does not take such examples, or has a `loss` of its own.
 */
export function writeClassifier(
  fn: string,
  graph: GraphWriter,
  model: OnnxClassifier,
  shape: readonly number[],
  dtype: DType,
): GraphOutput {
  if (!KINDS.some((Kind) => model.loss === Kind.prototype.loss)) {
    const found = `has a loss of its own, of which only ${KINDS.map(({ name }) => name).join(', ')}'s are known`;
    throw refused(fn, found, 'write it as an nn.Module');
  }
  checkExamples(fn, model, shape);
  const params: Readonly<Record<string, NDArray>> = model.params;
  const stored = (name: string): string => graph.array(name, params[name], dtype);
  const affine = (x: string, layer: number): string =>
    graph.node('Gemm', [x, stored(`W${layer}`), stored(`b${layer}`)]);
  const relu = (x: string): string => graph.node('Relu', [x]);
  const flat = (x: string): string => graph.node('Flatten', [x], { axis: { int: 1 } });
  const layers = Object.keys(params).filter((name) => name.startsWith('W')).length;
  const output = (name: string): GraphOutput => {
    const [N, second] = BATCHES;
    return { name, shape: [new Varying(N, second), params[`b${layers}`].shape[0]], dtype };
  };
  if (model instanceof ThreeLayerConvNet) {
    const reach = (params.W1.shape[2] - 1) / 2;
    const conv = graph.node('Conv', [graph.input, stored('W1'), stored('b1')], {
      kernel_shape: { ints: params.W1.shape.slice(2) },
      pads: { ints: [reach, reach, reach, reach] },
      strides: { ints: [1, 1] },
    });
    const pooled = graph.node('MaxPool', [relu(conv)], { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } });
    return output(affine(relu(affine(flat(pooled), 2)), 3));
  }
  let x = shape.length === 1 ? graph.input : flat(graph.input);
  for (let layer = 1; layer < layers; layer++) {
    x = affine(x, layer);
    if (model instanceof FullyConnectedNet) x = normalized(graph, model, x, layer, dtype);
    x = relu(x);
  }
  return output(affine(x, layers));
}

/** Runs the classifier once: it knows best what it takes. Its modes stay as they are. */
function checkExamples(fn: string, model: Model, shape: readonly number[]): void {
  const params = [...(model.bnParams ?? []), ...(model.dropoutParams ?? [])];
  const modes = params.map(({ mode }) => mode);
  try {
    model.loss(zeros([1, ...shape], dtypeOf(Object.values(model.params)[0])));
  } catch (error) {
    const message = error instanceof Error ? error.message : describe(error);
    const found = `is ${tuple(shape)}, which the model does not take (${message})`;
    throw argumentError(RangeError, { fn, arg: 'inputShape', found }, { cause: error });
  } finally {
    params.forEach((param, i) => {
      param.mode = modes[i];
    });
  }
}

/** The normalization of a hidden layer, where there is one. */
function normalized(
  graph: GraphWriter,
  { params, bnParams }: FullyConnectedNet,
  x: string,
  layer: number,
  dtype: DType,
): string {
  const gamma = params[`gamma${layer}`];
  if (gamma === undefined) return x;
  const stored = (name: string, values: NDArray): string => graph.array(`${name}${layer}`, values, dtype);
  const inputs = [x, stored('gamma', gamma), stored('beta', params[`beta${layer}`])];
  const bn = bnParams[layer - 1];
  if (bn === undefined) return layerNormOf(graph, inputs, 1e-5, dtype);
  // Statistics of a net that has never been trained begin at zero.
  const { runningMean = zeros(gamma.shape, dtypeOf(gamma)), runningVar = zeros(gamma.shape, dtypeOf(gamma)) } = bn;
  const statistics = [stored('runningMean', runningMean), stored('runningVar', runningVar)];
  return graph.node('BatchNormalization', [...inputs, ...statistics], { epsilon: { float: bn.eps ?? 1e-5 } });
}
