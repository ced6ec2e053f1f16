import type { GraphWriter } from '../graph-writer.js';
import { Varying } from '../merge.js';
import { axesOf, type Emit, type Operand, type Operation } from './operation.js';

/** A reduction of `x` over `axis` (all axes when left out), which stays if `keepdims`. */
const reduced =
  (opType: string): Emit =>
  (graph, { args: [x, axis, keepdims = false] }) => {
    const { name, rank } = x as Operand;
    return graph.reduce(opType, name, axesOf(axis, rank), keepdims as boolean);
  };

/** `(Σ |x|^p)^(1/p)`. */
const norm: Emit = (graph, { args: [x, p = 2, axis, keepdims = false], dtype }) => {
  const { name, rank } = x as Operand;
  const over = (opType: string, of: string): string =>
    graph.reduce(opType, of, axesOf(axis, rank), keepdims as boolean);
  const power = p as number;
  if (power === 2) return over('ReduceL2', name);
  if (power === 1) return over('ReduceL1', name);
  const sizes = graph.node('Abs', [name]);
  if (power === Number.POSITIVE_INFINITY) return over('ReduceMax', sizes);
  if (power === Number.NEGATIVE_INFINITY) return over('ReduceMin', sizes);
  if (power === 0) return over('ReduceSum', graph.node('Sign', [sizes]));
  const sum = over('ReduceSum', graph.node('Pow', [sizes, graph.scalar(power, dtype)]));
  return graph.node('Pow', [sum, graph.scalar(1 / power, dtype)]);
};

/** `Σ (x − mean)² / (n − correction)`. */
const variance: Emit = (graph, operation) => {
  const [x, axis, keepdims = false, correction = 1] = operation.args as [Operand, unknown, boolean?, number?];
  const { name, rank } = x;
  const axes = axesOf(axis, rank);
  const centred = graph.node('Sub', [name, graph.reduce('ReduceMean', name, axes, true)]);
  const mean = graph.reduce('ReduceMean', graph.node('Mul', [centred, centred]), axes, keepdims);
  if (correction === 0) return mean;
  return graph.node('Mul', [mean, unbiased(graph, x, axes, operation)]);
};

/** `n / (n − 1)`, for n values. */
function unbiased(graph: GraphWriter, { name, shape }: Operand, axes: readonly number[], { dtype }: Operation): string {
  const sizes = axes.map((axis) => shape[axis]);
  if (sizes.every((size) => !(size instanceof Varying))) {
    const n = (sizes as number[]).reduce((product, size) => product * size, 1);
    return graph.scalar(n / (n - 1), dtype);
  }
  const found = graph.node('Gather', [graph.node('Shape', [name]), graph.ints(axes)], { axis: { int: 0 } });
  const count = graph.cast(graph.reduce('ReduceProd', found, [0], false), dtype);
  return graph.node('Div', [count, graph.node('Sub', [count, graph.scalar(1, dtype)])]);
}

const deviation: Emit = (graph, operation) => graph.node('Sqrt', [variance(graph, operation)]);

export const REDUCTIONS: Readonly<Record<string, Emit>> = {
  sum: reduced('ReduceSum'),
  mean: reduced('ReduceMean'),
  amax: reduced('ReduceMax'),
  amin: reduced('ReduceMin'),
  logsumexp: reduced('ReduceLogSumExp'),
  norm,
  var: variance,
  std: deviation,
};
