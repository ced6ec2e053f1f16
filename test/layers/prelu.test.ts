import { describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradientArray } from '../../src/gradient-check.js';
import { leakyReluBackward, leakyReluForward, preluBackward, preluForward } from '../../src/layers/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { callPurely, expectSameOnViews } from '../helpers/views.js';

/** The shapes of x that a slope for each of 3 channels goes with. */
const SHAPES = [
  [4, 3],
  [1, 3],
  [2, 3, 5],
  [2, 3, 4, 5],
];

describe('preluForward', () => {
  test('has one slope for all', () => {
    const x = array([
      [-4, 0, 2],
      [1, -2, -8],
    ]);
    expect(toNested(preluForward(x, array([0.5]))[0])).toEqual([
      [-2, 0, 2],
      [1, -1, -4],
    ]);
    expect(toNested(preluForward(array([-1, 2]), array([3]))[0])).toEqual([-3, 2]);
  });

  test('has a slope for each channel, which is axis 1', () => {
    const slopes = array([0.5, 2]);
    expect(toNested(preluForward(array([[-4, -3]]), slopes)[0])).toEqual([[-2, -6]]);
    const images = array([
      [
        [-1, 2],
        [-3, 4],
      ],
      [
        [5, -6],
        [7, -8],
      ],
    ]);
    expect(toNested(preluForward(images, slopes)[0])).toEqual([
      [
        [-0.5, 2],
        [-6, 4],
      ],
      [
        [5, -3],
        [7, -16],
      ],
    ]);
  });

  test.each<[what: string, x: unknown, alpha: unknown, message: string]>([
    ['a slope too many', zeros([2, 3]), zeros([4]), 'alpha has shape (4,), expected (1,) or (C=3,)'],
    ['slopes in a column', zeros([2, 3]), zeros([3, 1]), 'alpha has shape (3, 1), expected (1,) or (C=3,)'],
    [
      'slopes for no channels',
      zeros([3]),
      zeros([3]),
      'alpha has shape (3,), expected (1,) or (C,) for an x of shape (N, C, …)',
    ],
    ['no slope', zeros([2, 3]), zeros([0]), 'alpha has shape (0,), expected (…,) with every size at least 1'],
    ['a number', zeros([2, 3]), 0.25, 'alpha is 0.25, expected an array of float32 or float64'],
    [
      'another dtype',
      zeros([2, 3]),
      zeros([3], 'float64'),
      'alpha has dtype float64, expected float32, the dtype of x',
    ],
  ])('refuses %s', (_, x, alpha, message) => {
    expect(() => preluForward(x as NDArray, alpha as NDArray)).toThrow(`preluForward: ${message}`);
  });
});

describe('preluBackward', () => {
  test('scales the gradient where x is not positive, and sums dout · x there', () => {
    const x = array([
      [-4, 0, 2],
      [1, -2, -8],
    ]);
    const dout = array([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const { dx, dalpha } = preluBackward(dout, preluForward(x, array([0.5]))[1]);
    expect(toNested(dx)).toEqual([
      [0.5, 1, 3],
      [4, 2.5, 3],
    ]);
    expect(toNested(dalpha)).toEqual([-4 - 10 - 48]);
    const each = preluBackward(dout, preluForward(x, array([1, 2, 3]))[1]);
    expect(toNested(each.dx)).toEqual([
      [1, 4, 3],
      [4, 10, 18],
    ]);
    expect(toNested(each.dalpha)).toEqual([-4, -10, -48]);
  });

  test.each([
    [zeros([3, 2]), 'dout has shape (3, 2), expected (2, 3)'],
    [zeros([2, 3], 'float64'), 'dout has dtype float64, expected float32, the dtype of x'],
  ])('names a dout that does not fit', (dout, message) => {
    const [, cache] = preluForward(zeros([2, 3]), zeros([3]));
    expect(() => preluBackward(dout, cache)).toThrow(`preluBackward: ${message}`);
  });
});

describeKernelSets('prelu', () => {
  test.each(SHAPES.flatMap((shape) => [1, 3].map((slopes) => ({ shape, slopes }))))(
    'agrees with the numerical gradient: $slopes slopes, x of $shape',
    ({ shape, slopes }) => {
      const random = new Random(6);
      const [x, dout, alpha] = [shape, shape, [slopes]].map((s) => random.randn(s, 'float64'));
      const { dx, dalpha } = preluBackward(dout, preluForward(x, alpha)[1]);
      const tolerance = { rtol: 1e-8, atol: 1e-9 };
      expect(dx).toBeAllClose(
        evalNumericalGradientArray((v) => preluForward(v, alpha)[0], x, dout),
        tolerance,
      );
      expect(dalpha).toBeAllClose(
        evalNumericalGradientArray((v) => preluForward(x, v)[0], alpha, dout),
        tolerance,
      );
    },
  );

  describe.each(DTYPES)('%s', (dtype) => {
    test('with one slope it is a leaky ReLU of that slope', () => {
      const random = new Random(8);
      const [x, dout] = [random.randn([7, 5, 3], dtype), random.randn([7, 5, 3], dtype)];
      const [out, cache] = preluForward(x, array([0.25], [1], dtype));
      const [expected, leaky] = leakyReluForward(x, { alpha: 0.25 });
      expect(out).toEqualBits(expected);
      expect(preluBackward(dout, cache).dx).toEqualBits(leakyReluBackward(dout, leaky));
    });

    test('slopes that are equal add up to the gradient of one', () => {
      const random = new Random(9);
      const [x, dout] = [random.randn([4, 6, 50], dtype), random.randn([4, 6, 50], dtype)];
      const one = preluBackward(dout, preluForward(x, array([0.25], [1], dtype))[1]);
      const each = preluBackward(dout, preluForward(x, array(new Float64Array(6).fill(0.25), [6], dtype))[1]);
      expect(each.dx).toEqualBits(one.dx);
      const total = [...hostValues(each.dalpha)].reduce((sum, v) => sum + v, 0);
      const tolerance = dtype === 'float32' ? { rtol: 1e-5, atol: 1e-4 } : { rtol: 1e-13, atol: 1e-12 };
      expect(array([total], [1], 'float64')).toBeAllClose(array(one.dalpha, [1], 'float64'), tolerance);
    });

    test('takes any view, writes to none of its arguments, and returns new arrays', () => {
      const random = new Random(5);
      const run = (x: NDArray, dout: NDArray, alpha: NDArray): NDArray[] => {
        const [out, cache] = preluForward(x, alpha);
        const { dx, dalpha } = preluBackward(dout, cache);
        expect([out, dx, dalpha].map(dtypeOf)).toEqual([dtype, dtype, dtype]);
        return [out, dx, dalpha];
      };
      for (const [shape, slopes] of [
        [[4, 3, 5], 3],
        [[4, 3], 3],
        [[4, 3, 2, 2], 1],
      ] as const) {
        const x = random.randn([...shape], dtype);
        const dout = random.randn([...shape], dtype);
        expectSameOnViews([x, dout, random.randn([slopes], dtype)], run);
      }
      callPurely([random.randn([7], dtype), random.randn([7], dtype), random.randn([1], dtype)], run);
    });

    test('what is infinite above 0 does not reach the slope', () => {
      const x = array([1, -1, Number.POSITIVE_INFINITY, -1, 2, -1, 1, 1, 1, 1], [1, 2, 5], dtype);
      const inf = Number.POSITIVE_INFINITY;
      const dout = array([inf, 1, 0, 1, -inf, 2, inf, inf, inf, inf], [1, 2, 5], dtype);
      expect(toNested(preluBackward(dout, preluForward(x, array([0.5, 0.5], [2], dtype))[1]).dalpha)).toEqual([-2, -2]);
      const rows = preluForward(array([1, -1, 2, inf], [1, 4], dtype), array([1, 1, 1, 1], [4], dtype))[1];
      const { dalpha } = preluBackward(array([inf, 3, -inf, 0], [1, 4], dtype), rows);
      expect(toNested(dalpha)).toEqual([0, -3, 0, 0]);
    });

    test('NaN stays NaN, and shows in the gradient of its slope alone', () => {
      const x = array([1, Number.NaN, -1, -2], [2, 2], dtype);
      const [out, cache] = preluForward(x, array([0.5, 0.25], [2], dtype));
      expect(toNested(out)).toEqual([
        [1, Number.NaN],
        [-0.5, -0.5],
      ]);
      const { dalpha } = preluBackward(array([1, 1, 1, 1], [2, 2], dtype), cache);
      expect(toNested(dalpha)).toEqual([-1, Number.NaN]);
    });
  });
});
