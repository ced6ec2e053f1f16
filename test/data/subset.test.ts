import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  array,
  concatDatasets,
  DataLoader,
  type ExampleDataset,
  type NDArray,
  randomSplit,
  Subset,
  TensorDataset,
  toNested,
  WeightedRandomSampler,
  zeros,
} from '../../src/index.js';
import { labelsOf, places } from './loading.js';

/** The same examples, one at a time. */
const fetched: ExampleDataset = { length: 10, get: (i) => [array([i]), i] };

describe('Subset', () => {
  test.each([
    ['arrays', places(10)],
    ['a TensorDataset', new TensorDataset(places(10).X, places(10).y)],
    ['single examples', fetched],
    ['a subset', new Subset(places(10), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].reverse())],
  ])('has some examples of %s', (_, dataset) => {
    const subset = new Subset(dataset as ExampleDataset, [7, 2, 2]);
    expect(subset.length).toBe(3);
    const [x, y] = subset.get(1);
    expect([toNested(x), y]).toEqual([[2], 2]);
    const [[X, labels]] = new DataLoader(subset, { batchSize: 3 });
    expect([toNested(X), labels]).toEqual([[[7], [2], [2]], Int32Array.of(7, 2, 2)]);
  });

  test('shares the arrays', () => {
    const { X, y } = places(3);
    const subset = new Subset({ X, y }, [2]);
    X.set(2, 0, 5);
    expect(toNested(subset.get(0)[0])).toEqual([5]);
  });

  test('with a get of its own is asked for its examples', () => {
    class Doubled extends Subset {
      override get(i: number): [x: NDArray, y: number] {
        return [super.get(i)[0], 2 * super.get(i)[1]];
      }
    }
    expect(labelsOf(new DataLoader(new Doubled(places(5), [4, 1]), { batchSize: 2 }))).toEqual([[8, 2]]);
  });

  test('keeps the types of its dataset', () => {
    const numbers = new DataLoader(new Subset({ X: zeros([2, 1]), y: zeros([2, 1]) }, [0]));
    expectTypeOf(numbers.batch).returns.toEqualTypeOf<[X: NDArray, y: NDArray]>();
    expect(numbers.batch([0])[1].shape).toEqual([1, 1]);
  });

  test.each<[make: () => unknown, error: string, message: string]>([
    [() => new Subset(places(3), []), 'RangeError', 'Subset: indices is [], expected a list of at least one index'],
    [
      () => new Subset(places(3), [0, 3]),
      'RangeError',
      'Subset: indices[1] is 3, expected an index from 0 to 2: the dataset has 3 examples',
    ],
    [() => new Subset(places(3), [0]).get(1), 'RangeError', 'Subset.get: i is 1, expected an index from 0 to 0'],
    [
      () => new Subset(null as never, [0]),
      'TypeError',
      'Subset: dataset is null, expected { X, y }, or an object with length and get(i)',
    ],
    [
      () => new Subset({ X: zeros([2, 1]), y: [0] }, [0]),
      'ShapeError',
      'Subset: dataset.y has shape (1,), expected (N=2,)',
    ],
  ])('names what does not fit: case %#', (make, name, message) => {
    expect(make).toThrow(expect.objectContaining({ name, message }));
  });
});

describe('concatDatasets', () => {
  test('has the examples of all, in any order', () => {
    const { X, y } = places(4);
    const all = concatDatasets([{ X, y }, fetched as never, new Subset({ X, y }, [3, 1]) as never]);
    expect(all.length).toBe(16);
    const got = Array.from({ length: 16 }, (_, i) => all.get(i)[1]);
    expect(got).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 1]);
    const [[bX, by]] = new DataLoader(all, { batchSize: 5, sampler: new Order([15, 0, 13, 14, 1]) });
    expect([toNested(bX), by]).toEqual([[[1], [0], [9], [3], [1]], Int32Array.of(1, 0, 9, 3, 1)]);
    const [[, one]] = new DataLoader(all, { batchSize: 2, sampler: new Order([5, 6]) });
    expect(one).toEqual(Int32Array.of(1, 2));
  });

  test('of numbers as targets, and of several inputs', () => {
    const part = (value: number) => ({
      X: { a: zeros([2, 3]), b: array([[value], [value + 1]]) },
      y: array([value, 9]),
    });
    const all = concatDatasets([part(0), part(10)]);
    const [[X, y]] = new DataLoader(all, { batchSize: 3, sampler: new Order([2, 0, 3]) });
    expect([X.a.shape, toNested(X.b), toNested(y)]).toEqual([
      [3, 3],
      [[10], [0], [11]],
      [10, 0, 9],
    ]);
  });

  test.each<[datasets: unknown, error: string, message: string]>([
    [[], 'TypeError', 'concatDatasets: datasets is [], expected a list of at least one dataset'],
    [
      [places(2), 5],
      'TypeError',
      'concatDatasets: datasets[1] is 5, expected { X, y }, or an object with length and get(i)',
    ],
    [
      [places(2), { X: zeros([2, 1]), y: [0] }],
      'ShapeError',
      'concatDatasets: datasets[1].y has shape (1,), expected (N=2,)',
    ],
  ])('names what does not fit: case %#', (datasets, name, message) => {
    expect(() => concatDatasets(datasets as never)).toThrow(expect.objectContaining({ name, message }));
  });

  test.each<[other: object, message: string]>([
    [
      { X: zeros([2, 2]), y: [0, 1] },
      'concatDatasets: datasets[1] has X as float32 of shape (B, 2), expected float32 of shape (B, 1), ' +
        'as datasets[0] has',
    ],
    [
      { X: zeros([2, 1]), y: zeros([2]) },
      'concatDatasets: datasets[1] has y as float32 of shape (B,), expected labels, as datasets[0] has',
    ],
    [{ X: zeros([2, 1]) }, 'concatDatasets: datasets[1] has y as nothing, expected labels, as datasets[0] has'],
  ])('names examples that are not alike: case %#', (other, message) => {
    const loader = new DataLoader(concatDatasets([places(2), other] as never), { batchSize: 4 });
    expect(() => [...loader]).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
  });

  test('has no example beyond its end', () => {
    const all = concatDatasets([places(2), places(1)]);
    expect(() => all.get(3)).toThrow(new RangeError('get: i is 3, expected an index from 0 to 2'));
  });
});

describe('randomSplit', () => {
  const labels = (part: Subset) => Array.from({ length: part.length }, (_, i) => part.get(i)[1]);

  test('gives each example to one part', () => {
    const [train, val] = randomSplit(places(10), [0.75, 0.25], { seed: 1 });
    // 7.5 and 2.5 rounded down, and what is left to the first, as in PyTorch.
    expect([train.length, val.length]).toEqual([8, 2]);
    expect([...labels(train), ...labels(val)].sort((a, b) => a - b)).toEqual([...places(10).y]);
    expect(labels(train)).not.toEqual([...labels(train)].sort((a, b) => a - b));
  });

  test('takes counts, and repeats with its seed', () => {
    const split = (seed: number) => randomSplit(fetched, [6, 3, 1], { seed }).map(labels);
    expect(split(1).map((part) => part.length)).toEqual([6, 3, 1]);
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
  });

  test('rounds shares that are not quite whole numbers', () => {
    expect(randomSplit(places(100), [0.29, 0.71]).map(({ length }) => length)).toEqual([29, 71]);
  });

  test('with classes gives each part its share of each, to within one example', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 12, maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        fc.integer(),
        (y, weights, seed) => {
          const total = weights.reduce((a, b) => a + b);
          const counts = weights.map((weight) => Math.max(1, Math.floor((weight * y.length) / total)));
          counts[0] += y.length - counts.reduce((a, b) => a + b);
          fc.pre(counts[0] > 0);
          const X = zeros([y.length, 1]);
          const parts = randomSplit({ X, y }, counts, { seed, stratify: y });
          expect(parts.map(({ length }) => length)).toEqual(counts);
          expect(parts.flatMap(({ indices }) => [...indices]).sort((a, b) => a - b)).toEqual([...y.keys()]);
          for (const c of new Set(y)) {
            const size = y.filter((label) => label === c).length;
            parts.forEach((part, p) => {
              const has = labels(part).filter((label) => label === c).length;
              expect(Math.abs(has - (size * counts[p]) / y.length)).toBeLessThanOrEqual(1);
            });
          }
        },
      ),
      { seed: 5, numRuns: 50 },
    );
  });

  test.each<[args: unknown[], error: string, message: string]>([
    [
      [places(4), [3, 2]],
      'RangeError',
      'randomSplit: lengths is [3, 2], expected counts whose sum is 4, the examples, or shares of sum 1',
    ],
    [
      [places(4), [0.5, 0.4]],
      'RangeError',
      'randomSplit: lengths is [0.5, 0.4], expected counts whose sum is 4, the examples, or shares of sum 1',
    ],
    [
      [places(4), [0.9, 0.05, 0.05]],
      'RangeError',
      'randomSplit: lengths[1] is 0.05, expected a share of 4 examples ≥ 1',
    ],
    [[places(1), [0.5, 0.5]], 'RangeError', 'randomSplit: lengths[1] is 0.5, expected a share of 1 examples ≥ 1'],
    [[places(4), [4, 0]], 'RangeError', 'randomSplit: lengths[1] is 0, expected a number > 0'],
    [
      [places(4), 0.8],
      'TypeError',
      'randomSplit: lengths is 0.8, expected a list of counts or shares, such as [0.8, 0.2]',
    ],
    [[places(4), [2, 2], { stratify: [0, 1] }], 'ShapeError', 'randomSplit: stratify has shape (2,), expected (N=4,)'],
    [[places(4), [2, 2], { ratio: 1 }], 'TypeError', "randomSplit: unknown option 'ratio', expected seed, stratify"],
    [
      [{}, [2, 2]],
      'TypeError',
      'randomSplit: dataset is an object, expected { X, y }, or an object with length and get(i)',
    ],
  ])('names what does not fit: case %#', (args, name, message) => {
    expect(() => randomSplit(...(args as Parameters<typeof randomSplit>))).toThrow(
      expect.objectContaining({ name, message }),
    );
  });
});

describe('WeightedRandomSampler', () => {
  test('draws in proportion to the weights, with replacement', () => {
    const sampler = new WeightedRandomSampler([1, 0, 3], 40_000, { seed: 2 });
    const counts = [0, 0, 0];
    for (const i of sampler.order(undefined as never)) counts[i]++;
    expect(counts[1]).toBe(0);
    // Standard deviation of the share: √(0.25 · 0.75 / 40000) = 0.0022.
    expect(Math.abs(counts[0] / 40_000 - 0.25)).toBeLessThan(0.009);
  });

  test('without replacement takes each at most once, the heavy ones first more often', () => {
    const sampler = new WeightedRandomSampler([1, 2, 0, 1], 3, { replacement: false, seed: 2 });
    let first = 0;
    for (let n = 0; n < 4000; n++) {
      const order = sampler.order(undefined as never);
      expect([...order].sort()).toEqual([0, 1, 3]);
      if (order[0] === 1) first++;
    }
    expect(Math.abs(first / 4000 - 0.5)).toBeLessThan(0.032);
    const [one, two] = [1, 2].map((seed) => new WeightedRandomSampler([1, 1, 1, 1], 2, { replacement: false, seed }));
    expect(one.order(undefined as never)).toHaveLength(2);
    expect(two.length).toBe(2);
  });

  test("draws from the loader's generator without a seed, and its state continues", () => {
    const make = (seed?: number) => {
      const sampler = new WeightedRandomSampler([1, 2, 3, 4, 5], 7, { seed });
      return new DataLoader(places(5), { batchSize: 7, sampler, seed: 3 });
    };
    expect(labelsOf(make())).toEqual(labelsOf(make()));
    for (const seed of [undefined, 4]) {
      const [loader, other] = [make(seed), make(seed)];
      labelsOf(loader);
      const state = JSON.parse(JSON.stringify(loader.stateDict()));
      const next = labelsOf(loader);
      other.loadStateDict(state);
      expect(labelsOf(other)).toEqual(next);
    }
  });

  test.each<[make: () => unknown, error: string, message: string]>([
    [
      () => new WeightedRandomSampler([], 1),
      'TypeError',
      'WeightedRandomSampler: weights is [], expected a list of at least one number',
    ],
    [
      () => new WeightedRandomSampler([1, -1], 1),
      'RangeError',
      'WeightedRandomSampler: weights[1] is -1, expected a number ≥ 0',
    ],
    [
      () => new WeightedRandomSampler([Number.NaN], 1),
      'RangeError',
      'WeightedRandomSampler: weights[0] is NaN, expected a number ≥ 0',
    ],
    [
      () => new WeightedRandomSampler([0, 0], 1),
      'RangeError',
      'WeightedRandomSampler: the sum of weights is 0, expected a finite number > 0',
    ],
    [
      () => new WeightedRandomSampler([1], 0),
      'RangeError',
      'WeightedRandomSampler: numSamples is 0, expected a whole number ≥ 1',
    ],
    [
      () => new WeightedRandomSampler([1, 0, 1], 3, { replacement: false }),
      'RangeError',
      'WeightedRandomSampler: numSamples is 3, expected at most 2, the examples of a weight above 0, ' +
        'without replacement',
    ],
    [
      () => new DataLoader(places(3), { sampler: new WeightedRandomSampler([1, 1], 2) }),
      'RangeError',
      'DataLoader: sampler.weights has 2 numbers, expected 3, one for each example of the dataset',
    ],
    [
      () => new WeightedRandomSampler([1], 1).loadStateDict({}),
      'TypeError',
      "WeightedRandomSampler.loadStateDict: state has no entry 'random', expected an object with random",
    ],
  ])('names what does not fit: case %#', (make, name, message) => {
    expect(make).toThrow(expect.objectContaining({ name, message }));
  });
});

class Order {
  readonly length: number;
  constructor(readonly places: number[]) {
    this.length = places.length;
  }
  order(): number[] {
    return this.places;
  }
}
