import {
  anyShape,
  argumentError,
  checkCount,
  checkedIn,
  checkShapes,
  describe,
  dtypeOf,
  empty,
  FUNCTION,
  heap,
  hostRoom,
  hostValues,
  isNDArray,
  type NDArray,
  ShapeError,
  tuple,
  withStorage,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { type AnyDataset, type ExampleDataset, INDEX, keep, TensorDataset } from './dataset.js';
import { type AnyBatch, type Arrays, type BatchTargets, mapParts, partAt } from './structure.js';

/** How a dataset is read, whichever kind it is. */
export interface Source {
  /** How many examples there are. */
  readonly length: number;
  /** Copies the examples at the given places, which are in range, into new arrays. */
  gather(indices: Int32Array): AnyBatch;
}

/** The sources of datasets that have one of their own. */
const sources = new WeakMap<object, Source>();

/** Has a dataset read by `source`, in the place of its `get`. */
export function readBy(dataset: object, source: Source): void {
  sources.set(dataset, source);
}

/** What to do about an example whose arrays are of another shape, for datasets that know. */
const remedies = new WeakMap<object, (i: number) => string>();

/** Has the error of an example `i` that is of another shape than others say what to do. */
export function remedied(dataset: object, wayOut: (i: number) => string): void {
  remedies.set(dataset, wayOut);
}

/** @throws {TypeError | RangeError} naming what a dataset lacks. */
export function sourceOf(fn: string, dataset: AnyDataset): Source {
  if (typeof dataset === 'object' && dataset !== null) {
    const own = sources.get(dataset);
    if (own !== undefined) return own;
    // A dataset that has arrays and a get of its own may make something else of them.
    if (dataset instanceof TensorDataset && dataset.get === TensorDataset.prototype.get) return arraySource(dataset);
    if ('get' in dataset && 'length' in dataset) return exampleSource(fn, dataset as ExampleDataset<Arrays, unknown>);
    if ('X' in dataset) return arraySource(keep(fn, ['dataset.X', 'dataset.y'], dataset.X, dataset.y));
  }
  const [found, expected] = [`is ${describe(dataset)}`, '{ X, y }, or an object with length and get(i)'];
  throw argumentError(TypeError, { fn, arg: 'dataset', found, expected });
}

/** Reads from arrays on the heap with `length` rows each, and labels. */
export function arraySource(kept: { readonly length: number; readonly X: unknown; readonly y: unknown }): Source {
  const { length, X, y } = kept;
  const rowsOf = (parts: unknown, indices: Int32Array): unknown =>
    mapParts(parts, '', (part) => gatherRows(part as NDArray | Int32Array, indices));
  const gather = (indices: Int32Array): AnyBatch => {
    const batch = rowsOf(X, indices) as Arrays;
    return y === undefined ? [batch] : [batch, rowsOf(y, indices) as BatchTargets];
  };
  return { length, gather };
}

/** The rows, or labels, at the given places, in a new array. */
export function gatherRows<Part extends NDArray | Int32Array>(part: Part, indices: Int32Array): Part;
export function gatherRows(part: NDArray | Int32Array, indices: Int32Array): NDArray | Int32Array {
  if (!isNDArray(part)) return indices.map((i) => part[i]);
  const { shape } = part;
  const batch = empty([indices.length, ...shape.slice(1)], dtypeOf(part));
  kernels().gatherRows(part.data, indices, batch.data, part.size / shape[0]);
  return batch;
}

function exampleSource(fn: string, dataset: ExampleDataset<Arrays, unknown>): Source {
  const { length, get } = dataset;
  checkCount(fn, 'dataset.length', length, 1);
  checkedIn(fn, 'dataset.get', get, FUNCTION);
  return { length, gather: (indices) => stack(fn, dataset, indices) };
}

/** Examples fetched one by one, in new arrays. */
function stack(fn: string, dataset: ExampleDataset<Arrays, unknown>, indices: Int32Array): AnyBatch {
  // A dataset may keep what it makes, so that is not for a workspace to recycle.
  const examples = withStorage(heap, () => Array.from(indices, (i) => checkExample(fn, dataset.get(i), i)));
  const [first] = examples;
  const odd = examples.findIndex((example) => example.length !== first.length);
  if (odd >= 0) {
    const [found, expected] = [examples[odd], first].map(({ length }) => (length === 1 ? '[x]' : '[x, y]'));
    throw unlike(TypeError, fn, indices, odd, found, expected);
  }
  const batch = first.map((of, at) =>
    mapParts(of, at === 0 ? 'x' : 'y', (_, name, key) => {
      const parts = examples.map((example) => partAt(example[at], key));
      return stackPart(fn, name, parts, indices, remedies.get(dataset));
    }),
  );
  return batch as unknown as AnyBatch;
}

/** One part of each example, in a new array. @throws {ShapeError} if one is not like the first. */
function stackPart(
  fn: string,
  name: string,
  parts: readonly unknown[],
  indices: Int32Array,
  remedy?: (i: number) => string,
): NDArray | Int32Array {
  const [first] = parts;
  const odd = parts.findIndex((part) => !isLike(part, first));
  if (odd >= 0) {
    const [found, expected] = [parts[odd], first].map((part) =>
      isNDArray(part) ? `${dtypeOf(part)} of shape ${tuple(part.shape)}` : describe(part),
    );
    throw unlike(ShapeError, fn, indices, odd, `${name} as ${found}`, expected, remedy?.(indices[odd]));
  }
  if (!isNDArray(first)) return Int32Array.from(parts as number[]);
  const batch = empty([parts.length, ...first.shape], dtypeOf(first));
  const room = hostRoom(batch);
  parts.forEach((part, n) => {
    room.set(hostValues(part as NDArray), n * first.size);
  });
  return batch;
}

function isLike(part: unknown, first: unknown): boolean {
  if (!isNDArray(first) || !isNDArray(part)) return typeof part === 'number' && typeof first === 'number';
  return tuple(part.shape) === tuple(first.shape) && dtypeOf(part) === dtypeOf(first);
}

/** The error of an example that cannot be in one batch with the first. */
function unlike(
  Kind: typeof TypeError | typeof ShapeError,
  fn: string,
  indices: Int32Array,
  at: number,
  found: string,
  expected: string,
  wayOut?: string,
): Error {
  return argumentError(Kind, {
    fn,
    arg: `dataset.get(${indices[at]})`,
    found: `returned ${found}`,
    expected: `${expected}, as get(${indices[0]}) did`,
    wayOut,
  });
}

function checkExample(fn: string, example: unknown, i: number): readonly unknown[] {
  if (!Array.isArray(example) || (example.length !== 2 && example.length !== 1)) {
    const found = `returned ${describe(example)}`;
    throw argumentError(TypeError, { fn, arg: `dataset.get(${i})`, found, expected: '[x, y]' });
  }
  const [x, y] = example;
  const at = `of dataset.get(${i})`;
  mapParts(x, 'x', (part, name) => checkShapes(fn, { [`${name} ${at}`]: [part as NDArray, ['…']] }));
  if (example.length === 2) mapParts(y, 'y', (part, name) => checkTarget(fn, `${name} ${at}`, part));
  return example;
}

/** @throws {TypeError | RangeError} if one example's target is neither an array nor a label. */
function checkTarget(fn: string, arg: string, target: unknown): void {
  if (isNDArray(target)) checkShapes(fn, { [arg]: [target, anyShape(target)] });
  else if (!INDEX.allows(target)) {
    const isValue = Number.isFinite(target) && !Number.isInteger(target);
    const wayOut = isValue ? `a number that is no label is given as an array, array([${target}])` : undefined;
    throw argumentError(RangeError, { fn, arg, found: `is ${describe(target)}`, expected: INDEX.expected, wayOut });
  }
}
