import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ArrayDataset,
  array,
  DataLoader,
  type ExampleDataset,
  loadCifar10,
  type NDArray,
  Random,
  RandomSampler,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  TensorDataset,
  toNested,
  transforms,
  workspace,
  writeSyntheticCifar10,
  zeros,
} from '../../src/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { randomBatch } from '../helpers/nets.js';
import { VIEWS } from '../helpers/views.js';
import { labelsOf, noise, places, valuesOf } from './loading.js';

describe('an epoch', () => {
  test('goes through the dataset in its order, one example at a time, unless told otherwise', () => {
    const loader = new DataLoader(places(3));
    expect(loader.length).toBe(3);
    expect(labelsOf(loader)).toEqual([[0], [1], [2]]);
    expect(labelsOf(loader)).toEqual([[0], [1], [2]]);
  });

  test('ends with the batch that is not full, or with the full one before it', () => {
    const loader = new DataLoader(places(5), { batchSize: 2 });
    expect([loader.length, labelsOf(loader)]).toEqual([3, [[0, 1], [2, 3], [4]]]);
    const dropping = new DataLoader(places(5), { batchSize: 2, dropLast: true });
    expect([dropping.length, labelsOf(dropping)]).toEqual([
      2,
      [
        [0, 1],
        [2, 3],
      ],
    ]);
    const larger = new DataLoader(places(5), { batchSize: 100 });
    expect([larger.length, labelsOf(larger)]).toEqual([1, [[0, 1, 2, 3, 4]]]);
  });

  test('holds every example once, with its own label, in as many batches as the loader is long', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        fc.integer(),
        (N, batchSize, shuffle, seed) => {
          const loader = new DataLoader(places(N), { batchSize, shuffle, seed });
          for (let epoch = 0; epoch < 2; epoch++) {
            const batches = [...loader];
            expect(batches.length).toBe(loader.length);
            for (const [X, y] of batches) expect([...X.data]).toEqual([...y]);
            const seen = batches.flatMap(([, y]) => [...y]);
            expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: N }, (_, i) => i));
          }
        },
      ),
      { seed: 3 },
    );
  });

  test('is shuffled anew each time; the same seed gives the same epochs, another one others', () => {
    const epochs = (seed: number) => {
      const loader = new DataLoader(places(40), { batchSize: 7, shuffle: true, seed });
      return [labelsOf(loader), labelsOf(loader), labelsOf(loader)];
    };
    const [first, second, third] = epochs(1);
    expect(first).not.toEqual(second);
    expect(second).not.toEqual(third);
    expect(epochs(1)).toEqual([first, second, third]);
    expect(epochs(2)[0]).not.toEqual(first);
  });

  test('without a seed is shuffled too', () => {
    const loaders = [1, 2].map(() => new DataLoader(places(40), { shuffle: true }));
    expect(labelsOf(loaders[0])).not.toEqual(labelsOf(loaders[1]));
  });

  test('has an order that does not depend on what the examples are', () => {
    const order = (dataset: ArrayDataset) => {
      const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 5, transform: noise });
      return [...loader.indexBatches()];
    };
    const { y } = places(30);
    expect(order({ X: new Random(1).randn([30, 2, 3], 'float64'), y: y.slice().reverse() })).toEqual(order(places(30)));
  });

  test('left in the middle is over: the next one is whole', () => {
    const loader = new DataLoader(places(6), { batchSize: 2 });
    for (const _ of loader) break;
    expect(labelsOf(loader)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    loader[Symbol.iterator]().next();
    expect(labelsOf(loader)).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
  });

  test('draws nothing before its first batch', () => {
    const loader = new DataLoader(places(6), { shuffle: true, seed: 0 });
    const before = loader.stateDict();
    loader[Symbol.iterator]();
    loader.indexBatches();
    expect(loader.stateDict()).toEqual(before);
  });
});

describe('a sampler', () => {
  test('chooses the examples', () => {
    const sampler = new SubsetRandomSampler([9, 3, 5, 7], { seed: 0 });
    const loader = new DataLoader(places(10), { batchSize: 3, sampler });
    expect([loader.length, loader.sampler]).toEqual([2, sampler]);
    const epochs = [labelsOf(loader), labelsOf(loader), labelsOf(loader), labelsOf(loader)];
    for (const epoch of epochs) expect(epoch.flat().sort()).toEqual([3, 5, 7, 9]);
    expect(new Set(epochs.map(String)).size).toBeGreaterThan(1);
  });

  test("without a seed draws from the loader's generator", () => {
    const epoch = () =>
      labelsOf(new DataLoader(places(40), { sampler: new SubsetRandomSampler(places(30).y), seed: 4 })).flat();
    expect(epoch()).toEqual(epoch());
    const shuffled = labelsOf(new DataLoader(places(40), { shuffle: true, seed: 4 }));
    expect(labelsOf(new DataLoader(places(40), { sampler: new RandomSampler(40), seed: 4 }))).toEqual(shuffled);
  });

  test('of one’s own may give any list of places', () => {
    const sampler = { length: 3, order: () => [2, 2, 0] };
    expect(labelsOf(new DataLoader(places(3), { sampler, shuffle: false, batchSize: 2 }))).toEqual([[2, 2], [0]]);
  });

  test.each<[sampler: Sampler, message: string]>([
    [
      new SubsetRandomSampler([0, 4, 5]),
      'DataLoader: sampler.indices[2] is 5, expected an index from 0 to 4: the dataset has 5 examples',
    ],
    [
      new SequentialSampler(7),
      'DataLoader: sampler.order()[5] is 5, expected an index from 0 to 4: the dataset has 5 examples',
    ],
    [
      { length: 2, order: () => [0, -1] },
      'DataLoader: sampler.order()[1] is -1, expected an index from 0 to 4: the dataset has 5 examples',
    ],
    [
      { length: 2, order: () => [0.5, 1] },
      'DataLoader: sampler.order()[0] is 0.5, expected an index from 0 to 4: the dataset has 5 examples',
    ],
    [{ length: 2, order: () => [0] }, 'DataLoader: sampler.order returned [0], expected 2 indices, its length'],
    [
      { length: 2, order: () => undefined as never },
      'DataLoader: sampler.order returned undefined, expected 2 indices, its length',
    ],
  ])('that does not fit the dataset is refused: case %#', (sampler, message) => {
    expect(() => [...new DataLoader(places(5), { sampler })]).toThrow(
      expect.objectContaining({ name: 'RangeError', message }),
    );
  });

  test('that is refused has drawn nothing', () => {
    const sampler = { length: 2, order: (random: Random) => [random.randint(0, 3, 1)[0], 9] };
    const loader = new DataLoader(places(5), { sampler, seed: 0 });
    const before = loader.stateDict();
    expect(() => [...loader]).toThrow('sampler.order()[1] is 9');
    expect(loader.stateDict()).toEqual(before);
  });
});

describeKernelSets('batches', () => {
  test.each(DTYPES)('are copies, of the shape and dtype of the dataset: %s', (dtype) => {
    const { X, y } = randomBatch(9, [2, 3], 5, 1, dtype);
    const loader = new DataLoader({ X, y }, { batchSize: 4 });
    for (const run of [<R>(fn: () => R) => fn(), workspace]) {
      const [bX, by] = run(() => loader.batch([8, 0, 8]));
      expect(by).toEqual(Int32Array.of(y[8], y[0], y[8]));
      expect(bX).toEqualBits(array([X.pick(8), X.pick(0), X.pick(8)].map(toNested), [3, 2, 3], dtype));
      bX.data.fill(0);
    }
    expect(X).toEqualBits(randomBatch(9, [2, 3], 5, 1, dtype).X);
  });

  test.each(Object.entries(VIEWS))('are the same of a %s view', (_, viewOf) => {
    const { X, y } = randomBatch(6, [2, 3, 4], 5, 2);
    const [expected] = new DataLoader({ X, y }, { batchSize: 6, shuffle: true, seed: 0 });
    const [actual] = new DataLoader({ X: viewOf(X), y }, { batchSize: 6, shuffle: true, seed: 0 });
    expect(actual[0]).toEqualBits(expected[0]);
    expect(actual[1]).toEqual(expected[1]);
  });

  test('repeat with their augmentation, within a workspace and outside', () => {
    const { X, y } = randomBatch(10, [3, 8, 8], 5, 3);
    const transform = transforms.compose([
      transforms.randomCrop(8, { padding: 2 }),
      transforms.randomHorizontalFlip(),
      noise,
      transforms.cutout(4),
      transforms.normalize([1, 2, 3], 2),
    ]);
    const make = () => new DataLoader({ X, y }, { batchSize: 4, shuffle: true, seed: 7, transform });
    const epochs = valuesOf(make(), 2);
    expect(valuesOf(make(), 2)).toEqual(epochs);
    expect(epochs[0]).not.toEqual(epochs[1]);
    const loader = make();
    const inside = [1, 2].map(() =>
      Array.from(loader.indexBatches(), (indices) =>
        workspace(() => {
          const [bX, by] = loader.batch(indices);
          return [toNested(bX), [...by]];
        }),
      ),
    );
    expect(inside).toEqual(epochs);
  });
});

describe('a dataset', () => {
  test('of single examples is stacked', () => {
    const { X, y } = randomBatch(5, [2, 3], 5, 6, 'float64');
    const dataset: ExampleDataset = { length: 5, get: (i) => [X.pick(i).transpose(1, 0), y[i]] };
    const [[bX, by]] = new DataLoader(dataset, { batchSize: 5 });
    expect(bX).toEqualBits(array(X.transpose(0, 2, 1)));
    expect(by).toEqual(y);
  });

  test('may keep bytes', () => {
    const bytes = Uint8Array.of(1, 2, 3, 250, 251, 255);
    const dataset: ExampleDataset = {
      length: 2,
      get: (i) => [array(bytes.subarray(3 * i, 3 * (i + 1)), [3, 1, 1]), i],
    };
    const [[X]] = new DataLoader(dataset, { batchSize: 2 });
    expect(X).toEqualBits(array([1, 2, 3, 250, 251, 255], [2, 3, 1, 1]));
  });

  test('that has arrays and get is asked for its examples', () => {
    class Doubled extends Object {
      readonly X = array([[1], [2]]);
      readonly y = [0, 1];
      readonly length = 2;
      get(i: number): [NDArray, number] {
        return [array([2 * this.X.get(i, 0)]), this.y[i]];
      }
    }
    const [[X]] = new DataLoader(new Doubled(), { batchSize: 2 });
    expect(toNested(X)).toEqual([[2], [4]]);
  });

  test('that is a TensorDataset with another get is asked likewise', () => {
    class Relabelled extends TensorDataset {
      override get(i: number): [NDArray, number] {
        return [super.get(i)[0], 10 - i];
      }
    }
    const loader = new DataLoader(new Relabelled(zeros([2, 1]), [0, 1]), { batchSize: 2 });
    expect(labelsOf(loader)).toEqual([[10, 9]]);
  });

  test('may be a TensorDataset, and is what `dataset` says', () => {
    const dataset = new TensorDataset(array([[1], [2]]), [0, 1]);
    const loader = new DataLoader(dataset, { batchSize: 2 });
    expect(loader.dataset).toBe(dataset);
    expect(labelsOf(loader)).toEqual([[0, 1]]);
  });

  test('may be what loadCifar10 returns', () => {
    const dir = temporaryDir();
    writeSyntheticCifar10(dir, { trainPerBatch: 10, test: 5 });
    const data = loadCifar10(dir, { numTraining: 10, numValidation: 0, numTest: 0 });
    const loader = new DataLoader(
      { X: data.XTrain, y: data.yTrain },
      { batchSize: 4, shuffle: true, seed: 0, transform: transforms.randomCrop(32, { padding: 4 }) },
    );
    expect(Array.from(loader, ([X, y]) => [X.shape, y.length])).toEqual([
      [[4, 3, 32, 32], 4],
      [[4, 3, 32, 32], 4],
      [[2, 3, 32, 32], 2],
    ]);
  });

  test.each<[get: (i: number) => unknown, error: string, message: string]>([
    [
      (i) => [zeros([2 + i]), 0],
      'ShapeError',
      'DataLoader: dataset.get(1) returned x as float32 of shape (3,), expected float32 of shape (2,), as get(0) did',
    ],
    [
      (i) => [zeros([2], i === 0 ? 'float32' : 'float64'), 0],
      'ShapeError',
      'DataLoader: dataset.get(1) returned x as float64 of shape (2,), expected float32 of shape (2,), as get(0) did',
    ],
    [() => zeros([2]), 'TypeError', 'DataLoader: dataset.get(0) returned an array of shape (2,), expected [x, y]'],
    [
      () => [[1], 0],
      'TypeError',
      'DataLoader: x of dataset.get(0) is [1], expected an array of float32 or float64: make it with array(…)',
    ],
    [() => [zeros([2]), -1], 'RangeError', 'DataLoader: y of dataset.get(0) is -1, expected an integer ≥ 0'],
    [
      () => [zeros([2]), 1.5],
      'RangeError',
      'DataLoader: y of dataset.get(0) is 1.5, expected an integer ≥ 0: a number that is no label is given as an ' +
        'array, array([1.5])',
    ],
    [
      (i) => [zeros([2]), i === 0 ? zeros([1]) : zeros([2])],
      'ShapeError',
      'DataLoader: dataset.get(1) returned y as float32 of shape (2,), expected float32 of shape (1,), as get(0) did',
    ],
    [
      (i) => [zeros([2]), i === 0 ? 1 : zeros([2])],
      'ShapeError',
      'DataLoader: dataset.get(1) returned y as float32 of shape (2,), expected 1, as get(0) did',
    ],
    [
      (i) => (i === 0 ? [zeros([2])] : [zeros([2]), 1]),
      'TypeError',
      'DataLoader: dataset.get(1) returned [x, y], expected [x], as get(0) did',
    ],
    [
      (i) => [{ left: zeros([2]), right: i === 0 ? zeros([1]) : [1] }, 0],
      'TypeError',
      'DataLoader: x.right of dataset.get(1) is [1], expected an array of float32 or float64: make it with array(…)',
    ],
  ])('names an example that does not fit: case %#', (get, name, message) => {
    const loader = new DataLoader({ length: 2, get } as ExampleDataset, { batchSize: 2 });
    expect(() => [...loader]).toThrow(expect.objectContaining({ name, message }));
  });
});
