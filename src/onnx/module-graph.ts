import { array, type DType, dtypeOf, isPlainObject, type NDArray, overwrite } from '../arrays/index.js';
import { defaultGenerator } from '../autograd/index.js';
import type { Module } from '../nn/index.js';
import { EMITTERS, Operand, type Operation } from './emit/index.js';
import type { GraphWriter } from './graph-writer.js';
import {
  BATCHES,
  isEqual,
  isMergedArray,
  type MergedArray,
  type MergedCall,
  merge,
  refused,
  type Size,
  Varying,
} from './merge.js';
import { OWN } from './schema.js';
import { hashOf, traceForward } from './trace.js';

/** The value that a graph computes. */
export interface GraphOutput {
  readonly name: string;
  readonly shape: readonly Size[];
  readonly dtype: DType;
}

/**
 * Writes what a module does in evaluation mode, as two forward passes of random numbers show it.
 *
 * @param shape - Of one example.
 * @param dtype - That of the module.
 * @param written - That of the graph, whatever the module's; undefined: as it is.
 * @returns The output. The module is as it was.
 * @throws {RangeError} if it has no form in ONNX.
 */
export function writeModule(
  fn: string,
  graph: GraphWriter,
  module: Module,
  shape: readonly number[],
  dtype: DType,
  written: DType | undefined,
): GraphOutput {
  const state = new Map<NDArray, string>();
  for (const [name, { data }] of [...module.namedParameters(), ...module.namedBuffers()]) state.set(data, name);
  const hashes = new Map([...state.keys()].map((values) => [values, hashOf(values)]));
  const [first, second] = inEvaluation(module, () =>
    BATCHES.map((batch) => traceForward(fn, module, shape, batch, dtype, hashes)),
  );
  const { calls, output } = merge(fn, first, second, state);

  const results: string[] = [];
  const stored = new Map<NDArray, string>();
  const formatOf = (values: NDArray): DType => written ?? dtypeOf(values);
  const nameOf = ({ call, shape: sizes, array: values, constant }: MergedArray): string => {
    if (call !== null) return call < 0 ? graph.input : results[call];
    const known =
      stored.get(values) ?? store(fn, graph, constant ?? values, sizes, state.get(values), formatOf(values));
    stored.set(values, known);
    return known;
  };
  const operand = (value: unknown): unknown => {
    if (isMergedArray(value)) {
      return new Operand(value.shape, formatOf(value.array), value.constant, () => nameOf(value));
    }
    if (Array.isArray(value)) return value.map(operand);
    if (typeof value !== 'object' || value === null || !isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, operand(entry)]));
  };
  for (const call of calls) results.push(write(fn, graph, call, operand, formatOf(call.out.array)));
  return { name: nameOf(output), shape: output.shape, dtype: formatOf(output.array) };
}

/** A parameter by its name, or a constant, which is repeated to its sizes. @returns The name of its value. */
function store(
  fn: string,
  graph: GraphWriter,
  values: NDArray,
  sizes: readonly Size[],
  name: string | undefined,
  dtype: DType,
): string {
  if (name !== undefined) return graph.array(name, values, dtype);
  const constant =
    values.shape.length === 0 ? graph.scalar(values.get(), dtype) : graph.array(OWN.constant, values, dtype);
  if (!sizes.some((size) => size instanceof Varying)) return constant;
  return graph.node('Expand', [constant, graph.sizes(sizes, (found) => refused(fn, `has a constant that ${found}`))]);
}

function write(
  fn: string,
  graph: GraphWriter,
  { name, isOwn, args, out }: MergedCall,
  operand: (value: unknown) => unknown,
  dtype: DType,
): string {
  if (isOwn) {
    const found = `runs the operation '${name}', made with op, of which only the loops over values are known`;
    throw refused(fn, found, 'compose it of functions of F, and export that');
  }
  const emit = EMITTERS.get(name);
  if (emit === undefined) throw refused(fn, `runs F.${name}, which has no form in ONNX here`);
  const operation: Operation = {
    name,
    args: args.map(operand),
    shape: out.shape,
    dtype,
    refused: (found, wayOut) => refused(fn, `runs F.${name}, which ${found}`, wayOut),
  };
  return emit(graph, operation);
}

/** Runs `fn` in evaluation mode. Modes, buffers and `defaultGenerator` are as they were afterwards. */
function inEvaluation<R>(module: Module, fn: () => R): R {
  const modes = module.modules().map((part) => ({ part, training: part.training }));
  const buffers = module.buffers().map(({ data }) => ({ data, before: array(data) }));
  const random = defaultGenerator();
  const drawn = random.stateDict();
  try {
    for (const { part } of modes) part.training = false;
    return fn();
  } finally {
    for (const { part, training } of modes) part.training = training;
    for (const { data, before } of buffers) if (!isEqual(data, before)) overwrite(data, before);
    random.loadStateDict(drawn);
  }
}
