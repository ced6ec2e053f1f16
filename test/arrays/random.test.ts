import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DType, dtypeOf, hostValues, type NDArray, Random, type RandomState } from '../../src/arrays/index.js';
import { pretend } from '../helpers/pretend.js';
import { damaged } from '../helpers/wrong-states.js';

/** One number of each kind that a generator draws, in an order that leaves a normal variate to spare now and then. */
function draw(random: Random, kinds: readonly number[]): number[] {
  return kinds.flatMap((kind) => {
    if (kind === 0) return [...hostValues(random.randn([1], 'float64'))];
    if (kind === 1) return [...hostValues(random.rand([2], 'float64'))];
    if (kind === 2) return [...random.randint(-5, 5, 3)];
    return [...random.permutation(4)];
  });
}

const kinds = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 });

describe('Random', () => {
  test('the same seed gives the same numbers', () => {
    const order = [0, 1, 2, 3, 0, 0, 0, 2];
    expect(draw(new Random(231), order)).toEqual(draw(new Random(231), order));
    expect(draw(new Random('a word'), order)).toEqual(draw(new Random('a word'), order));
    expect(draw(new Random(231), order)).not.toEqual(draw(new Random(232), order));
  });

  test('these numbers stay what they are from version to version', () => {
    const random = new Random(231);
    expect([...random.randint(0, 1000, 5)]).toEqual([800, 888, 367, 196, 279]);
    expect([...hostValues(random.randn([3], 'float64'))]).toEqual([
      -1.1236723279440557, 0.3164608134019942, 0.8902335827755458,
    ]);
    expect([...hostValues(random.rand([2], 'float64'))]).toEqual([0.26592950731926346, 0.8693291324956206]);
    expect([...random.permutation(6)]).toEqual([4, 0, 1, 5, 2, 3]);
  });

  test('without a seed no two are the same', () => {
    expect(hostValues(new Random().rand([4]))).not.toEqual(hostValues(new Random().rand([4])));
  });

  test('float32 numbers are the rounded float64 ones', () => {
    const single = hostValues(new Random(1).randn([50], 'float32'));
    expect(single).toEqual(Float32Array.from(hostValues(new Random(1).randn([50], 'float64'))));
  });

  test.each([
    ['null', null, 'null'],
    ['a boolean', true, 'true'],
  ])('refuses %s for a seed', (_, seed, described) => {
    expect(() => new Random(pretend(seed))).toThrow(
      new TypeError(`Random: seed is ${described}, expected a number or a string`),
    );
  });
});

describe('Random.state', () => {
  test('goes on exactly where it was taken, at any point', () => {
    fc.assert(
      fc.property(fc.integer(), kinds, kinds, (seed, before, after) => {
        const random = new Random(seed);
        draw(random, before);
        const state = random.state();
        const expected = draw(random, after);
        expect(draw(Random.fromState(state), after)).toEqual(expected);
        expect(draw(Random.fromState(JSON.parse(JSON.stringify(state)) as RandomState), after)).toEqual(expected);
      }),
      { seed: 4 },
    );
  });

  test('holds the normal variate that is to spare', () => {
    const random = new Random(5);
    expect(random.state().spare).toBeNull();
    random.randn([3]);
    const state = random.state();
    expect(state.spare).not.toBeNull();
    const [next] = hostValues(random.randn([1], 'float64'));
    expect(next).toBe(state.spare);
    expect(hostValues(Random.fromState(state).randn([1], 'float64'))[0]).toBe(next);
    expect(random.state().spare).toBeNull();
  });

  test('neither generator moves the other, nor the state', () => {
    const random = new Random(6);
    const state = random.state();
    const text = JSON.stringify(state);
    const copy = Random.fromState(state);
    copy.rand([10]);
    expect(JSON.stringify(state)).toBe(text);
    expect(random.state()).toEqual(state);
    random.rand([10]);
    expect(random.state()).toEqual(copy.state());
  });

  test('is the state dict, which another generator takes over, at any point', () => {
    fc.assert(
      fc.property(fc.integer(), kinds, kinds, (seed, before, after) => {
        const random = new Random(seed);
        draw(random, before);
        const state = random.stateDict();
        expect(random.state()).toEqual(state);
        const other = new Random(seed + 1);
        other.randn([1]);
        other.loadStateDict(JSON.parse(JSON.stringify(state)) as RandomState);
        expect(other.stateDict()).toEqual(state);
        expect(draw(other, after)).toEqual(draw(random, after));
      }),
      { seed: 5 },
    );
  });

  test.each<[change: object, message: string]>([
    [{ algorithm: 'arc4' }, "algorithm is 'arc4', expected 'alea'"],
    [{ generator: 3 }, 'generator is 3, expected an object with c, s0, s1, s2'],
    [{ generator: { c: 1, s0: 0.5, s1: 0.5 } }, "generator has no entry 's2', expected an object with c, s0, s1, s2"],
    [
      { generator: { c: 2091639, s0: 0.5, s1: 0.5, s2: 0.5 } },
      'generator.c is 2091639, expected a whole number from 0 to 2091638',
    ],
    [{ generator: { c: 1, s0: 0.5, s1: 0.1, s2: 0.5 } }, 'generator.s1 is 0.1, expected a multiple of 2^-32 in [0, 1)'],
    [{ spare: Number.NaN }, 'spare is NaN, expected a number from -13 to 13, or null'],
    [{ seed: 1 }, "state has an unknown entry 'seed', expected an object with algorithm, generator, spare"],
    // Alea never leaves these two, and randn would wait for another number for ever.
    [
      { generator: { c: 0, s0: 0, s1: 0, s2: 0 } },
      'generator makes one number for ever, expected a state of Random.stateDict()',
    ],
    [
      { generator: { c: 2091638, s0: 1 - 2 ** -32, s1: 1 - 2 ** -32, s2: 1 - 2 ** -32 } },
      'generator makes one number for ever, expected a state of Random.stateDict()',
    ],
  ])('loadStateDict refuses %j, and nothing has changed', (change, message) => {
    const random = new Random(1);
    const before = random.stateDict();
    expect(() => random.loadStateDict({ ...before, ...change } as RandomState)).toThrow(
      expect.objectContaining({ message: `Random.loadStateDict: ${message}` }),
    );
    expect(random.stateDict()).toEqual(before);
  });

  test('damaged anywhere, is refused with nothing changed, or loaded whole', () => {
    const good = new Random(7);
    good.randn([1]);
    fc.assert(
      fc.property(damaged(good.stateDict()), (state) => {
        const random = new Random(1);
        const before = random.stateDict();
        let expected: unknown = state;
        try {
          random.loadStateDict(state as RandomState);
        } catch (error) {
          expect(error).toMatchObject({ message: expect.stringMatching(/^Random\.loadStateDict: /) });
          expected = before;
        }
        expect(random.stateDict()).toEqual(expected);
        expect(hostValues(random.randn([20])).every(Number.isFinite)).toBe(true);
      }),
      { seed: 6, numRuns: 500 },
    );
  });

  test.each<[what: string, state: unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['a number', 3],
    ['an empty object', {}],
    ['another algorithm', { ...new Random(1).state(), algorithm: 'arc4' }],
    ['no generator', { algorithm: 'alea', spare: null }],
    ['a generator of strings', { algorithm: 'alea', generator: { c: '1', s0: 1, s1: 1, s2: 1 }, spare: null }],
    ['half a generator', { algorithm: 'alea', generator: { c: 1, s0: 0.5, s1: 0.5 }, spare: null }],
    ['no spare', { algorithm: 'alea', generator: { c: 1, s0: 0.5, s1: 0.5, s2: 0.5 } }],
    ['a spare that is not finite', { ...new Random(1).state(), spare: Number.NaN }],
  ])('fromState refuses %s', (_, state) => {
    expect(() => Random.fromState(state as RandomState)).toThrow(
      new TypeError('Random.fromState: expected an object that Random.state() returned'),
    );
  });
});

describe('randn', () => {
  test.each<DType>(['float32', 'float64'])('is standard normal in %s', (dtype) => {
    const n = 40_000;
    const a = new Random(7).randn([n], dtype);
    expect(dtypeOf(a)).toBe(dtype);
    const { mean, variance, skew, kurtosis } = moments(a);
    // Five standard errors: 1/√n, √(2/n), √(6/n), √(24/n).
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(skew)).toBeLessThan(5 * Math.sqrt(6 / n));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(5 * Math.sqrt(24 / n));
  });

  test('neighbours are not correlated, the pairs of the polar method included', () => {
    const n = 40_000;
    const flat = hostValues(new Random(8).randn([n], 'float64'));
    let product = 0;
    for (let i = 0; i + 1 < n; i++) product += flat[i] * flat[i + 1];
    expect(Math.abs(product / n)).toBeLessThan(5 / Math.sqrt(n));
  });

  test('has the shape asked for, and float32 by default', () => {
    const a = new Random(9).randn([2, 3, 4]);
    expect(a.shape).toEqual([2, 3, 4]);
    expect(dtypeOf(a)).toBe('float32');
    expect(new Random(9).rand([0]).shape).toEqual([0]);
  });
});

describe('rand', () => {
  test.each<DType>(['float32', 'float64'])('is uniform in [0, 1) in %s', (dtype) => {
    const n = 40_000;
    const a = new Random(10).rand([n], dtype);
    const flat = hostValues(a);
    expect(flat.every((u) => u >= 0 && u < 1)).toBe(true);
    const { mean, variance } = moments(a);
    // The standard errors of the mean and the variance of a uniform variate: √(1/12n) and √(1/180n).
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(5 / Math.sqrt(12 * n));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 / Math.sqrt(180 * n));
  });

  test('has more than 32 random bits to a float64', () => {
    const flat = hostValues(new Random(11).rand([100], 'float64'));
    expect(flat.some((u) => !Number.isInteger(u * 2 ** 32))).toBe(true);
    expect(flat.every((u) => Number.isInteger(u * 2 ** 53))).toBe(true);
  });
});

describe('randint', () => {
  test('draws whole numbers in [low, high), each as often as the others', () => {
    const n = 50_000;
    const numbers = new Random(12).randint(-3, 7, n);
    expect(numbers).toBeInstanceOf(Int32Array);
    const counts = new Map<number, number>();
    for (const k of numbers) counts.set(k, (counts.get(k) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3, 4, 5, 6]);
    // Chi-squared with 9 degrees of freedom is above 33.7 once in 10,000 runs.
    const chi2 = [...counts.values()].reduce((sum, count) => sum + (count - n / 10) ** 2 / (n / 10), 0);
    expect(chi2).toBeLessThan(33.7);
  });

  test('draws over the whole range of 32 bits', () => {
    const numbers = new Random(13).randint(-(2 ** 31), 2 ** 31, 1000);
    expect(Math.min(...numbers)).toBeLessThan(-(2 ** 30));
    expect(Math.max(...numbers)).toBeGreaterThan(2 ** 30);
    expect([...new Random(14).randint(5, 6, 3)]).toEqual([5, 5, 5]);
    expect(new Random(15).randint(0, 1, 0)).toEqual(new Int32Array(0));
  });

  test.each([
    [3, 3],
    [4, 3],
    [0.5, 3],
    [0, 2.5],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
    [0, 2 ** 31 + 1],
    [-(2 ** 31) - 1, 0],
  ])('refuses the bounds %d and %d', (low, high) => {
    expect(() => new Random(1).randint(low, high, 1)).toThrow(
      new RangeError(`Random.randint: low and high are ${low} and ${high}, expected 32-bit integers, low < high`),
    );
  });

  test('a refusal draws no number', () => {
    const random = new Random(16);
    const state = random.state();
    expect(() => random.randint(1, 0, 5)).toThrow();
    expect(() => random.randint(0, 1, -5)).toThrow();
    expect(() => random.randn([-1])).toThrow();
    expect(() => random.rand([2], 'half' as DType)).toThrow();
    expect(random.state()).toEqual(state);
  });
});

describe('permutation', () => {
  test('holds every number once', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 200 }), (seed, n) => {
        const order = new Random(seed).permutation(n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
      { seed: 5 },
    );
  });

  test('each of the orders comes as often as the others', () => {
    const random = new Random(17);
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = random.permutation(4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // Chi-squared with 23 degrees of freedom is above 55 once in 5,000 runs.
    expect([...counts.values()].reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0)).toBeLessThan(55);
  });
});

test.each<[call: string, run: (random: Random) => unknown, message: string]>([
  ['randn', (r) => r.randn([-1]), 'Random.randn: shape is [-1], expected a list of whole numbers ≥ 0'],
  ['randn', (r) => r.randn([1], 'half' as DType), "Random.randn: dtype is 'half', expected 'float32' or 'float64'"],
  ['rand', (r) => r.rand([1.5]), 'Random.rand: shape is [1.5], expected a list of whole numbers ≥ 0'],
  ['rand', (r) => r.rand([1], 'half' as DType), "Random.rand: dtype is 'half', expected 'float32' or 'float64'"],
  ['randint', (r) => r.randint(0, 1, -1), 'Random.randint: n is -1, expected a whole number ≥ 0'],
  ['permutation', (r) => r.permutation(2.5), 'Random.permutation: n is 2.5, expected a whole number ≥ 0'],
])('%s names what is wrong: case %#', (_, run, message) => {
  expect(() => run(new Random(1))).toThrow(expect.objectContaining({ name: 'RangeError', message }));
});

function moments(a: NDArray) {
  const flat = hostValues(a);
  const n = flat.length;
  const average = (of: (x: number) => number): number => [...flat].reduce((sum, x) => sum + of(x), 0) / n;
  const mean = average((x) => x);
  const variance = average((x) => (x - mean) ** 2);
  return {
    mean,
    variance,
    skew: average((x) => (x - mean) ** 3) / variance ** 1.5,
    kurtosis: average((x) => (x - mean) ** 4) / variance ** 2,
  };
}
