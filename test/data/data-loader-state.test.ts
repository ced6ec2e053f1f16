import { describe, expect, test } from 'vitest';
import { DataLoader, type DataLoaderOptions, SubsetRandomSampler, toNested } from '../../src/index.js';
import { randomBatch } from '../helpers/nets.js';
import { noise, places, valuesOf } from './loading.js';

describe('a saved state', () => {
  const { X, y } = randomBatch(11, [2], 5, 8);
  const dataset = { X, y };
  const options: [name: string, options: () => DataLoaderOptions][] = [
    ['in order', () => ({})],
    ['shuffled', () => ({ shuffle: true })],
    ['with a sampler', () => ({ sampler: new SubsetRandomSampler(places(9).y) })],
    ['with a seeded sampler', () => ({ sampler: new SubsetRandomSampler(places(9).y, { seed: 3 }) })],
  ];

  test.each(options)('goes on exactly, after any number of batches: %s', (_, make) => {
    const loaderOf = (seed: number) => new DataLoader(dataset, { batchSize: 3, transform: noise, seed, ...make() });
    const straight = loaderOf(1);
    const all = [1, 2, 3].flatMap(() => Array.from(straight, ([bX]) => toNested(bX)));

    const saving = loaderOf(1);
    const states = [saving.state()];
    for (let epoch = 0; epoch < 2; epoch++) for (const _batch of saving) states.push(saving.state());
    expect(states.length).toBe(1 + 2 * saving.length);

    states.forEach((state, done) => {
      const resumed = loaderOf(2);
      resumed.restore(JSON.parse(JSON.stringify(state)));
      expect(resumed.state()).toEqual(state);
      const rest = all.slice(done);
      const seen: unknown[] = [];
      while (seen.length < rest.length) for (const [bX] of resumed) seen.push(toNested(bX));
      expect(seen).toEqual(rest);
    });
  });

  test('may be restored by the loader that it is of, also while it runs', () => {
    const loader = new DataLoader(dataset, { batchSize: 2, shuffle: true, seed: 1, transform: noise });
    const start = loader.state();
    const epoch = valuesOf(loader, 1);
    loader.restore(start);
    for (const _ of loader) {
      loader.restore(start);
      expect(loader.state()).toEqual(start);
      break;
    }
    expect(valuesOf(loader, 1)).toEqual(epoch);
  });

  test('after an epoch that was left in the middle is at the start of the next one', () => {
    const loader = new DataLoader(dataset, { batchSize: 2, shuffle: true, seed: 1 });
    for (const _ of loader) break;
    const state = loader.state();
    const next = valuesOf(loader, 1);
    expect(next[0]).toHaveLength(loader.length);
    loader.restore(state);
    expect(valuesOf(loader, 1)).toEqual(next);
  });

  test.each<[state: (good: ReturnType<DataLoader['state']>) => unknown, error: string, message: string]>([
    [() => null, 'TypeError', 'DataLoader.restore: state is null, expected an object that DataLoader.state() returned'],
    [
      ({ random }) => random,
      'TypeError',
      'DataLoader.restore: state is an object, expected an object that DataLoader.state() returned',
    ],
    [
      (good) => ({ ...good, taken: 4 }),
      'RangeError',
      'DataLoader.restore: state.taken is 4, expected a whole number from 0 to 3',
    ],
    [
      (good) => ({ ...good, random: {} }),
      'TypeError',
      'Random.fromState: expected an object that Random.state() returned',
    ],
    [
      (good) => ({ ...good, start: { random: null, sampler: null } }),
      'TypeError',
      'Random.fromState: expected an object that Random.state() returned',
    ],
  ])('that is none is refused, and nothing has changed: case %#', (broken, name, message) => {
    const loader = new DataLoader(dataset, { batchSize: 3, shuffle: true, seed: 1 });
    const before = loader.state();
    const restore = () => loader.restore(broken(new DataLoader(dataset, { seed: 2 }).state()) as never);
    expect(restore).toThrow(expect.objectContaining({ name, message }));
    expect(loader.state()).toEqual(before);
  });
});
