// How many examples each part of the data gets.

import { argumentError } from '../arrays/index.js';
import { type ExampleDataset, randomSplit, type Subset } from '../data/index.js';
import type { ConfigSection } from './types.js';

/** The numbers of examples of each part. */
export interface Counts {
  readonly train: number;
  readonly val: number;
  readonly test: number;
}

/**
 * What `numTraining`, `numValidation` and `numTest` say of data of which there are so many.
 *
 * @param available - Examples for training and validation, and for testing; `test` null: there is no test set, and the
 *   examples to test on are of the others.
 * @param source - Where they are, for the error where there are too few.
 */
export function countsOf(
  fn: string,
  { numTraining, numValidation, numTest }: ConfigSection,
  available: { readonly train: number; readonly test: number | null },
  source: string,
): Counts {
  const refuse = (name: string, found: number, most: number): Error => {
    const wayOut = `there are ${available.train}${available.test === null ? '' : ` and ${available.test} to test`}`;
    const arg = `data.${name}`;
    const expected = `at most ${Math.max(0, most)}`;
    return argumentError(RangeError, { fn, arg, found: `is ${found}`, expected, wayOut: `${wayOut} in ${source}` });
  };
  const fifth = Math.floor(available.train / 5);
  const test = (numTest as number | null) ?? available.test ?? fifth;
  const mostTest = available.test ?? available.train - 1;
  if (test > mostTest) throw refuse('numTest', test, mostTest);
  const left = available.test === null ? available.train - test : available.train;
  const wanted = numTraining as number | null;
  if (wanted !== null && wanted > left) throw refuse('numTraining', wanted, left);
  const rest = left - (wanted ?? 1);
  const val = (numValidation as number | null) ?? Math.min(1000, fifth, rest);
  if (val > rest) throw refuse('numValidation', val, rest);
  return { train: wanted ?? left - val, val, test };
}

/** Places of a dataset, drawn by the seed for each part, each with its share of every class where there are labels. */
export function placesOf(
  counts: Counts,
  N: number,
  seed: number | string,
  labels: Int32Array | null,
): Record<keyof Counts, Int32Array> {
  const { train, val, test } = counts;
  const lengths = [train, val, test, N - train - val - test];
  const present = lengths.filter((length) => length > 0);
  const all: ExampleDataset = { length: N, get: () => [undefined as never, 0] };
  const stratify = labels === null ? {} : { stratify: labels };
  const parts = randomSplit(all, present, { seed: `${seed}/split`, ...stratify }) as unknown as Subset[];
  let next = 0;
  const [first, second, third] = lengths.map((length) => (length > 0 ? parts[next++].indices : new Int32Array(0)));
  return { train: first, val: second, test: third };
}
