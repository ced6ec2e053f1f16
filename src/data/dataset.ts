import {
  anyShape,
  argumentError,
  array,
  checkLabels,
  checkShapes,
  describe,
  heap,
  isFloats,
  isNDArray,
  isView,
  type Labels,
  type NDArray,
  operand,
  type Range,
  ShapeError,
  tuple,
  withStorage,
  wrap,
} from '../arrays/index.js';
import { isRecycled, isResident } from '../kernels/index.js';
import { type Arrays, type Batched, type BatchTargets, mapParts, type Single, type Targets } from './structure.js';

/** A place in a dataset, or a label. */
export const INDEX: Range = {
  allows: (n) => Number.isInteger(n) && (n as number) >= 0 && (n as number) < 2 ** 31,
  expected: 'an integer ≥ 0',
  Kind: RangeError,
};

/** An example and its target; without targets the example alone. */
export type Example<X = NDArray, Y = number> = [Y] extends [undefined] ? [x: X] : [x: X, y: Y];

/**
 * Examples that are fetched one at a time: what does not fit into one array, or is kept in another form.
 *
 * @example
 * // Images kept as bytes, a quarter of the memory of float32.
 * const { images, labels } = readCifar10Batch('data/data_batch_1.bin');
 * const dataset: ExampleDataset = {
 *   length: labels.length,
 *   get: (i) => [array(images.subarray(3072 * i, 3072 * (i + 1)), [3, 32, 32]), labels[i]],
 * };
 */
export interface ExampleDataset<X = NDArray, Y = number> {
  /** How many there are. */
  readonly length: number;
  /**
   * Example `i` and its target: a label, which is a whole number ≥ 0, or an array of numbers. Both may be several, in a
   * tuple or a plain object. All examples have the same shapes and dtypes.
   */
  get(i: number): readonly [x: X, y: Y];
}

/** Examples without targets. */
export type UnlabelledDataset<X = NDArray> =
  | { readonly X: X }
  | {
      readonly length: number;
      /** Example `i`. */
      get(i: number): readonly [x: X];
    };

/** All examples in one array, shape (N, …), or several, and their N targets: see {@link Targets}. */
export interface ArrayDataset<X = NDArray, Y = Labels> {
  readonly X: X;
  readonly y: Y;
}

/** A dataset, whichever kind it is, with inputs `X` and targets `Y`. */
export type DatasetOf<X, Y> = ArrayDataset<X, Y> | ExampleDataset<X, Y> | UnlabelledDataset<X>;

/** A dataset of whatever structure. */
export type AnyDataset =
  | { readonly X: Arrays; readonly y?: Targets | undefined }
  | {
      readonly length: number;
      /** Example `i` and its target, if there are targets. */
      get(i: number): readonly [x: unknown, y?: unknown];
    };

/**
 * Examples and targets held in memory, as a dataset.
 *
 * @example
 * const { XTrain, yTrain } = loadCifar10('data');
 * const dataset = new TensorDataset(XTrain, yTrain);
 * const [image, label] = dataset.get(7);
 *
 * @example
 * // Two inputs, and two numbers to predict from them.
 * const dataset = new TensorDataset({ image: zeros([100, 3, 8, 8]), age: zeros([100, 1]) }, zeros([100, 2]));
 */
export class TensorDataset<X = NDArray, Y = ArrayLike<number>> {
  /** How many examples there are. */
  readonly length: number;
  /** Shape (N, …), in row-major order; or several such arrays. */
  readonly X: X;
  /** N labels, an array of shape (N, …) in row-major order, or several of these; undefined without targets. */
  readonly y: Batched<Y>;

  /**
   * A dataset of examples and their targets, both held in memory.
   *
   * @param X - Examples, shape (N, …), or several such arrays in a tuple or a plain object. Kept if their values are in
   *   row-major order on the heap, else copied.
   * @param y - Their N targets, labels or an array of numbers, or several of these: see {@link Targets}. Labels are
   *   copied, arrays kept as X is. Default: none.
   * @throws {ShapeError} if there are no examples, or not as many targets as examples.
   * @throws {RangeError} if a label is not a whole number ≥ 0.
   * @throws {TypeError} if there are more arguments: several inputs are one X, a tuple.
   */
  constructor(X: X, y?: Y, ...others: never[]) {
    if (others.length > 0) {
      const [found, expected] = [`is ${describe(others[0])}`, 'no more than X and y'];
      const wayOut = 'several inputs are given in a tuple, new TensorDataset([X, V], y)';
      throw argumentError(TypeError, { fn: 'TensorDataset', arg: 'argument 3', found, expected, wayOut });
    }
    const kept = keep('TensorDataset', ['X', 'y'], X, y);
    this.length = kept.length;
    this.X = kept.X as X;
    this.y = kept.y as Batched<Y>;
  }

  /** Example `i`, a view of X, and its target. */
  get(i: number): Example<X, Single<Y>> {
    checkPlace('TensorDataset.get', i, this.length);
    const at = (parts: unknown): unknown =>
      mapParts(parts, '', (part) => (isNDArray(part) ? part.pick(i) : (part as Int32Array)[i]));
    return (this.y === undefined ? [at(this.X)] : [at(this.X), at(this.y)]) as Example<X, Single<Y>>;
  }
}

/** @throws {RangeError} if `i` is no place in a dataset of `length` examples. */
export function checkPlace(fn: string, i: number, length: number, arg = 'i', wayOut?: string): void {
  if (Number.isInteger(i) && i >= 0 && i < length) return;
  const [found, expected] = [`is ${describe(i)}`, `an index from 0 to ${length - 1}`];
  throw argumentError(RangeError, { fn, arg, found, expected, wayOut });
}

/** @throws {RangeError} naming the first of `indices` that is no place in a dataset of `length` examples. */
export function checkPlaces(fn: string, list: string, indices: ArrayLike<number>, length: number): void {
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at];
    if (Number.isInteger(index) && index >= 0 && index < length) continue;
    checkPlace(fn, index, length, `${list}[${at}]`, `the dataset has ${length} examples`);
  }
}

/** Examples, dense and on the heap, and their targets. */
export interface Kept {
  readonly length: number;
  readonly X: Arrays;
  readonly y: BatchTargets | undefined;
}

/** @throws {ShapeError | RangeError | TypeError} naming, of the two, what does not fit. */
export function keep(fn: string, [nameX, nameY]: readonly [string, string], X: unknown, y: unknown): Kept {
  const length = checkInputs(fn, nameX, X);
  const targets = y === undefined ? undefined : checkTargets(fn, nameY, y, length);
  const kept = (parts: unknown): unknown =>
    mapParts(parts, '', (part) => (isNDArray(part) ? rows(part) : (part as Int32Array)));
  return { length, X: kept(X) as Arrays, y: kept(targets) as BatchTargets | undefined };
}

/**
 * How many examples inputs have.
 *
 * @throws {ShapeError | RangeError | TypeError} naming the array that is none, has no examples, or has not as many as
 *   the first.
 */
export function checkInputs(fn: string, arg: string, X: unknown): number {
  let N: number | undefined;
  mapParts(X, arg, (part, name) => {
    const sizes = checkShapes(fn, { [name]: [part as NDArray, ['N', '…']] });
    N ??= sizes.N;
    if (sizes.N !== N) throw wrongCount(fn, name, part as NDArray, `N=${N}`);
  });
  return N as number;
}

/**
 * Targets as a batch has them: labels are copied, numbers are arrays.
 *
 * @throws {ShapeError | RangeError | TypeError} naming the part that does not fit, or has not `N` examples.
 */
export function checkTargets(fn: string, arg: string, y: unknown, N: number): BatchTargets {
  if (y instanceof Int32Array) return checkLabels(fn, arg, y, N);
  return mapParts(y, arg, (part, name) => checkTarget(fn, name, part, N)) as BatchTargets;
}

function checkTarget(fn: string, arg: string, y: unknown, N: number): Int32Array | NDArray {
  if (isNDArray(y)) {
    checkShapes(fn, { [arg]: [y, anyShape(y)] });
    if (y.shape[0] !== N) throw wrongCount(fn, arg, y, `N=${N}`);
    return y;
  }
  const isMap = isView(y) && y.shape.length > 1;
  if (isFloats(y) || isMap)
    return checkTarget(
      fn,
      arg,
      withStorage(heap, () => array(y)),
      N,
    );
  if (Array.isArray(y)) checkList(fn, arg, y);
  return checkLabels(fn, arg, y as Labels, N);
}

/** @throws {RangeError} if a list has numbers that are no labels, but may be meant for an array. */
function checkList(fn: string, arg: string, y: readonly unknown[]): void {
  const at = y.findIndex((entry) => Array.isArray(entry) || (Number.isFinite(entry) && !INDEX.allows(entry)));
  if (at < 0) return;
  const wayOut = `numbers that are no labels are given as an array, array(${arg})`;
  const [found, expected] = [`is ${describe(y[at])}`, INDEX.expected];
  throw argumentError(RangeError, { fn, arg: `${arg}[${at}]`, found, expected, wayOut });
}

function wrongCount(fn: string, arg: string, { shape }: NDArray, N: string): Error {
  const expected = tuple(shape.length > 1 ? [N, '…'] : [N]);
  return argumentError(ShapeError, { fn, arg, found: `has shape ${tuple(shape)}`, expected });
}

/**
 * `X` with its values in row-major order in an array of their own length, on the heap: itself, or a copy made once.
 * Memory that is recycled, as a workspace's, or given back, as that of a view's owner, must not be read later.
 */
export function rows(X: NDArray): NDArray {
  const copies = isResident(X) || isRecycled(X);
  return withStorage(heap, () => (copies ? array(X) : wrap(operand(X), X.shape)));
}
