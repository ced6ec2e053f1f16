import {
  ANY,
  argumentError,
  checkedIn,
  checkLabels,
  describe,
  type Labels,
  type NDArray,
  type OptionsOf,
  option,
  POSITIVE,
  Random,
  settingsOf,
} from '../arrays/index.js';
import type { AnyDataset, DatasetOf } from './dataset.js';
import { sourceOf } from './source.js';
import { examplesOf, Subset } from './subset.js';

const SPLIT = {
  /** Seed of the split. Without one it cannot be repeated. */
  seed: option<number | string | undefined>(undefined, ANY),
  /**
   * The class of each example: every part gets its share of each class, give or take one example. Default: examples are
   * drawn without regard to classes.
   */
  stratify: option<Labels | undefined>(undefined, ANY),
};

/** Options of {@link randomSplit}. */
export interface RandomSplitOptions extends OptionsOf<typeof SPLIT> {}

/**
 * Splits a dataset at random into parts that have no example in common. Nothing is copied.
 *
 * @param dataset - As for a `DataLoader`.
 * @param lengths - How many examples each part gets: counts that add up to the examples of the dataset, or shares that
 *   add up to 1. Examples that rounding down the shares leaves over go to the first parts, one to each.
 * @returns The parts, each with its examples in random order.
 * @throws {RangeError} if the lengths do not add up, or a part gets no example.
 * @see torch.utils.data.random_split, which rounds shares likewise
 *
 * @example
 * const [train, val] = randomSplit({ X, y }, [0.8, 0.2], { seed: 0, stratify: y });
 * const loader = new DataLoader(train, { batchSize: 64, shuffle: true });
 */
export function randomSplit<X = NDArray, Y = ArrayLike<number>>(
  dataset: DatasetOf<X, Y>,
  lengths: readonly number[],
  options: RandomSplitOptions = {},
): Subset<X, Y>[] {
  const fn = 'randomSplit';
  const { seed, stratify } = settingsOf(fn, SPLIT, options);
  const random = new Random(seed);
  const all = examplesOf(fn, 'dataset', dataset as AnyDataset);
  const N = sourceOf(fn, all).length;
  const counts = countsOf(fn, lengths, N);
  const classes = stratify === undefined ? new Int32Array(N) : checkLabels(fn, 'stratify', stratify, N);
  const places = counts.map((): number[] => []);
  const left = quotas(classes, counts);
  for (const i of random.permutation(N)) {
    const ofClass = left.get(classes[i]) as number[];
    const part = ofClass.findIndex((count) => count > 0);
    ofClass[part]--;
    places[part].push(i);
  }
  return places.map((indices) => new Subset(all as unknown as DatasetOf<X, Y>, indices));
}

/** @returns How many examples each part gets. */
function countsOf(fn: string, lengths: readonly number[], N: number): number[] {
  const arg = 'lengths';
  if (!Array.isArray(lengths) || lengths.length === 0) {
    const [found, expected] = [`is ${describe(lengths)}`, 'a list of counts or shares, such as [0.8, 0.2]'];
    throw argumentError(TypeError, { fn, arg, found, expected });
  }
  lengths.forEach((length, i) => {
    checkedIn(fn, `${arg}[${i}]`, length, POSITIVE);
  });
  const sum = lengths.reduce((total, length) => total + length, 0);
  const areShares = Math.abs(sum - 1) < 1e-9;
  if (!areShares && !(lengths.every(Number.isInteger) && sum === N)) {
    const [found, expected] = [`is ${describe(lengths)}`, `counts whose sum is ${N}, the examples, or shares of sum 1`];
    throw argumentError(RangeError, { fn, arg, found, expected });
  }
  if (!areShares || lengths.every(Number.isInteger)) return [...lengths];
  // 0.29 · 100 is a little less than 29.
  const counts = lengths.map((share) => Math.floor(share * N + 1e-9));
  const rest = N - counts.reduce((total, count) => total + count, 0);
  for (let i = 0; i < rest; i++) counts[i % counts.length]++;
  const empty = counts.indexOf(0);
  if (empty < 0) return counts;
  const found = `is ${lengths[empty]}`;
  throw argumentError(RangeError, { fn, arg: `${arg}[${empty}]`, found, expected: `a share of ${N} examples ≥ 1` });
}

/**
 * How many examples of each class each part gets: the exact share rounded down or up, with the right sums over classes
 * and over parts. Such numbers exist (Gale and Ryser 1957), and giving what is left of a class to the parts that need
 * most finds them.
 */
function quotas(classes: Int32Array, counts: readonly number[]): Map<number, number[]> {
  const sizes = new Map<number, number>();
  for (const c of classes) sizes.set(c, (sizes.get(c) ?? 0) + 1);
  const N = classes.length;
  const shares = new Map([...sizes].map(([c, size]) => [c, counts.map((count) => Math.floor((size * count) / N))]));
  const needs = counts.map((count, part) => {
    let given = 0;
    for (const share of shares.values()) given += share[part];
    return count - given;
  });
  for (const [c, share] of shares) {
    const left = (sizes.get(c) as number) - share.reduce((total, count) => total + count, 0);
    const neediest = counts.map((_, part) => part).sort((a, b) => needs[b] - needs[a]);
    for (const part of neediest.slice(0, left)) {
      share[part]++;
      needs[part]--;
    }
  }
  return shares;
}
