import { describe, expect, test } from 'vitest';
import { array, hostValues, type NDArray, toNested, zeros } from '../../src/arrays/index.js';
import { type GeluOptions, geluBackward, geluForward } from '../../src/layers/index.js';
import { describeActivation } from '../helpers/activations.js';
import { casesOf } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';

describeActivation({
  names: { forward: 'geluForward', backward: 'geluBackward' },
  forward: geluForward,
  backward: geluBackward,
  cached: 'x',
  golden: casesOf('gelu').map((c) => ({ c, forward: geluForward })),
});

const tanhForm = (x: NDArray) => geluForward(x, { approximate: 'tanh' });
describeActivation({
  names: { forward: 'geluForward', backward: 'geluBackward' },
  forward: tanhForm,
  backward: geluBackward,
  cached: 'x',
  golden: casesOf('gelu_tanh').map((c) => ({ c, forward: tanhForm })),
});

describe('geluForward', () => {
  test.each<[options: unknown, message: string]>([
    [{ approximate: 'erf' }, "approximate is 'erf', expected 'none' or 'tanh'"],
    [{ exact: true }, "unknown option 'exact', expected approximate"],
    ['tanh', "options is 'tanh', expected an object"],
  ])('refuses %j', (options, message) => {
    expect(() => geluForward(zeros([2]), options as GeluOptions)).toThrow(`geluForward: ${message}`);
  });

  test("the form with a tanh is PyTorch's", () => {
    const [out] = geluForward(array([1], [1], 'float64'), { approximate: 'tanh' });
    expect(out).toBeAllClose(array([0.8411919906082768], [1], 'float64'), { rtol: 1e-15 });
  });

  test('is x · Φ(x), with Φ exact', () => {
    // Φ(1) = 0.8413447460685429; the approximation by tanh has 0.8411919906082768.
    const [out] = geluForward(array([0, 1, -1], [3], 'float64'));
    expect(out).toBeAllClose(array([0, 0.8413447460685429, -0.15865525393145705], [3], 'float64'), { rtol: 1e-15 });
  });
});

describe('geluBackward', () => {
  test('is dout · (Φ(x) + x · φ(x))', () => {
    const [, cache] = geluForward(array([0, 1], [2], 'float64'));
    const dx = geluBackward(array([4, 2], [2], 'float64'), cache);
    const slope = 0.8413447460685429 + 0.24197072451914334;
    expect(dx).toBeAllClose(array([2, 2 * slope], [2], 'float64'), { rtol: 1e-15 });
  });
});

describeKernelSets('gelu far from 0', () => {
  test('keeps its digits in the lower tail', () => {
    // x·Φ(x) and Φ(x) + x·φ(x), by mpmath in 60 digits.
    const [out, cache] = geluForward(array([-8, -20, -30], [3], 'float64'));
    expect(out).toBeAllClose(
      array([-4.976768459417427e-15, -5.507248237212468e-88, -1.472014178144456e-196], [3], 'float64'),
      { rtol: 1e-15 },
    );
    expect(geluBackward(array([1, 1, 1], [3], 'float64'), cache)).toBeAllClose(
      array([-3.979607261086796e-14, -1.1014360483133464e-86, -4.416031690708495e-195], [3], 'float64'),
      { rtol: 1e-15 },
    );
  });

  test('is x or 0, also at infinity', () => {
    const x = array([1e4, -1e4, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], [4], 'float64');
    const [out, cache] = geluForward(x);
    expect([...hostValues(out)].map((v) => v + 0)).toEqual([1e4, 0, Number.POSITIVE_INFINITY, 0]);
    const dx = geluBackward(array([1, 1, 1, 1], [4], 'float64'), cache);
    expect((toNested(dx) as number[]).map((v) => v + 0)).toEqual([1, 0, 1, 0]);
  });
});
