import { describe, expect, test } from 'vitest';
import { array, hostValues, Random, toNested } from '../../src/arrays/index.js';
import { type AdagradConfig, adagrad, rmsprop } from '../../src/optim/index.js';

describe('rmsprop', () => {
  test('divides by the root of a moving average of squares', () => {
    const w = array([1, 1], [2], 'float64');
    const cache = array([4, 16], [2], 'float64');
    // 0.5 · 4 + 0.5 · 4² = 10 and 0.5 · 16 + 0.5 · 3² = 12.5
    rmsprop(w, array([4, -3], [2], 'float64'), { learningRate: 0.1, decayRate: 0.5, epsilon: 0, cache });
    expect(toNested(cache)).toEqual([10, 12.5]);
    const expected = [1 - 0.4 / Math.sqrt(10), 1 + 0.3 / Math.sqrt(12.5)];
    expect(w).toBeAllClose(array(expected, [2], 'float64'), { rtol: 1e-15 });
  });

  test('without memory a step is learningRate · sign(dw)', () => {
    const w = array([1, 1, 1], [3], 'float64');
    rmsprop(w, array([0.5, -200, 1e-3], [3], 'float64'), { learningRate: 0.25, decayRate: 0, epsilon: 0 });
    expect(w).toBeAllClose(array([0.75, 1.25, 0.75], [3], 'float64'), { rtol: 1e-12 });
  });

  test('a decay rate of 1 keeps the cache as it is', () => {
    const cache = array([4], [1], 'float64');
    const w = array([1], [1], 'float64');
    rmsprop(w, array([6], [1], 'float64'), { learningRate: 0.5, decayRate: 1, epsilon: 0, cache });
    expect(toNested(cache)).toEqual([4]);
    expect(toNested(w)).toEqual([-0.5]);
  });

  test('epsilon stands outside of the root', () => {
    const w = array([1], [1], 'float64');
    rmsprop(w, array([2], [1], 'float64'), { learningRate: 1, decayRate: 0, epsilon: 2 });
    expect(toNested(w)).toEqual([0.5]);
  });

  test('a gradient of zero from the start does nothing', () => {
    const w = array([1, 2]);
    rmsprop(w, array([0, 0]));
    expect(toNested(w)).toEqual([1, 2]);
  });
});

describe('adagrad', () => {
  test('divides by the root of the sum of squares', () => {
    const w = array([1, 1], [2], 'float64');
    const cache = array([9, 0], [2], 'float64');
    adagrad(w, array([4, -2], [2], 'float64'), { learningRate: 0.5, epsilon: 0, cache });
    // √(9 + 16) = 5 and √4 = 2
    expect(toNested(cache)).toEqual([25, 4]);
    expect(w).toBeAllClose(array([0.6, 1.5], [2], 'float64'), { rtol: 1e-15 });
  });

  test('the first step is learningRate · sign(dw)', () => {
    const w = array([1, 1, 1], [3], 'float64');
    adagrad(w, array([0.5, -200, 1e-3], [3], 'float64'), { learningRate: 0.25, epsilon: 0 });
    expect(w).toBeAllClose(array([0.75, 1.25, 0.75], [3], 'float64'), { rtol: 1e-12 });
  });

  test('under a constant gradient step s has the size learningRate / √s', () => {
    const w = array([0], [1], 'float64');
    let config: AdagradConfig = { learningRate: 1, epsilon: 0 };
    for (let s = 1; s <= 20; s++) {
      const [before] = hostValues(w);
      [, config] = adagrad(w, array([-3], [1], 'float64'), config);
      expect(hostValues(w)[0] - before).toBeCloseTo(1 / Math.sqrt(s), 12);
    }
  });

  test('a gradient of zero from the start does nothing', () => {
    const w = new Random(23).randn([5]);
    const before = array(w);
    adagrad(w, array([0, 0, 0, 0, 0]));
    expect(w).toEqualBits(before);
  });
});
