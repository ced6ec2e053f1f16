import { describe, expect, test } from 'vitest';
import { array, toNested, zeros } from '../../src/arrays/index.js';
import { type SoftplusOptions, softplusBackward, softplusForward } from '../../src/layers/index.js';
import { describeActivation } from '../helpers/activations.js';
import { casesOf } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';

describeActivation({
  names: { forward: 'softplusForward', backward: 'softplusBackward' },
  forward: softplusForward,
  backward: softplusBackward,
  cached: 'x',
  golden: casesOf('softplus').map((c) => ({ c, forward: (x) => softplusForward(x, c.config) })),
});

describe('softplusForward', () => {
  test('is ln(1 + e^(beta · x)) / beta, and x beyond the threshold', () => {
    const x = array([0, Math.log(3), -Math.log(3)], [3], 'float64');
    const expected = array([Math.LN2, Math.log(4), Math.log(4 / 3)], [3], 'float64');
    expect(softplusForward(x)[0]).toBeAllClose(expected, { rtol: 1e-15 });
    const halves = array([0, Math.log(3) / 2, 2.5], [3], 'float64');
    const [out] = softplusForward(halves, { beta: 2, threshold: 4 });
    expect(out).toBeAllClose(array([Math.LN2 / 2, Math.log(4) / 2, 2.5], [3], 'float64'), { rtol: 1e-15 });
  });

  test.each<[options: unknown, message: string]>([
    [{ slope: 1 }, "unknown option 'slope', expected beta, threshold"],
    [{ beta: 0 }, 'beta is 0, expected a number > 0'],
    [{ threshold: Number.NaN }, 'threshold is NaN, expected a finite number'],
    [1, 'options is 1, expected an object'],
  ])('refuses %j', (options, message) => {
    expect(() => softplusForward(zeros([2]), options as SoftplusOptions)).toThrow(`softplusForward: ${message}`);
  });
});

describe('softplusBackward', () => {
  test('is dout · σ(beta · x), and dout beyond the threshold', () => {
    const [, cache] = softplusForward(array([0, Math.log(3), 2.5], [3], 'float64'), { beta: 2, threshold: 4 });
    const dx = softplusBackward(array([2, 10, 7], [3], 'float64'), cache);
    expect(dx).toBeAllClose(array([1, 9, 7], [3], 'float64'), { rtol: 1e-15 });
  });
});

describeKernelSets('softplus far below 0', () => {
  test('is e^x, with all its digits', () => {
    const [out, cache] = softplusForward(array([-40, -700], [2], 'float64'));
    const powers = array([4.248354255291589e-18, 9.85967654375977e-305], [2], 'float64');
    expect(out).toBeAllClose(powers, { rtol: 1e-15 });
    expect(softplusBackward(array([1, 1], [2], 'float64'), cache)).toBeAllClose(powers, { rtol: 1e-15 });
  });

  test('is never negative', () => {
    const [out] = softplusForward(array([-1e4, -0, Number.NEGATIVE_INFINITY]));
    expect((toNested(out) as number[]).every((v) => v >= 0 && !Object.is(v, -0))).toBe(true);
  });
});
