import { expect, test } from 'vitest';
import {
  type ArrayDataset,
  DataLoader,
  type DataLoaderOptions,
  type NDArray,
  type Random,
  SequentialSampler,
  type Transform,
  transforms,
  workspace,
  zeros,
} from '../../src/index.js';
import { places } from './loading.js';

test.each<[options: unknown, error: string, message: string]>([
  [{ batchSize: 0 }, 'RangeError', 'DataLoader: batchSize is 0, expected a whole number ≥ 1'],
  [{ batchSize: 2.5 }, 'RangeError', 'DataLoader: batchSize is 2.5, expected a whole number ≥ 1'],
  [{ shuffle: 1 }, 'TypeError', 'DataLoader: shuffle is 1, expected true or false'],
  [{ dropLast: 'yes' }, 'TypeError', "DataLoader: dropLast is 'yes', expected true or false"],
  [
    { shuffle: true, sampler: new SequentialSampler(2) },
    'RangeError',
    'DataLoader: shuffle is true, expected false: the sampler has the order',
  ],
  [
    { sampler: [0, 1] },
    'TypeError',
    'DataLoader: sampler is [0, 1], expected an object with length and order(random), as a SubsetRandomSampler',
  ],
  [
    { sampler: null },
    'TypeError',
    'DataLoader: sampler is null, expected an object with length and order(random), as a SubsetRandomSampler',
  ],
  [
    { sampler: { length: 0, order: () => [] } },
    'RangeError',
    'DataLoader: sampler.length is 0, expected a whole number ≥ 1',
  ],
  [
    { sampler: { length: 1, order: () => [0], stateDict: () => 1 } },
    'TypeError',
    'DataLoader: sampler has stateDict alone, expected stateDict and loadStateDict, or neither',
  ],
  [
    { batchSize: 6, dropLast: true },
    'RangeError',
    'DataLoader: batchSize is 6, expected at most 5, the examples of an epoch, with dropLast',
  ],
  [
    { transform: [] },
    'TypeError',
    'DataLoader: transform is [], expected a function (X, random) => X; transforms.compose makes one of several',
  ],
  [{ seed: {} }, 'TypeError', 'Random: seed is an object, expected a number or a string'],
  [
    { numWorkers: 2 },
    'TypeError',
    "DataLoader: unknown option 'numWorkers', expected batchSize, shuffle, sampler, dropLast, transform, " +
      'batchTransform, workers, prefetch, seed',
  ],
  [
    null,
    'TypeError',
    'DataLoader: options is null, expected an object with any of batchSize, shuffle, sampler, dropLast, ' +
      'transform, batchTransform, workers, prefetch, seed',
  ],
])('an option that does not fit: case %#', (options, name, message) => {
  const make = () => new DataLoader(places(5), options as DataLoaderOptions);
  expect(make).toThrow(expect.objectContaining({ name, message }));
});

test.each<[dataset: unknown, error: string, message: string]>([
  [null, 'TypeError', 'DataLoader: dataset is null, expected { X, y }, or an object with length and get(i)'],
  [
    { images: zeros([2, 1]) },
    'TypeError',
    'DataLoader: dataset is an object, expected { X, y }, or an object with length and get(i)',
  ],
  [{ X: zeros([2, 1]), y: [0] }, 'ShapeError', 'DataLoader: dataset.y has shape (1,), expected (N=2,)'],
  [
    { X: zeros([0, 1]), y: [] },
    'ShapeError',
    'DataLoader: dataset.X has shape (0, 1), expected (N, …) with every size at least 1',
  ],
  [{ length: 0, get: () => [] }, 'RangeError', 'DataLoader: dataset.length is 0, expected a whole number ≥ 1'],
  [{ length: 1, get: 5 }, 'TypeError', 'DataLoader: dataset.get is 5, expected a function'],
])('a dataset that does not fit: case %#', (dataset, name, message) => {
  const make = () => new DataLoader(dataset as ArrayDataset);
  expect(make).toThrow(expect.objectContaining({ name, message }));
});

test.each<[indices: unknown, message: string]>([
  [[], 'DataLoader.batch: indices is [], expected a list of at least one index'],
  [undefined, 'DataLoader.batch: indices is undefined, expected a list of at least one index'],
  [[0, 5], 'DataLoader.batch: indices[1] is 5, expected an index from 0 to 4: the dataset has 5 examples'],
  [[0.5], 'DataLoader.batch: indices[0] is 0.5, expected an index from 0 to 4: the dataset has 5 examples'],
])('indices of a batch that do not fit: case %#', (indices, message) => {
  const loader = new DataLoader(places(5));
  expect(() => loader.batch(indices as number[])).toThrow(expect.objectContaining({ name: 'RangeError', message }));
});

test.each<[transform: (X: NDArray, random: Random) => unknown, error: string, message: string]>([
  [
    () => undefined,
    'TypeError',
    'DataLoader: what transform returned is undefined, expected an array of float32 or float64',
  ],
  [
    (X) => [X],
    'TypeError',
    'DataLoader: what transform returned is [an array of shape (2, 1)], expected an array of float32 or float64: ' +
      'make it with array(…)',
  ],
  [() => zeros([3, 1]), 'ShapeError', 'DataLoader: what transform returned has shape (3, 1), expected (2, …)'],
  [
    transforms.compose([(X) => X, () => zeros([2])]),
    'ShapeError',
    'compose: what transforms[1] returned has shape (2,), expected (2, …)',
  ],
])('a transform that returns something else: case %#', (transform, name, message) => {
  const loader = new DataLoader(places(4), { batchSize: 2, transform: transform as Transform });
  for (const run of [<R>(fn: () => R) => fn(), workspace]) {
    expect(() => run(() => loader.batch([0, 1]))).toThrow(expect.objectContaining({ name, message }));
  }
});

test('an order that comes later', async () => {
  const sampler = { length: 2, order: async () => [0, 1] };
  const loader = new DataLoader(places(5), { sampler: sampler as never, seed: 1 });
  const before = loader.stateDict();
  expect(() => [...loader]).toThrow(
    'DataLoader: sampler.order returned a promise, expected a synchronous function: await outside of it',
  );
  expect(loader.stateDict()).toEqual(before);
});
