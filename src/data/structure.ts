import type { NdArray } from 'ndarray';
import { isNDArray, isPlainObject, isView, type Labels, type NDArray, typedArrayName } from '../arrays/index.js';

/** One array, or several with as many examples each: in a tuple or a plain object. */
export type Arrays = NDArray | readonly NDArray[] | { readonly [name: string]: NDArray };

/**
 * Targets as a dataset has them: labels or an array, or several of these in a tuple or a plain object. What they are is
 * decided by their type, never by their values:
 *
 * - lists of numbers and typed arrays of integers are labels, one whole number ≥ 0 for each example;
 * - arrays, of shape (N, …), and Float32Array and Float64Array, which stand for shape (N,), are numbers.
 */
export type Targets = Labels | readonly Labels[] | { readonly [name: string]: Labels };

/** What a batch has of such targets: an Int32Array of labels, an array of numbers, or several of these. */
export type Batched<Y> = Y extends NDArray | Float32Array | Float64Array
  ? NDArray
  : Y extends number | ArrayLike<number>
    ? Int32Array
    : Y extends NdArray
      ? Int32Array | NDArray
      : { readonly [Part in keyof Y]: Batched<Y[Part]> };

/** What one example has of such targets: a label, an array, or several of these. */
export type Single<Y> = Y extends NDArray | Float32Array | Float64Array
  ? NDArray
  : Y extends number | ArrayLike<number>
    ? number
    : Y extends NdArray
      ? number | NDArray
      : { readonly [Part in keyof Y]: Single<Y[Part]> };

/**
 * Some examples: X of shape (B, …), the batch first, and their targets, B labels or an array of shape (B, …); both in
 * the structure that the dataset has them in. Without targets it is `[X]`.
 */
export type Batch<X = NDArray, Y = ArrayLike<number>> = [Y] extends [undefined] ? [X: X] : [X: X, y: Batched<Y>];

/** The targets of a batch. */
export type BatchTargets =
  | Int32Array
  | NDArray
  | readonly (Int32Array | NDArray)[]
  | { readonly [name: string]: Int32Array | NDArray };

/** A batch of whatever structure. */
export type AnyBatch = readonly [X: Arrays, y?: BatchTargets];

/** The place of a part in its structure; null where that is one part. */
export type Key = string | number | null;

/**
 * What `fn` returns for each part, in the structure of `value`: that of a tuple or an object of parts, else one part.
 *
 * @param arg - What errors call `value`; the parts are `arg[0]` or `arg.left`.
 */
export function mapParts<T>(value: unknown, arg: string, fn: (part: unknown, arg: string, key: Key) => T): unknown {
  if (isNDArray(value)) return fn(value, arg, null);
  if (isTuple(value)) return value.map((part, i) => fn(part, `${arg}[${i}]`, i));
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, fn(part, `${arg}.${name}`, name)]));
  }
  return fn(value, arg, null);
}

/** The part of a structure at a place; undefined if there is none. */
export function partAt(value: unknown, key: Key): unknown {
  return key === null ? value : (value as Record<string | number, unknown> | null | undefined)?.[key];
}

/** Whether a value has several parts in a list. A list of numbers, or of lists of them, is one part. */
export function isTuple(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.some((part) => isNDArray(part) || typedArrayName(part) !== undefined);
}

/** Whether a value has several parts in a plain object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || !isPlainObject(value) || 'length' in value) return false;
  return !isView(value) && Object.keys(value).length > 0;
}
