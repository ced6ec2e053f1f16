import { type PadOptions, type SliceRange, sourcesOf } from '../../layers/index.js';
import { type Size, sameSize, Varying } from '../merge.js';
import { axesOf, type Emit, fixed, type Operand, type Operation, operandsOf } from './operation.js';

/** An index beyond the end of every axis, and one before its start. */
const BEYOND = 2n ** 63n - 1n;
const BEFORE = -(2n ** 63n);

/** The shape of the result: 0 stands for the size that `x` has there, and −1 for what is left. */
const reshape: Emit = (graph, operation) => {
  const [x] = operation.args as [Operand];
  const { shape } = operation;
  if (shape.length === x.rank && shape.every((size, i) => sameSize(x.shape[i], size))) return x.name;
  let left = 0;
  const sizes = shape.map((size, axis) => {
    if (!(size instanceof Varying)) {
      if (size === 0) throw operation.refused('has a size of 0', 'give it at least one value');
      return size;
    }
    if (sameSize(x.shape[axis], size)) return 0;
    left++;
    return -1;
  });
  if (left > 1) {
    const found = 'makes several new axes whose sizes depend on the batch';
    throw operation.refused(found, 'keep the batch in an axis of its own');
  }
  return graph.node('Reshape', [x.name, graph.ints(sizes)]);
};

const unsqueeze: Emit = (graph, { args: [x, axis] }) => graph.unsqueeze((x as Operand).name, axis as number);

/** Without the axis, or without all axes, of size 1. */
const squeeze: Emit = (graph, { args: [x, axis] }) => {
  const { name, shape, rank } = x as Operand;
  const axes = axesOf(axis, rank).filter((i) => shape[i] === 1);
  return axes.length === 0 ? name : graph.node('Squeeze', [name, graph.ints(axes)]);
};

const transpose: Emit = (graph, { args: [x, axes] }) => {
  const { name, rank } = x as Operand;
  const perm = axes === undefined ? axesOf(undefined, rank).reverse() : axesOf(axes, rank);
  return graph.node('Transpose', [name], { perm: { ints: perm } });
};

/** Another number format, or, where `x` has it already, `x`. */
const to: Emit = (graph, { args: [x], dtype }) => {
  const operand = x as Operand;
  return operand.dtype === dtype ? operand.name : graph.cast(operand.name, dtype);
};

/** Repeats `x` to the shape of the result; 1 leaves the size that `x` has. */
const broadcastTo: Emit = (graph, operation) => {
  const [x] = operation.args as [Operand];
  const { shape } = operation;
  const added = shape.length - x.rank;
  const sizes = shape.map((size, axis): Size => (sameSize(x.shape[axis - added], size) ? 1 : size));
  return graph.node('Expand', [x.name, graph.sizes(sizes, operation.refused)]);
};

/** Ranges of axes in one operator, then the axes of which one index is taken, from the last on. */
const slice: Emit = (graph, operation) => {
  const [x, ranges] = operation.args as [Operand, readonly SliceRange[]];
  const cuts: { axis: number; start: number | bigint; stop: number | bigint; step: number }[] = [];
  const picks: { axis: number; index: number }[] = [];
  for (const [axis, range] of ranges.entries()) {
    const at = (index: Size): number => indexOf(operation, index, x.shape[axis]);
    if (range === null || range === undefined) continue;
    if (!Array.isArray(range)) {
      picks.unshift({ axis, index: at(range as number) });
      continue;
    }
    const [start, stop, step = 1] = range as [number | null, number | null, number?];
    cuts.push({
      axis,
      start: start === null ? (step > 0 ? 0 : BEYOND) : at(start),
      stop: stop === null ? (step > 0 ? BEYOND : BEFORE) : at(stop) || endOf(stop, x.shape[axis]),
      step,
    });
  }
  let name = x.name;
  if (cuts.length > 0) {
    const lists = (['start', 'stop', 'axis', 'step'] as const).map((key) => graph.ints(cuts.map((cut) => cut[key])));
    name = graph.node('Slice', [name, ...lists]);
  }
  for (const { axis, index } of picks) {
    name = graph.node('Gather', [name, graph.ints([index], [])], { axis: { int: axis } });
  }
  return name;
};

/** An index that is the same in every batch: one that depends on the size of the axis is counted from its end. */
function indexOf(operation: Operation, index: Size, size: Size): number {
  if (!(index instanceof Varying)) return index;
  const fromEnd = size instanceof Varying ? [index.first - size.first, index.second - size.second] : [0, 1];
  if (fromEnd[0] === fromEnd[1]) return fromEnd[0];
  throw operation.refused(`has an index, ${index}, that depends on the size of the batch`, 'count from an end of it');
}

/** A stop at 0 places from the end is beyond it; at index 0 it is 0. */
function endOf(stop: Size, size: Size): number | bigint {
  return sameSize(size, stop) && stop instanceof Varying ? BEYOND : 0;
}

const concat: Emit = (graph, operation) => {
  const names = operandsOf(operation).map(({ name }) => name);
  if (names.length === 1) return names[0];
  return graph.node('Concat', names, { axis: { int: operation.args.at(-1) as number } });
};

const stack: Emit = (graph, operation) => {
  const axis = operation.args.at(-1) as number;
  const names = operandsOf(operation).map(({ name }) => graph.unsqueeze(name, axis));
  return names.length === 1 ? names[0] : graph.node('Concat', names, { axis: { int: axis } });
};

/** ONNX's names of the modes that it has. */
const PAD_MODES: Readonly<Record<string, string>> = { constant: 'constant', reflect: 'reflect', replicate: 'edge' };

const pad: Emit = (graph, operation) => {
  const [x, pairs, options] = operation.args as [Operand, readonly number[], PadOptions | undefined];
  const { mode = 'constant', value = 0 } = options ?? {};
  // Pairs from the last axis on: before and after.
  const sides = x.shape.map((_, axis): readonly [number, number] => {
    const at = 2 * (x.rank - 1 - axis);
    return at < pairs.length ? [pairs[at], pairs[at + 1]] : [0, 0];
  });
  const isPlain = mode === 'constant' || (mode in PAD_MODES && pairs.every((n) => n >= 0));
  if (isPlain) {
    const pads = graph.ints([...sides.map(([before]) => before), ...sides.map(([, after]) => after)]);
    const inputs = [x.name, pads, ...(mode === 'constant' ? [graph.scalar(value, operation.dtype)] : [])];
    return graph.node('Pad', inputs, { mode: { text: PAD_MODES[mode] } });
  }
  return sides.reduce((name, [before, after], axis) => {
    if (before === 0 && after === 0) return name;
    const size = fixed(operation, 'a size', x.shape[axis]);
    const places = graph.ints([...sourcesOf(mode, size, before, after)]);
    return graph.node('Gather', [name, places], { axis: { int: axis } });
  }, x.name);
};

export const RESHAPING: Readonly<Record<string, Emit>> = {
  reshape,
  view: reshape,
  unsqueeze,
  squeeze,
  transpose,
  permute: transpose,
  to,
  clone: to,
  broadcastTo,
  expand: broadcastTo,
  slice,
  split: slice,
  chunk: slice,
  concat,
  stack,
  pad,
};
