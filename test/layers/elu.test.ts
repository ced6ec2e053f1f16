import { describe, expect, test } from 'vitest';
import { array, hostValues, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { type EluOptions, eluBackward, eluForward } from '../../src/layers/index.js';
import { describeActivation } from '../helpers/activations.js';
import { casesOf } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';

describeActivation({
  names: { forward: 'eluForward', backward: 'eluBackward' },
  forward: eluForward,
  backward: eluBackward,
  cached: 'x',
  golden: casesOf('elu').map((c) => ({ c, forward: (x) => eluForward(x, { alpha: Number(c.config.alpha) }) })),
});

describe('eluForward', () => {
  test('keeps what is positive and bends the rest towards −alpha', () => {
    const x = array([3, 0, -Math.LN2, -1e3], [4], 'float64');
    expect(eluForward(x)[0]).toBeAllClose(array([3, 0, -0.5, -1], [4], 'float64'), { rtol: 1e-15 });
    expect(eluForward(x, { alpha: 4 })[0]).toBeAllClose(array([3, 0, -2, -4], [4], 'float64'), { rtol: 1e-15 });
  });

  test.each<[options: unknown, message: string]>([
    [{ slope: 1 }, "unknown option 'slope', expected alpha"],
    [{ alpha: Number.NaN }, 'alpha is NaN, expected a finite number'],
    [{ alpha: Number.POSITIVE_INFINITY }, 'alpha is Infinity, expected a finite number'],
    [{ alpha: '1' }, "alpha is '1', expected a finite number"],
    [1, 'options is 1, expected an object'],
  ])('refuses %j', (options, message) => {
    expect(() => eluForward(zeros([2]), options as EluOptions)).toThrow(`eluForward: ${message}`);
  });
});

describe('eluBackward', () => {
  test('is the slope: 1 above 0, alpha · e^x from there down', () => {
    const [, cache] = eluForward(array([2, 0, -Math.LN2], [3], 'float64'), { alpha: 3 });
    expect(toNested(eluBackward(array([5, 6, 7], [3], 'float64'), cache))).toEqual([5, 18, 10.5]);
  });

  test('agrees with the numerical gradient for a negative alpha too, and for none', () => {
    const random = new Random(7);
    const [x, dout] = [random.randn([20], 'float64'), random.randn([20], 'float64')];
    for (const alpha of [-0.7, 0, 2.5]) {
      const numerical = evalNumericalGradientArray((v) => eluForward(v, { alpha })[0], x, dout);
      const dx = eluBackward(dout, eluForward(x, { alpha })[1]);
      expect(dx).toBeAllClose(numerical, { rtol: 1e-8, atol: 1e-9 });
    }
  });
});

describeKernelSets('elu far down', () => {
  test('the slope keeps its digits where nothing is left of out + alpha', () => {
    const [out, cache] = eluForward(array([-40], [1], 'float64'));
    expect(hostValues(out)[0]).toBe(-1);
    const dx = eluBackward(array([1], [1], 'float64'), cache);
    expect(dx).toBeAllClose(array([4.248354255291589e-18], [1], 'float64'), { rtol: 1e-15 });
  });
});
