import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { array, type DType, dtypeOf, type NDArray } from '../../src/arrays/index.js';

/** The files of `test/fixtures`, all of which every search goes through. */
const FILES = [
  'activations',
  'affine',
  'fully_connected_net',
  'losses',
  'more_activations',
  'notebook_fully_connected',
  'notebook_update_rules',
  'sandwich',
  'two_layer_net',
  'update_rules',
];

interface StoredArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Stored = StoredArray | number;

interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** A case as it stands in its file. */
export interface FixtureCase {
  readonly name: string;
  readonly op: string;
  readonly config: Readonly<Record<string, number | string | readonly number[]>>;
  readonly inputs: Readonly<Record<string, Stored>>;
  readonly params: Readonly<Record<string, Stored>>;
  readonly expected: Readonly<Record<string, Stored>>;
  readonly tolerance: Tolerance;
  readonly tolerance_f32: Readonly<Record<string, Tolerance>>;
  readonly printed?: Readonly<Record<string, { readonly value: Stored; readonly decimals: number }>>;
}

/** The formats that every case runs in. */
export const DTYPES: readonly DType[] = ['float64', 'float32'];

/** All cases of all files, in the order of the files. */
export const allCases: readonly FixtureCase[] = FILES.flatMap((file) => {
  const text = fs.readFileSync(path.join(__dirname, '..', 'fixtures', `${file}.json`), 'utf8');
  return (JSON.parse(text) as { cases: FixtureCase[] }).cases;
});

/** The cases that run `op`. */
export function casesOf(op: string): FixtureCase[] {
  return allCases.filter((c) => c.op === op);
}

/** Whether a model's case needs normalization or dropout. */
export function isPlain({ config }: FixtureCase): boolean {
  return (config.normalization ?? 'none') === 'none' && (config.dropout_keep ?? 1) === 1;
}

/** A stored array in the given format. */
export function stored(value: Stored | undefined, dtype: DType): NDArray {
  if (typeof value !== 'object') throw new TypeError(`the fixture has ${value} where an array is asked for`);
  return array(value.data, value.shape, dtype);
}

/** All arrays of a section, in the given format. */
export function arraysOf(section: Readonly<Record<string, Stored>>, dtype: DType): Record<string, NDArray> {
  return Object.fromEntries(Object.entries(section).map(([name, value]) => [name, stored(value, dtype)]));
}

/** Stored labels. */
export function labels(value: Stored | undefined): Int32Array {
  if (typeof value !== 'object') throw new TypeError(`the fixture has ${value} where labels are asked for`);
  return Int32Array.from(value.data);
}

/**
 * Compares results with everything that the case expects, under the same names, within the case's tolerance for
 * `dtype`. Arrays must have that format.
 */
export function expectGolden(c: FixtureCase, actual: Readonly<Record<string, NDArray | number>>, dtype: DType): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(c.expected).sort());
  for (const [name, value] of Object.entries(c.expected)) {
    const tolerance = dtype === 'float64' ? c.tolerance : c.tolerance_f32[name];
    const result = actual[name];
    if (typeof result !== 'number') expect(dtypeOf(result), name).toBe(dtype);
    expect(asArray(result), name).toBeAllClose(asArray(value), tolerance);
  }
}

/** Compares results with what the notebook prints, to its last digit; the sets of names must be equal. */
export function expectPrinted(c: FixtureCase, actual: Readonly<Record<string, NDArray | number>>): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(c.printed ?? {}).sort());
  for (const [name, { value, decimals }] of Object.entries(c.printed ?? {})) {
    expect(asArray(actual[name]), name).toBeAllClose(asArray(value), { rtol: 0, atol: 0.501 * 10 ** -decimals });
  }
}

function asArray(value: NDArray | Stored): NDArray {
  if (typeof value === 'number') return array([value], [1], 'float64');
  return 'stride' in value ? value : stored(value, 'float64');
}
