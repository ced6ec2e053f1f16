import { describe, expect, test } from 'vitest';
import {
  AMOUNT,
  count,
  DTYPE,
  FINITE,
  FLAG,
  FRACTION,
  FUNCTION,
  oneOf,
  option,
  orNull,
  POSITIVE,
  required,
  SEED,
  SHARE,
  settingsOf,
  TEXT,
} from '../../src/arrays/options.js';

const TABLE = {
  eps: option(1e-5, POSITIVE),
  mode: option<'train' | 'test'>('train', oneOf('train', 'test')),
  samples: option<number | null>(null, orNull(count(1))),
};

describe('settingsOf', () => {
  test('asks for what is required', () => {
    const table = { title: required<string>(TEXT), size: option(3, count(1, 9)) };
    expect(settingsOf('chart', table, { title: 'loss' })).toEqual({ title: 'loss', size: 3 });
    expect(() => settingsOf('chart', table, {} as never)).toThrow('chart: title is undefined, expected a text');
    expect(() => settingsOf('chart', table, { title: '' })).toThrow("chart: title is '', expected a text");
    expect(() => settingsOf('chart', table, { title: 'loss', size: 10 })).toThrow(
      'chart: size is 10, expected a whole number from 1 to 9',
    );
    // @ts-expect-error: the title is missing
    const missing = () => settingsOf('chart', table, { size: 3 });
    expect(missing).toThrow(TypeError);
  });

  test('fills in what is missing or undefined', () => {
    expect(settingsOf('layer', TABLE, { eps: undefined, samples: 3 })).toEqual({
      eps: 1e-5,
      mode: 'train',
      samples: 3,
    });
  });

  test.each([
    [{ Eps: 1 }, TypeError, "layer: unknown option 'Eps', expected eps, mode, samples"],
    [[], TypeError, 'layer: options is [], expected an object with any of eps, mode, samples'],
    [2, TypeError, 'layer: options is 2, expected an object with any of eps, mode, samples'],
    [{ eps: 0 }, RangeError, 'layer: eps is 0, expected a number > 0'],
    [{ mode: 'eval' }, RangeError, "layer: mode is 'eval', expected 'train' or 'test'"],
    [{ samples: 0.5 }, RangeError, 'layer: samples is 0.5, expected a whole number ≥ 1, or null'],
  ])('refuses %j', (options, Kind, message) => {
    const settle = () => settingsOf('layer', TABLE, options as never);
    expect(settle).toThrow(Kind);
    expect(settle).toThrow(message);
  });

  test.each([
    ['FINITE', FINITE, [-1, 0, 1e308], [Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
    ['AMOUNT', AMOUNT, [0, 2], [-1e-9, Number.POSITIVE_INFINITY, '2']],
    ['POSITIVE', POSITIVE, [1e-300], [0, Number.NaN]],
    ['FRACTION', FRACTION, [0, 0.5, 1], [1.0001, -1]],
    ['SHARE', SHARE, [0, 0.999], [1, -0.1]],
    ['FLAG', FLAG, [true, false], [0, 'true', undefined]],
    ['FUNCTION', FUNCTION, [Math.abs], [{}, null]],
    ['TEXT', TEXT, ['a'], ['', 1, null]],
    ['SEED', SEED, ['', 1.5], [null, {}, true]],
    ['DTYPE', DTYPE, ['float32', 'float64'], ['int8', null]],
    ['count(1, 9)', count(1, 9), [1, 9], [0, 10]],
    ['count(1)', count(1), [1, 2 ** 53 - 1], [0, 1.5, 2 ** 53, '1']],
  ])('%s allows what it says', (_, range, allowed, refused) => {
    expect(allowed.filter((value) => !range.allows(value))).toEqual([]);
    expect(refused.filter((value) => range.allows(value))).toEqual([]);
  });
});
