import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DataLoader,
  type DataLoaderOptions,
  type DataLoaderState,
  Random,
  type Sampler,
  SubsetRandomSampler,
  toNested,
} from '../../src/index.js';
import { randomBatch } from '../helpers/nets.js';
import { damaged } from '../helpers/wrong-states.js';
import { noise, places, valuesOf } from './loading.js';

/** A user's sampler whose orders go round the dataset, with a state, or without. */
function rotating(length: number, saves: boolean): Sampler {
  let first = 0;
  const order = () => {
    const begin = first++;
    return Int32Array.from({ length }, (_, i) => (i + begin) % length);
  };
  if (!saves) return { length, order };
  return {
    length,
    order,
    stateDict: () => ({ first }),
    loadStateDict: (state) => {
      first = (state as { first: number }).first;
    },
  };
}

describe('a saved state', () => {
  const { X, y } = randomBatch(11, [2], 5, 8);
  const dataset = { X, y };
  const options: [name: string, options: () => DataLoaderOptions][] = [
    ['in order', () => ({})],
    ['shuffled', () => ({ shuffle: true })],
    ['without the last batch', () => ({ shuffle: true, dropLast: true })],
    ['with a sampler', () => ({ sampler: new SubsetRandomSampler(places(9).y) })],
    ['with a seeded sampler', () => ({ sampler: new SubsetRandomSampler(places(9).y, { seed: 3 }) })],
    ["with a user's sampler", () => ({ sampler: rotating(7, true) })],
  ];

  test.each(options)('continues exactly, after any number of batches: %s', (_, make) => {
    fc.assert(
      fc.property(fc.nat(12), fc.integer({ min: 1, max: 4 }), fc.boolean(), (done, batchSize, text) => {
        const loaderOf = (seed: number) => new DataLoader(dataset, { batchSize, transform: noise, seed, ...make() });
        const batches = function* (loader: DataLoader) {
          for (;;) for (const [bX, by] of loader) yield [toNested(bX), [...by]];
        };
        const saving = loaderOf(1);
        const straight = batches(saving);
        for (let i = 0; i < done; i++) straight.next();
        const state = saving.stateDict();
        const resumed = loaderOf(2);
        resumed.loadStateDict(text ? JSON.parse(JSON.stringify(state)) : state);
        expect(resumed.stateDict()).toEqual(state);
        const rest = batches(resumed);
        for (let i = 0; i < 12; i++) expect(rest.next()).toEqual(straight.next());
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  test('keeps the order of an epoch, whatever the sampler would draw now', () => {
    const loader = new DataLoader(places(5), { batchSize: 2, sampler: rotating(5, false) });
    for (const _ of loader) break;
    const epoch = loader.indexBatches();
    expect([...(epoch.next().value as Int32Array)]).toEqual([1, 2]);
    const state = loader.stateDict();
    expect(state).toMatchObject({ batchSize: 2, order: [1, 2, 3, 4, 0], taken: 1, sampler: null });
    const resumed = new DataLoader(places(5), { batchSize: 2, sampler: rotating(5, false) });
    resumed.loadStateDict(state);
    expect(Array.from(resumed, ([, labels]) => [...labels])).toEqual([[3, 4], [0]]);
  });

  test('is a copy, each way', () => {
    const loader = new DataLoader(places(6), { batchSize: 2, shuffle: true, seed: 1, transform: noise });
    const epoch = loader[Symbol.iterator]();
    epoch.next();
    const state = loader.stateDict();
    const text = JSON.stringify(state);
    epoch.next();
    expect(JSON.stringify(state)).toBe(text);
    const resumed = new DataLoader(places(6), { batchSize: 2, shuffle: true, seed: 2 });
    resumed.loadStateDict(state);
    (state.order as number[]).fill(0);
    expect(JSON.stringify(resumed.stateDict())).toBe(text);
  });

  test('may be loaded by the loader that it is of, also while it runs', () => {
    const loader = new DataLoader(dataset, { batchSize: 2, shuffle: true, seed: 1, transform: noise });
    const start = loader.stateDict();
    const epoch = valuesOf(loader, 1);
    loader.loadStateDict(start);
    for (const _ of loader) {
      loader.loadStateDict(start);
      expect(loader.stateDict()).toEqual(start);
      break;
    }
    expect(valuesOf(loader, 1)).toEqual(epoch);
  });

  test('after an epoch that was left in the middle is at the start of the next one', () => {
    const loader = new DataLoader(dataset, { batchSize: 2, shuffle: true, seed: 1 });
    for (const _ of loader) break;
    const state = loader.stateDict();
    expect(state).toMatchObject({ order: null, taken: 0 });
    const next = valuesOf(loader, 1);
    expect(next[0]).toHaveLength(loader.length);
    loader.loadStateDict(state);
    expect(valuesOf(loader, 1)).toEqual(next);
  });

  /** A state within an epoch of a loader of eleven examples. */
  const within = (): DataLoaderState => {
    const loader = new DataLoader(dataset, { batchSize: 3, shuffle: true, seed: 2 });
    loader.indexBatches().next();
    return loader.stateDict();
  };

  test.each<[state: (good: DataLoaderState) => unknown, error: string, message: string]>([
    [() => null, 'TypeError', 'state is null, expected an object with batchSize, order, taken, seed, random, sampler'],
    [
      ({ taken: _, ...rest }) => rest,
      'TypeError',
      "state has no entry 'taken', expected an object with batchSize, order, taken, seed, random, sampler",
    ],
    [
      (good) => ({ ...good, epoch: 1 }),
      'TypeError',
      "state has an unknown entry 'epoch', expected an object with batchSize, order, taken, seed, random, sampler",
    ],
    [(good) => ({ ...good, batchSize: 4 }), 'RangeError', "batchSize is 4, expected 3, the loader's"],
    [
      (good) => ({ ...good, order: [1, 2, 3, 4, 5] }),
      'RangeError',
      'order has 5 places, expected 11, the examples of an epoch',
    ],
    [(good) => ({ ...good, order: '1' }), 'TypeError', "order is '1', expected 11, the examples of an epoch"],
    [
      (good) => ({ ...good, order: good.order?.with(4, 11) }),
      'RangeError',
      'order[4] is 11, expected an index from 0 to 10: the dataset has 11 examples',
    ],
    [
      (good) => ({ ...good, taken: 4 }),
      'RangeError',
      'taken is 4, expected a whole number ≥ 1 and < 4, within the epoch',
    ],
    [(good) => ({ ...good, order: null }), 'RangeError', 'taken is 1, expected 0 between two epochs'],
    [(good) => ({ ...good, seed: 1 }), 'RangeError', 'seed is 1, expected a number in [0, 1), or null'],
    [
      (good) => ({ ...good, order: null, taken: 0, seed: 0.5 }),
      'RangeError',
      'seed is 0.5, expected null between two epochs',
    ],
    [
      (good) => ({ ...good, random: {} }),
      'TypeError',
      "random has no entry 'algorithm', expected an object with algorithm, generator, spare",
    ],
    [
      ({ random, ...rest }) => ({ ...rest, random: { ...random, generator: { ...random.generator, s1: Number.NaN } } }),
      'RangeError',
      'random.generator.s1 is NaN, expected a multiple of 2^-32 in [0, 1)',
    ],
    [
      (good) => ({ ...good, sampler: {} }),
      'TypeError',
      "sampler has no entry 'random', expected an object with random",
    ],
    [
      (good) => ({ ...good, sampler: { random: { ...new Random(1).stateDict(), algorithm: 'arc4' } } }),
      'RangeError',
      "sampler.random.algorithm is 'arc4', expected 'alea'",
    ],
  ])('that does not fit is refused, and nothing has changed: case %#', (broken, name, message) => {
    const loader = new DataLoader(dataset, { batchSize: 3, shuffle: true, seed: 1 });
    const before = loader.stateDict();
    expect(() => loader.loadStateDict(broken(within()) as DataLoaderState)).toThrow(
      expect.objectContaining({ name, message: `DataLoader.loadStateDict: ${message}` }),
    );
    expect(loader.stateDict()).toEqual(before);
  });

  test('of a sampler is refused where the sampler has none, and its own errors are passed on', () => {
    const loader = new DataLoader(dataset, { batchSize: 3, sampler: rotating(11, false) });
    expect(() => loader.loadStateDict(within())).toThrow(
      'DataLoader.loadStateDict: sampler is an object, expected null: the sampler of the loader has no loadStateDict',
    );
    const picky = rotating(11, true);
    picky.loadStateDict = () => {
      throw new RangeError('first is not mine');
    };
    const other = new DataLoader(dataset, { batchSize: 3, sampler: picky, seed: 1 });
    const before = other.stateDict();
    expect(() => other.loadStateDict(within())).toThrow(new RangeError('first is not mine'));
    expect(other.stateDict()).toEqual(before);
  });

  test('damaged anywhere, is refused with nothing changed, or loaded whole', () => {
    fc.assert(
      fc.property(damaged(within()), (state) => {
        const loader = new DataLoader(dataset, { batchSize: 3, shuffle: true, seed: 1, transform: noise });
        const before = loader.stateDict();
        let refused: unknown;
        try {
          loader.loadStateDict(state as DataLoaderState);
        } catch (error) {
          refused = error;
        }
        if (refused === undefined) {
          expect(loader.stateDict()).toEqual(state);
        } else {
          expect(refused).toMatchObject({ message: expect.stringMatching(/^DataLoader\.loadStateDict: /) });
          expect(loader.stateDict()).toEqual(before);
        }
        expect(valuesOf(loader, 2)[1]).toHaveLength(loader.length);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
