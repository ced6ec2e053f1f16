import { describe, expect, test } from 'vitest';
import { array, hostValues, toNested } from '../../src/arrays/index.js';
import { tanhBackward, tanhForward } from '../../src/layers/index.js';
import { describeActivation } from '../helpers/activations.js';
import { casesOf } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';

describeActivation({
  names: { forward: 'tanhForward', backward: 'tanhBackward' },
  forward: tanhForward,
  backward: tanhBackward,
  cached: 'out',
  golden: casesOf('tanh').map((c) => ({ c, forward: tanhForward })),
});

describe('tanhForward', () => {
  test('is (e^x − e^−x) / (e^x + e^−x)', () => {
    const [out] = tanhForward(array([0, Math.log(2), -Math.log(3)], [3], 'float64'));
    expect(out).toBeAllClose(array([0, 0.6, -0.8], [3], 'float64'), { rtol: 1e-15 });
  });
});

describe('tanhBackward', () => {
  test('is dout · (1 − out²)', () => {
    const [, cache] = tanhForward(array([0, 0], [2], 'float64'));
    expect(toNested(tanhBackward(array([4, -8], [2], 'float64'), cache))).toEqual([4, -8]);
    const [out] = tanhForward(array([0.5, -2], [2], 'float64'));
    const expected = hostValues(out).map((t) => 10 * (1 - t * t));
    const dx = tanhBackward(array([10, 10], [2], 'float64'), { layer: 'tanh', out });
    expect(dx).toBeAllClose(array(expected, [2]), { rtol: 1e-14 });
  });
});

describeKernelSets('tanh next to 0 and far from it', () => {
  test('is x where x is small, and ±1 without an overflow', () => {
    const x = [1e-9, -1e-9, 3e-20, 1e-200, 1e3, -1e3];
    const [out] = tanhForward(array(x, [6], 'float64'));
    expect(toNested(out)).toEqual([1e-9, -1e-9, 3e-20, 1e-200, 1, -1]);
    const [single] = tanhForward(array([1e-5, -1e-20, 1e-40, 1e4]));
    expect([...hostValues(single)]).toEqual([...Float32Array.of(1e-5, -1e-20, 1e-40, 1)]);
  });
});
