import {
  argumentError,
  checkEntries,
  checkSynchronous,
  describe,
  dtypeOf,
  empty,
  heap,
  heapCopy,
  hostRoom,
  hostValues,
  isNDArray,
  isPlainObject,
  type NDArray,
  type Range,
  type Saved,
  ShapeError,
  statefulOf,
  withStorage,
} from '../arrays/index.js';
import { Tensor } from '../autograd/index.js';
import type { Targets } from '../data/index.js';
import { type BatchTargets, mapParts, partAt } from '../data/structure.js';

/** The values of a model's output: an array for a tensor; of several tensors as many, in the same structure. */
export type Values<S> = Tensor extends S ? NDArray : { readonly [Part in keyof S]: Values<S[Part]> };

/** A number computed from the scores and the targets of all examples. */
export type MetricFunction<Y = Targets, Scores = NDArray> = (scores: Scores, y: Y) => number;

/**
 * A number that is computed batch by batch, for what would take too much memory at once.
 *
 * @example
 * const wrong: Metric<Int32Array> & { count: number } = {
 *   count: 0,
 *   reset() { this.count = 0; },
 *   update(scores, y) { argmax(scores).forEach((c, i) => { if (c !== y[i]) this.count++; }); },
 *   compute() { return this.count; },
 * };
 */
export interface Metric<Y = Targets, Scores = NDArray> {
  /** Forgets all batches. */
  reset(): void;
  /** Takes a batch in. The arrays end with the batch: it copies what it keeps. */
  update(scores: Scores, y: Y): void;
  /** The number for the batches since `reset`. */
  compute(): number;
  /** What `update` has changed, where a state of `fit` may be saved within an epoch. Together with `loadStateDict`. */
  stateDict?(): unknown;
  /** Takes over what `stateDict` returned. */
  loadStateDict?(state: unknown): void;
}

/** Metrics by name, of a model that gives `S`: a tensor, or several in a tuple or an object. */
export type Metrics<Y = Targets, S = Tensor> = Readonly<
  Record<string, MetricFunction<Y, Values<S>> | Metric<Y, Values<S>>>
>;

/** Metrics of whatever a model gives. */
export type AnyMetrics = Readonly<Record<string, MetricFunction<never, never> | Metric<never, never>>>;

/** The values of a model's output. */
export function valuesOf(output: unknown): unknown {
  if (output instanceof Tensor) return output.data;
  if (isNDArray(output) || typeof output !== 'object' || output === null) return output;
  if (Array.isArray(output)) return output.map(valuesOf);
  return Object.fromEntries(Object.entries(output).map(([name, part]) => [name, valuesOf(part)]));
}

/** Scores, or targets, of many batches: copies, joined along the first axis when they are asked for. */
export class Joined {
  readonly #batches: unknown[] = [];

  add(batch: unknown): void {
    this.#batches.push(
      mapParts(batch, '', (part) => (isNDArray(part) ? heapCopy(part) : (part as Int32Array).slice())),
    );
  }

  /** @throws {Error} as `differ` makes it, of an array that is not like that of the first batch. */
  all(differ: (name: string, first: NDArray, other: unknown) => Error): unknown {
    if (this.#batches.length === 0) return undefined;
    const [first] = this.#batches;
    return mapParts(first, '', (_, name, key) => {
      const parts = this.#batches.map((batch) => partAt(batch, key));
      return join(parts, (other) => differ(name, parts[0] as NDArray, other));
    });
  }
}

/** The rows of all parts, in new memory. */
function join(parts: readonly unknown[], differ: (other: unknown) => Error): NDArray | Int32Array {
  const [first] = parts;
  if (!isNDArray(first)) {
    const labels = parts.map((part) => {
      if (!(part instanceof Int32Array)) throw differ(part);
      return part;
    });
    const made = new Int32Array(labels.reduce((sum, { length }) => sum + length, 0));
    let start = 0;
    for (const part of labels) {
      made.set(part, start);
      start += part.length;
    }
    return made;
  }
  const rest = first.shape.slice(1);
  const arrays = parts.map((part) => {
    if (!isNDArray(part) || dtypeOf(part) !== dtypeOf(first) || String(part.shape.slice(1)) !== String(rest)) {
      throw differ(part);
    }
    return part;
  });
  const N = arrays.reduce((sum, { shape }) => sum + shape[0], 0);
  const made = withStorage(heap, () => empty([N, ...rest], dtypeOf(first)));
  const room = hostRoom(made);
  let start = 0;
  for (const part of arrays) {
    room.set(hostValues(part), start);
    start += part.size;
  }
  return made;
}

/** What the state of metrics within an epoch has. */
export interface MetricsState {
  /** Scores and targets so far, for metrics that are functions; null where there are none. */
  readonly collected: { readonly scores: Saved; readonly targets: Saved } | null;
  /** What the others' `stateDict()` returned. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** The metrics of one pass over examples. Functions receive all examples at once: few metrics are means of batches. */
export class EpochMetrics {
  readonly #fn: string;
  readonly #functions: readonly (readonly [string, MetricFunction<never, never>])[];
  readonly #objects: readonly (readonly [string, Metric<never, never>])[];
  #scores = new Joined();
  #targets = new Joined();

  constructor(fn: string, metrics: AnyMetrics) {
    this.#fn = fn;
    const entries = Object.entries(metrics);
    this.#functions = entries.filter((entry): entry is [string, MetricFunction<never, never>] => isFunction(entry[1]));
    this.#objects = entries.filter((entry): entry is [string, Metric<never, never>] => !isFunction(entry[1]));
    this.reset();
  }

  /** Forgets all batches. */
  reset(): void {
    this.#scores = new Joined();
    this.#targets = new Joined();
    for (const [, metric] of this.#objects) metric.reset();
  }

  /** Takes a batch in. @param output - What the model returned. */
  add(output: unknown, y: BatchTargets): void {
    if (this.#functions.length === 0 && this.#objects.length === 0) return;
    const scores = valuesOf(output) as never;
    for (const [name, metric] of this.#objects) {
      checkSynchronous(this.#fn, `metrics.${name}.update`, metric.update(scores, y as never));
    }
    if (this.#functions.length === 0) return;
    this.#scores.add(scores);
    this.#targets.add(y);
  }

  /** The numbers for the batches so far. @throws {TypeError | ShapeError} naming the metric or the scores at fault. */
  results(): Record<string, number> {
    const results: Record<string, number> = {};
    const number = (name: string, value: unknown): void => {
      checkSynchronous(this.#fn, `metrics.${name}`, value);
      if (typeof value !== 'number') {
        const found = `returned ${describe(value)}`;
        throw argumentError(TypeError, { fn: this.#fn, arg: `metrics.${name}`, found, expected: 'a number' });
      }
      results[name] = value;
    };
    if (this.#functions.length > 0) {
      const { scores, targets } = this.#all();
      for (const [name, metric] of this.#functions) number(name, metric(scores as never, targets as never));
    }
    for (const [name, metric] of this.#objects) number(name, metric.compute());
    return results;
  }

  #all(): { scores: unknown; targets: unknown } {
    const [scores, targets] = [this.#scores, this.#targets].map((joined, i) =>
      joined.all((name, first, other) => {
        const arg = i === 0 ? `model.forward(X)${name}` : `y${name}`;
        const [found, expected] = [`is ${describe(other)}`, `one like ${describe(first)}, as of the first batch`];
        return argumentError(ShapeError, { fn: this.#fn, arg, found, expected });
      }),
    );
    return { scores, targets };
  }

  /** A copy of what the batches so far have left. @throws {TypeError} if a metric cannot be saved. */
  stateDict(): MetricsState {
    const { scores, targets } = this.#all();
    const list = (parts: unknown): Saved =>
      mapParts(parts, '', (part) => (isNDArray(part) ? part : Array.from(part as Int32Array))) as Saved;
    this.checkStateful();
    const own = this.#objects.map(([name, metric]) => [name, metric.stateDict?.()]);
    return {
      collected: scores === undefined ? null : { scores: list(scores), targets: list(targets) },
      own: Object.fromEntries(own),
    };
  }

  /** @throws {TypeError} if a metric cannot be saved. */
  checkStateful(): void {
    for (const [name, metric] of this.#objects) {
      if (statefulOf(metric) !== null) continue;
      const [found, expected] = ['has no stateDict and loadStateDict', 'both, for a state within an epoch'];
      throw argumentError(TypeError, { fn: this.#fn, arg: `metrics.${name}`, found, expected });
    }
  }

  /** Continues from a state. */
  loadStateDict(state: MetricsState): void {
    this.reset();
    const { collected, own } = state;
    if (collected !== null) {
      const labels = (parts: unknown): unknown =>
        mapParts(parts, '', (part) => (isNDArray(part) ? part : Int32Array.from(part as number[])));
      this.#scores.add(labels(collected.scores));
      this.#targets.add(labels(collected.targets));
    }
    for (const [name, metric] of this.#objects) metric.loadStateDict?.(own[name]);
  }

  /** @throws {TypeError} if `state` is not one of these metrics. */
  checkState(fn: string, arg: string, state: unknown): void {
    checkEntries(fn, arg, state, ['collected', 'own']);
    checkEntries(
      fn,
      `${arg}.own`,
      state.own,
      this.#objects.map(([name]) => name),
    );
    if (state.collected !== null) checkEntries(fn, `${arg}.collected`, state.collected, ['scores', 'targets']);
  }
}

function isFunction(value: unknown): value is () => unknown {
  return typeof value === 'function';
}

/** Metrics are functions, or have these methods. */
export const METRICS: Range = {
  allows: (value) =>
    typeof value === 'object' &&
    value !== null &&
    isPlainObject(value) &&
    Object.values(value).every(
      (metric) => isFunction(metric) || METHODS.every((method) => isFunction((metric as never)?.[method])),
    ),
  expected: 'an object of functions (scores, y) => number, or of objects with reset, update and compute',
  Kind: TypeError,
};
const METHODS = ['reset', 'update', 'compute'] as const;
