import {
  argumentError,
  type DType,
  describe,
  hostValues,
  isNDArray,
  isPlainObject,
  type NDArray,
  Random,
  tuple,
} from '../arrays/index.js';
import { Tensor, type TracedOperation, traceOperations } from '../autograd/index.js';
import type { BatchnormParam } from '../layers/index.js';
import type { Module } from '../nn/index.js';

/** An operation of a forward pass. */
export interface Call {
  readonly name: string;
  readonly operands: readonly unknown[];
  readonly isOwn: boolean;
  readonly out: NDArray;
}

/** What a forward pass did. */
export interface Trace {
  /** Examples in the batch. */
  readonly batch: number;
  readonly input: NDArray;
  /** The operations that the output needs, in the order in which they ran. */
  readonly calls: readonly Call[];
  readonly output: NDArray;
}

/**
 * The operations of a forward pass of random numbers, without gradients.
 *
 * @param fn - What errors call the caller.
 * @param shape - Of one example.
 * @param hashes - Of the arrays that are known, parameters and buffers at first. Those that are met are added: a
 *   constant has to be the same in every pass.
 * @throws {TypeError} if the model returns no tensor.
 * @throws {RangeError} if it changes an array in place.
 * @throws {Error} if it throws on such input.
 */
export function traceForward(
  fn: string,
  model: Module,
  shape: readonly number[],
  batch: number,
  dtype: DType,
  hashes: Map<NDArray, number>,
): Trace {
  const input = new Random(batch).randn([batch, ...shape], dtype);
  hashes.set(input, hashOf(input));
  const calls: Call[] = [];
  const used = new Set<NDArray>();
  // Thrown at the end: the modules around the operation would make it an error of theirs.
  let change: Error | null = null;
  const told = ({ name, operands: given, out: { data: out }, isOwn }: TracedOperation): void => {
    const operands = given.map(inputOf);
    for (const array of arraysIn(operands)) {
      used.add(array);
      if (hashes.has(array)) change ??= changeOf(fn, hashes, array, `before F.${name} runs`);
      else hashes.set(array, hashOf(array));
    }
    // What an operation passes on from one inside of it, or from its operand, is known already.
    if (hashes.has(out)) return;
    hashes.set(out, hashOf(out));
    calls.push({ name, operands, isOwn, out });
  };
  const output = traceOperations(told, () => forwardOf(fn, model, input, shape));
  if (!(output instanceof Tensor)) {
    throw argumentError(TypeError, {
      fn,
      arg: 'model',
      found: `returns ${describe(output)}`,
      expected: 'one tensor',
      wayOut: 'wrap it in a module whose forward returns the one to export',
    });
  }
  // Also those of one use: what was used is not what is written.
  for (const array of used.add(output.data)) change ??= changeOf(fn, hashes, array, 'before it returns');
  if (change !== null) throw change;
  return { batch, input, calls: needed(calls, output.data), output: output.data };
}

function forwardOf(fn: string, model: Module, input: NDArray, shape: readonly number[]): unknown {
  try {
    return model.forward(new Tensor(input));
  } catch (error) {
    const message = error instanceof Error ? error.message : describe(error);
    const { length } = model.forward;
    if (length > 1) {
      const found = `has a forward of ${length} inputs, which fails on one (${message})`;
      const wayOut = 'wrap it in a module whose forward takes one and makes the others';
      throw argumentError(RangeError, { fn, arg: 'model', found, wayOut }, { cause: error });
    }
    const found = `is ${tuple(shape)}, which the model does not take (${message})`;
    throw argumentError(RangeError, { fn, arg: 'inputShape', found }, { cause: error });
  }
}

/** An operand without what the operation left in it: one by the statistics of the batch notes the running ones. */
function inputOf(operand: unknown): unknown {
  if (typeof operand !== 'object' || operand === null || !('mode' in operand) || operand.mode !== 'train')
    return operand;
  const { runningMean: _, runningVar: __, ...rest } = operand as BatchnormParam;
  return rest;
}

/** The calls that lead to `output`. */
function needed(calls: readonly Call[], output: NDArray): Call[] {
  const wanted = new Set([output]);
  const kept = calls.toReversed().filter(({ operands, out }) => {
    if (!wanted.has(out)) return false;
    for (const array of arraysIn(operands)) wanted.add(array);
    return true;
  });
  return kept.reverse();
}

/** The arrays among operands, also those inside of lists and plain objects. */
function* arraysIn(value: unknown): Generator<NDArray> {
  if (value instanceof Tensor) yield value.data;
  else if (isNDArray(value)) yield value as NDArray;
  else if (Array.isArray(value)) for (const entry of value) yield* arraysIn(entry);
  else if (typeof value === 'object' && value !== null && isPlainObject(value)) yield* arraysIn(Object.values(value));
}

/** The error for an array that is not as the operation that made it left it. */
function changeOf(fn: string, hashes: ReadonlyMap<NDArray, number>, array: NDArray, when: string): Error | null {
  const before = hashes.get(array);
  if (before === undefined || before === hashOf(array)) return null;
  return argumentError(RangeError, {
    fn,
    arg: 'model',
    found: `changes an array that it computes with in place ${when}`,
    wayOut: 'compute with functions of F: only these are exported',
  });
}

/** A hash of all values (FNV-1a over words of 32 bits). */
export function hashOf(array: NDArray): number {
  const { buffer, byteOffset, byteLength } = hostValues(array);
  const words = new Int32Array(buffer, byteOffset, byteLength / 4);
  let hash = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  return hash;
}
