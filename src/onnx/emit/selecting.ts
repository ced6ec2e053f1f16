import type { GraphWriter } from '../graph-writer.js';
import { DATA_TYPE } from '../schema.js';
import { axesOf, type Emit, type Operand, type Operation } from './operation.js';

/** Places, which are floats in this library, as the int64 that ONNX's operators take. */
function places(graph: GraphWriter, name: string): string {
  return graph.node('Cast', [name], { to: { int: DATA_TYPE.int64 } });
}

/** The place of the first extreme along an axis, or in the values one after the other. */
const placeOfExtreme =
  (opType: string): Emit =>
  (graph, { args: [x, axis, keepdims = false], dtype }) => {
    const { name, rank } = x as Operand;
    const keep = { int: keepdims === true ? 1 : 0 };
    if (axis !== undefined) {
      return graph.cast(graph.node(opType, [name], { axis: { int: axis as number }, keepdims: keep }), dtype);
    }
    const flat = graph.node('Reshape', [name, graph.ints([-1])]);
    const place = graph.node(opType, [flat], { axis: { int: 0 }, keepdims: { int: 0 } });
    const ones = graph.ints(keepdims === true ? new Array(rank).fill(1) : []);
    return graph.cast(graph.node('Reshape', [place, ones]), dtype);
  };

/** The extreme along an axis. */
const extreme =
  (opType: string): Emit =>
  (graph, { args: [x, axis, , keepdims = true] }) => {
    const { name, rank } = x as Operand;
    return graph.reduce(opType, name, axesOf(axis, rank), keepdims as boolean);
  };

const gather: Emit = (graph, { args: [x, axis, options, keepdims = true] }) => {
  const { index } = options as { index: Operand };
  const at = { axis: { int: axis as number } };
  const picked = graph.node('GatherElements', [(x as Operand).name, places(graph, index.name)], at);
  return keepdims === true ? picked : graph.node('Squeeze', [picked, graph.ints([axis as number])]);
};

/** The second output of TopK. */
const topkIndices: Emit = (graph, { args, dtype }) => {
  const [x, k, axis, largest] = args as [Operand, number, number, boolean];
  const [, found] = graph.nodes('TopK', [x.name, graph.ints([k])], 2, {
    axis: { int: axis },
    largest: { int: largest ? 1 : 0 },
    sorted: { int: 1 },
  });
  return graph.cast(found, dtype);
};

const oneHot: Emit = (graph, operation) => {
  const [labels, classes] = operation.args as [Operand, number | undefined];
  if (classes === undefined) {
    throw operation.refused('takes the number of classes from its input', 'give it as numClasses');
  }
  // Each label beside all classes: OneHot has no float64 in onnxruntime.
  const each = Array.from({ length: classes }, (_, i) => i);
  const related = graph.node('Equal', [graph.unsqueeze(labels.name, -1), graph.floats(each, [classes], labels.dtype)]);
  return graph.cast(related, operation.dtype);
};

function truth(graph: GraphWriter, name: string): string {
  return graph.node('Cast', [name], { to: { int: DATA_TYPE.bool } });
}

const where: Emit = (graph, { args: [first, a, b] }) => {
  const { condition } = first as { condition: Operand };
  return graph.node('Where', [truth(graph, condition.name), (a as Operand).name, (b as Operand).name]);
};

/** 1 where two values are so related, else 0; values of two formats are compared in float64. */
const comparison =
  (opType: string, isNegated = false): Emit =>
  (graph, { args, dtype }: Operation) => {
    const [a, b] = args as Operand[];
    const names = [a, b].map(({ name, dtype: own }) => {
      return a.dtype === b.dtype || own === 'float64' ? name : graph.cast(name, 'float64');
    });
    const related = graph.node(opType, names);
    return graph.cast(isNegated ? graph.node('Not', [related]) : related, dtype);
  };

const clamp: Emit = (graph, { args: [x, min = null, max = null], dtype }) => {
  const bounds = [min, max].map((bound) => (bound === null ? '' : graph.scalar(bound as number, dtype)));
  return graph.node('Clip', [(x as Operand).name, ...(max === null ? bounds.slice(0, 1) : bounds)]);
};

export const SELECTING: Readonly<Record<string, Emit>> = {
  argmax: placeOfExtreme('ArgMax'),
  argmin: placeOfExtreme('ArgMin'),
  max: extreme('ReduceMax'),
  min: extreme('ReduceMin'),
  gather,
  topk: gather,
  topkIndices,
  oneHot,
  where,
  clamp,
  eq: comparison('Equal'),
  ne: comparison('Equal', true),
  lt: comparison('Less'),
  le: comparison('LessOrEqual'),
  gt: comparison('Greater'),
  ge: comparison('GreaterOrEqual'),
};
