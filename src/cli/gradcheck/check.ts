// Compares the gradients of a pair with centred differences in float64.

import {
  array,
  checkSynchronous,
  dtypeOf,
  hostValues,
  isNDArray,
  type NDArray,
  Random,
  tuple,
} from '../../arrays/index.js';
import { Tensor } from '../../autograd/index.js';
import { centred, isKink, unravel } from '../../gradient-kinks.js';
import { hintOf } from './hints.js';
import { type Arguments, argumentsOf, waysOf } from './inputs.js';
import { checkComplete, type Named, named, PairError, PrecisionError } from './named.js';
import type { Pair } from './pairs.js';
import { parametersOf } from './parameters.js';

/** A gradient against its centred difference, at the place where they differ most in all checks. */
export interface GradientCheck {
  /** Of what it is the gradient: `w`. */
  readonly argument: string;
  /** Of the argument, in the check that found this. */
  readonly shape: readonly number[];
  readonly isRight: boolean;
  /** `|a − n| / (|a| + |n|)`; differences that are small beside the largest gradient count less. Null: no numbers. */
  readonly error: number | null;
  readonly index: readonly number[] | null;
  readonly numerical: number | null;
  readonly analytic: number | null;
  /** Elements within a step of a kink, where a difference says nothing. */
  readonly kinks: number;
  /** What is wrong, where it can be told. */
  readonly hint: string | null;
}

/** What became of a pair. */
export interface PairCheck {
  readonly name: string;
  readonly forward: string;
  readonly backward: string | null;
  readonly verdict: 'right' | 'wrong' | 'needs an entry' | 'needs float64';
  readonly gradients: readonly GradientCheck[];
  /** Why it could not be checked, or what is wrong with the pair as a whole. */
  readonly problem: string | null;
}

/** Makes the arguments of a pair: what a file exports in `gradcheck`. */
export type Entry = (random: Random) => readonly unknown[];

/** Checks of each pair, at other shapes. */
const ROUNDS = 3;
const STEP = 1e-5;
/** The largest error of a right gradient. Rounding and curvature make about 1e-8. */
const TOLERANCE = 1e-4;
/** Gradients this much smaller than the largest one are compared by their difference. */
const SMALL = 1e-4;
/** Elements of an argument that are compared: all, or as many at random. */
const ELEMENTS = 120;

/** Checks a pair at several random shapes. */
export function checkPair(pair: Pair, entry: Entry | undefined, seed: number | string): PairCheck {
  const { name, forward, backward } = pair;
  const base = { name, forward: forward.name, backward: backward?.name ?? null };
  const unclear = (problem: string): PairCheck => ({ ...base, verdict: 'needs an entry', gradients: [], problem });
  const rounds: GradientCheck[][] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const random = new Random(`${seed} ${name} ${round}`);
      const call = entry === undefined ? guessed(pair, random, round) : given(pair, entry, random);
      if (typeof call === 'string') return unclear(call);
      rounds.push(gradientsOf(pair, call, random));
    }
  } catch (error) {
    if (!(error instanceof PairError)) throw error;
    return { ...base, verdict: error.verdict, gradients: [], problem: error.message };
  }
  const gradients = rounds[0].map(({ argument }) => worst(rounds.flat().filter((one) => one.argument === argument)));
  return { ...base, verdict: gradients.every(({ isRight }) => isRight) ? 'right' : 'wrong', gradients, problem: null };
}

/** The one with the largest error, or without numbers; kinks are those of all. */
function worst(checks: readonly GradientCheck[]): GradientCheck {
  const kinks = checks.reduce((sum, one) => sum + one.kinks, 0);
  const rank = ({ error }: GradientCheck): number => error ?? Number.POSITIVE_INFINITY;
  return { ...checks.reduce((a, b) => (rank(b) > rank(a) ? b : a)), kinks };
}

/** A way to call a function that works. */
interface Call extends Pick<Arguments, 'names' | 'make' | 'sizes'> {
  /** The output, or the loss as one number. */
  value(): Float64Array;
  readonly out: NDArray | null;
}

/** The first arguments that the forward function takes; what is missing if there are none. */
function guessed(pair: Pair, random: Random, round: number): Call | string {
  const ways = waysOf(pair);
  if ('unknown' in ways)
    return `it is not known ${ways.unknown.startsWith('what') ? '' : 'how to call it: '}${ways.unknown}`;
  // What is wrong with a result says more than what is wrong with arguments.
  let [problem, ofResult]: [string, string | null] = ['it has no parameters', null];
  for (const args of argumentsOf(ways, random, round)) {
    const call = called(pair, args);
    if (typeof call !== 'string') return call;
    problem = call;
    if (call.startsWith(`${pair.forward.name} returns`)) ofResult ??= call;
  }
  return `no shapes were found for ${ways.names.join(', ')}: ${ofResult ?? problem}`;
}

function given(pair: Pair, entry: Entry, random: Random): Call | string {
  const made = attempt(() => entry(random));
  if (made instanceof Error) return `its entry in gradcheck fails: ${messageOf(made)}`;
  if (!Array.isArray(made)) return 'its entry in gradcheck returns no list of arguments';
  const values = made.map((value) => (isNDArray(value) ? array(value, value.shape, 'float64') : value));
  const names = values.map((_, i) => nameOf(pair, i));
  const call = called(pair, { names, make: () => [...values], sizes: {} });
  return typeof call === 'string'
    ? `${pair.forward.name} does not take what its entry in gradcheck makes: ${call}`
    : call;
}

/** The name of a parameter, `argument 2` if the text does not say it. */
function nameOf({ forward }: Pair, i: number): string {
  return parametersOf(forward.fn)?.[i]?.name || `argument ${i + 1}`;
}

/** Calls the forward function twice. @returns Why the result cannot be differentiated, if so. */
function called(pair: Pair, { names, make, sizes }: Arguments): Call | string {
  const { fn, name } = pair.forward;
  const before = make().map((value) => (isNDArray(value) ? hostValues(value).slice() : null));
  const first = attempt(() => outputOf(pair, fn(...make())));
  if (first instanceof Error) return messageOf(first);
  if (typeof first === 'string') return first;
  const second = attempt(() => outputOf(pair, fn(...make())));
  if (second instanceof Error || typeof second === 'string') return `${name} fails when it is called again`;
  const a = first.values;
  if (a.some((value) => !Number.isFinite(value))) return `${name} returns values that are not finite`;
  if (!sameValues(a, second.values)) return `${name} returns other values at each call: give it a seed or a mask`;
  make().forEach((value, i) => {
    if (isNDArray(value) && !sameValues(hostValues(value), before[i] as Float64Array)) {
      throw new PairError(`${name} changes its argument ${names[i]}: compute into a new array`);
    }
  });
  if (first.out !== null && dtypeOf(first.out) === 'float32') {
    throw new PrecisionError(`${name} returns float32 for float64 inputs: give its output the dtype of the input`);
  }
  return { names, make, sizes, out: first.out, value: () => valuesOf(pair, make()) };
}

function valuesOf(pair: Pair, args: unknown[]): Float64Array {
  const output = outputOf(pair, pair.forward.fn(...args));
  if (typeof output === 'string') throw new PairError(output);
  return output.values;
}

interface Output {
  readonly out: NDArray | null;
  readonly values: Float64Array;
  /** What the backward pass needs, or, of a loss, its gradient. */
  readonly rest: unknown;
}

/** `[out, cache]`, or of a loss `{ loss, dx }` or `[loss, dx]`; what else it is, if it is none of them. */
function outputOf({ forward, backward }: Pair, result: unknown): Output | string {
  checkSynchronous('gradcheck', forward.name, result);
  if (backward === null) {
    const [loss, rest] = Array.isArray(result) ? [result[0], result.slice(1)] : [(result as Loss)?.loss, result];
    if (typeof loss !== 'number') return `${forward.name} returns no { loss, dx } and no [loss, dx]`;
    return {
      out: null,
      values: Float64Array.of(loss),
      rest: Array.isArray(rest) && rest.length === 1 ? rest[0] : rest,
    };
  }
  const { out, cache } = (result ?? {}) as { out?: unknown; cache?: unknown };
  const [value, rest] = Array.isArray(result) ? result : out === undefined ? [result, undefined] : [out, cache];
  if (value instanceof Tensor) return `${forward.name} returns a tensor, expected an array: its data`;
  if (!isNDArray(value)) return `${forward.name} returns no [out, cache] with an array out`;
  return { out: value, values: Float64Array.from(hostValues(value)), rest };
}

interface Loss {
  readonly loss?: unknown;
}

/** Runs the backward function and compares each gradient that it returns. */
function gradientsOf(pair: Pair, call: Call, random: Random): GradientCheck[] {
  const dout = call.out === null ? null : random.randn(call.out.shape, 'float64');
  const args = call.make();
  const by = pair.backward?.name ?? pair.forward.name;
  // A backward pass may compute in the place of dout or of what the cache holds; it gets copies.
  const own = args.map((value) => (isNDArray(value) ? array(value) : value));
  const output = outputOf(pair, pair.forward.fn(...own)) as Output;
  const gradients = named(by, call.names, args, backwardOf(pair, dout === null ? null : array(dout), output));
  if (pair.backward !== null) checkComplete(by, call.names, args, gradients);
  for (const { argument, x } of gradients) checkPrecision(pair, argument, x, call);
  const weights = dout === null ? Float64Array.of(1) : hostValues(dout);
  const differences = gradients.map(({ argument, x, analytic }) => ({
    ...{ argument, x, analytic },
    places: tuple(x.shape) === tuple(analytic.shape) ? compared(x, analytic, weights, call, random) : null,
  }));
  const scale = Math.max(
    1e-8,
    ...differences.flatMap(({ places }) => places?.map((one) => Math.abs(one.numerical)) ?? []),
  );
  return differences.map((one) => judged(one, scale, differences, dout, call));
}

/** @throws {PairError} if changes of an argument that float32 does not hold are lost on the way to the output. */
function checkPrecision({ forward }: Pair, argument: string, x: NDArray, { value }: Call): void {
  const values = hostValues(x).slice();
  const differs = (share: number): boolean => {
    const before = value();
    try {
      unravelled(x).forEach((index, i) => {
        x.set(...index, values[i] * (1 + share));
      });
      return !sameValues(before, value());
    } finally {
      unravelled(x).forEach((index, i) => {
        x.set(...index, values[i]);
      });
    }
  };
  if (differs(1e-12) || !differs(1e-4)) return;
  throw new PrecisionError(`${forward.name} rounds ${argument} or what it computes of it: make its arrays in float64`);
}

function unravelled({ shape, size }: NDArray): number[][] {
  return Array.from({ length: size }, (_, i) => unravel(i, shape));
}

function backwardOf({ backward }: Pair, dout: NDArray | null, { rest }: Output): unknown {
  if (backward === null) return rest;
  const result = attempt(() => backward.fn(dout, rest));
  if (result instanceof Error) throw new PairError(`${backward.name} fails: ${messageOf(result)}`);
  checkSynchronous('gradcheck', backward.name, result);
  return result;
}

/** An element of an argument. */
interface Place {
  readonly flat: number;
  readonly index: readonly number[];
  readonly numerical: number;
  readonly analytic: number;
  readonly isKink: boolean;
}

/** The centred differences of an argument, element by element; of a large one at random places. */
function compared(x: NDArray, analytic: NDArray, weights: ArrayLike<number>, call: Call, random: Random): Place[] {
  const size = x.shape.reduce((a, b) => a * b, 1);
  const all = size <= ELEMENTS;
  const flats = all ? Array.from({ length: size }, (_, i) => i) : [...new Set(random.randint(0, size, ELEMENTS))];
  const weighed = (): number => call.value().reduce((sum, value, i) => sum + value * weights[i], 0);
  return flats.map((flat) => {
    const index = unravel(flat, x.shape);
    const { plus, minus, distance } = centred(x, index, STEP, call.value);
    // The difference of the outputs is taken before the sum, which may be large.
    const numerical = plus.reduce((sum, value, i) => sum + (value - minus[i]) * weights[i], 0) / distance;
    const own = analytic.get(...index);
    const sums = [plus, minus].map((values) => values.reduce((sum, value, i) => sum + value * weights[i], 0));
    const difference = { plus: sums[0], minus: sums[1], distance };
    return { flat, index, numerical, analytic: own, isKink: isKink(weighed, x, index, own, difference, STEP) };
  });
}

interface Difference extends Named {
  /** Null where the shapes differ. */
  readonly places: readonly Place[] | null;
}

function judged(
  { argument, x, analytic, places }: Difference,
  scale: number,
  all: readonly Difference[],
  dout: NDArray | null,
  { sizes }: Call,
): GradientCheck {
  const base = { argument, shape: x.shape };
  if (places === null) {
    const hint = hintOf({ argument, x, analytic, sizes, places: [], others: [], dout });
    return { ...base, isRight: false, error: null, index: null, numerical: null, analytic: null, kinks: 0, hint };
  }
  const errorAt = (one: Place): number => {
    const error = Math.abs(one.analytic - one.numerical);
    const size = Math.max(SMALL * scale, Math.abs(one.analytic) + Math.abs(one.numerical));
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / size;
  };
  const smooth = places.filter((one) => !(one.isKink && errorAt(one) > TOLERANCE));
  const kinks = places.length - smooth.length;
  if (smooth.length === 0) {
    return { ...base, isRight: true, error: 0, index: null, numerical: null, analytic: null, kinks, hint: null };
  }
  const at = smooth.reduce((a, b) => (errorAt(b) > errorAt(a) ? b : a));
  const error = errorAt(at);
  const isRight = error <= TOLERANCE;
  const others = all.flatMap((other) => (other.argument === argument || other.places === null ? [] : [other]));
  const hint = isRight ? null : hintOf({ argument, x, analytic, sizes, places: smooth, others, dout });
  return {
    ...base,
    isRight,
    error: Number.isFinite(error) ? error : null,
    index: at.index,
    numerical: at.numerical,
    analytic: at.analytic,
    kinks,
    hint,
  };
}

function sameValues(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => Object.is(value, b[i]) || value === b[i]);
}

function attempt<T>(fn: () => T): T | Error {
  try {
    return fn();
  } catch (error) {
    if (error instanceof PairError) throw error;
    return error instanceof Error ? error : new Error(String(error));
  }
}

function messageOf({ message }: Error): string {
  return message.split('\n')[0];
}
