import { describe, expect, test } from 'vitest';
import { array, toNested, zeros } from '../../src/arrays/index.js';
import { type LeakyReluOptions, leakyReluBackward, leakyReluForward } from '../../src/layers/index.js';
import { describeActivation } from '../helpers/activations.js';
import { casesOf } from '../helpers/fixtures.js';

describeActivation({
  names: { forward: 'leakyReluForward', backward: 'leakyReluBackward' },
  forward: leakyReluForward,
  backward: leakyReluBackward,
  cached: 'x',
  golden: casesOf('leaky_relu').map((c) => ({
    c,
    forward: (x) => leakyReluForward(x, { alpha: Number(c.config.negative_slope) }),
  })),
});

describe('leakyReluForward', () => {
  test('keeps what is positive and scales the rest', () => {
    const x = array([[-4, 0, 2]], undefined, 'float64');
    expect(toNested(leakyReluForward(x)[0])).toEqual([[-0.04, 0, 2]]);
    expect(toNested(leakyReluForward(x, { alpha: 0.25 })[0])).toEqual([[-1, 0, 2]]);
    expect(toNested(leakyReluForward(x, { alpha: -1 })[0])).toEqual([[4, -0, 2]]);
  });

  test.each<[options: unknown, message: string]>([
    [{ slope: 1 }, "unknown option 'slope', expected alpha"],
    [{ alpha: Number.NaN }, 'alpha is NaN, expected a finite number'],
    [{ alpha: Number.NEGATIVE_INFINITY }, 'alpha is -Infinity, expected a finite number'],
    [{ alpha: '0.1' }, "alpha is '0.1', expected a finite number"],
    [{ alpha: null }, 'alpha is null, expected a finite number'],
    [0.2, 'options is 0.2, expected an object'],
    [null, 'options is null, expected an object'],
  ])('refuses %j', (options, message) => {
    expect(() => leakyReluForward(zeros([2]), options as LeakyReluOptions)).toThrow(`leakyReluForward: ${message}`);
  });

  test('takes an alpha that is left open as one that is not given', () => {
    expect(leakyReluForward(zeros([1]), { alpha: undefined })[1].alpha).toBe(0.01);
  });
});

describe('leakyReluBackward', () => {
  test('scales the gradient where x was not positive, zero included', () => {
    const [, cache] = leakyReluForward(array([-1, 0, 2, 1e-30]), { alpha: 0.5 });
    expect(toNested(leakyReluBackward(array([5, 6, 7, 8]), cache))).toEqual([2.5, 3, 7, 8]);
  });
});
