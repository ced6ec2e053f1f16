import { describe, expect, test } from 'vitest';
import { array, hostValues, toNested } from '../../src/arrays/index.js';
import { sigmoidBackward, sigmoidForward } from '../../src/layers/index.js';
import { describeActivation } from '../helpers/activations.js';
import { casesOf } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';

describeActivation({
  names: { forward: 'sigmoidForward', backward: 'sigmoidBackward' },
  forward: sigmoidForward,
  backward: sigmoidBackward,
  cached: 'out',
  golden: casesOf('sigmoid').map((c) => ({ c, forward: sigmoidForward })),
});

describe('sigmoidForward', () => {
  test('is ½ at 0, and 1 / (1 + e^−x)', () => {
    const [out] = sigmoidForward(array([0, Math.log(3), -Math.log(3), Math.log(9)], [4], 'float64'));
    expect(out).toBeAllClose(array([0.5, 0.75, 0.25, 0.9], [4], 'float64'), { rtol: 1e-15 });
  });
});

describe('sigmoidBackward', () => {
  test('is dout · out · (1 − out)', () => {
    const [, cache] = sigmoidForward(array([0, 0], [2], 'float64'));
    expect(toNested(sigmoidBackward(array([4, -8], [2], 'float64'), cache))).toEqual([1, -2]);
  });
});

describeKernelSets('sigmoid far from 0', () => {
  test('overflows nowhere, and its lower tail is e^x', () => {
    const [out, cache] = sigmoidForward(array([1e3, -1e3, -30, -700], [4], 'float64'));
    expect(out).toBeAllClose(array([1, 0, 9.357622968839299e-14, 9.85967654375977e-305], [4], 'float64'), {
      rtol: 1e-15,
    });
    expect([...hostValues(sigmoidBackward(array([1, 1, 1, 1], [4], 'float64'), cache))].slice(0, 2)).toEqual([0, 0]);
    const [single] = sigmoidForward(array([1e3, -1e3, -100]));
    expect(single).toBeAllClose(array([1, 0, 3.720075976020836e-44]), { rtol: 0, atol: 2e-45 });
  });
});
