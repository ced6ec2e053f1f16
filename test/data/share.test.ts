import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  array,
  type Batch,
  DataLoader,
  type DataLoaderOptions,
  type DatasetOf,
  type NDArray,
  Random,
  toNested,
  transforms,
  workerDataset,
  workspace,
} from '../../src/index.js';
import { noise, places } from './loading.js';

const { compose, normalize, randomCrop, randomHorizontalFlip } = transforms;

/** What the parts of three processes are of 7, 7 and 3 examples. */
function rowsOf(total: number, rank: number): { start: number; size: number } {
  const [start, end] = [rank, rank + 1].map((r) => Math.floor((r * total) / 3));
  return { start, size: end - start };
}

const images = new Random(4).rand([17, 3, 4, 4]);
const IMAGES = { X: images, y: places(17).y };
const augment = [
  randomCrop(4, { padding: 2 }),
  randomHorizontalFlip(),
  transforms.colorJitter({ brightness: 0.4, hue: 0.3 }),
  transforms.randomErasing({ value: 'random' }),
  transforms.randomRotation(30),
  transforms.randomResizedCrop(3),
  transforms.cutout(2),
];
const backwards = (X: NDArray): NDArray => array([...X.data].reverse(), X.shape);
const WAYS: Record<string, DataLoaderOptions> = {
  'no transform': {},
  'a transform that draws nothing': { transform: normalize(0.5, 2) },
  'one that counts epochs': { transform: compose([transforms.alternatingFlip(), normalize(0.5, 2)]) },
  'one that counts epochs, before one that draws': { transform: compose([transforms.alternatingFlip(), augment[0]]) },
  'all transforms that draw': { transform: compose([...augment, normalize(0.5, 2)]) },
  "a function of the user's": { transform: noise },
  'a function that mixes examples, between others': { transform: compose([augment[0], backwards, augment[1]]) },
  'a batch transform': { transform: augment[0], batchTransform: transforms.mixup({ numClasses: 17 }) },
};

/** The batches of two epochs; with a rank, its share of each. */
function epochs(loader: DataLoader, rank?: number): unknown[] {
  const batches: unknown[] = [];
  for (let epoch = 0; epoch < 2; epoch++) {
    for (const indices of loader.indexShares(rank === undefined ? null : (total) => rowsOf(total, rank))) {
      workspace(() => batches.push(loader.batch(indices).map(toNestedParts)));
    }
  }
  return batches;
}

function toNestedParts(part: Batch[0] | ArrayLike<number>): unknown {
  return 'shape' in part ? toNested(part) : Array.from(part);
}

/** The shares of three ranks, put together again. */
function together(loaderOf: () => DataLoader): unknown[] {
  const ranks = [0, 1, 2].map((rank) => epochs(loaderOf(), rank) as unknown[][][]);
  return ranks[0].map((batch, b) => batch.map((_, part) => ranks.flatMap((batches) => batches[b][part])));
}

const OPTIONS = { batchSize: 7, shuffle: true, seed: 2 };

describe('the shares of a batch', () => {
  test.each(Object.entries(WAYS))('are together the batch, with %s', (_, options) => {
    const loaderOf = (): DataLoader => new DataLoader(IMAGES, { ...OPTIONS, ...options });
    expect(together(loaderOf)).toEqual(epochs(loaderOf()));
  });

  test('of several arrays and targets', () => {
    const dataset = { X: { a: images, b: images.pick(null, 0) }, y: [IMAGES.y, images] };
    const loader = new DataLoader<unknown, unknown>(dataset as never, OPTIONS);
    const [indices] = loader.indexShares((total) => rowsOf(total, 1));
    const [X, y] = loader.batch(indices) as unknown as [{ a: NDArray; b: NDArray }, [Int32Array, NDArray]];
    const own = indices.slice(2, 4);
    expect([...y[0]]).toEqual([...own]);
    for (const [n, i] of own.entries()) {
      for (const part of [X.a, y[1]]) expect(toNested(part.pick(n))).toEqual(toNested(images.pick(i)));
      expect(toNested(X.b.pick(n))).toEqual(toNested(images.pick(i, 0)));
    }
  });

  test.each([
    ['of them alone', compose([augment[0], augment[1], normalize(0.5, 2)]), 2],
    ['of the whole batch where a function may mix them', noise, 7],
  ])('need the examples %s', (_, transform, count) => {
    const asked: number[] = [];
    const get = (i: number): [NDArray, number] => {
      asked.push(i);
      return [images.pick(i), i];
    };
    const dataset: DatasetOf<NDArray, number> = { length: 17, get };
    const loader = new DataLoader(dataset, { ...OPTIONS, transform });
    const [indices] = loader.indexShares((total) => rowsOf(total, 1));
    loader.batch(indices);
    expect(asked).toEqual([...(count === 2 ? indices.slice(2, 4) : indices)]);
  });

  test('go on within an epoch from a state of whole batches', () => {
    const loaderOf = (): DataLoader => new DataLoader(IMAGES, { ...OPTIONS, transform: augment[0] });
    const saved = loaderOf();
    saved.indexBatches().next();
    const state = saved.stateDict();
    expect(state.taken).toBe(1);
    const resumed = (): DataLoader => {
      const loader = loaderOf();
      loader.loadStateDict(state);
      return loader;
    };
    expect(together(resumed)).toEqual(epochs(resumed()));
  });
});

describe('workers', { tags: 'slow' }, () => {
  test.each([
    ['nothing to apply', undefined],
    ['transforms', compose([transforms.randomHorizontalFlip(), transforms.normalize(1, 2)])],
    ['a function', compose([transforms.randomHorizontalFlip(), noise, transforms.normalize(1, 2)])],
  ])('make shares with %s', (_, transform) => {
    const dataset = workerDataset(path.join(__dirname, 'workers/squares.mjs'), { count: 17 });
    const open: DataLoader[] = [];
    const loaderOf = (workers: number): DataLoader => {
      open.push(new DataLoader(dataset, { ...OPTIONS, transform, workers }));
      return open[open.length - 1];
    };
    try {
      expect(together(() => loaderOf(1))).toEqual(epochs(loaderOf(0)));
    } finally {
      for (const loader of open) loader.close();
    }
  });
});
