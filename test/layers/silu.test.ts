import { describe, expect, test } from 'vitest';
import { array } from '../../src/arrays/index.js';
import { siluBackward, siluForward } from '../../src/layers/index.js';
import { describeActivation } from '../helpers/activations.js';
import { casesOf } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';

describeActivation({
  names: { forward: 'siluForward', backward: 'siluBackward' },
  forward: siluForward,
  backward: siluBackward,
  cached: 'x',
  golden: casesOf('silu').map((c) => ({ c, forward: siluForward })),
});

describe('siluForward', () => {
  test('is x · σ(x)', () => {
    // σ(ln 3) = 3/4.
    const ln3 = Math.log(3);
    const [out] = siluForward(array([0, ln3, -ln3], [3], 'float64'));
    expect(out).toBeAllClose(array([0, 0.75 * ln3, -0.25 * ln3], [3], 'float64'), { rtol: 1e-15 });
  });
});

describe('siluBackward', () => {
  test('is dout · σ(x) · (1 + x · (1 − σ(x)))', () => {
    const ln3 = Math.log(3);
    const [, cache] = siluForward(array([0, ln3, -ln3], [3], 'float64'));
    const dx = siluBackward(array([2, 1, 4], [3], 'float64'), cache);
    expect(dx).toBeAllClose(array([1, 0.75 * (1 + 0.25 * ln3), 1 - 0.75 * ln3], [3], 'float64'), { rtol: 1e-15 });
  });
});

describeKernelSets('silu far below 0', () => {
  test('keeps its digits', () => {
    const x = -700; // e^−700 = 9.859676543759770e-305, and σ is e^x.
    const [out, cache] = siluForward(array([x], [1], 'float64'));
    expect(out).toBeAllClose(array([x * 9.85967654375977e-305], [1], 'float64'), { rtol: 1e-14 });
    const dx = siluBackward(array([1], [1], 'float64'), cache);
    expect(dx).toBeAllClose(array([(1 + x) * 9.85967654375977e-305], [1], 'float64'), { rtol: 1e-14 });
  });
});
