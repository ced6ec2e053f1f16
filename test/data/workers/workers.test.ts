import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import {
  array,
  concatDatasets,
  DataLoader,
  type DataLoaderOptions,
  type DataLoaderState,
  type NDArray,
  Subset,
  TensorDataset,
  type Transform,
  toNested,
  transforms,
  workerDataset,
  workspace,
} from '../../../src/index.js';
import { noise, places } from '../loading.js';

const MODULE = path.join(__dirname, 'squares.mjs');

/** Loaders whose workers end with the test. */
const open: { close(): void }[] = [];
afterEach(() => {
  for (const loader of open.splice(0)) loader.close();
});

function squares(options: DataLoaderOptions = {}, of: object = {}): DataLoader {
  const loader = new DataLoader(workerDataset(MODULE, { count: 11, ...of }), { batchSize: 3, ...options });
  open.push(loader);
  return loader;
}

/** Everything in the batches of some epochs. */
function valuesOf(loader: DataLoader, epochs = 1): unknown[] {
  const batches: unknown[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [X, y] of loader) batches.push([toNested(X), [...y]]);
  }
  return batches;
}

/** A dataset with a get of its own. */
class Doubled extends Subset {
  override get(i: number): [x: NDArray, y: number] {
    const [x, y] = super.get(i) as [NDArray, number];
    return [array([2 * x.data[0]]), y];
  }
}

const jitter = transforms.colorJitter({ brightness: 0.4, hue: 0.3 });
const RANDOM: DataLoaderOptions = { shuffle: true, seed: 1, transform: jitter };

describe('batches of workers', () => {
  const own: Transform = (X, random) => noise(X, random);

  // Each starts four workers, which takes a second.
  test.each<[name: string, options: DataLoaderOptions]>([
    ['without a transform', {}],
    ['in a random order, with a transform of the library', RANDOM],
    ['with several', { ...RANDOM, transform: transforms.compose([transforms.randomHorizontalFlip(), jitter]) }],
    ['with a function in between', { ...RANDOM, transform: transforms.compose([jitter, own, jitter]) }],
    ['with a function of the batch', { ...RANDOM, batchTransform: ([X, y], random) => [noise(X, random), y] }],
  ])('are the same for any number of them: %s', { tags: 'slow' }, (_, options) => {
    const expected = valuesOf(squares({ ...options, workers: 0 }), 2);
    for (const workers of [1, 3]) expect(valuesOf(squares({ ...options, workers }), 2)).toEqual(expected);
  });

  test('have the targets that mixup makes', { tags: 'slow' }, () => {
    const make = (workers: number) => {
      const dataset = workerDataset(MODULE, { count: 7 });
      const batchTransform = transforms.mixup({ numClasses: 7 });
      const loader = new DataLoader(dataset, { batchSize: 7, seed: 2, batchTransform, workers });
      open.push(loader);
      const [[X, y]]: (readonly [X: NDArray, y: NDArray])[] = [...loader];
      return [toNested(X), y.shape, toNested(y)];
    };
    const made = make(1);
    expect(made[1]).toEqual([7, 7]);
    expect(made).toEqual(make(0));
  });

  test('of arrays are read from memory that is shared', () => {
    const { y } = places(10);
    const X = { image: array(Float64Array.from({ length: 20 }, Math.sqrt), [10, 2]), place: array(y, [10, 1]) };
    const batches = (workers: number) => {
      const loader = new DataLoader({ X, y: array([...y].map(Math.cbrt), [10, 1]) }, { batchSize: 4, workers });
      open.push(loader);
      return Array.from(loader, ([{ image, place }, t]) =>
        [image, place, t].map((a) => [toNested(a), a.data.constructor]),
      );
    };
    expect(batches(2)).toEqual(batches(0));
  });

  test('of a subset, of several datasets', { tags: 'slow' }, () => {
    const part = new Subset(workerDataset(MODULE, { count: 9 }), [8, 2, 5]);
    const X = new Float32Array(12).map((_, i) => i);
    const dataset = concatDatasets<NDArray, number>([part, new TensorDataset(array(X, [2, 3, 1, 2]), [5, 6])]);
    const run = (workers: number) => {
      const loader = new DataLoader(dataset, { batchSize: 2, shuffle: true, seed: 4, workers });
      open.push(loader);
      return valuesOf(loader);
    };
    expect(run(1)).toEqual(run(0));
  });

  test('are arrays that work, in a workspace too', { tags: 'slow' }, () => {
    const loader = squares({ workers: 1 });
    for (const indices of loader.indexBatches()) {
      const sum = workspace(() => {
        const [X, y] = loader.batch(indices);
        expect(y).toEqual(Int32Array.from(indices, (i) => i % 7));
        return X.get(0, 0, 0, 1);
      });
      expect(sum).toBe(indices[0] ** 2);
    }
  });

  test('are asked for more than once, too late, or in another order, and are the same', { tags: 'slow' }, () => {
    const loader = squares({ ...RANDOM, workers: 2 });
    const plain = squares(RANDOM);
    const [lists, others] = [[...loader.indexBatches()], [...plain.indexBatches()]];
    for (const n of [3, 0, 0, 2, 1]) {
      const [[X], [expected]] = [loader.batch(lists[n]), plain.batch(others[n])];
      expect(X).toEqualBits(expected);
    }
    const first = loader.indexBatches().next().value as Int32Array;
    const [[once], [again]] = [loader.batch(first), loader.batch(first)];
    expect(once).toEqualBits(again);
    // Indices that were changed are others.
    expect(loader.batch(first.reverse())[1]).toEqual(first.map((i) => i % 7));
  });

  test('continue to the bit from a state that was saved in the middle of an epoch', () => {
    const loader = squares({ ...RANDOM, transform: transforms.compose([jitter, own, jitter]), workers: 1 });
    const batches: unknown[] = [];
    let state: DataLoaderState | undefined;
    for (const [X, y] of loader) {
      if (state !== undefined) batches.push([toNested(X), [...y]]);
      state ??= JSON.parse(JSON.stringify(loader.stateDict()));
    }
    const next = valuesOf(loader);
    for (const workers of [0, 3]) {
      const other = squares({ ...RANDOM, transform: transforms.compose([jitter, own, jitter]), seed: 9, workers });
      other.loadStateDict(state as DataLoaderState);
      expect(valuesOf(other)).toEqual(batches);
      expect(valuesOf(other)).toEqual(next);
    }
  });

  test('of an epoch that was left do not disturb the next one', { tags: 'slow' }, () => {
    const [loader, plain] = [squares({ ...RANDOM, workers: 2 }), squares(RANDOM)];
    for (const each of [loader, plain]) for (const _ of each) break;
    expect(valuesOf(loader)).toEqual(valuesOf(plain));
  });

  test('of two epochs at once', { tags: 'slow' }, () => {
    const [loader, plain] = [squares({ ...RANDOM, workers: 2 }), squares(RANDOM)];
    const both = (of: DataLoader) => {
      const [a, b] = [of[Symbol.iterator](), of[Symbol.iterator]()];
      const made = [a.next(), b.next(), b.next(), a.next(), b.return(), a.next()];
      return made.map(({ value }) => value && toNested(value[0]));
    };
    expect(both(loader)).toEqual(both(plain));
  });

  test('come again after close()', { tags: 'slow' }, () => {
    const loader = squares({ workers: 1 });
    const all = valuesOf(loader);
    loader.close();
    expect(valuesOf(loader)).toEqual(all);
    // While an epoch runs: its batches are made here.
    const rest: unknown[] = [];
    for (const [X, y] of loader) {
      rest.push([toNested(X), [...y]]);
      loader.close();
    }
    expect(rest).toEqual(all);
  });
});

describe('an error', () => {
  test.each([0, 1, 2])('of an example arrives with its batch, as without workers: %d', (workers) => {
    const loader = squares({ workers }, { broken: 7 });
    const seen: number[] = [];
    const run = () => {
      for (const [, y] of loader) seen.push(...y);
    };
    expect(run).toThrow(expect.objectContaining({ name: 'RangeError', message: 'example 7 is broken' }));
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('has its name, what the system says, and its cause', { tags: 'slow' }, () => {
    const loader = squares({ workers: 1 }, { missing: 0 });
    const cause = expect.objectContaining({ message: 'no such file', code: 'ENOENT' });
    const error = { name: 'FileError', message: 'cannot read 0', code: 'ENOENT', path: '0.png', cause };
    expect(() => valuesOf(loader)).toThrow(expect.objectContaining(error));
  });

  test('says where in the worker', { tags: 'slow' }, () => {
    const loader = squares({ workers: 1 }, { broken: 0 });
    expect(() => valuesOf(loader)).toThrow(expect.objectContaining({ stack: expect.stringContaining('squares.mjs') }));
  });

  test('names a worker that ended', { tags: 'slow' }, () => {
    const loader = squares({ workers: 2, prefetch: 1 }, { exits: 4 });
    const message =
      'DataLoader: worker 2 of 2 ended without the batch of 3, 4, 5: out of memory, or process.exit in the dataset';
    expect(() => valuesOf(loader)).toThrow(message);
  });

  test('that ended it is said', { tags: 'slow' }, () => {
    const loader = squares({ workers: 1 }, { late: 0 });
    expect(() => {
      for (let epoch = 0; epoch < 100; epoch++) valuesOf(loader);
    }).toThrow(/^DataLoader: worker 1 of 1 ended without the batch of .*: thrown late$/);
  });

  test.each<[options: object, message: string]>([
    [{ workers: -1 }, 'workers is -1, expected a whole number from 0 to 64'],
    [{ workers: 1, prefetch: 0 }, 'prefetch is 0, expected a whole number ≥ 1'],
    [{ batchTransform: 5 }, 'batchTransform is 5, expected a function ([X, y], random) => [X, y]'],
  ])('names the option that is wrong: %j', (options, message) => {
    expect(() => new DataLoader(places(3), options)).toThrow(`DataLoader: ${message}`);
  });

  test('says that a worker cannot call a dataset of this thread', () => {
    const dataset = { length: 3, get: (i: number) => [array([i]), i] as const };
    const message =
      'DataLoader: dataset is an object, expected arrays, an imageFolder or a workerDataset where there are workers: ' +
      "workerDataset(new URL('./dataset.mjs', import.meta.url)) makes one of a module in every thread";
    const doubled = new Doubled(workerDataset(MODULE, { count: 3 }), [0]);
    const refused = { name: 'TypeError', message: expect.stringMatching(/^DataLoader: dataset is a/) };
    expect(() => new DataLoader(doubled, { workers: 1 })).toThrow(expect.objectContaining(refused));
    expect(() => new DataLoader(dataset, { workers: 1 })).toThrow(
      expect.objectContaining({ name: 'TypeError', message }),
    );
  });
});

describe('batchTransform', () => {
  test.each<[returned: unknown, message: string]>([
    [5, 'batchTransform returned 5, expected [X, y]'],
    [[array([1])], 'batchTransform returned [an array of shape (1,)], expected [X, y]'],
    [[array([[1]]), [0]], 'batchTransform returned 1 examples, expected 3, as it was given'],
    [[array([[1], [2], [3]]), [0]], 'y that batchTransform returned has shape (1,), expected (N=3,)'],
    [Promise.resolve(), 'batchTransform returned a promise'],
  ])('that returns no batch is named: case %#', (returned, message) => {
    const loader = new DataLoader(places(3), { batchSize: 3, batchTransform: () => returned as never });
    expect(() => [...loader]).toThrow(`DataLoader: ${message}`);
  });

  test.each<[options: object, message: string]>([
    [
      { transform: transforms.mixup({ numClasses: 2 }) },
      'DataLoader: transform is transforms.mixup, expected a function (X, random) => X: give it as batchTransform',
    ],
    [
      { transform: transforms.compose([transforms.cutmix({ numClasses: 2 }) as never]) },
      'compose: transforms[0] is transforms.cutmix, expected a function (X, random) => X: give it as batchTransform',
    ],
    [
      { batchTransform: transforms.normalize(0, 1) as never },
      'DataLoader: batchTransform is transforms.normalize, expected a function ([X, y], random) => [X, y]: give it as',
    ],
  ])('and transform are told apart: case %#', (options, message) => {
    expect(() => new DataLoader(places(3), options)).toThrow(message);
  });

  test('draws after the transform, from the generator of the batch', () => {
    const X = array(new Float32Array(8), [8, 1]);
    const run = (both: boolean) => {
      const options = { batchSize: 4, seed: 3, ...(both ? { transform: noise } : {}) };
      const loader = new DataLoader(
        { X, y: new Int32Array(8) },
        { ...options, batchTransform: ([x, y], random) => [noise(x, random), y] },
      );
      return Array.from(loader, ([x]) => toNested(x)).flat(2) as number[];
    };
    const [one, two] = [run(false), run(true)];
    expect(new Set(one).size).toBe(8);
    expect(one).not.toEqual(two);
  });
});

describe('workerDataset', () => {
  test('takes a path, a URL, or the text of one', () => {
    for (const module of [MODULE, pathToFileURL(MODULE), pathToFileURL(MODULE).href]) {
      const dataset = workerDataset(module, { count: 5 });
      expect([dataset.length, dataset.get(3)[1]]).toEqual([5, 3]);
    }
  });

  test.each<[module: unknown, options: unknown, message: string]>([
    [5, {}, 'workerDataset: module is 5, expected the path or file URL of a module'],
    ['', {}, "workerDataset: module is '', expected the path or file URL of a module"],
    [
      new URL('https://example.com/a.mjs'),
      {},
      'workerDataset: module is https://example.com/a.mjs, expected the path or file URL of a module',
    ],
    [MODULE, { count: () => 5 }, 'workerDataset: options cannot be copied to a worker ('],
    [MODULE, { count: '5' }, `workerDataset: ${MODULE} made an object, expected an object with length and get(i)`],
    [
      path.join(__dirname, '../../../package.json'),
      {},
      `package.json exports undefined as its default, expected a function (options) => dataset`,
    ],
    ['/nowhere/at-all.mjs', {}, "Cannot find module '/nowhere/at-all.mjs'"],
  ])('refuses what makes no dataset: case %#', (module, options, message) => {
    expect(() => workerDataset(module as string, options)).toThrow(message);
  });
});
