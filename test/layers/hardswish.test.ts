import { describe, expect, test } from 'vitest';
import { array } from '../../src/arrays/index.js';
import { hardswishBackward, hardswishForward } from '../../src/layers/index.js';
import { describeActivation } from '../helpers/activations.js';
import { casesOf } from '../helpers/fixtures.js';

describeActivation({
  names: { forward: 'hardswishForward', backward: 'hardswishBackward' },
  forward: hardswishForward,
  backward: hardswishBackward,
  cached: 'x',
  golden: casesOf('hardswish').map((c) => ({ c, forward: hardswishForward })),
});

describe('hardswishForward', () => {
  test('is 0 below −3, x above 3, and a parabola between', () => {
    const x = array([-4, -3, -1.5, 0, 1.5, 3, 4], [7], 'float64');
    expect(hardswishForward(x)[0]).toBeAllClose(array([0, 0, -0.375, 0, 1.125, 3, 4], [7], 'float64'), { rtol: 1e-15 });
  });
});

describe('hardswishBackward', () => {
  test('is 0 below −3, dout from 3 on, and dout · (x / 3 + ½) between', () => {
    const [, cache] = hardswishForward(array([-4, -3, -1.5, 0, 1.5, 3, 4], [7], 'float64'));
    const dx = hardswishBackward(array([1, 1, 2, 2, 2, 5, 6], [7], 'float64'), cache);
    expect(dx).toBeAllClose(array([0, -0.5, 0, 1, 2, 5, 6], [7], 'float64'), { rtol: 1e-15, atol: 1e-15 });
  });
});
