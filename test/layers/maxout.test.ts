import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { maxoutBackward, maxoutForward, reluBackward, reluForward } from '../../src/layers/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { expectSameOnViews } from '../helpers/views.js';

describe('maxoutForward', () => {
  test('takes the largest of consecutive units', () => {
    const x = array([
      [1, 2, 3, 6, 5, 4],
      [-1, -2, -3, -6, -5, -4],
    ]);
    expect(toNested(maxoutForward(x, 2)[0])).toEqual([
      [2, 6, 5],
      [-1, -3, -4],
    ]);
    expect(toNested(maxoutForward(x, 3)[0])).toEqual([
      [3, 6],
      [-1, -4],
    ]);
    expect(toNested(maxoutForward(x, 6)[0])).toEqual([[6], [-1]]);
    expect(toNested(maxoutForward(x, 1)[0])).toEqual(toNested(x));
  });

  test.each<[what: string, x: unknown, pieces: unknown, message: string]>([
    ['a remainder', zeros([4, 7]), 2, 'x has shape (4, 7), expected (N, D) with D divisible by pieces=2'],
    ['more pieces than units', zeros([4, 2]), 4, 'x has shape (4, 2), expected (N, D) with D divisible by pieces=4'],
    ['no piece', zeros([4, 2]), 0, 'pieces is 0, expected a whole number ≥ 1'],
    ['half a piece', zeros([4, 2]), 0.5, 'pieces is 0.5, expected a whole number ≥ 1'],
    ['no number', zeros([4, 2]), undefined, 'pieces is undefined, expected a whole number ≥ 1'],
    ['a vector', zeros([4]), 2, 'x has shape (4,), expected (N, D)'],
    ['images', zeros([4, 2, 2]), 2, 'x has shape (4, 2, 2), expected (N, D)'],
    ['nothing', zeros([4, 0]), 2, 'x has shape (4, 0), expected (N, D) with every size but N at least 1'],
    ['a list', [[1, 2]], 2, 'expected an array of float32 or float64'],
  ])('refuses %s', (_, x, pieces, message) => {
    const call = (): unknown => maxoutForward(x as NDArray, pieces as number);
    expect(call).toThrow(message);
    expect(call).toThrow(/^maxoutForward: /);
  });
});

describe('maxoutBackward', () => {
  test('gives the gradient to the largest, of equal ones to the first', () => {
    const [, cache] = maxoutForward(array([[1, 3, 2, 5, 5, 5]]), 3);
    expect(toNested(maxoutBackward(array([[7, 8]]), cache))).toEqual([[0, 7, 0, 8, 0, 0]]);
  });

  test.each([
    [zeros([2, 6]), 'dout has shape (2, 6), expected (2, 3)'],
    [zeros([3, 2]), 'dout has shape (3, 2), expected (2, 3)'],
    [zeros([2, 3], 'float64'), 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit', (dout, message) => {
    const [, cache] = maxoutForward(zeros([2, 6]), 2);
    expect(() => maxoutBackward(dout, cache)).toThrow(`maxoutBackward: ${message}`);
  });
});

describeKernelSets('maxout', () => {
  test.each([1, 2, 3, 4, 6])('agrees with the numerical gradient: %i pieces', (pieces) => {
    const random = new Random(3);
    const x = random.randn([5, 12], 'float64');
    const dout = random.randn([5, 12 / pieces], 'float64');
    const numerical = evalNumericalGradientArray((v) => maxoutForward(v, pieces)[0], x, dout);
    expect(maxoutBackward(dout, maxoutForward(x, pieces)[1])).toBeAllClose(numerical, { rtol: 1e-8, atol: 1e-9 });
  });

  describe.each(DTYPES)('%s', (dtype) => {
    test('every group passes on its gradient once, whole, to one of its largest', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 1, max: 40 }),
          fc.integer(),
          (pieces, groups, seed) => {
            const random = new Random(seed);
            // Few values, so that many are equal.
            const x = array(Array.from(random.randint(0, 4, pieces * groups)), [1, pieces * groups], dtype);
            const dout = random.randn([1, groups], dtype);
            const [out, cache] = maxoutForward(x, pieces);
            const dx = hostValues(maxoutBackward(dout, cache));
            for (let g = 0; g < groups; g++) {
              const group = hostValues(x).subarray(g * pieces, (g + 1) * pieces);
              const taken = dx.subarray(g * pieces, (g + 1) * pieces);
              const first = group.indexOf(Math.max(...group));
              expect(out.get(0, g)).toBe(group[first]);
              expect([...taken]).toEqual([...group].map((_, i) => (i === first ? dout.get(0, g) : 0)));
            }
          },
        ),
        { seed: 1, numRuns: 60 },
      );
    });

    test('of pairs of x and 0 it is a ReLU', () => {
      const random = new Random(2);
      const [x, dout] = [random.randn([6, 5], dtype), random.randn([6, 5], dtype)];
      const pairs = array(
        [...hostValues(x)].flatMap((v) => [v, 0]),
        [6, 10],
        dtype,
      );
      const [out, cache] = maxoutForward(pairs, 2);
      const [expected, relu] = reluForward(x);
      expect(out).toEqualBits(expected);
      const dx = [...hostValues(maxoutBackward(dout, cache))].filter((_, i) => i % 2 === 0);
      expect(array(dx, [6, 5], dtype)).toEqualBits(reluBackward(dout, relu));
    });

    test('a NaN is the largest, and takes the gradient', () => {
      const x = array([1, Number.NaN, 3, 2, 5, Number.NEGATIVE_INFINITY], [1, 6], dtype);
      const [out, cache] = maxoutForward(x, 3);
      expect(toNested(out)).toEqual([[Number.NaN, 5]]);
      expect(toNested(maxoutBackward(array([7, 8], [1, 2], dtype), cache))).toEqual([[0, 7, 0, 0, 8, 0]]);
    });

    test('takes any view, writes to none of its arguments, and returns new arrays', () => {
      const random = new Random(5);
      expectSameOnViews([random.randn([4, 15], dtype), random.randn([4, 5], dtype)], (x, dout) => {
        const [out, cache] = maxoutForward(x, 3);
        const dx = maxoutBackward(dout, cache);
        expect([dtypeOf(out), dtypeOf(dx)]).toEqual([dtype, dtype]);
        return [out, dx];
      });
    });
  });
});
