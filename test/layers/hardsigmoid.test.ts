import { describe, expect, test } from 'vitest';
import { array, toNested } from '../../src/arrays/index.js';
import { hardsigmoidBackward, hardsigmoidForward } from '../../src/layers/index.js';
import { describeActivation } from '../helpers/activations.js';
import { casesOf } from '../helpers/fixtures.js';

describeActivation({
  names: { forward: 'hardsigmoidForward', backward: 'hardsigmoidBackward' },
  forward: hardsigmoidForward,
  backward: hardsigmoidBackward,
  cached: 'x',
  golden: casesOf('hardsigmoid').map((c) => ({ c, forward: hardsigmoidForward })),
});

describe('hardsigmoidForward', () => {
  test('rises from 0 at −3 to 1 at 3', () => {
    const x = array([-4, -3, -1.5, 0, 1.5, 3, 4]);
    expect(hardsigmoidForward(x)[0]).toBeAllClose(array([0, 0, 0.25, 0.5, 0.75, 1, 1]), { rtol: 1e-7 });
    expect(Math.max(...(toNested(hardsigmoidForward(x)[0]) as number[]))).toBe(1);
  });
});

describe('hardsigmoidBackward', () => {
  test('is dout / 6 between −3 and 3, and 0 where x is NaN', () => {
    const [, cache] = hardsigmoidForward(array([-4, -3, -1.5, 2.9, 3, Number.NaN], [6], 'float64'));
    const dx = hardsigmoidBackward(array([6, 6, 6, 12, 6, 6], [6], 'float64'), cache);
    expect(toNested(dx)).toEqual([0, 0, 1, 2, 0, 0]);
  });
});
