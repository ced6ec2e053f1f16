import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random, RandomSampler, type Sampler, SequentialSampler, SubsetRandomSampler } from '../../src/index.js';

const sorted = (order: ArrayLike<number>): number[] => Array.from(order).sort((a, b) => a - b);

test('SequentialSampler keeps the order of the dataset', () => {
  const sampler = new SequentialSampler(4);
  expect(sampler.length).toBe(4);
  expect([...sampler.order()]).toEqual([0, 1, 2, 3]);
  sampler.loadStateDict(sampler.stateDict());
  expect(() => sampler.loadStateDict({ random: null })).toThrow(
    new TypeError(
      "SequentialSampler.loadStateDict: state has an unknown entry 'random', expected an object without entries",
    ),
  );
});

describe('RandomSampler', () => {
  test('takes every example once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer(), (n, seed) => {
        const sampler = new RandomSampler(n, { seed });
        expect(sampler.length).toBe(n);
        expect(sorted(sampler.order(new Random(0)))).toEqual([...new SequentialSampler(n).order()]);
      }),
      { seed: 1 },
    );
  });
});

describe('SubsetRandomSampler', () => {
  test('takes each of its examples once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1 }), (indices) => {
        const sampler = new SubsetRandomSampler(indices);
        expect(sampler.length).toBe(indices.length);
        expect(sorted(sampler.order(new Random(0)))).toEqual(sorted(indices));
      }),
      { seed: 2 },
    );
  });

  test('its order is another one each time, and is repeated by its seed, or else by the random it is given', () => {
    const indices = Int32Array.from({ length: 50 }, (_, i) => 2 * i);
    const orders = (sampler: Sampler, random: Random) => [sampler.order(random), sampler.order(random)];

    const seeded = orders(new SubsetRandomSampler(indices, { seed: 'a' }), new Random(1));
    expect(orders(new SubsetRandomSampler(indices, { seed: 'a' }), new Random(2))).toEqual(seeded);
    expect(seeded[0]).not.toEqual(seeded[1]);

    const given = orders(new SubsetRandomSampler(indices), new Random(1));
    expect(orders(new SubsetRandomSampler(indices), new Random(1))).toEqual(given);
    expect(orders(new SubsetRandomSampler(indices), new Random(2))).not.toEqual(given);
    expect(given[0]).not.toEqual(given[1]);
  });

  test('with a seed leaves the random that it is given alone', () => {
    const random = new Random(3);
    const before = random.state();
    new SubsetRandomSampler([1, 2, 3], { seed: 0 }).order(random);
    expect(random.state()).toEqual(before);
  });

  test.each([
    ['of its own seed', 0],
    ["of the loader's generator", undefined],
  ])('continues from a saved state, %s', (_, seed) => {
    const indices = [5, 6, 7, 8, 9, 10];
    fc.assert(
      fc.property(fc.nat(5), (done) => {
        const sampler = new SubsetRandomSampler(indices, { seed });
        const random = new Random(0);
        for (let i = 0; i < done; i++) sampler.order(random);
        const state = JSON.parse(JSON.stringify(sampler.stateDict()));
        const same = Random.fromState(random.stateDict());
        const other = new SubsetRandomSampler(indices, { seed: 1 });
        other.loadStateDict(state);
        expect(other.stateDict()).toEqual(state);
        for (let i = 0; i < 3; i++) expect(other.order(same)).toEqual(sampler.order(random));
      }),
      { seed: 3 },
    );
  });

  test.each<[state: unknown, message: string]>([
    [null, 'state is null, expected an object with random'],
    [{ random: 3 }, 'random is 3, expected an object with algorithm, generator, spare'],
    [{ random: null, seed: 1 }, "state has an unknown entry 'seed', expected an object with random"],
  ])('refuses the state %j, with nothing changed', (state, message) => {
    const sampler = new SubsetRandomSampler([1, 2], { seed: 1 });
    const before = sampler.stateDict();
    expect(() => sampler.loadStateDict(state)).toThrow(new TypeError(`SubsetRandomSampler.loadStateDict: ${message}`));
    expect(sampler.stateDict()).toEqual(before);
  });

  test('keeps a copy of the list', () => {
    const indices = [3, 4];
    const sampler = new SubsetRandomSampler(indices);
    indices[0] = 100;
    expect(sorted(sampler.order(new Random(0)))).toEqual([3, 4]);
  });
});

test.each<[make: () => Sampler, error: string, message: string]>([
  [() => new SequentialSampler(0), 'RangeError', 'SequentialSampler: n is 0, expected a whole number ≥ 1'],
  [() => new RandomSampler(1.5), 'RangeError', 'RandomSampler: n is 1.5, expected a whole number ≥ 1'],
  [() => new RandomSampler(3, { sed: 1 } as object), 'TypeError', "RandomSampler: unknown option 'sed', expected seed"],
  [
    () => new SubsetRandomSampler([1], { generator: 1 } as object),
    'TypeError',
    "SubsetRandomSampler: unknown option 'generator', expected seed",
  ],
  [
    () => new SubsetRandomSampler([]),
    'RangeError',
    'SubsetRandomSampler: indices is [], expected a list of at least one index',
  ],
  [
    () => new SubsetRandomSampler(5 as never),
    'RangeError',
    'SubsetRandomSampler: indices is 5, expected a list of at least one index',
  ],
  [
    () => new SubsetRandomSampler([0, 1.5]),
    'RangeError',
    'SubsetRandomSampler: indices[1] is 1.5, expected an integer ≥ 0',
  ],
  [() => new SubsetRandomSampler([-1]), 'RangeError', 'SubsetRandomSampler: indices[0] is -1, expected an integer ≥ 0'],
])('a sampler names what is wrong: case %#', (make, name, message) => {
  expect(make).toThrow(expect.objectContaining({ name, message }));
});
