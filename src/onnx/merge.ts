import {
  argumentError,
  array,
  describe,
  hostValues,
  isNDArray,
  isPlainObject,
  type NDArray,
  tuple,
} from '../arrays/index.js';
import { Tensor } from '../autograd/index.js';
import { broadcastToForward } from '../layers/index.js';
import type { Trace } from './trace.js';

/**
 * The sizes of the two batches that are traced. A size that is computed from the batch's, as its half, is not the same
 * for both.
 */
export const BATCHES = [2, 5] as const;

/** A number that is another one in a batch of another size. */
export class Varying {
  /**
   * @param first - In the first trace.
   * @param second - In the second trace.
   */
  constructor(
    readonly first: number,
    readonly second: number,
  ) {}

  toString(): string {
    return `${this.first} or ${this.second}`;
  }
}

/** A size of an axis. */
export type Size = number | Varying;

/** Whether two sizes are the same in both traces. */
export function sameSize(a: Size | undefined, b: Size): boolean {
  if (a instanceof Varying) return b instanceof Varying && a.first === b.first && a.second === b.second;
  return a === b;
}

/** An array of a forward pass: what it comes from. */
export interface MergedArray {
  /** The place of the call that made it; −1: the input; null: a parameter or a constant. */
  readonly call: number | null;
  readonly shape: readonly Size[];
  /** That of the first trace. */
  readonly array: NDArray;
  /** The values of a constant, with size 1 for axes along which it repeats them as often as the batch is large. */
  readonly constant: NDArray | null;
}

/** A call in both traces, its arrays merged. */
export interface MergedCall {
  readonly name: string;
  readonly isOwn: boolean;
  readonly args: readonly unknown[];
  readonly out: MergedArray;
}

/** What two forward passes of batches of different sizes have in common. */
export interface Merged {
  readonly calls: readonly MergedCall[];
  readonly output: MergedArray;
}

/** Tells a merged array from the other arguments of a call. */
export const ARRAY = Symbol('array');

/** Whether an argument of a merged call is an array. */
export function isMergedArray(value: unknown): value is MergedArray {
  return typeof value === 'object' && value !== null && ARRAY in value;
}

/** The functions whose sizes and places may be those of the batch. */
const OF_SIZES = new Set(['reshape', 'view', 'broadcastTo', 'expand', 'slice', 'split', 'chunk']);

/**
 * What two traces have in common. What must not differ does not, and sizes that do are {@link Varying}.
 *
 * @param state - Parameters and buffers, which are no constants, by their arrays.
 * @throws {RangeError} if the two ran other operations, or with other numbers or constants.
 */
export function merge(fn: string, first: Trace, second: Trace, state: ReadonlyMap<NDArray, string>): Merged {
  const batches = `in a batch of ${first.batch} and in one of ${second.batch}`;
  if (tuple(first.calls.map(({ name }) => name)) !== tuple(second.calls.map(({ name }) => name))) {
    throw refused(fn, `runs other operations ${batches}`, 'a graph has the same for all');
  }
  const places = [first, second].map(({ input, calls }) => {
    const ofInput: [NDArray, number] = [input, -1];
    return new Map([ofInput, ...calls.map(({ out }, i): [NDArray, number] => [out, i])]);
  });

  const arrayFrom = (what: string, a: NDArray, b: NDArray): MergedArray => {
    const [call, other] = [places[0].get(a) ?? null, places[1].get(b) ?? null];
    if (call !== other || a.shape.length !== b.shape.length) {
      throw refused(fn, `computes ${what} in two ways, ${batches}`, 'a graph has one for all');
    }
    if (call === null && state.get(a) !== state.get(b)) {
      throw refused(fn, `uses other parameters for ${what} ${batches}`, 'a graph has the same for all');
    }
    const isConstant = call === null && !state.has(a);
    const constant = isConstant ? constantOf(fn, what, a, b, batches) : null;
    const shape = a.shape.map((size, axis): Size => (size === b.shape[axis] ? size : new Varying(size, b.shape[axis])));
    return { [ARRAY]: true, call, shape, array: a, constant } as MergedArray;
  };

  const value = (what: string, a: unknown, b: unknown, mayVary: boolean): unknown => {
    const [x, y] = [a, b].map((operand) => (operand instanceof Tensor ? operand.data : operand));
    if (isNDArray(x) && isNDArray(y)) return arrayFrom(what, x as NDArray, y as NDArray);
    if (Array.isArray(x) && Array.isArray(y) && x.length === y.length) {
      return x.map((entry, i) => value(what, entry, y[i], mayVary));
    }
    if (isRecord(x) && isRecord(y)) {
      return Object.fromEntries(Object.entries(x).map(([key, entry]) => [key, value(what, entry, y[key], mayVary)]));
    }
    if (Object.is(x, y) || (isOther(x) && isOther(y))) return x;
    if (mayVary && typeof x === 'number' && typeof y === 'number') return new Varying(x, y);
    throw refused(fn, `has ${describe(x)} and ${describe(y)} for ${what} ${batches}`, SAME);
  };

  const calls = first.calls.map((call, i): MergedCall => {
    const { name, isOwn } = call;
    const other = second.calls[i];
    if (call.operands.length !== other.operands.length) {
      const found = `gives F.${name} ${call.operands.length} and ${other.operands.length} arguments ${batches}`;
      throw refused(fn, found, SAME);
    }
    const title = isOwn ? `operation '${name}'` : `F.${name}`;
    const args = call.operands.map((operand, at) =>
      value(`argument ${at} of ${title}`, operand, other.operands[at], OF_SIZES.has(name)),
    );
    return { name, isOwn, args, out: arrayFrom(`the result of ${title}`, call.out, other.out) };
  });
  return { calls, output: arrayFrom('its output', first.output, second.output) };
}

const SAME = 'a graph is one for all batches';

/** Whether it is an object of a class, such as a generator of random numbers. */
function isOther(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlainObject(value);
}

/**
 * An array that is neither a result nor a parameter: it may be longer in a larger batch, as zeros to put beside the
 * input are, but has the same values.
 *
 * @returns Its values, with size 1 for axes along which it repeats them.
 */
function constantOf(fn: string, what: string, a: NDArray, b: NDArray, batches: string): NDArray {
  const longer = a.shape.map((size, axis) => size !== b.shape[axis]);
  const [x, y] = [a, b].map((values) => {
    const first = array(values.hi(...values.shape.map((size, axis) => (longer[axis] ? Math.min(1, size) : size))));
    return isEqual(broadcastToForward(first, values.shape)[0], values) ? first : null;
  });
  if (x === null || y === null) {
    const found = `uses a constant for ${what} that has shape ${tuple(a.shape)} and ${tuple(b.shape)} ${batches}`;
    throw refused(fn, found, 'give it size 1 along the batch, or compute it from the input by functions of F');
  }
  if (isEqual(x, y)) return x;
  const found = `uses a constant for ${what} that depends on the input, the size of the batch, or chance`;
  throw refused(fn, found, 'compute it from the input by functions of F, not by .data or .item()');
}

/** Whether two arrays of one shape have the same values; NaN is equal to itself. */
export function isEqual(a: NDArray, b: NDArray): boolean {
  const [x, y] = [a, b].map(hostValues);
  return x.every((value, i) => Object.is(value, y[i]));
}

/** The error for a model that cannot be written. */
export function refused(fn: string, found: string, wayOut?: string): Error {
  return argumentError(RangeError, { fn, arg: 'model', found, wayOut });
}
