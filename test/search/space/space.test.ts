import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Random } from '../../../src/index.js';
import {
  choice,
  integer,
  logUniform,
  type Parameters,
  Space,
  space,
  uniform,
  when,
} from '../../../src/search/space/index.js';

const NET = {
  lr: logUniform(1e-4, 1e-1),
  hidden: integer(32, 512),
  act: choice('relu', 'gelu'),
  drop: when({ act: 'gelu' }, uniform(0, 0.5)),
  epochs: 10,
};

test('samples are configs of the space, the same for the same seed', () => {
  const net = space(NET);
  expectTypeOf<(typeof net)['Config']>().toEqualTypeOf<{
    readonly lr: number;
    readonly hidden: number;
    readonly act: 'relu' | 'gelu';
    readonly drop?: number;
    readonly epochs: number;
  }>();
  expect(net.sample(new Random(0))).toEqual({ lr: 0.00607546, hidden: 94, act: 'relu', epochs: 10 });
  expect(net.sample(new Random(2))).toEqual({ lr: 0.00235887, hidden: 465, act: 'gelu', drop: 0.172466, epochs: 10 });
});

test('a grid has all values of choices, and points of ranges from end to end', () => {
  const grid = space({ ...NET, lr: logUniform(1e-4, 1e-2) }).grid({ lr: 3, drop: 2 });
  expect(grid).toHaveLength(9);
  expect([...new Set(grid.map(({ lr }) => lr))]).toEqual([1e-4, 1e-3, 1e-2]);
  expect(grid.slice(0, 3)).toEqual([
    { lr: 1e-4, hidden: 272, act: 'relu', epochs: 10 },
    { lr: 1e-4, hidden: 272, act: 'gelu', drop: 0, epochs: 10 },
    { lr: 1e-4, hidden: 272, act: 'gelu', drop: 0.5, epochs: 10 },
  ]);
  expect(space({ n: integer(1, 3) }).grid(9)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(space({ n: integer(1, 100, { log: true }) }).grid(3)).toEqual([{ n: 1 }, { n: 10 }, { n: 100 }]);
});

test('a grid that is too large is counted, not made', () => {
  expect(() => space({ x: uniform(0, 1) }).grid(1e9)).toThrow('space: the grid has more than 1000000 configs');
  expect(space({ n: integer(0, 3) }).grid(1e9)).toHaveLength(4);
  expect(space({ n: integer(1, 3, { log: true }) }).grid(1e9)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  // Of its own: what objects inherit is no number of points.
  expect(space({ constructor: uniform(0, 1) }).grid({})).toEqual([{ constructor: 0.5 }]);
});

test('the numbers of a narrow range differ', () => {
  const narrow = space({ a: uniform(1, 1.0000001), b: logUniform(1e6, 1e6 + 1) });
  const random = new Random(0);
  const drawn = Array.from({ length: 50 }, () => narrow.sample(random));
  for (const name of ['a', 'b'] as const) expect(new Set(drawn.map((config) => config[name])).size).toBeGreaterThan(40);
});

test('a choice of many values', () => {
  const values = Array.from({ length: 200_000 }, (_, i) => i);
  const before = performance.now();
  expect(new Space({ a: { choice: values } }).parameters.size).toBe(1);
  expect(performance.now() - before).toBeLessThan(2000);
});

test('whole numbers have equal shares, the ends too', () => {
  const [die, random, counts] = [space({ n: integer(1, 6) }), new Random(1), new Map<number, number>()];
  for (let i = 0; i < 1200; i++) {
    const { n } = die.sample(random);
    counts.set(n, (counts.get(n) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(52); // four deviations
});

test('of orders of magnitude each is as likely', () => {
  const [s, random] = [space({ x: logUniform(1e-4, 1) }), new Random(1)];
  const small = Array.from({ length: 400 }, () => s.sample(random).x).filter((x) => x < 1e-2);
  expect(Math.abs(small.length - 200)).toBeLessThan(40); // four deviations
});

const PARAMETERS: fc.Arbitrary<Parameters> = fc
  .record({
    range: fc.tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true })),
    scale: fc.tuple(fc.double({ min: 1e-9, max: 1e3, noNaN: true }), fc.double({ min: 1.1, max: 1e6, noNaN: true })),
    whole: fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.nat(50)),
    log: fc.boolean(),
    kinds: fc.uniqueArray(fc.oneof(fc.string(), fc.boolean(), fc.constant(null)), { minLength: 1, maxLength: 5 }),
  })
  .map(({ range: [low, width], scale: [least, times], whole: [first, more], log, kinds }) => ({
    ...{ a: when({ e: kinds[0] }, uniform(low, low + width)), b: logUniform(least, least * times) },
    ...{ c: integer(first, first + more, { log }), d: when({ c: first }, choice(1, 2)), e: choice(...kinds), f: null },
  }));

test('every sample and every point of a grid is in the space, and JSON makes the same space', () => {
  fc.assert(
    fc.property(PARAMETERS, fc.integer(), (parameters, seed) => {
      const s = space(parameters);
      const config = s.sample(new Random(seed));
      expect(s.has(config)).toBe(true);
      expect(s.has({ ...config, x: 1 })).toBe(false);
      expect(s.has({ ...config, b: -1 })).toBe(false);
      for (const point of s.grid(2)) expect(s.has(point)).toBe(true);
      const same = new Space(JSON.parse(JSON.stringify(s)));
      expect(same.sample(new Random(seed))).toEqual(config);
    }),
    { numRuns: 25, seed: 1 },
  );
});

describe('a space that is wrong is refused in one line', () => {
  const drop = uniform(0, 0.5);
  test.each<[string, unknown, string]>([
    ['an endless range', { a: uniform(-1e308, 1e308) }, 'a goes from -1e+308 to 1e+308, expected high - low to be'],
    ['none', {}, 'space: parameters is an empty object, expected for each name uniform(low, high)'],
    ['no object', [1], 'space: parameters is [1], expected an object: for each name uniform'],
    ['no parameter', { lr: [1, 2] }, 'space: lr is [1, 2], expected uniform(low, high), logUniform(low, high)'],
    ['no kind', { lr: { unifrm: [1, 2] } }, "space: lr has 'unifrm', expected one of uniform, logUniform, integer"],
    ['two kinds', { lr: { uniform: [1, 2], choice: [1] } }, 'space: lr is uniform,choice, expected one of'],
    ['another word', { lr: { uniform: [1, 2], wehn: 1 } }, "lr has 'wehn', expected uniform, when; did you mean when?"],
    ['no ends', { lr: { uniform: [1] } }, 'space: lr has the range [1], expected low and high, two finite numbers'],
    [
      'no number',
      { lr: uniform(0, Number.NaN) },
      'space: lr has the range [0, NaN], expected low and high, two finite',
    ],
    ['no whole', { n: integer(1, 2.5) }, 'space: n has the range [1, 2.5], expected low and high, two whole numbers'],
    ['an empty range', { lr: uniform(1, 1) }, 'space: lr goes from 1 to 1, expected low < high'],
    ['from behind', { n: integer(5, 4) }, 'space: n goes from 5 to 4, expected low ≤ high'],
    ['a log of 0', { lr: logUniform(0, 1) }, 'space: lr goes from 0 to 1 by orders of magnitude, expected low > 0'],
    ['log of words', { n: { integer: [1, 2], log: 'yes' } }, "space: n has log: 'yes', expected true or false"],
    ['no choice', { act: choice() }, 'space: act chooses from [], expected a list of at least one value'],
    ['no value', { act: { choice: [{}] } }, 'space: act chooses from an object, expected texts, finite numbers'],
    ['twice', { act: choice('a', 'a') }, "space: act has 'a' twice, expected different values"],
    [
      'no name',
      { drop: when({ atc: 1 }, drop), act: 1 },
      "drop depends on 'atc', expected a name of the space; did you",
    ],
    ['no condition', { drop: { ...drop, when: 'act' } }, "space: drop applies when 'act', expected names of the space"],
    ['a range', { a: uniform(0, 1), b: when({ a: 0.5 }, drop) }, 'b depends on a, which is any number of a range'],
    [
      'another value',
      { act: choice('relu', 'gelu'), drop: when({ act: 'tanh' }, drop) },
      "drop depends on act being 'tanh', expected one of its values, 'relu', 'gelu'",
    ],
    [
      'a number outside',
      { n: integer(1, 3), b: when({ n: 4 }, drop) },
      'b depends on n being 4, expected a whole number',
    ],
    ['no values', { n: integer(1, 3), b: when({ n: [] }, drop) }, 'b depends on no value of n, expected at least one'],
    [
      'a circle',
      { a: when({ b: 1 }, choice(1, 2)), b: when({ a: 1 }, choice(1, 2)) },
      'space: a depends on itself: a depends on b depends on a, expected conditions without a circle',
    ],
    [
      'never',
      { act: choice('relu', 'gelu'), a: when({ act: 'gelu' }, choice(1, 2)), b: when({ act: 'relu', a: 1 }, drop) },
      "space: b can never apply: it needs act to be 'relu' and 'gelu', expected conditions that can hold together",
    ],
  ])('%s', (_, parameters, message) => {
    expect(() => space(parameters as Parameters)).toThrow(message);
  });
});
