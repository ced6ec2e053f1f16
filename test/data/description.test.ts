import { expect, test } from 'vitest';
import { ByteDataset, DataLoader, Random, Subset, TensorDataset, transforms } from '../../src/index.js';

const X = new Random(1).randn([10, 2, 3]);
const y = Int32Array.from({ length: 10 }, (_, i) => i % 3);

test('a loader is described without drawing or making a batch', () => {
  const options = { batchSize: 4, shuffle: true, seed: 'a', transform: transforms.normalize([1, 2], [3, 4]) };
  const loader = new DataLoader({ X: new Random(1).randn([10, 2, 3, 3]), y }, options);
  const before = loader.stateDict();
  expect(loader.description()).toMatchObject({
    ...{
      batchSize: 4,
      batches: 3,
      sampler: { class: 'RandomSampler', indices: { shape: '(10,)' } },
      seed: 'a',
      transform: 'normalize([1,2],[3,4])',
    },
    dataset: { examples: 10, X: { shape: '(10, 2, 3, 3) float32' }, y: { shape: '(10,) labels' } },
  });
  expect(loader.stateDict()).toEqual(before);
});

test('datasets with the same examples are described alike', () => {
  const half = [5, 6, 7, 8, 9];
  const described = (dataset: ConstructorParameters<typeof DataLoader>[0]) =>
    new DataLoader(dataset).description().dataset;
  expect(described(new TensorDataset(X, y) as never)).toEqual(described({ X, y }));
  expect(described(new Subset({ X, y }, half) as never)).not.toEqual(
    described(new Subset({ X, y }, [4, ...half]) as never),
  );
  const other = Int32Array.from(y);
  other[9] = 2;
  expect(described({ X, y: other })).not.toEqual(described({ X, y }));
  const bytes = new ByteDataset({ data: new Uint8Array(20), shape: [10, 2] }, y);
  expect(described(bytes as never)).toMatchObject({ examples: 10, X: { shape: '(10, 2) float32' } });
});

test('of several inputs each is described, and functions as such', () => {
  const loader = new DataLoader({ X: { a: X, b: X }, y }, { transform: (batch) => batch });
  expect(loader.description()).toMatchObject({
    ...{ transform: 'a function', seed: null },
    dataset: { X: { a: { shape: '(10, 2, 3) float32' }, b: { shape: '(10, 2, 3) float32' } } },
  });
});

test('examples that a get of the user makes are not asked for', () => {
  const dataset = {
    length: 3,
    get: (): never => {
      throw new Error('not called');
    },
  };
  expect(new DataLoader(dataset).description().dataset).toEqual({ examples: 3 });
});
