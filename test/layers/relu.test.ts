import { describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { reluBackward, reluForward } from '../../src/layers/index.js';
import { arraysOf, casesOf, DTYPES, expectGolden, expectPrinted } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { expectSameOnViews } from '../helpers/views.js';

describe('reluForward', () => {
  test('keeps what is positive', () => {
    const [out] = reluForward(
      array([
        [-1, 0, 2],
        [0.5, -0.25, 3],
      ]),
    );
    expect(toNested(out)).toEqual([
      [0, 0, 2],
      [0.5, 0, 3],
    ]);
  });

  test.each([[[3]], [[2, 2]], [[2, 1, 3, 2]]])('takes any shape: %j', (shape) => {
    expect(reluForward(zeros(shape))[0].shape).toEqual(shape);
  });

  test.each<[what: string, x: unknown, message: string]>([
    ['a list', [1, 2], 'x is [1, 2], expected an array of float32 or float64'],
    ['null', null, 'x is null, expected an array of float32 or float64'],
  ])('refuses %s', (_, x, message) => {
    expect(() => reluForward(x as NDArray)).toThrow(`reluForward: ${message}`);
  });
});

describe('reluBackward', () => {
  test('lets the gradient through where x was positive; at zero it does not', () => {
    const [, cache] = reluForward(array([-1, 0, 2, 1e-30]));
    expect(toNested(reluBackward(array([5, 6, 7, 8]), cache))).toEqual([0, 0, 7, 8]);
  });

  test('agrees with the numerical gradient', () => {
    const random = new Random(4);
    const x = random.randn([6, 5], 'float64');
    const dout = random.randn([6, 5], 'float64');
    // No element is near the kink.
    expect(Math.min(...hostValues(x).map(Math.abs))).toBeGreaterThan(1e-4);
    const numerical = evalNumericalGradientArray((x) => reluForward(x)[0], x, dout);
    expect(reluBackward(dout, reluForward(x)[1])).toBeAllClose(numerical, { rtol: 1e-8, atol: 1e-10 });
  });

  test.each([
    [zeros([3, 2]), 'dout has shape (3, 2), expected (2, 3)'],
    [zeros([6]), 'dout has shape (6,), expected (2, 3)'],
    [zeros([2, 3], 'float64'), 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit', (dout, message) => {
    const [, cache] = reluForward(zeros([2, 3]));
    expect(() => reluBackward(dout, cache)).toThrow(`reluBackward: ${message}`);
  });
});

describeKernelSets('relu', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(casesOf('relu'))('golden: $name', (c) => {
      const { x, dout } = arraysOf(c.inputs, dtype);
      const [out, cache] = reluForward(x);
      expectGolden(c, { out, ...(dout && { dx: reluBackward(dout, cache) }) }, dtype);
      if (c.printed !== undefined && dtype === 'float64') expectPrinted(c, { out });
    });

    test('NaN and infinity come through the forward pass', () => {
      const values = [Number.NaN, 1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, Number.NaN, 2];
      const [out] = reluForward(array(values, [7], dtype));
      expect([...hostValues(out)]).toEqual([Number.NaN, 1, Number.POSITIVE_INFINITY, 0, 0, Number.NaN, 2]);
    });

    test('NaN in the upstream gradient comes through where x was positive', () => {
      const [, cache] = reluForward(array([1, -1, 2], [3], dtype));
      const dx = reluBackward(array([Number.NaN, Number.NaN, 3], [3], dtype), cache);
      expect([...hostValues(dx)]).toEqual([Number.NaN, 0, 3]);
    });

    test('takes any view, writes to none of its arguments, and returns new arrays', () => {
      const random = new Random(5);
      expectSameOnViews([random.randn([4, 3, 5], dtype), random.randn([4, 3, 5], dtype)], (x, dout) => {
        const [out, cache] = reluForward(x);
        const dx = reluBackward(dout, cache);
        expect([dtypeOf(out), dtypeOf(dx)]).toEqual([dtype, dtype]);
        return [out, dx];
      });
    });
  });
});
