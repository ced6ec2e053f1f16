import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimal, duration, integer, percent, shape } from '../../../src/ui/page/format.js';
import { remarksOf } from '../../../src/ui/page/remarks.js';
import { addressOf, RUN_VIEWS, type RunView, routeOf } from '../../../src/ui/page/view.js';
import type { LayerStats, Statistics } from '../../../src/ui/protocol.js';

describe('numbers as text', () => {
  test.each([
    [0, '0'],
    [0.000123456, '0.0001235'],
    [1.5e-7, '1.5e-7'],
    [1e-12, '1e-12'],
    [12345.6, '12,346'],
    [2.5e9, '2.5e9'],
    [-0.51234, '-0.5123'],
    [Number.NaN, '–'],
    [null, '–'],
  ])('%s', (value, text) => expect(decimal(value)).toBe(text));

  test.each([
    [4.25, '4.3 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [3599.6, '1 h 0 min'],
    [7500, '2 h 5 min'],
    [90_000, '1 d 1 h'],
    [null, '–'],
  ])('%s seconds', (value, text) => expect(duration(value)).toBe(text));

  test('counts, shares and shapes', () => {
    expect([integer(1234567), integer(null), percent(0.4567), percent(null)]).toEqual([
      '1,234,567',
      '–',
      '45.7 %',
      '–',
    ]);
    expect([shape([3, 32, 32]), shape([]), shape(null)]).toEqual(['3 × 32 × 32', 'one value', '–']);
  });
});

describe('addresses', () => {
  test('an address leads to the view that it was made for, whatever the run is called', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(...'a1/%#?&=+ \\"<é日😀.') }),
        fc.constantFrom(...(Object.keys(RUN_VIEWS) as RunView[])),
        (run, view) => {
          expect(routeOf(addressOf(run, view))).toEqual({ page: 'run', run, view, rest: [] });
          expect(routeOf(addressOf(run, view, 3, 5))).toEqual({ page: 'run', run, view, rest: ['3', '5'] });
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each(['', '#/', '#/run', '#/run/', '#/run/a/nothing', '#/run/%E0%A4%A', '#/run/a/constructor', '#elsewhere'])(
    '%j leads home',
    (hash) => expect(routeOf(hash)).toEqual({ page: 'home' }),
  );

  test('the list', () => expect(routeOf('#/runs')).toEqual({ page: 'runs' }));
});

describe('what is said about layers', () => {
  const values = (changes: Partial<Statistics> = {}): Statistics => {
    return { mean: 0.1, std: 1, min: -3, max: 3, zeros: 0.4, histogram: [], ...changes };
  };
  const layer = (changes: Partial<LayerStats>): LayerStats => {
    return { name: 'fc1', activation: values(), weight: values(), gradient: values(), updateRatio: 1e-3, ...changes };
  };

  test.each<[Partial<LayerStats>, string[]]>([
    [{}, []],
    [{ activation: null, weight: null, gradient: null, updateRatio: null }, []],
    [{ activation: values({ zeros: 1 }) }, ['dead: all activations are zero']],
    [{ activation: values({ zeros: 0.97 }) }, ['nearly dead: 97.0 % of the activations are zero']],
    [{ activation: values({ std: 1e5 }) }, ['activations exploding: standard deviation 100,000']],
    [{ activation: values({ mean: 0, std: 1e-8 }) }, ['activations vanishing: standard deviation 1e-8']],
    [{ activation: values({ mean: null, std: null }) }, ['activations not finite']],
    [{ weight: values({ mean: null, std: null }) }, ['weights not finite']],
    [{ gradient: values({ mean: 1e-12, std: 1e-12 }) }, ['gradient vanishing: standard deviation 1e-12']],
    [{ gradient: values({ std: 1e3 }) }, ['gradient exploding: standard deviation 1,000']],
    [{ gradient: values({ mean: 0, std: 0 }) }, ['gradient is zero']],
    [{ updateRatio: 0.5 }, ['large steps: 0.5 of the weight']],
    [{ updateRatio: 1e-8 }, ['tiny steps: 1e-8 of the weight']],
  ])('%j', (changes, remarks) => expect(remarksOf(layer(changes))).toEqual(remarks));
});
