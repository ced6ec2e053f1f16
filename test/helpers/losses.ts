import fs from 'node:fs';
import path from 'node:path';
import { array, type DType, hostValues, type NDArray } from '../../src/arrays/index.js';

interface StoredArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A loss of PyTorch with its options, its values and its gradients. */
export interface LossCase {
  readonly loss: string;
  readonly x: StoredArray;
  /** Targets, which are labels or numbers. */
  readonly y: StoredArray & { readonly labels: boolean };
  readonly options: Readonly<Record<string, unknown>>;
  /** Options that are arrays. */
  readonly arrays: Readonly<Record<string, StoredArray>>;
  readonly dout: StoredArray;
  readonly expected: { readonly out: StoredArray; readonly dx: StoredArray; readonly dy?: StoredArray };
}

const FILE = path.join(__dirname, '..', 'fixtures', 'loss_options.json');

/** The cases of `test/fixtures/loss_options.json`, with a title. */
export const lossCases: readonly (readonly [title: string, c: LossCase])[] = (
  JSON.parse(fs.readFileSync(FILE, 'utf8')) as { cases: LossCase[] }
).cases.map((c, i) => {
  const given = { ...c.options, ...(Object.keys(c.arrays).length > 0 && { arrays: Object.keys(c.arrays) }) };
  return [`${i}: ${c.loss} of (${c.x.shape}) ${JSON.stringify(given)}`, c] as const;
});

/** A stored array in a format. */
export function stored({ data, shape }: StoredArray, dtype: DType): NDArray {
  return array(data, shape, dtype);
}

/** The options of a case by our names, arrays made by `made`. */
export function optionsOf(c: LossCase, made: (value: StoredArray) => unknown): Record<string, unknown> {
  const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const arrays = Object.entries(c.arrays).map(([name, value]) => [camel(name), made(value)]);
  return Object.fromEntries([...Object.entries(c.options).map(([name, value]) => [camel(name), value]), ...arrays]);
}

/** How far an array is from the stored one, relative to the largest stored value. */
export function distance(actual: NDArray, expected: StoredArray): number {
  if (actual.shape.join() !== expected.shape.join()) return Number.POSITIVE_INFINITY;
  const values = hostValues(actual);
  let [largest, off] = [Number.MIN_VALUE, 0];
  expected.data.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    // Written so that NaN is far from everything.
    const difference = Math.abs(values[i] - value);
    if (!(difference <= off)) off = difference;
  });
  return off / largest;
}

/** What a value may be off by, relative to the largest. */
export const TOLERANCES: Readonly<Record<DType, number>> = { float64: 1e-10, float32: 1e-5 };
